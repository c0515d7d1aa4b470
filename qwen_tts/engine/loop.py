"""EngineLoop: streams in, steps on the device, sound out. Everything here runs in the engine's one thread.

A step: read what the event loop asked for; give rows to sequences that should begin; launch a frame of everybody who
may speak; meanwhile take the result of the step before, and hand its sound on. The end of speech so shows one frame
late; what that frame said is dropped.
"""

import heapq
import itertools
import logging
from collections import deque
from collections.abc import Callable, Hashable
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from qwen_tts.api import AudioChunk, StreamEnd
from qwen_tts.checkpoint.model import Model
from qwen_tts.checkpoint.prompt import Prompt
from qwen_tts.config.engine import EngineConfig
from qwen_tts.engine.engine_stream import SILENCE_PEAK, EngineStream
from qwen_tts.engine.fairness import Turns
from qwen_tts.engine.live_text import Instead, LiveText
from qwen_tts.engine.page_pool import PagePool
from qwen_tts.engine.prefix_cache import CachedPrefix, PrefixCache
from qwen_tts.engine.scheduler import Plan, Scheduler, Speaking
from qwen_tts.engine.sequence import Sequence
from qwen_tts.errors import EngineBusy, InvalidRequest, OutOfMemory, SynthesisError, TextTooLong
from qwen_tts.runtime.backends import TEXT_SLOTS
from qwen_tts.runtime.frame import END_SLOT, FIRST_TEXT_SLOT, PAD_SLOT, PAGE_POSITIONS, PromptPart
from qwen_tts.runtime.runner import LaunchedStep, ModelRunner, RowFrame

logger = logging.getLogger(__name__)

FIRST_PAGE = 1
SPARE_PAGES = 4
"""A sequence begins when there is room for its prompt and this many pages; then it takes as many at a time."""

PREPARING_S = 1.5
"""Sound that listeners have in hand while the runner gets ready for more rows."""

HURRIED_S = 2.0
"""And when they may let somebody else begin between two parts of a text, beside the time until a row may be free."""

FRAMES_A_TOKEN = 4
"""Of speech, about"""


@dataclass(frozen=True)
class QueuePosition:
    """How far a stream has come in the line for a row: 1 is next, 0 has one."""

    number: int


Outcome = AudioChunk | QueuePosition | StreamEnd | SynthesisError
Deliver = Callable[[list[tuple[EngineStream, Outcome]]], None]


@dataclass(frozen=True)
class _Open:
    """What the loop knows of a sequence that has a row."""

    stream: EngineStream
    sequence: Sequence
    prompt: Prompt
    key: Hashable


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
        self._pages = PagePool(runner.pages, FIRST_PAGE)
        self._row_pages = -(-config.row_positions // PAGE_POSITIONS)
        self._slots = PagePool(TEXT_SLOTS, FIRST_TEXT_SLOT)
        self._prefixes = PrefixCache(self._pages, config.prefix_positions // PAGE_POSITIONS)
        self._scheduler = Scheduler(self._frame_s)
        self._rows = list(range(runner.rows))
        self._streams: list[EngineStream] = []
        self._turns = Turns()
        self._open: dict[int, _Open] = {}
        self._in_flight: deque[tuple[LaunchedStep, list[_Open]]] = deque()
        self._out: list[tuple[EngineStream, Outcome]] = []
        self._to_open: deque[Callable[[], None]] = deque()
        """What is still to be told to the runner of rows that begin in this step"""
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
        self._begin_sequences(now)
        launched = self._launch(self._plan())
        # Who is collected or gave up may leave room for somebody who waits.
        goes_on = launched or bool(self._in_flight or self._out)
        if self._in_flight and (not launched or len(self._in_flight) > 1):
            self._collect(*self._in_flight.popleft())
        self._finish_done()
        self._hand_on()
        return self._prepare() or goes_on

    def idle_until(self) -> float | None:
        """When a live text that waited in the last step is to be spoken without another word from outside."""
        ends = (one.pause_ends_at(self._stepped_s) for one in self._streams)
        return min((time for time in ends if time is not None), default=None)

    def abort(self, error: SynthesisError) -> None:
        """End everything with `error`, for good: rows are not closed, since the device may be what failed."""
        self._out += [(stream, error) for stream in self._streams if not stream.is_cancelled]
        self._streams.clear()
        self._hand_on()

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
        for row in range(known, self._runner.rows):
            heapq.heappush(self._rows, row)
        self._last_collected_s = None
        return True

    def _has_time(self) -> bool:
        """Nobody runs out of sound meanwhile, but those who have none because the writer has not written it."""
        now, rate = self._now(), self._model.codec.config.output_sample_rate
        hurried = (opened for opened in self._open.values() if not self._waits_for_text(opened, now))
        return all(opened.stream.lead_s(now, rate) >= PREPARING_S for opened in hurried)

    def _waits_for_text(self, opened: _Open, now: float) -> bool:
        text = opened.stream.text
        return isinstance(text, LiveText) and text.waits(now) and not self._is_on_its_way(opened)

    # -- what was asked for -----------------------------------------------------------------------------------------

    def _read_inboxes(self, now: float) -> None:
        for stream in list(self._streams):
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
            self._out.append((stream, StreamEnd(reason=stream.end, queue_s=queue_s, synthesis_s=synthesis_s)))

    def _hand_on(self) -> None:
        if self._out:
            out, self._out = self._out, []
            self._deliver(out)

    # -- sequences --------------------------------------------------------------------------------------------------

    def _begin_sequences(self, now: float) -> None:
        """In the order of the line; who does not fit yet holds up those behind: nobody is passed over for ever."""
        waiting = [one for one in self._streams if one.wants_sequence(now)]
        if not waiting:
            return
        hurried = [one for one in waiting if self._is_hurried(one, now)]
        others = sorted((one for one in waiting if one not in hurried), key=lambda one: one.started_s is not None)
        others = self._turns.line(others, _client_of)
        clients = len(set(map(_client_of, others)))
        line = [*hurried, *others]
        for stream in line:
            if not self._rows or not self._begin(stream, now):
                break
            if stream.sequence is not None and stream not in hurried:
                self._turns.begin(_client_of(stream), clients)
        self._tell_queue_positions(line)

    def _is_hurried(self, stream: EngineStream, now: float) -> bool:
        """Its listener would hear silence if another began first; that is no turn.

        A text that is farther ahead lets others begin between two parts, so that none keeps a row for minutes.
        """
        if stream.started_s is None:
            return False
        rate, rows = self._model.codec.config.output_sample_rate, max(1, len(self._open))
        part_s = self._config.live_text.span_tokens * FRAMES_A_TOKEN * self._scheduler.step_s(rows)
        return stream.lead_s(now, rate) < HURRIED_S + part_s / rows

    def _tell_queue_positions(self, line: list[EngineStream]) -> None:
        numbers, there = itertools.count(1), set(self._streams)
        for stream in filter(there.__contains__, line):
            position = next(numbers) if stream.sequence is None else 0
            if position != stream.queue_position:
                stream.queue_position = position
                self._out.append((stream, QueuePosition(position)))

    @torch.inference_mode()
    def _begin(self, stream: EngineStream, now: float) -> bool:
        """Open a row for its next sequence; False if there is no room now."""
        try:
            stream.take_sentences(now)
            key, entry = self._prefix(stream)
            if not self._has_room(entry, stream):
                return False
            tokens = stream.tokens if stream.tokens is not None else [self._first_token(stream)]
            prompt = self._model.prompts.prompt(entry.prefix, tokens, streaming=self._streams_text(stream))
            self._check_length(prompt, stream)
        except SynthesisError as error:
            self._fail(stream, error)
            return True
        except torch.OutOfMemoryError as error:
            logger.warning("an utterance does not fit into the device's memory, nor do kept voices any more: %s", error)
            self._prefixes.clear()
            self._fail(stream, OutOfMemory("this does not fit into the device's memory", retry_after_s=5))
            return True
        self._open_row(stream, key, entry, prompt, len(tokens))
        return True

    def _first_token(self, stream: EngineStream) -> int:
        assert isinstance(stream.text, LiveText)
        token = stream.text.begin()
        stream.segment = token.segment
        return token.id

    def _streams_text(self, stream: EngineStream) -> bool:
        """Live text goes beside the frames; a whole text before them, but for cloned voices: the official layouts."""
        return isinstance(stream.text, LiveText) or stream.reference is not None

    def _prefix(self, stream: EngineStream) -> tuple[Hashable, CachedPrefix]:
        request = stream.request
        key = request.voice, request.language, request.instruct, self._streams_text(stream)
        entry = self._prefixes.get(key)
        if entry is None:
            prefix = self._model.prompts.prefix(request, stream.reference)
            codes = prefix.reference_codes
            snapshot = None if codes is None else self._runner.snapshot_after(codes)
            entry = CachedPrefix(prefix, snapshot)
            self._prefixes.put(key, entry)
        return key, entry

    def _has_room(self, entry: CachedPrefix, stream: EngineStream) -> bool:
        """Pages for the prompt and a little more; beginnings of other voices make way. Raises TextTooLong if never."""
        prefix = entry.prefix
        positions = sum(len(part) for part in (prefix.embeddings, prefix.transcript, prefix.reference))
        positions += len(stream.tokens or ()) + 3
        needed = -(-positions // PAGE_POSITIONS) + SPARE_PAGES
        if needed > self._pages.pages:
            raise TextTooLong(
                f"text, instruction and reference take {positions} positions of a cache of {self._config.kv_positions}",
                param="text",
            )
        return self._make_room(needed)

    def _make_room(self, pages: int) -> bool:
        if self._pages.free + self._prefixes.held < pages:
            return False  # nobody's beginning makes way in vain
        while self._pages.free < pages:
            if not self._prefixes.evict():
                return False
        return True

    def _check_length(self, prompt: Prompt, stream: EngineStream) -> None:
        length, most = len(prompt.embeddings), self._config.row_positions
        if length >= most:
            raise TextTooLong(f"text, instruction and reference take {length} positions of {most}", param="text")
        # Live text needs a slot a row, for one step.
        most = self._slots.pages - self._config.rows
        if len(prompt.trailing) > most:
            raise TextTooLong(f"{len(prompt.trailing)} tokens of at most {most} beside a reference", param="text")
        if stream.tokens is not None and len(prompt.trailing) > self._slots.free - self._config.rows:
            raise EngineBusy(f"{len(prompt.trailing)} more tokens than may wait beside frames", retry_after_s=1)

    def _open_row(self, stream: EngineStream, key: Hashable, entry: CachedPrefix, prompt: Prompt, tokens: int) -> None:
        row, length = heapq.heappop(self._rows), len(prompt.embeddings)
        # The cache's entry may have lost its pages to make room since.
        entry = self._prefixes.get(key) or CachedPrefix(entry.prefix, entry.snapshot)
        cached = min(entry.positions, length - 1)
        room = self._config.row_positions - length + 1
        sequence = Sequence(row, length, cached, self._max_frames(tokens, room), room, tokens)
        sequence.pages = self._first_pages(entry, cached, length)
        self._runner.set_pages(row, sequence.pages)
        sampling, first_input = stream.request.sampling, prompt.embeddings[-1]
        open_row = partial(self._runner.open_row, row, length - 1, sampling, stream.seed, first_input, entry.snapshot)
        self._to_open.append(open_row)
        stream.begin(sequence, self._now())
        if stream.tokens is not None:
            stream.tokens = None
            self._put_trailing(stream, prompt)
        self._open[row] = _Open(stream, sequence, prompt, key)

    def _first_pages(self, entry: CachedPrefix, cached: int, length: int) -> list[int]:
        """Those of the beginning, shared, then pages of its own for the rest of the prompt and the first frames."""
        full, partial = divmod(cached, PAGE_POSITIONS)
        shared = list(entry.pages[:full])
        self._pages.share(shared)
        own = self._pages.take(min(-(-length // PAGE_POSITIONS) + 1, self._row_pages) - full)
        assert own is not None, "there was room"
        if partial:
            source = entry.last_page if full == len(entry.pages) else entry.pages[full]
            assert source is not None
            self._runner.copy_page(source, own[0])
        return shared + own

    def _put_trailing(self, stream: EngineStream, prompt: Prompt) -> None:
        slots = self._slots.take(len(prompt.trailing))
        assert slots is not None, "there was room"
        if slots:
            self._runner.put_text(slots, prompt.trailing)
        stream.text_slots.extend(slots)

    def _max_frames(self, tokens: int, room: int) -> int:
        """What the text allows."""
        guards = self._config.guards
        if guards.frames_per_token is None:
            return room
        return guards.spare_frames + int(tokens * guards.frames_per_token)

    def _close(self, opened: _Open, end: Literal["complete", "limit", "cancelled"]) -> None:
        """The row is free; what is on its way for it will be dropped."""
        stream, sequence = opened.stream, opened.sequence
        sequence.end = end
        del self._open[sequence.row]
        heapq.heappush(self._rows, sequence.row)
        self._runner.close_row(sequence.row)
        self._pages.give_back(sequence.pages)
        self._slots.give_back(stream.text_slots)
        stream.sequence = None
        stream.text_slots.clear()
        if isinstance(stream.text, LiveText):
            stream.text.ended()

    # -- a step -----------------------------------------------------------------------------------------------------

    def _plan(self) -> Plan:
        now, rate = self._now(), self._model.codec.config.output_sample_rate
        reading, speaking, is_anybody_stuck = [], [], False
        for opened in self._open.values():
            stream, sequence = opened.stream, opened.sequence
            if sequence.prefill_left:
                reading += [] if stream.is_a_window_ahead else [sequence]
            elif not self._may_speak(opened, now):
                continue
            elif self._has_page(sequence):
                lead_s = stream.lead_s(now, rate)
                speaking.append(Speaking(sequence, lead_s, stream.plays_from_s is not None))
            else:
                is_anybody_stuck = True
        if is_anybody_stuck and not (reading or speaking or self._in_flight):
            self._give_up()
        return self._scheduler.plan(reading, speaking)

    def _give_up(self) -> None:
        """Nobody can go on without a page: the last to come leaves theirs to the others."""
        youngest = max(self._open.values(), key=lambda opened: opened.stream.asked_s)
        self._fail(youngest.stream, EngineBusy("the cache is full", retry_after_s=1))

    def _may_speak(self, opened: _Open, now: float) -> bool:
        stream, sequence = opened.stream, opened.sequence
        if not sequence.may_step or stream.is_a_window_ahead or not self._frames_left(stream):
            return False
        return not (isinstance(stream.text, LiveText) and stream.text.waits(now))

    def _frames_left(self, stream: EngineStream) -> int:
        limit_s = stream.request.limits.max_audio_s
        if limit_s is None:
            return 1
        rate, size = self._model.codec.config.output_sample_rate, self._runner.samples_per_frame
        return max(1, round(limit_s * rate) // size) - stream.made_frames

    def _has_page(self, sequence: Sequence) -> bool:
        """A page for its next position; False if there is none now."""
        if sequence.position < len(sequence.pages) * PAGE_POSITIONS:
            return True
        if not self._make_room(1):
            return False
        taken = self._pages.take(min(SPARE_PAGES, self._pages.free, self._row_pages - len(sequence.pages)))
        assert taken is not None
        sequence.pages += taken
        self._runner.set_pages(sequence.row, sequence.pages)
        return True

    @torch.inference_mode()
    def _launch(self, plan: Plan) -> bool:
        self._prefill(plan)
        while self._to_open:  # while the device reads the prompts
            self._to_open.popleft()()
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
            one.stream.made_frames += 1
            one.stream.segments.append(one.stream.segment)
        self._in_flight.append((self._runner.launch(frames), speaking))
        self._slots.give_back(slot for slot in slots.values() if slot >= FIRST_TEXT_SLOT)
        return True

    def _prefill(self, plan: Plan) -> None:
        if not plan.prefill:
            return
        parts = []
        for sequence, count in plan.prefill:
            start = sequence.cached_positions
            parts += _parts(sequence.row, self._open[sequence.row].prompt, start, start + count)
            sequence.cached_positions += count
        self._runner.prefill(parts)
        for sequence, _ in plan.prefill:
            if not sequence.prefill_left:
                self._keep_beginning(self._open[sequence.row])

    def _keep_beginning(self, opened: _Open) -> None:
        entry = self._prefixes.get(opened.key)
        positions = min(opened.prompt.prefix_positions, opened.sequence.prompt_positions - 1)
        if entry is not None and not entry.positions and positions:
            self._prefixes.keep(
                opened.key, entry, positions, opened.sequence.pages, PAGE_POSITIONS, self._runner.copy_page
            )

    def _text_beside(self, speaking: SequenceOf[_Open]) -> dict[int, int]:
        """The slot of the text that each row reads beside its frame; rows that must wait are left out."""
        now, slots, tokens = self._now(), {}, []
        for opened in speaking:
            stream, row = opened.stream, opened.sequence.row
            if not isinstance(stream.text, LiveText):
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
            taken = self._slots.take(1)
            assert taken is not None, "one a row is kept free"
            slots[row] = taken[0]
            stream.segment = read.segment
            opened.sequence.text_tokens += 1
            opened.sequence.max_frames = self._max_frames(opened.sequence.text_tokens, opened.sequence.room)
            tokens.append((taken[0], read.id))
        if tokens:
            embedded = self._model.prompts.embed_tokens([token for _, token in tokens])
            self._runner.put_text([slot for slot, _ in tokens], embedded)
        return slots

    # -- what came about --------------------------------------------------------------------------------------------

    def _collect(self, step: LaunchedStep, launched: SequenceOf[_Open]) -> None:
        result, now = self._runner.collect(step), self._now()
        if self._last_collected_s is not None and self._in_flight:
            self._scheduler.measured(len(launched), now - self._last_collected_s)
        self._last_collected_s = now if self._in_flight else None
        for opened in launched:
            row = opened.sequence.row
            segment = opened.stream.segments.popleft()
            if opened.sequence.end is None:
                self._take_frame(opened, int(result.first_codes[row]), result.pcm[row], segment, now)
            elif not opened.stream.is_cancelled:
                opened.stream.made_frames -= 1  # said after the end

    def _take_frame(self, opened: _Open, code: int, pcm: NDArray[np.int16], segment: int, now: float) -> None:
        stream, sequence = opened.stream, opened.sequence
        if code == self._model.config.talker.codec_eos_id:
            stream.made_frames -= 1
            self._close(opened, "complete")
            return
        self._give(stream, pcm, segment, now)
        is_silent, is_last = self._is_silent(stream, pcm), not self._is_on_its_way(opened)
        if is_last and self._frames_left(stream) <= 0:
            stream.is_over = True
            self._stop(opened)
        elif is_last and sequence.is_at_its_limit:
            logger.warning(
                "speech id=%s: no end of speech after %d frames of %d positions, stopped",
                stream.request.request_id, sequence.frames, sequence.prompt_positions,
            )  # fmt: skip
            self._stop(opened)
        elif is_silent:
            self._close(opened, "complete")

    def _is_on_its_way(self, opened: _Open) -> bool:
        return any(opened in launched for _, launched in self._in_flight)

    def _stop(self, opened: _Open) -> None:
        opened.stream.end = "limit"
        self._close(opened, "limit")

    def _give(self, stream: EngineStream, pcm: NDArray[np.int16], segment: int, now: float) -> None:
        chunk = AudioChunk(
            pcm=pcm.tobytes(), first_sample=stream.given_samples,
            sample_rate=self._model.codec.config.output_sample_rate, segment=segment,
        )  # fmt: skip
        stream.given(len(pcm), now, chunk.sample_rate)
        self._out.append((stream, chunk))

    def _is_silent(self, stream: EngineStream, pcm: NDArray[np.int16]) -> bool:
        """Whether the talker has fallen silent for good and will not say so."""
        limit_s = self._config.guards.silence_s
        if limit_s is None or not stream.text_is_read:
            return False
        is_quiet = int(np.abs(pcm.astype(np.int32)).max()) < SILENCE_PEAK
        stream.silent_frames = stream.silent_frames + 1 if is_quiet else 0
        return stream.silent_frames * self._frame_s >= limit_s


def _parts(row: int, prompt: Prompt, start: int, end: int) -> list[PromptPart]:
    """The beginning of a prompt and its text are read apart, so that the sums do not depend on whether it was kept."""
    border = prompt.prefix_positions
    cuts = [start, border, end] if start < border < end else [start, end]
    return [PromptPart(row, first, prompt.embeddings[first:last]) for first, last in itertools.pairwise(cuts)]


def _client_of(stream: EngineStream) -> str:
    return stream.request.client
