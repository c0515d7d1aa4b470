"""A home's network: the machine of the daemon, a guest whose cable fails, a neighbour whose does not."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.machines import Machine, need_machines
from tests.chaos.switch import Cable, Switch
from tests.hostile.watched import Watched, watched_daemon

SERVER_ADDRESS = "10.24.0.1"
EVERYWHERE = "0.0.0.0,::"


@dataclass(frozen=True, slots=True)
class Home:
    """All have IPv4; each cable is `eth0` of its machine."""

    switch: Switch
    server: Cable
    guest: Cable
    neighbour: Cable

    @contextlib.contextmanager
    def daemon(self, directory: Path, *options: str, hosts: str = EVERYWHERE, **engine: object) -> Iterator[Watched]:
        """On the machine of the daemon; found at its IPv4 address."""
        with contextlib.ExitStack() as stack:
            with self.server.machine.inside():
                daemon = stack.enter_context(watched_daemon(directory, *options, hosts=hosts, **engine))
            daemon.address = SERVER_ADDRESS
            yield daemon


@contextlib.contextmanager
def a_home() -> Iterator[Home]:
    """Skips a test that can have none."""
    need_machines(with_cables=True)
    with contextlib.ExitStack() as stack:
        switch = stack.enter_context(Switch())
        cables = []
        for number in (1, 2, 3):
            machine = Machine()
            stack.callback(machine.close)
            cables.append(switch.connect(machine, f"10.24.0.{number}/24"))
        yield Home(switch, *cables)
