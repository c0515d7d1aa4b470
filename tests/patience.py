"""How long tests wait, in one place: for the slowest machine at its busiest. No test that passes takes that long."""

from functools import partial

import websockets.asyncio.client
import websockets.sync.client

PATIENCE_S = 100.0
"""It turns a hang into a failure; less than pytest's own limit."""

connect = partial(websockets.asyncio.client.connect, open_timeout=PATIENCE_S)
connect_blocking = partial(websockets.sync.client.connect, open_timeout=PATIENCE_S)
