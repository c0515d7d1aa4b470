"""voice.v1: JSON messages and PCM frames over one WebSocket, several utterances (contexts) at a time.

messages  what goes over the wire
frames    chunks -> binary frames
context   one utterance of a client
session   a client's messages in, things to do out. No I/O
outbox    what waits to be sent, and what may be dropped
sockets   the shell: one WebSocket, its tasks, its end

Imports speech and what protocols/ shares.
"""
