"""Keys in an ASGI scope's `state`: what the HTTP port offers to whoever answers."""

ABORT = "abort"
"""A function that ends the connection at once, so that a body has no clean end."""

IS_SILENT = "is_silent"
"""A function that says whether the client's machine has stopped answering."""

HAS_ROOM = "has_room"
"""Of a WebSocket: a coroutine function that waits until `SEND_BINARY` has room. Raises ConnectionError once nothing can
be sent any more."""

SEND_BINARY = "send_binary"
"""Of a WebSocket: a function that sends one binary message at once, past what a message goes through on its way from an
application. False if there is no room, or nothing can be sent any more; then see `HAS_ROOM`."""

TRAILERS = "trailers"
"""A list of headers that follow the body, if its length was not told before it."""
