"""What designed voices said lately: each time they are another voice, and a good one may be kept."""

from dataclasses import dataclass

from qwen3tts_daemon.bounded_dict import BoundedDict
from qwen3tts_daemon.failures import Refusal
from qwen_tts.api import Audio
from qwen_tts.audio.bounds import LONGEST_S
from qwen_tts.errors import BadReferenceAudio

MOST_TAKES = 24


@dataclass(frozen=True, slots=True)
class Take:
    """An utterance of a designed voice."""

    audio: Audio
    text: str
    language: str
    description: str


@dataclass(frozen=True, slots=True)
class TooLong:
    """What is remembered of a take that no voice can be made of."""

    duration_s: float


class RecentTakes:
    """The last ones, by request id."""

    def __init__(self) -> None:
        self._takes = BoundedDict[Take | TooLong](MOST_TAKES)

    def add(self, request_id: str, take: Take) -> None:
        """The sound of one that is too long for a voice is not held."""
        duration_s = take.audio.duration_s
        self._takes[request_id] = take if duration_s <= LONGEST_S else TooLong(duration_s)

    def has(self, request_id: str) -> bool:
        """Whether `get` would tell more than that it is not there."""
        return request_id in self._takes

    def get(self, request_id: str) -> Take:
        """Raises Refusal for one that is not there, BadReferenceAudio for one that was too long."""
        take = self._takes.get(request_id)
        if take is None:
            raise Refusal(
                "bad_field",
                f"no take {request_id[:32]!r}: only whole utterances of a described voice can be kept, of the last "
                f"{MOST_TAKES}; speak again and keep that one",
                param="take",
            )
        if isinstance(take, TooLong):
            raise BadReferenceAudio(
                f"this take is {take.duration_s:.1f} s long, and a voice is made of at most {LONGEST_S:.0f} s; "
                "let the voice say less, and keep that",
                param="take",
            )
        return take
