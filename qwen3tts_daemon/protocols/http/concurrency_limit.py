"""How many requests one address may have under way through a trusted proxy, whose connections stand for many."""

import contextlib
from collections import Counter
from collections.abc import Iterator

from starlette.types import Scope

from qwen3tts_daemon.access.auth import Principal
from qwen3tts_daemon.access.networks import parse_address
from qwen3tts_daemon.failures import Refusal


class RequestLimit:
    """Counts them by address; whoever comes without a proxy is counted by connections instead."""

    def __init__(self, max_per_address: int) -> None:
        self._max_per_address = max_per_address
        self._under_way = Counter[str]()

    @contextlib.contextmanager
    def counted(self, scope: Scope, principal: Principal) -> Iterator[None]:
        """Under way in this block. Raises Refusal for one too many."""
        address, client = principal.address, principal.client
        if address is None or (scope.get("client") and address == parse_address(scope["client"][0])):
            yield
            return
        if self._under_way[client] >= self._max_per_address:
            most = self._max_per_address
            raise Refusal("rate_limited", f"at most {most} requests at once; see http.max_connections_per_address")
        self._under_way[client] += 1
        try:
            yield
        finally:
            self._under_way[client] -= 1
            if not self._under_way[client]:
                del self._under_way[client]
