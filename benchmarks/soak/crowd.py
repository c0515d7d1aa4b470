"""More listeners than the preview voice can speak to in time: who is served when, who falls silent, who is told."""

import asyncio
import itertools
import json
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websockets

from benchmarks.machine import machine
from benchmarks.soak.daemons import Soaked, soaked_daemon
from tests.hostile.watched import wait_until

_APART_S = 0.3
"""They come one after the other, so that it is known who was first"""
_TEXT = (
    "The lamp beside the sofa is broken again. Your grandmother left a message this morning. "
    "Rain is expected before the evening. I put your keys on the shelf near the stairs. "
)
_BYTES_A_SECOND = 48_000
_SENTENCES = 4
_SLOWER = 2.0
"""Than alone, each sentence may be made so many times, where others use the machine too"""
_TOLD_AFTER_S = 1.0
"""Who waits longer has been told its place"""


@dataclass
class Listener:
    """What one of them was told and heard."""

    asked_s: float
    first_s: float | None = None
    """When its sound began"""
    silent_s: float = 0.0
    """In the middle, of a player that begins at once: the longest one"""
    took_s: float = 0.0
    """From the request to the end"""
    places: list[int] = field(default_factory=list)
    heard_s: float = 0.0
    end: str = ""


def measure(clients: int) -> dict[str, Any]:
    """As many, each from an address of its own."""
    options = ("--engine", "embedded", "--no-embedded.kokoro")
    with tempfile.TemporaryDirectory() as made, soaked_daemon(Path(made), "chosen", *options) as daemon:
        wait_until(daemon.is_ready)
        alone = asyncio.run(_crowd(daemon, 1))
        listeners = asyncio.run(_crowd(daemon, clients))
    firsts = [one.first_s for one in listeners if one.first_s is not None]
    return {
        "clients": clients, "machine": machine(), "alone": _told(alone[0]),
        "listeners": [_told(one) for one in listeners],
        "in_order": firsts == sorted(firsts), "silent_s": round(max(one.silent_s for one in listeners), 2),
        "round_s": round(_SLOWER * clients * alone[0].took_s / _SENTENCES, 2),
    }  # fmt: skip


def _told(one: Listener) -> dict[str, Any]:
    wait_s = None if one.first_s is None else round(one.first_s - one.asked_s, 2)
    return {
        "wait_s": wait_s, "silent_s": round(one.silent_s, 2), "places": one.places,
        "heard_s": round(one.heard_s, 2), "took_s": round(one.took_s, 2), "end": one.end,
    }  # fmt: skip


async def _crowd(daemon: Soaked, clients: int) -> list[Listener]:
    began = time.monotonic()

    async def come(number: int) -> Listener:
        await asyncio.sleep(number * _APART_S)
        return await _listen(daemon, f"127.0.7.{number + 1}", began)

    return await asyncio.gather(*map(come, range(clients)))


async def _listen(daemon: Soaked, address: str, began: float) -> Listener:
    async with websockets.connect(
        daemon.socket_url, subprotocols=["voice.v1"], local_addr=(address, 0), compression=None, max_size=None,  # type: ignore[list-item]
    ) as socket:  # fmt: skip
        listener = Listener(time.monotonic() - began)
        await socket.send(json.dumps({"type": "speak", "text": _TEXT, "final": True}))
        plays_until = 0.0
        async for message in socket:
            now = time.monotonic() - began
            if isinstance(message, bytes):
                seconds = (len(message) - 8) / _BYTES_A_SECOND
                if listener.first_s is None:
                    listener.first_s = plays_until = now
                listener.silent_s = max(listener.silent_s, now - plays_until)
                plays_until = max(plays_until, now) + seconds
                listener.heard_s += seconds
                continue
            said = json.loads(message)
            if said["type"] == "queued" and "place" in said:
                listener.places.append(said["place"])
            elif said["type"] == "done":
                listener.end, listener.took_s = said["reason"], now - listener.asked_s
                return listener
            elif said["type"] == "error":
                listener.end = said["code"]
                return listener
    listener.end = "closed"
    return listener


def verdict(figures: dict[str, Any]) -> dict[str, bool]:
    """Whether each bar holds."""
    listeners = figures["listeners"]
    told = [one["places"] for one in listeners if one["wait_s"] is None or one["wait_s"] > _TOLD_AFTER_S]
    return {
        "nobody failed": all(one["end"] == "complete" for one in listeners),
        "first come, first served": figures["in_order"],
        "nobody starves: silent for a sentence of each other at most": figures["silent_s"] <= figures["round_s"],
        "who waits is told its place, and comes on": all(
            places and all(later <= earlier for earlier, later in itertools.pairwise(places)) for places in told
        ),
    }
