"""The clients of websockets, as patient as everything here."""

from functools import partial

import websockets.asyncio.client
import websockets.sync.client

from tests.patience import PATIENCE_S

connect = partial(websockets.asyncio.client.connect, open_timeout=PATIENCE_S)
connect_blocking = partial(websockets.sync.client.connect, open_timeout=PATIENCE_S)
