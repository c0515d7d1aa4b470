"""Admission: which sequence gets a row next. Whose turn it is among clients is decided in fairness.py.

1. First come those whose listeners would soon hear silence, then new utterances, then further parts of long texts;
   within each, clients take turns.
2. A sequence begins when there is a row for it, memory for its prompt and a little more, and when nobody who speaks
   hears silence for it (pace.py).
3. Who does not fit yet holds up those behind: nobody is passed over for ever. Who can never fit is refused.
"""

import logging
import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import torch

from qwen_tts.api import QueuePosition
from qwen_tts.checkpoint.model import Model
from qwen_tts.checkpoint.prompt import Prompt
from qwen_tts.config.engine import EngineConfig
from qwen_tts.engine.engine_stream import EngineStream
from qwen_tts.engine.expected_length import ExpectedLength
from qwen_tts.engine.fairness import Turns
from qwen_tts.engine.live_text import LiveText, Token
from qwen_tts.engine.pace import Newcomer, Pace, Speaker
from qwen_tts.engine.prefix_cache import CachedPrefix
from qwen_tts.engine.row_memory import RowMemory
from qwen_tts.engine.sequence import Sequence
from qwen_tts.errors import EngineBusy, EngineFailed, OutOfMemory, SynthesisError, TextTooLong
from qwen_tts.runtime.codec_decoder import DecoderSnapshot
from qwen_tts.runtime.runner import ModelRunner

logger = logging.getLogger(__name__)

HURRIED_S = 2.0
"""With less sound in hand than this and the wait for a row, the next part of a long text goes before new utterances"""

FRAMES_A_TOKEN = 4
"""Of speech, about"""

USUAL_POSITIONS = 20
"""Of a prompt, beside its text and a reference"""


@dataclass(frozen=True, eq=False)
class OpenRow:
    """A sequence that has a row."""

    stream: EngineStream
    sequence: Sequence
    prompt: Prompt
    prefix_key: Hashable
    """Of the prompt's beginning in the prefix cache"""


@dataclass(frozen=True)
class Admitted:
    """What came of one look at the line."""

    opened: list[tuple[OpenRow, DecoderSnapshot | None]] = field(default_factory=list)
    """With what the codec decoder goes on from"""
    refused: list[tuple[EngineStream, SynthesisError]] = field(default_factory=list)
    moved: list[tuple[EngineStream, QueuePosition]] = field(default_factory=list)
    """Whose position is another one than they were told"""


class Admission:
    """`now` is in seconds."""

    def __init__(
        self, model: Model, runner: ModelRunner, memory: RowMemory, config: EngineConfig, length: ExpectedLength,
        pace: Pace, now: Callable[[], float],
    ) -> None:  # fmt: skip
        self._model, self._runner, self._memory, self._config, self._length = model, runner, memory, config, length
        self._pace, self._now = pace, now
        self._turns = Turns()
        self.holds_back = False
        """Somebody waits for others to have more sound in hand, or less to say: time alone may change that"""

    def admit(self, streams: list[EngineStream], now: float) -> Admitted:
        """Begin the next sequences of `streams`, which are in the order of arrival, as far as there is room."""
        admitted, self.holds_back = Admitted(), False
        waiting = [one for one in streams if one.wants_sequence(now)]
        if not waiting:
            return admitted
        hurried = [one for one in waiting if self._is_hurried(one, now)]
        others = self._turns.line(sorted((one for one in waiting if one not in hurried), key=_has_begun), _client_of)
        clients = len(set(map(_client_of, others)))
        line = [*hurried, *others]
        speakers = {one: self._speaker(one, now) for one in streams if one.may_need_frames(now)}
        for stream in line:
            beside = [speaker for other, speaker in speakers.items() if other is not stream]
            if not self._memory.free_rows:
                break
            if not self._pace.may_begin(self._newcomer(stream), beside):
                self.holds_back = True
                break
            try:
                opened = self._try_to_open(stream, now)
            except EngineFailed:
                raise  # it is not this one's alone
            except SynthesisError as error:
                admitted.refused.append((stream, error))
                continue
            if opened is None:
                break
            admitted.opened.append(opened)
            speakers[stream] = self._speaker(stream, now)
            if stream not in hurried:
                self._turns.begin(_client_of(stream), clients)
        refused = {stream for stream, _ in admitted.refused}
        self._tell_positions(admitted, [stream for stream in line if stream not in refused], list(speakers.values()))
        return admitted

    def _tell_positions(self, admitted: Admitted, line: list[EngineStream], speakers: list[Speaker]) -> None:
        """To those whose place is another one than they were told."""
        waiting = [stream for stream in line if stream.sequence is None]
        places = {stream: place for place, stream in enumerate(waiting, 1)}
        moved = [stream for stream in line if places.get(stream, 0) != stream.queue_place]
        waits_s = self._pace.waits_s(speakers, map(self._left_s, waiting)) if moved else None
        for stream in moved:
            place = stream.queue_place = places.get(stream, 0)
            wait_s = None if waits_s is None or not place else waits_s[place - 1]
            admitted.moved.append((stream, QueuePosition(place, wait_s)))

    # -- what others would hear of it -------------------------------------------------------------------------------

    def _speaker(self, stream: EngineStream, now: float) -> Speaker:
        sound = stream.sound
        return Speaker(max(sound.lead_s(now), sound.untaken_s), sound.is_playing, self._left_s(stream))

    def _newcomer(self, stream: EngineStream) -> Newcomer:
        # What is kept of a voice is not read again: then others have sound for longer than it takes.
        reference = stream.reference.codes if stream.reference else None
        positions = USUAL_POSITIONS + len(stream.tokens or ()) + (0 if reference is None else len(reference))
        may_go_on = stream.text is not None and not stream.text.has_ended
        return Newcomer(positions, math.inf if may_go_on else self._left_s(stream))

    def _left_s(self, stream: EngineStream) -> float:
        """Speech that is expected of the text that is there, and was not made."""
        sequence, language = stream.sequence, stream.request.language
        left_s = 0.0 if sequence is None else max(0.0, sequence.spoken_frames - sequence.frames) * self._length.frame_s
        if stream.text is not None:
            left_s += self._length.seconds(stream.text.unspoken, language)
        elif stream.tokens is not None:
            left_s += self._length.seconds(stream.request.text, language)
        limit_s = stream.request.limits.max_audio_s
        return left_s if limit_s is None else min(left_s, max(0.0, limit_s - stream.sound.made_s))

    def _is_hurried(self, stream: EngineStream, now: float) -> bool:
        """Its listener would hear silence if another began first; that is no turn.

        A text that is farther ahead lets others begin between two parts, so that none keeps a row for minutes.
        """
        if stream.started_s is None:
            return False
        rows = max(1, self._memory.rows - self._memory.free_rows)
        part_s = self._config.live_text.span_tokens * FRAMES_A_TOKEN * self._pace.step_s(rows)
        return stream.sound.lead_s(now) < HURRIED_S + part_s / rows

    # -- a row ------------------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def _try_to_open(self, stream: EngineStream, now: float) -> tuple[OpenRow, DecoderSnapshot | None] | None:
        """A row for its next sequence; None if there is no room now. Raises why there never will be."""
        try:
            stream.take_sentences(now)
            key, entry = self._prefix(stream)
            if not self._has_room(entry, stream):
                return None
            text, tokens = self._first_text(stream)
            prompt = self._model.prompts.prompt(entry.prefix, tokens, stream.layout)
            self._check_length(prompt, stream)
        except torch.OutOfMemoryError as error:
            logger.warning("an utterance does not fit into the device's memory, nor do kept voices any more: %s", error)
            self._memory.prefixes.clear()
            raise OutOfMemory("this does not fit into the device's memory", retry_after_s=5) from None
        return self._open(stream, key, entry, prompt, text, len(tokens))

    def _first_text(self, stream: EngineStream) -> tuple[str, list[int]]:
        """What its prompt says, and its tokens: the first of a live text, all of another."""
        if stream.tokens is not None:
            return self._model.tokenizer.decode(stream.tokens), stream.tokens
        token = _first_token(stream)
        return token.text, [token.id]

    def _prefix(self, stream: EngineStream) -> tuple[Hashable, CachedPrefix]:
        """The beginning of its prompt, kept or made."""
        request, prefixes = stream.request, self._memory.prefixes
        # Where the words of a reference stand depends on the layout; nothing else does.
        layout = stream.layout if stream.goes_on_from_transcript else None
        key = request.voice, request.language, request.instruct, layout
        entry = prefixes.get(key)
        if entry is None:
            prefix = self._model.prompts.prefix(request, stream.reference)
            codes = prefix.reference_codes
            entry = CachedPrefix(prefix, None if codes is None else self._runner.snapshot_after(codes))
            prefixes.put(key, entry)
        return key, entry

    def _has_room(self, entry: CachedPrefix, stream: EngineStream) -> bool:
        """Whether the cache has room for its prompt now. Raises TextTooLong if it never will."""
        prefix = entry.prefix
        positions = sum(len(part) for part in (prefix.embeddings, prefix.transcript, prefix.reference))
        positions += len(stream.tokens or ()) + 3
        if not self._memory.may_ever_hold(positions):
            raise TextTooLong(
                f"text, instruction and reference take {positions} positions of a cache of {self._config.kv_positions}",
                param="text",
            )
        return self._memory.make_room(positions)

    def _check_length(self, prompt: Prompt, stream: EngineStream) -> None:
        """Raises TextTooLong, and EngineBusy if only others' text leaves no room for it."""
        length, most = len(prompt.embeddings), self._config.row_positions
        if length >= most:
            raise TextTooLong(f"text, instruction and reference take {length} positions of {most}", param="text")
        slots, rows, trailing = self._memory.text_slots, self._config.rows, len(prompt.trailing)
        # Live text needs a slot a row, for one step.
        if trailing > slots.pages - rows:
            raise TextTooLong(f"{trailing} tokens of at most {slots.pages - rows} beside frames", param="text")
        if stream.tokens is not None and trailing > slots.free - rows:
            raise EngineBusy(f"{trailing} more tokens than may wait beside frames", retry_after_s=1)

    def _open(
        self, stream: EngineStream, key: Hashable, entry: CachedPrefix, prompt: Prompt, text: str, tokens: int
    ) -> tuple[OpenRow, DecoderSnapshot | None]:
        # The cache's entry may have lost its pages to make room since.
        kept = self._memory.prefixes.get(key) or CachedPrefix(entry.prefix, entry.snapshot)
        length = len(prompt.embeddings)
        room = self._model.generation.max_frames(self._config.row_positions - length + 1)
        sequence = Sequence(
            row=self._memory.take_row(),
            prompt_positions=length,
            cached_positions=min(kept.positions, length - 1),
            room=room,
            max_frames=room,
        )
        self._memory.begin(sequence, kept)
        stream.begin(sequence, self._now())
        stream.read(text, tokens, self._length)
        if not isinstance(stream.text, LiveText):
            stream.text_slots.extend(self._memory.put_text(prompt.trailing))
        return OpenRow(stream, sequence, prompt, key), kept.snapshot


def _has_begun(stream: EngineStream) -> bool:
    return stream.started_s is not None


def _client_of(stream: EngineStream) -> str:
    return stream.request.client


def _first_token(stream: EngineStream) -> Token:
    """Of a live text."""
    assert isinstance(stream.text, LiveText)
    token = stream.text.begin()
    stream.segment = token.segment
    return token
