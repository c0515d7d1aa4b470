"""What this machine is called: the names under which it is announced, and those that a request may ask for.

A page of another site can make a browser send requests here under a name of its own (DNS rebinding). So a name is
taken only if a stranger cannot have it: the machine's own, under the domains that nobody on the internet owns.
"""

import json
import logging
import re
import socket
import uuid
from collections.abc import Callable, Sequence
from typing import Final

from qwen3tts_daemon.access.headers import plain_name
from qwen3tts_daemon.access.networks import LOOPBACK_NAMES, parse_address
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.settings import SettingsError

logger = logging.getLogger(__name__)

_HOME_DOMAINS: Final = ("local", "lan", "home.arpa", "internal")
"""mDNS, what home routers use, RFC 8375, and what ICANN has set aside."""
_FIXED_NAMES: Final = ("homeassistant", "homeassistant.local", "host.docker.internal")
_SERVICE_LABEL_CHARACTERS: Final = 40
"""A DNS label has 63; the rest is for what tells machines and ports apart."""

_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NAME_CHARACTERS: Final = 253

_LOG_AGAIN_S: Final = 60.0
_LOGGED_NAMES: Final = 20
"""In a minute: strangers can make up as many names as they like."""


def machine_label() -> str:
    """The machine's name, fit for a DNS label."""
    first = socket.gethostname().partition(".")[0]
    return re.sub(r"[^A-Za-z0-9-]+", "-", first).strip("-") or "host"


def service_host(port: int) -> str:
    """The host that the announcement of a port names.

    It is of our own making: the plain name is the machine's own responder's, whose addresses may differ.
    """
    return f"{_service_label()}-{port}.local"


def _service_label() -> str:
    return f"{machine_label()[:_SERVICE_LABEL_CHARACTERS]}-{uuid.getnode() & 0xFFFFFF:06x}"


def own_names() -> frozenset[str]:
    """What this machine is called: the host name, with its domain, and where homes look for it."""
    name = plain_name(socket.gethostname())
    labels = {name.partition(".")[0], machine_label().lower()} - {""}
    return frozenset((name, *labels, *(f"{label}.{domain}" for label in labels for domain in _HOME_DOMAINS))) - {""}


class HostNames:
    """The names that a Host header may carry. An IP address is always right: it is nobody's name."""

    def __init__(
        self, allowed: Sequence[str], *, clock: Callable[[], float], own_names: Callable[[], frozenset[str]] = own_names
    ) -> None:
        """`allowed`: the option http.allowed_hosts. Raises SettingsError for an entry that is no name."""
        for entry in allowed:
            _check_allowed(entry)
        self._allowed = allowed
        self._fixed = LOOPBACK_NAMES | {plain_name(name) for name in (*allowed, *_FIXED_NAMES)}
        self._own_names = own_names
        self._clock = clock
        self._logged: dict[str, float] = {}

    def __contains__(self, host: str) -> bool:
        if parse_address(host) is not None or host in self._fixed:
            return True
        # Looked up each time, as the announcement does: a machine may get its name after it has started.
        return host in self._own_names() or _is_service_host(host)

    def refuse(self, host: str) -> Refusal:
        """For a name that is not ours; the log tells whoever administers how to make it one."""
        if not _is_name(host):
            return Refusal("unknown_host", f"this daemon is not called {host[:80]!r}")
        if self._is_news(host):
            logger.warning(
                "a request asked for %s and was refused; if that is this machine, set %s", host,
                _option([*self._allowed, host]),
            )  # fmt: skip
        # Not the names that are allowed already: a page that got here by a name of its own can read this.
        way_out = f"if it is, set {_option([host])} (in the file allowed_hosts, below [http])"
        return Refusal("unknown_host", f"this daemon is not called {host!r}; {way_out}")

    def _is_news(self, host: str) -> bool:
        """Not in the log within the last minute, and there is room for one more."""
        now = self._clock()
        self._logged = {name: when for name, when in self._logged.items() if now < when + _LOG_AGAIN_S}
        if host in self._logged or len(self._logged) >= _LOGGED_NAMES:
            return False
        self._logged[host] = now
        return True


def is_one_label(host: str) -> bool:
    """A name without a domain, as services of Docker have."""
    return re.fullmatch(_LABEL, host) is not None


def _is_name(host: str) -> bool:
    return len(host) <= _NAME_CHARACTERS and _NAME.fullmatch(host) is not None


def _is_service_host(host: str) -> bool:
    """Whichever port is announced: the other doors of this daemon have a name each too."""
    label, _, rest = host.rpartition("-")
    port, _, domain = rest.partition(".")
    return label == _service_label().lower() and domain == "local" and port.isdecimal()


def _option(hosts: Sequence[str]) -> str:
    return f"http.allowed_hosts = {json.dumps(hosts)}"


def _check_allowed(entry: str) -> None:
    if not _is_name(plain_name(entry)) and parse_address(entry) is None:
        raise SettingsError(
            f"http.allowed_hosts: {entry!r} is not a host name; write it as in the address bar, without http:// and "
            'without port, such as "nas.lan" (there are no wildcards)'
        )
