"""What is asked for: an order, who gives it, and the words that decide on its voice and language."""

import secrets
from dataclasses import dataclass, field, replace
from itertools import chain

from qwen3tts_daemon.limits import GAIN_DB, SPEED
from qwen3tts_daemon.text.directions import LanguageChange, Manner, VoiceChange
from qwen3tts_daemon.text.lexicon import Entry
from qwen3tts_daemon.text.segments import LiveSegmenter, Split
from qwen3tts_daemon.text.sent_text import SentText, TextFormat
from qwen_tts.api import Limits, Sampling, TextLayout, Voice


@dataclass(frozen=True, slots=True)
class Order:
    """What a caller wants spoken and how; None leaves the choice to the daemon."""

    protocol: str
    voice: str | Voice | None = None
    """A name of the catalogue, or a voice of nobody else's."""
    language: str | None = None
    instruct: str = ""
    style: str = ""
    """The name of a style, beside it; voices that cannot be told leave it out"""
    text_style: str = ""
    """What the text asks for in its place, in words"""
    speed: float = 1.0
    gain_db: float = 0.0
    """Louder or softer than the voice is"""
    lead_silence_ms: int | None = None
    """Before the first word; None: as the settings say, and so below"""
    tail_silence_ms: int | None = None
    """After the last word"""
    sentence_silence_ms: int | None = None
    """Between sentences, exactly; None: as the settings say, else as the voice pauses by itself"""
    chime: bool | None = None
    """Whether a chime stands before the first word; None: as the settings say"""
    split: Split = "sentence"
    text_layout: TextLayout = "auto"
    text_normalization: bool | None = None
    """Whether numbers, signs and short forms become words before an engine gets them"""
    markup: bool | None = None
    """Whether pauses and voices that stand in the text in brackets are meant; None: as the settings say"""
    text_format: TextFormat | None = None
    """None: SSML if the text begins with <speak, else text"""
    words: tuple[Entry, ...] = ()
    """How some are said, beside the lexicon and before it"""
    sampling: Sampling = field(default_factory=Sampling)
    limits: Limits = field(default_factory=Limits)
    word_times: bool = False
    """Whether it is told where each word is heard; then it is spoken anew, kept or not"""
    private: bool = False
    """What is said is neither kept nor logged"""
    streamed: bool = True
    """Whether it is heard while it is spoken; see SynthesisRequest"""

    def in_manner(self, manner: Manner) -> "Order":
        """Of a passage of which the text says so."""
        return replace(
            self, voice=manner.voice or self.voice, language=manner.language or self.language,
            text_style=manner.instruct,
            speed=SPEED.clamp(self.speed * manner.speed), gain_db=GAIN_DB.clamp(self.gain_db + manner.gain_db),
        )  # fmt: skip


def new_request_id() -> str:
    return secrets.token_hex(6)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who orders, and the name under which the utterance is found again."""

    request_id: str = field(default_factory=new_request_id)
    address: str = ""
    """Where many wait, they are served in turn by address."""
    passed_on_by: tuple[str, ...] = ()
    """Other daemons that spoke through this one; see SynthesisRequest."""


def first_words(text: str, split: Split, text_format: TextFormat | None) -> str | None:
    """Of a whole text, what decides on its voice and language; None if nothing in it can be spoken, or it is SSML that
    says itself who speaks in which language."""
    sent = SentText(text_format, is_voice=lambda name: True)
    pieces = [*sent.feed(text), *sent.rest()]
    if any(isinstance(piece, VoiceChange | LanguageChange) for piece in pieces):
        return None
    segmenter = LiveSegmenter(split=split)
    segments = [*chain.from_iterable(map(segmenter.feed, pieces)), *segmenter.end()]
    return segments[0].text if segments else None
