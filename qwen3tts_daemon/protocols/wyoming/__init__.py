"""The Wyoming server, which Home Assistant talks to.

wire           bytes <-> events, with limits on everything
info           what `describe` is answered
session        one client's events in, things to do out. No I/O
answer_events  the events of one answer. No I/O
request_queue  what one client asks for, in the order in which it is answered
responder      answers them, one after the other
limits         what one connection may cost
connection     one client: a task that reads, a task that answers, and how they end
server         the listening sockets, who may connect, start and stop
"""

from qwen3tts_daemon.protocols.wyoming.limits import WyomingLimits
from qwen3tts_daemon.protocols.wyoming.server import WyomingServer

__all__ = ["WyomingLimits", "WyomingServer"]
