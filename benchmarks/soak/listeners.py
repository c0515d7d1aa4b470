"""The listening process of `load`: it plays what comes as it comes, and counts how late that is.

python -m benchmarks.soak.listeners JSON      prints one JSON object

Each listener has one utterance after the other on one connection. A player begins with the first chunk, so that each
later one has to be there by the time that those before it are played: what comes later than that is late. One that has
kept a chunk in reserve falls silent when a chunk is later than a chunk takes: an underrun.
"""

import argparse
import json
import random
import selectors
import sys
import time
from dataclasses import dataclass, field

from benchmarks.soak.wire import SOUND, WebSocketWire, WyomingWire, connect

_BYTES_A_SECOND = 48_000
_WIRES: dict[str, type[WebSocketWire | WyomingWire]] = {"websocket": WebSocketWire, "wyoming": WyomingWire}
SENTENCES = (
    "Good evening, the front door has been left open for ten minutes, and somebody should look after it soon.",
    "The washing machine in the cellar has finished its programme and is waiting to be emptied by one of you.",
    "It will rain from four in the afternoon until late at night; the windows of the second floor are still open.",
)
"""Each fills its last frame: the rest of one that it did not would be late, whoever sends it."""


@dataclass
class Heard:
    """By all listeners of this process."""

    late_s: list[float] = field(default_factory=list)
    first_s: list[float] = field(default_factory=list)
    underruns: int = 0
    utterances: int = 0
    failures: list[str] = field(default_factory=list)


class Listener:
    """One connection."""

    def __init__(self, kind: str, port: int, address: str, voice: str, sentences: int, heard: Heard, seed: int) -> None:
        self._voice, self._sentences, self._heard = voice, sentences, heard
        self._draw = random.Random(seed)
        self.begins_at = 0.0
        """When it asks for its first utterance"""
        self._wire = _WIRES[kind]()
        self._asked_at = self._started_at = self._played_s = 0.0
        self.sock = connect(port, address)
        self.sock.sendall(self._wire.hello(port))
        self.sock.setblocking(False)

    def speak(self) -> None:
        text = " ".join(self._draw.choices(SENTENCES, k=self._sentences))
        self._asked_at, self._started_at, self._played_s = time.monotonic(), 0.0, 0.0
        self.sock.sendall(self._wire.order(text, self._voice))

    def hear(self, now: float) -> None:
        """What has come until `now`. Raises ConnectionError."""
        data = self.sock.recv(262_144)
        if not data:
            raise ConnectionError("closed")
        for what, size in self._wire.take(data):
            if what == SOUND and size > 0:
                self._play(now, size / _BYTES_A_SECOND)
            elif what == "done":
                self._heard.utterances += 1
                self.speak()
        if self._wire.answers:
            self.sock.sendall(self._wire.answers)
            self._wire.answers = b""

    def _play(self, now: float, seconds: float) -> None:
        if not self._started_at:
            self._started_at = now
            self._heard.first_s.append(now - self._asked_at)
        late_s = max(0.0, now - self._started_at - self._played_s)
        self._heard.late_s.append(late_s)
        self._heard.underruns += late_s > seconds
        self._played_s += seconds


def listen(listeners: list[Listener], seconds: float, heard: Heard) -> None:
    """Until the time is over. Each begins in a moment of its own."""
    selector = selectors.DefaultSelector()
    for listener in listeners:
        selector.register(listener.sock, selectors.EVENT_READ, listener)
    waiting = sorted(listeners, key=lambda one: one.begins_at, reverse=True)
    began = time.monotonic()
    while (gone := time.monotonic() - began) < seconds:
        while waiting and waiting[-1].begins_at <= gone:
            waiting.pop().speak()
        wait_s = waiting[-1].begins_at - gone if waiting else 0.5
        ready = selector.select(min(max(wait_s, 0.0), seconds - gone))
        for key, _ in ready:
            try:
                key.data.hear(time.monotonic())
            except (OSError, ConnectionError) as error:
                heard.failures.append(str(error))
                selector.unregister(key.fileobj)
    for listener in listeners:
        listener.sock.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wanted", type=json.loads)
    wanted = parser.parse_args().wanted
    heard, draw = Heard(), random.Random(wanted["seed"])
    listeners = []
    for number, (kind, port, address) in enumerate(wanted["clients"]):
        seed = wanted["seed"] * 10_000 + number
        listener = Listener(kind, port, address, wanted["voice"], wanted["sentences"], heard, seed)
        listener.begins_at = draw.uniform(0, wanted["spread_s"])
        listeners.append(listener)
    print("connected", flush=True)
    sys.stdin.readline()
    began_s = time.process_time()
    listen(listeners, wanted["seconds"], heard)
    answer = {
        "late_ms": [round(late * 1000, 2) for late in heard.late_s],
        "first_ms": [round(first * 1000, 2) for first in heard.first_s],
        "underruns": heard.underruns,
        "utterances": heard.utterances,
        "failures": heard.failures,
        "cpu_s": time.process_time() - began_s,
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
