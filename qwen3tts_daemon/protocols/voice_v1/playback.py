"""How far ahead of its listener a context may be sent.

Nobody tells when a client has played what it got, unless it sends `played`. Until then it is reckoned by the clock: a
context is heard from its first sound on, or from the end of the one before it on the same timeline. Contexts in the
queue share the timeline of their socket; one that speaks in parallel has a timeline of its own.

Times are given by the caller. Samples are those of the context's format, counted from its start.
"""

import math

_ROUNDING_S = 1e-6
"""Less than a sample: sums of seconds are not exact."""


class Timeline:
    """When its listener has heard what the contexts so far have sent, one after the other."""

    def __init__(self, now: float) -> None:
        self.free_at = now

    def stop(self, now: float) -> None:
        """Whatever was sent, the listener hears no more of it."""
        self.free_at = now


class PlayClock:
    """Of one context."""

    def __init__(self, timeline: Timeline, *, sample_rate: int, lead_ms: int) -> None:
        self._timeline = timeline
        self._sample_rate = sample_rate
        self._lead_s = lead_ms / 1000
        self._starts_at: float | None = None
        """When the listener began to hear it, as far as the clock can tell."""
        self._played_s: float | None = None
        """How much the listener says to have heard."""

    def delay_s(self, first_sample: int, samples: int, now: float) -> float:
        """How long these have to wait, or they are too far ahead of the listener; inf: until `played`."""
        ahead_s = self._seconds(first_sample + samples) - self._lead_s
        if self._played_s is not None:
            return 0.0 if ahead_s <= self._played_s + _ROUNDING_S else math.inf
        if self._starts_at is None:
            self._starts_at = max(now, self._timeline.free_at)
        # A listener cannot have heard more than was sent: after a gap the clock starts anew.
        self._starts_at = max(self._starts_at, now - self._seconds(first_sample))
        delay_s = self._starts_at + ahead_s - now
        return delay_s if delay_s > _ROUNDING_S else 0.0

    def played(self, ms: float) -> None:
        """The listener has heard so much; it does not hear less later."""
        self._played_s = max(self._played_s or 0.0, ms / 1000)

    def end(self, sent_samples: int, now: float) -> None:
        """All is sent: the listener will hear it to its end."""
        sent_s = self._seconds(sent_samples)
        if self._played_s is not None:
            self._timeline.free_at = now + max(0.0, sent_s - self._played_s)
        elif self._starts_at is not None:
            self._timeline.free_at = self._starts_at + sent_s

    def stop(self, now: float) -> None:
        """The listener hears no more of it."""
        self._timeline.stop(now)

    def stopped_at(self, ms: float) -> None:
        """What was played when its listener stopped, though more was reported."""
        self._played_s = ms / 1000

    def heard(self, sent_samples: int) -> float:
        """Samples that the listener has heard: all that was sent, if nothing was reported."""
        return sent_samples if self._played_s is None else min(sent_samples, self._played_s * self._sample_rate)

    def _seconds(self, samples: int) -> float:
        return samples / self._sample_rate
