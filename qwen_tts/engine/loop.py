"""EngineLoop: streams in, steps on the device, sound out. Everything here runs in the engine's one thread.

A step
1. reads what the event loop asked for, and drops who was cancelled;
2. gives rows to sequences that should begin (admission.py);
3. launches a frame of everybody who may speak (scheduler.py), and returns before the device has computed it;
4. takes the result of the step before, and hands its sound on.

So the device computes a frame while the last one is delivered. The end of speech shows one frame late; what that frame
said is dropped.
"""

import itertools
import logging
from collections import deque
from collections.abc import Callable
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from qwen_tts.api import AudioChunk, QueuePosition, StreamEnd
from qwen_tts.checkpoint.model import Model
from qwen_tts.checkpoint.precision import not_finite
from qwen_tts.checkpoint.prompt import Prompt
from qwen_tts.config.engine import EngineConfig
from qwen_tts.config.expectations import Expectations
from qwen_tts.engine.admission import Admission, OpenRow
from qwen_tts.engine.engine_stream import EngineStream
from qwen_tts.engine.expected_length import ExpectedLength
from qwen_tts.engine.listener import ListenerOptions, SequenceListener
from qwen_tts.engine.live_text import Instead, LiveText
from qwen_tts.engine.pace import Pace
from qwen_tts.engine.row_memory import RowMemory
from qwen_tts.engine.scheduler import Plan, Scheduler, Speaking
from qwen_tts.engine.sequence import SequenceEnd
from qwen_tts.errors import EngineBusy, InvalidRequest, SynthesisError, SynthesisFailed
from qwen_tts.runtime.codec_decoder import DecoderSnapshot
from qwen_tts.runtime.frame import END_SLOT, PAD_SLOT, PromptPart
from qwen_tts.runtime.runner import LaunchedStep, ModelRunner, RowFrame
from qwen_tts.runtime.sampling import NOT_FINITE

logger = logging.getLogger(__name__)

PREPARING_S = 1.5
"""Sound that listeners have in hand while the runner gets ready for more rows."""

LOOK_AGAIN_S = 0.1
"""How often it looks whether who is held back may begin, while nobody speaks"""

REHEARSALS = 3
"""The first one takes longer"""

Outcome = AudioChunk | QueuePosition | StreamEnd | SynthesisError
Deliver = Callable[[list[tuple[EngineStream, Outcome]]], None]


@dataclass(frozen=True)
class _InFlight:
    """A step that was launched, and is not collected."""

    step: LaunchedStep
    rows: list[OpenRow]
    launched_s: float


class EngineLoop:
    """`now` in seconds; `deliver` is called with what came about in a step; `is_compiled` tells of steps of so many
    rows whether the runner could get ready for them at once."""

    def __init__(
        self, model: Model, runner: ModelRunner, config: EngineConfig, now: Callable[[], float], deliver: Deliver,
        is_compiled: Callable[[int], bool] = lambda _: True,
    ) -> None:  # fmt: skip
        self._model, self._runner, self._config = model, runner, config
        self._now, self._deliver, self._is_compiled = now, deliver, is_compiled
        self._frame_s = runner.samples_per_frame / model.codec.config.output_sample_rate
        guards, expectations = config.guards, Expectations.read(config.guards.expectations)
        self._length = ExpectedLength(expectations, guards, self._frame_s)
        self._listens_for = ListenerOptions.of(guards, expectations, model.config, self._frame_s)
        self._memory = RowMemory(runner, config)
        self._scheduler, self._pace = Scheduler(self._frame_s), Pace(self._frame_s)
        self._admission = Admission(model, runner, self._memory, config, self._length, self._pace, now)
        self._streams: list[EngineStream] = []
        self._open: dict[int, OpenRow] = {}
        self._in_flight: deque[_InFlight] = deque()
        self._out: list[tuple[EngineStream, Outcome]] = []
        self._to_open: deque[tuple[OpenRow, DecoderSnapshot | None]] = deque()
        """Rows that begin in this step, of which the runner is still to be told"""
        self._stepped_s = 0.0
        self._last_collected_s: float | None = None

    # -- from outside -----------------------------------------------------------------------------------------------

    def add(self, stream: EngineStream) -> None:
        self._streams.append(stream)

    def step(self) -> bool:
        """Do what there is to do; False if there is nothing until somebody asks or `idle_until` has come."""
        now = self._stepped_s = self._now()
        self._read_inboxes(now)
        self._drop_cancelled()
        self._admit(now)
        launched = self._launch(self._plan())
        # Who is collected or gave up may leave room for somebody who waits.
        goes_on = launched or bool(self._in_flight or self._out)
        if self._in_flight and (not launched or len(self._in_flight) > self._runner.steps_ahead):
            self._collect(self._in_flight.popleft())
        self._finish_done()
        self._hand_on()
        return self._prepare() or goes_on

    def idle_until(self) -> float | None:
        """When a live text that waited in the last step is to be spoken without another word from outside, or who was
        held back may begin."""
        ends = [one.pause_ends_at(self._stepped_s) for one in self._streams]
        if self._admission.holds_back:
            ends.append(self._stepped_s + LOOK_AGAIN_S)
        return min((time for time in ends if time is not None), default=None)

    def abort(self, error: SynthesisError) -> None:
        """End everything with `error`, for good: rows are not closed, since the device may be what failed."""
        self._out += [(stream, error) for stream in self._streams if not stream.is_cancelled]
        self._streams.clear()
        self._hand_on()

    def rehearse(self) -> int:
        """Find out how long steps take, before anybody speaks -> how many rows the machine keeps up with, of those that
        the runner is ready for."""
        for rows in range(1, self._runner.rows + 1):
            self._record_step(rows, min(self._rehearsed_s(rows) for _ in range(REHEARSALS)))
            if not self._pace.keeps_up(rows):
                break
        return min(self._pace.rows, self._runner.rows)

    def _record_step(self, rows: int, step_s: float) -> None:
        self._scheduler.record_step(rows, step_s)
        self._pace.record_step(rows, step_s)

    def _rehearsed_s(self, rows: int) -> float:
        began = self._now()
        self._runner.rehearse(rows)
        return self._now() - began

    # -- more rows --------------------------------------------------------------------------------------------------

    def _prepare(self) -> bool:
        """Get ready for steps of more rows, which takes a while, if that holds nobody up."""
        bucket = self._runner.next_bucket
        if bucket is None or not self._is_compiled(bucket) or not self._has_time():
            return False
        known = self._runner.rows
        try:
            self._runner.prepare()
        except torch.OutOfMemoryError:
            logger.warning("steps of %d rows do not fit into the device's memory; %d rows remain", bucket, known)
            self._runner.prepare_no_more()
        self._memory.add_rows()
        self._last_collected_s = None
        return True

    def _has_time(self) -> bool:
        """Nobody runs out of sound meanwhile, but those who have none because the writer has not written it."""
        now = self._now()
        hurried = (opened for opened in self._open.values() if not self._waits_for_text(opened, now))
        return all(opened.stream.sound.lead_s(now) >= PREPARING_S for opened in hurried)

    def _waits_for_text(self, opened: OpenRow, now: float) -> bool:
        text = opened.stream.text
        return isinstance(text, LiveText) and text.waits(now) and not self._is_on_its_way(opened)

    # -- what was asked for -----------------------------------------------------------------------------------------

    def _read_inboxes(self, now: float) -> None:
        for stream in list(self._streams):
            stream.sound.look_at_the_listener(now)
            try:
                stream.read_inbox(now)
            except InvalidRequest as error:
                self._fail(stream, error)

    def _drop_cancelled(self) -> None:
        for stream in [one for one in self._streams if one.is_cancelled]:
            self._remove(stream)

    def _remove(self, stream: EngineStream) -> None:
        if stream.sequence is not None:
            self._close(self._open[stream.sequence.row], "cancelled")
            stream.ended()
        self._streams.remove(stream)

    def _fail(self, stream: EngineStream, error: SynthesisError) -> None:
        self._remove(stream)
        self._out.append((stream, error))

    def _finish_done(self) -> None:
        for stream in [one for one in self._streams if one.has_no_more]:
            self._streams.remove(stream)
            started, now = stream.started_s, self._now()
            queue_s = (now if started is None else started) - stream.asked_s
            synthesis_s = 0.0 if started is None else now - started
            end = StreamEnd(
                reason=stream.end, guards=dict(stream.guards), queue_s=queue_s, synthesis_s=synthesis_s
            )  # fmt: skip
            self._out.append((stream, end))

    def _hand_on(self) -> None:
        if self._out:
            out, self._out = self._out, []
            self._deliver(out)

    # -- rows -------------------------------------------------------------------------------------------------------

    def _admit(self, now: float) -> None:
        admitted = self._admission.admit(self._streams, now)
        for stream, error in admitted.refused:
            self._refuse(stream, error)
        for opened, _ in admitted.opened:
            self._open[opened.sequence.row] = opened
            goes_on = opened.stream.sound.given_samples > 0
            opened.sequence.listener = SequenceListener(opened.stream.speech, self._listens_for, goes_on=goes_on)
        self._to_open.extend(admitted.opened)
        self._out += admitted.moved

    def _tell_runner(self, opened: OpenRow, snapshot: DecoderSnapshot | None) -> None:
        """That a row begins."""
        stream, sequence = opened.stream, opened.sequence
        rules = self._model.generation.rules(stream.request.sampling)
        self._runner.open_row(
            sequence.row, sequence.position, rules, stream.sequence_seed, opened.prompt.embeddings[-1], snapshot
        )

    def _close(self, opened: OpenRow, end: SequenceEnd) -> None:
        """The row is free; what is on its way for it will be dropped. What becomes of its text is for the stream."""
        stream, sequence = opened.stream, opened.sequence
        sequence.end = end
        del self._open[sequence.row]
        self._memory.release(sequence)
        self._memory.release_text(stream.text_slots)
        stream.text_slots.clear()

    # -- a step -----------------------------------------------------------------------------------------------------

    def _plan(self) -> Plan:
        now = self._now()
        reading, speaking, is_anybody_stuck = [], [], False
        for opened in self._open.values():
            stream, sequence = opened.stream, opened.sequence
            if sequence.prefill_left:
                reading += [] if stream.sound.is_a_window_ahead else [sequence]
            elif not self._may_speak(opened, now):
                continue
            elif self._memory.grow(sequence):
                speaking.append(Speaking(sequence, stream.sound.lead_s(now), stream.sound.is_playing))
            else:
                is_anybody_stuck = True
        if is_anybody_stuck and not (reading or speaking or self._in_flight):
            self._give_up()
        return self._scheduler.plan(reading, speaking)

    def _give_up(self) -> None:
        """Nobody can go on without a page: the last to come leaves theirs to the others."""
        youngest = max(self._open.values(), key=lambda opened: opened.stream.asked_s)
        self._refuse(youngest.stream, EngineBusy("the cache is full", retry_after_s=1))

    def _refuse(self, stream: EngineStream, error: SynthesisError) -> None:
        """Its sequence cannot be spoken; if that was a second try, there is the first."""
        if not stream.has_first_try:
            self._fail(stream, error)
            return
        if stream.sequence is not None:
            self._close(self._open[stream.sequence.row], "cancelled")
        stream.settle_for_first_try()
        self._give(stream)

    def _may_speak(self, opened: OpenRow, now: float) -> bool:
        stream, sequence = opened.stream, opened.sequence
        if not sequence.may_step or stream.sound.is_a_window_ahead or not self._frames_left(stream):
            return False
        return not (isinstance(stream.text, LiveText) and stream.text.waits(now))

    def _frames_left(self, stream: EngineStream) -> int:
        limit_s = stream.request.limits.max_audio_s
        if limit_s is None:
            return 1
        rate, size = self._model.codec.config.output_sample_rate, self._runner.samples_per_frame
        return max(1, round(limit_s * rate) // size) - stream.sound.made_frames

    @torch.inference_mode()
    def _launch(self, plan: Plan) -> bool:
        self._prefill(plan)
        while self._to_open:  # while the device reads the prompts
            self._tell_runner(*self._to_open.popleft())
        opened = [self._open[sequence.row] for sequence in plan.frame]
        slots = self._text_beside(opened)
        speaking = [one for one in opened if one.sequence.row in slots]
        if not speaking:
            return bool(plan.prefill)
        frames = [
            RowFrame(one.sequence.row, one.sequence.position, one.sequence.frames, slots[one.sequence.row])
            for one in speaking
        ]
        for one in speaking:
            one.sequence.frames += 1
            one.stream.sound.made_frames += 1
            one.stream.segments.append(one.stream.segment)
        launched_s = self._now()
        self._in_flight.append(_InFlight(self._runner.launch(frames), speaking, launched_s))
        self._memory.release_text(slots.values())
        return True

    def _prefill(self, plan: Plan) -> None:
        if not plan.prefill:
            return
        parts = []
        for sequence, count in plan.prefill:
            start = sequence.cached_positions
            parts += _prompt_parts(sequence.row, self._open[sequence.row].prompt, start, start + count)
            sequence.cached_positions += count
        began = self._now()
        self._runner.prefill(parts)
        self._pace.record_reading(sum(count for _, count in plan.prefill), self._now() - began)
        for sequence, _ in plan.prefill:
            if not sequence.prefill_left:
                opened = self._open[sequence.row]
                self._memory.keep_prefix(opened.prefix_key, opened.prompt, sequence)

    def _text_beside(self, speaking: SequenceOf[OpenRow]) -> dict[int, int]:
        """The slot of the text that each row reads beside its frame; rows that must wait are left out."""
        now, slots, tokens = self._now(), {}, []
        for opened in speaking:
            stream, row = opened.stream, opened.sequence.row
            if not isinstance(stream.text, LiveText):
                stream.reach(opened.sequence.frames)
                slots[row] = stream.text_slots.popleft() if stream.text_slots else PAD_SLOT
                stream.text_is_read = not stream.text_slots
                continue
            read = stream.text.next(now)
            if read is Instead.WAIT:
                continue
            if isinstance(read, Instead):
                slots[row] = END_SLOT if read is Instead.END else PAD_SLOT
                stream.text_is_read = True
                continue
            tokens.append((opened, read.id))
            stream.segment = read.segment
            stream.read(read.text, 1, self._length)
        if tokens:
            embedded = self._model.prompts.embed_tokens([token for _, token in tokens])
            rows = [opened.sequence.row for opened, _ in tokens]
            slots.update(zip(rows, self._memory.put_text(embedded), strict=True))
        return slots

    # -- what came about --------------------------------------------------------------------------------------------

    def _collect(self, step: _InFlight) -> None:
        result, now = self._runner.collect(step.step), self._now()
        if not self._runner.steps_ahead:
            self._record_step(len(step.rows), now - step.launched_s)
        elif self._last_collected_s is not None and self._in_flight:
            self._record_step(len(step.rows), now - self._last_collected_s)
        self._last_collected_s = now if self._in_flight else None
        for opened in step.rows:
            row = opened.sequence.row
            segment = opened.stream.segments.popleft()
            if opened.sequence.end is None:
                self._take_frame(opened, int(result.first_codes[row]), result.pcm[row], segment, now)
            elif not opened.stream.is_cancelled:
                opened.stream.sound.drop()  # said after the end

    def _take_frame(self, opened: OpenRow, code: int, pcm: NDArray[np.int16], segment: int, now: float) -> None:
        stream, listener = opened.stream, opened.sequence.listener
        if code == NOT_FINITE:
            error = not_finite(self._model.talker.dtype)
            logger.warning("speech id=%s: %s", stream.request.request_id, error)
            self._memory.forget_prefix(opened.prefix_key)
            self._fail(stream, error)
            return
        if code == self._model.config.talker.codec_eos_id:
            stream.sound.drop()
            self._end(opened, "complete")
            return
        heard = listener.hear(pcm, text_is_read=stream.text_is_read)
        if heard is None:
            stream.sound.drop()
        else:
            stream.sound.add(heard, segment, now)
        if (end := self._why_it_ends(opened)) is not None:
            self._end(opened, end)
        elif not stream.sound.holds_back:
            self._give(stream)

    def _why_it_ends(self, opened: OpenRow) -> SequenceEnd | None:
        """Though the talker goes on."""
        if not self._is_on_its_way(opened):
            if self._frames_left(opened.stream) <= 0:
                return "asked"
            if opened.sequence.is_at_its_limit:
                return "length"
        return "silence" if opened.sequence.listener.has_fallen_silent else None

    def _is_on_its_way(self, opened: OpenRow) -> bool:
        return any(opened in step.rows for step in self._in_flight)

    def _give(self, stream: EngineStream) -> None:
        self._out += [(stream, chunk) for chunk in stream.sound.release()]

    def _end(self, opened: OpenRow, end: SequenceEnd) -> None:
        """What was held back is given, unless the sequence is to be spoken once more."""
        stream = opened.stream
        self._close(opened, end)
        rules = self._model.generation.rules(stream.request.sampling)
        try:
            stream.finish(opened.sequence, end, may_retry=self._config.guards.retry, is_greedy=rules.is_greedy)
        except SynthesisFailed as error:
            self._fail(stream, error)
        self._give(stream)


def _prompt_parts(row: int, prompt: Prompt, start: int, end: int) -> list[PromptPart]:
    """The beginning of a prompt and its text are read apart, so that the sums do not depend on whether it was kept."""
    border = prompt.prefix_positions
    cuts = [start, border, end] if start < border < end else [start, end]
    return [PromptPart(row, first, prompt.embeddings[first:last]) for first, last in itertools.pairwise(cuts)]
