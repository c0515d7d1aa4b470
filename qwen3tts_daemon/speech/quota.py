"""How much one client may have spoken in a minute, over all doors together.

Whose turn it is where many wait is the engine's affair. This is for a client that would fill its line for ever, and is
far beyond what a household asks for.
"""

import time
from collections.abc import Callable

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.rates import Allowances, Rate


class SpeakingQuota:
    """Of all clients; nobody in particular, such as the daemon itself, has no limit."""

    def __init__(self, requests_per_min: int, chars_per_min: int, clock: Callable[[], float] = time.monotonic) -> None:
        """A minute's worth may come at once."""
        self._requests = Allowances(Rate(requests_per_min / 60, requests_per_min), clock)
        self._chars = Allowances(Rate(chars_per_min / 60, chars_per_min), clock)
        self._options = {
            "speech.requests_per_min": (self._requests, f"{requests_per_min} requests"),
            "speech.chars_per_min": (self._chars, f"{chars_per_min} characters"),
        }

    def begin(self, client: str) -> None:
        """Count a request. Raises Refusal for one too many."""
        if not client:
            return
        for option, (allowances, most) in self._options.items():
            if wait_s := allowances.wait_s(client):
                message = f"at most {most} of one address in a minute; see {option}"
                raise Refusal("rate_limited", message, retry_after_s=wait_s)
        self._requests.spend(client)

    def count(self, client: str, chars: int) -> None:
        """Its text. What was begun is spoken, also beyond the limit: the next request waits for it."""
        if client:
            self._chars.spend(client, chars)
