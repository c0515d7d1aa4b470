"""What a socket is about to send, in order; the one writer of the socket takes from it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from qwen3tts_daemon.failures import CLOSE_CODES
from qwen3tts_daemon.protocols.voice_v1.daemon_messages import DaemonMessage, encode_message
from qwen3tts_daemon.protocols.voice_v1.frames import SoundFrame

MAX_FRAMES = 8
"""Frames that wait for the socket; with the kernel's buffer that is what a cancel cannot take back."""
MAX_MESSAGES = 1_024
"""Messages that wait: a client that asks and never reads is given up."""


@dataclass(frozen=True, slots=True)
class Close:
    """Nothing is sent after it."""

    code: int
    reason: str


class Entry(msgspec.Struct, frozen=True):
    """One thing to send; what has an owner goes with it when the owner is dropped, unless it is `kept`."""

    content: str | SoundFrame | Close
    owner: Any = None
    kept: bool = False


class Outbox:
    """Bounded; `on_change` tells the writer."""

    def __init__(self, write: Callable[[DaemonMessage], str | None] = encode_message) -> None:
        """`write`: a message in the language of the socket; None where that has no words for it."""
        self._write = write
        self._entries: deque[Entry] = deque()
        self._frames = 0
        self.is_closed = False
        self.on_change: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def is_full(self) -> bool:
        """Whether frames have to wait; messages never do."""
        return self._frames >= MAX_FRAMES

    @property
    def has_frames(self) -> bool:
        return self._frames > 0

    @property
    def only_binary(self) -> bytes | None:
        """The binary frame that is all there is to send."""
        content = self._entries[0].content if len(self._entries) == 1 else None
        return content.data if isinstance(content, SoundFrame) and isinstance(content.data, bytes) else None

    def has_frames_of(self, owner: Any) -> bool:
        return any(entry.owner is owner and isinstance(entry.content, SoundFrame) for entry in self._entries)

    def say(self, message: DaemonMessage, *, owner: Any = None, kept: bool = False) -> None:
        if (text := self._write(message)) is not None:
            self.say_text(text, owner=owner, kept=kept)

    def say_text(self, text: str, *, owner: Any = None, kept: bool = False) -> None:
        """What is written already."""
        if len(self._entries) >= MAX_MESSAGES:
            self.close("slow_consumer", "the answers are not read")
        self._put(Entry(text, owner, kept))

    def send(self, frame: SoundFrame, owner: Any) -> None:
        self._frames += 1
        self._put(Entry(frame, owner))

    def close(self, failure: str, reason: str) -> None:
        """After the messages that wait; sound is not waited for. `failure`: one that has a code in CLOSE_CODES."""
        if not self.is_closed:
            self._keep(lambda entry: not isinstance(entry.content, SoundFrame))
            self.end(CLOSE_CODES[failure], reason)

    def end(self, code: int, reason: str) -> None:
        """After all that waits, sound too."""
        if not self.is_closed:
            self._put(Entry(Close(code, reason)))
            self.is_closed = True

    def drop(self, owner: Any) -> int | None:
        """Take back what is not sent of `owner`; where the first frame taken back begins, if there is one."""
        owned = (entry.content for entry in self._entries if entry.owner is owner)
        first_sample = next((content.first_sample for content in owned if isinstance(content, SoundFrame)), None)
        self._keep(lambda entry: entry.owner is not owner or entry.kept)
        return first_sample

    def take(self) -> Entry | None:
        """The next thing to send, or None."""
        if not self._entries:
            return None
        entry = self._entries.popleft()
        if isinstance(entry.content, SoundFrame):
            self._frames -= 1
        return entry

    def _keep(self, wanted: Callable[[Entry], bool]) -> None:
        self._entries = deque(entry for entry in self._entries if wanted(entry))
        self._frames = sum(isinstance(entry.content, SoundFrame) for entry in self._entries)

    def _put(self, entry: Entry) -> None:
        if not self.is_closed:
            self._entries.append(entry)
            self.on_change()
