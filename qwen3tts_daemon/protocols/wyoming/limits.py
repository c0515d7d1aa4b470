"""What one Wyoming connection may cost."""

from dataclasses import dataclass, field

from qwen3tts_daemon.rates import Rate


@dataclass(frozen=True, slots=True)
class WyomingLimits:
    """What one connection may cost."""

    first_event_s: float = 60.0
    """A connection that never says anything must not keep others out."""
    idle_s: float = 600.0
    """Without an event from the client, while it is the client's turn."""
    message_s: float = 10.0
    """From the first to the last byte of an event."""
    slow_reader_s: float = 30.0
    """A client that takes no sound for this long is cut off."""
    closing_s: float = 0.5
    """For the last event to reach the client."""
    afterthought_s: float = 0.1
    """After the error to a plain request: for the next one, of a client that sends several at once."""
    requests: int = 32
    """Waiting for their answers."""
    events: Rate = field(default=Rate(per_s=50, burst=200))
    """Of its own: text comes in a few events a second, live text word by word."""
    events_of_an_address: Rate = field(default=Rate(per_s=1_000, burst=500))
    """What the connections of one address share beyond that."""
    dead_peer_s: float = 30.0
    """A client that acknowledges nothing for this long is gone."""
