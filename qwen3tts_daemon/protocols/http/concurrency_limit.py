"""How much one client may have under way at once, and so how many requests through a trusted proxy, whose connections
stand for many."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from functools import partial

from starlette.types import Scope

from qwen3tts_daemon.access.auth import Principal
from qwen3tts_daemon.access.networks import parse_address
from qwen3tts_daemon.failures import Refusal


class UnderWay:
    """Counts by client."""

    def __init__(self, most: int) -> None:
        """`most`: of one client."""
        self._most = most
        self._under_way = Counter[str]()

    @contextlib.contextmanager
    def counted(self, client: str, refusal: Refusal) -> Iterator[None]:
        """One more in this block. Raises `refusal` for one too many."""
        if self._under_way[client] >= self._most:
            raise refusal
        self._under_way[client] += 1
        try:
            yield
        finally:
            self._under_way[client] -= 1
            if not self._under_way[client]:
                del self._under_way[client]


class RequestLimit:
    """Counts them by address; whoever comes without a proxy is counted by connections instead."""

    def __init__(self, max_per_address: int) -> None:
        self._under_way = UnderWay(max_per_address)
        message = f"at most {max_per_address} requests at once; see http.max_connections_per_address"
        self._refused = partial(Refusal, "rate_limited", message)

    @contextlib.contextmanager
    def counted(self, scope: Scope, principal: Principal) -> Iterator[None]:
        """Under way in this block. Raises Refusal for one too many."""
        address = principal.address
        if address is None or (scope.get("client") and address == parse_address(scope["client"][0])):
            yield
            return
        with self._under_way.counted(principal.client, self._refused()):
            yield
