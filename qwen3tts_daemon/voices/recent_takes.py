"""What designed voices said lately: each time they are another voice, and a good one may be kept."""

from dataclasses import dataclass

from qwen3tts_daemon.bounded_dict import BoundedDict
from qwen3tts_daemon.failures import Refusal
from qwen_tts.api import Audio

MOST_TAKES = 24
LONGEST_S = 60.0


@dataclass(frozen=True, slots=True)
class Take:
    """An utterance of a designed voice."""

    audio: Audio
    text: str
    language: str
    description: str


class RecentTakes:
    """The last ones, by request id."""

    def __init__(self) -> None:
        self._takes = BoundedDict[Take](MOST_TAKES)

    def add(self, request_id: str, take: Take) -> None:
        """Longer ones are not held: nobody needs a minute to judge a voice."""
        if take.audio.duration_s <= LONGEST_S:
            self._takes[request_id] = take

    def get(self, request_id: str) -> Take:
        """Raises Refusal."""
        if (take := self._takes.get(request_id)) is None:
            raise Refusal(
                "bad_field",
                f"no take {request_id[:32]!r}: only whole utterances of a described voice can be kept, of at most "
                f"{LONGEST_S:.0f} s and the last {MOST_TAKES}; speak again and keep that one",
                param="take",
            )
        return take
