"""A switch and its cables, in user space: every packet passes through here, and may be lost, late, doubled or slow.

It is an Ethernet: machines plug in with a TAP device each, so that IPv4, IPv6, ARP and multicast are the kernel's own.
Which packets are hit is drawn from a seed. (The kernel's own netem is in few kernels of virtual machines.)
"""

import fcntl
import heapq
import itertools
import os
import random
import selectors
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from tests.chaos.machines import TAP, Machine

_SET_INTERFACE = 0x4004_54CA
"""TUNSETIFF of <linux/if_tun.h>"""
_SET_CARRIER = 0x4004_54E2
"""TUNSETCARRIER"""
_ETHERNET = 0x0002 | 0x1000
"""IFF_TAP, IFF_NO_PI"""
_LARGEST_FRAME = 2_048
_PORTS_AT, _PORTS = 34, struct.Struct("!HH")
"""Of TCP, behind the heads of Ethernet and IPv4, which has no options here"""
_BATCH = 64


@dataclass(slots=True)
class Faults:
    """Of a cable, in each direction; shares are of 1."""

    loss: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    """Later by up to this, each packet by itself: so they overtake each other."""
    doubled: float = 0.0
    bytes_per_s: float = 0.0
    """0: as fast as it goes"""
    is_cut: bool = False
    forgotten_ports: frozenset[int] = frozenset()
    """Of TCP over IPv4: a router on the way knows nothing of these any more, and says nothing."""


class Cable:
    """Between a machine and the switch."""

    def __init__(self, machine: Machine, name: str) -> None:
        self.machine = machine
        self.name = name
        self.faults = Faults()
        self.lost = 0
        """Packets so far."""
        with machine.inside():
            self.tap = os.open(TAP, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            fcntl.ioctl(self.tap, _SET_INTERFACE, struct.pack("16sH22x", name.encode(), _ETHERNET))
        self._free_at = {"out": 0.0, "in": 0.0}

    def pull(self) -> None:
        """Out of the machine's socket, which it notices."""
        self.cut()
        self._set_carrier(False)

    def plug_in(self) -> None:
        self.mend()
        self._set_carrier(True)

    def cut(self) -> None:
        """Somewhere on the way, which nobody notices: packets go nowhere."""
        self.faults.is_cut = True

    def mend(self) -> None:
        """All of it."""
        self.faults = Faults()

    def _set_carrier(self, is_there: bool) -> None:
        with self.machine.inside():
            fcntl.ioctl(self.tap, _SET_CARRIER, struct.pack("i", is_there))

    def is_lost(self, frame: bytes, dice: random.Random) -> bool:
        """Whether a packet gets no further here."""
        is_lost = self.faults.is_cut or dice.random() < self.faults.loss or self._is_forgotten(frame)
        self.lost += is_lost
        return is_lost

    def _is_forgotten(self, frame: bytes) -> bool:
        ports = self.faults.forgotten_ports
        return (
            len(frame) >= 54
            and bool(ports)
            and not ports.isdisjoint(_PORTS.unpack(frame[_PORTS_AT : _PORTS_AT + _PORTS.size]))
        )

    def later_s(self, direction: str, size: int, now: float, dice: random.Random) -> float:
        """How long a packet is under way here."""
        faults = self.faults
        waits_s = 0.0
        if faults.bytes_per_s:
            begins = max(now, self._free_at[direction])
            self._free_at[direction] = begins + size / faults.bytes_per_s
            waits_s = self._free_at[direction] - now
        return waits_s + faults.delay_s + faults.jitter_s * dice.random()


class Switch:
    """Carries packets between the machines that are plugged in, in a thread of its own."""

    def __init__(self, seed: int = 24) -> None:
        self._dice = random.Random(seed)
        self._cables: list[Cable] = []
        self._where: dict[bytes, Cable] = {}
        """By the hardware's address."""
        self._under_way: list[tuple[float, int, Cable, bytes]] = []
        self._numbers = itertools.count()
        self._ready = selectors.DefaultSelector()
        self._asked, self._asks = os.pipe()
        os.set_blocking(self._asked, False)
        self._ready.register(self._asked, selectors.EVENT_READ)
        self._todo: list[Callable[[], object]] = []
        self._is_closing = False
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def connect(self, machine: Machine, *addresses: str, name: str = "eth0") -> Cable:
        """Plug a machine in, with these addresses ("10.0.0.5/24")."""
        cable = Cable(machine, name)
        for address in addresses:
            add_address(machine, address, name)
        machine.ip("link", "set", name, "up")
        self._todo.append(lambda: self._add(cable))
        os.write(self._asks, b"!")
        return cable

    def _add(self, cable: Cable) -> None:
        self._cables.append(cable)
        self._ready.register(cable.tap, selectors.EVENT_READ, cable)

    def _carry(self) -> None:
        while not self._is_closing:
            for key, _ in self._ready.select(self._wait_s()):
                if key.data is None:
                    os.read(self._asked, _BATCH)
                    while self._todo:
                        self._todo.pop()()
                else:
                    self._take(key.data)
            self._deliver()

    def _wait_s(self) -> float | None:
        return max(0.0, self._under_way[0][0] - time.monotonic()) if self._under_way else None

    def _take(self, cable: Cable) -> None:
        for _ in range(_BATCH):
            try:
                frame = os.read(cable.tap, _LARGEST_FRAME)
            except BlockingIOError:
                return
            except OSError:  # its interface is down
                return
            self._where[frame[6:12]] = cable
            self._pass_on(frame, cable)

    def _pass_on(self, frame: bytes, source: Cable) -> None:
        if source.is_lost(frame, self._dice):
            return
        known = self._where.get(frame[:6])
        copies = 1 + (self._dice.random() < source.faults.doubled)
        now = time.monotonic()
        for target in [known] if known is not None else self._cables:
            if target is source or target.is_lost(frame, self._dice):
                continue
            for _ in range(copies + (self._dice.random() < target.faults.doubled)):
                late_s = source.later_s("out", len(frame), now, self._dice)
                late_s += target.later_s("in", len(frame), now, self._dice)
                heapq.heappush(self._under_way, (now + late_s, next(self._numbers), target, frame))

    def _deliver(self) -> None:
        while self._under_way and self._under_way[0][0] <= time.monotonic():
            _, _, cable, frame = heapq.heappop(self._under_way)
            try:
                os.write(cable.tap, frame)
            except OSError:  # its interface is down
                cable.lost += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Unplug all of them."""
        self._is_closing = True
        os.write(self._asks, b"!")
        self._thread.join()
        self._ready.close()
        for cable in self._cables:
            os.close(cable.tap)
        os.close(self._asked)
        os.close(self._asks)


def add_address(machine: Machine, address: str, name: str = "eth0") -> None:
    machine.ip("address", "add", address, "dev", name, *(["nodad"] if ":" in address else []))


def remove_address(machine: Machine, address: str, name: str = "eth0") -> None:
    machine.ip("address", "del", address, "dev", name)
