"""What an utterance would be, told from its text and its order alone: no engine is asked for it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from qwen3tts_daemon import __version__
from qwen3tts_daemon.speech.incoming_text import IncomingText
from qwen3tts_daemon.speech.kept_sound import Told
from qwen3tts_daemon.speech.speakers import Speakers
from qwen3tts_daemon.speech.text_reading import TextReading
from qwen3tts_daemon.speech.voice_selection import VoiceSelection
from qwen3tts_daemon.text.directions import Chime, Direction, Pause, pause_in
from qwen3tts_daemon.text.segments import Segment
from qwen_tts.api import VoiceKind


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An utterance that was not spoken."""

    content: bytes
    """Whatever decides on its sound, but for what stands before its first word"""
    told: Sequence[Told]
    """Of its segments"""
    kinds: frozenset[VoiceKind]
    """Of the voices that would speak"""
    speakers: Speakers


def readings(segments: Sequence[Segment], speakers: Speakers) -> Iterator[tuple[Segment, TextReading]]:
    """Each segment and how it is read; `speakers` go on from passage to passage. Raises SynthesisError for what nobody
    can speak."""
    reading: TextReading | None = None
    for index, segment in enumerate(segments):
        if reading is None or segment.before:
            speakers.go_on(segment.before, is_first=index == 0)
            reading = speakers.now.foresee(segment.text)
        yield segment, reading


async def foresee(
    text: IncomingText, speakers: Speakers, gain_db: Callable[[VoiceSelection], float], *, tail_s: float, engine: str
) -> Foreseen | None:
    """Of a text that is all there. None if it has no words, or would not be the same another time.

    `speakers`: nobody else's. `gain_db`: how much louder who speaks is made; `engine`: what it is made of. Raises
    SynthesisError for what nobody can speak.
    """
    said: list[object] = [__version__, engine, tail_s, pause_in(text.trailing)]
    told: list[Told] = []
    kinds: set[VoiceKind] = set()
    for index, (segment, reading) in enumerate(readings(text.segments, speakers)):
        if index == 0 or segment.before:
            if not speakers.now.is_repeatable:
                return None
            kinds.add(speakers.now.kind)
            said.append((speakers.now.identity, gain_db(speakers.now)))
        said.append((await reading.spoken(segment), *_surroundings(text.segments, index)))
        told.append(Told(segment.raw, segment.start, segment.end, speakers.now.voice, speakers.now.language))
    return Foreseen(repr(said).encode(), told, frozenset(kinds), speakers) if told else None


def _surroundings(segments: Sequence[Segment], index: int) -> tuple[object, ...]:
    """What an engine makes of a segment beside its words."""
    segment = segments[index]
    is_apart = index > 0 and segment.start > segments[index - 1].end
    before: Sequence[Direction] = segment.before
    if index == 0:
        before = [one for one in before if not isinstance(one, Pause | Chime)]
    return is_apart, str(segment.ending), tuple(before), tuple(segment.pronunciations.values())
