"""ElevenLabs' WebSockets, stream-input and multi-stream-input: another language for the sessions of voice.v1.

What holds for those (limits, lines, back pressure, who is let in and when it ends) holds here too; only what is said
and how sound is packed is other.

client_messages   what a client says, in its address and in its messages
alignment         when each character is heard
frames            chunks -> JSON with base64
session           decides, without I/O: what its client says in the messages of voice.v1, and what it is told in its own
sockets           lets them in
"""
