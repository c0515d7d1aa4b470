"""Keys in an ASGI scope's `state`: what the HTTP port offers to whoever answers."""

ABORT = "abort"
"""A function that ends the connection at once, so that a body has no clean end."""

SEND_BINARY = "send_binary"
"""Of a WebSocket: a coroutine function that sends one binary message, past what a message goes through on its way from
an application. Raises ConnectionError once nothing can be sent any more."""

TRAILERS = "trailers"
"""A list of headers that follow the body, if its length was not told before it."""
