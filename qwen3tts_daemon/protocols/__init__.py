"""What the daemon speaks to the outside: each protocol is a thin shell round a session without I/O.

wyoming    Home Assistant's protocol
voice_v1   JSON and PCM over a WebSocket
elevenlabs the WebSockets of that API: another language for the sessions of voice_v1, which does not know it
http       REST, the page, and the port that WebSockets come through
discovery  zeroconf: how others find us

They do not know each other. What they share lies here: `listeners` sockets, `connection_quota` who may hold one,
`silent_peers` whose machine has stopped answering, `pace` how fast what a client sends is worked off, `strict_json`
JSON without surprises, `elevenlabs_shape` what clients of that API send and expect, `scope_state` what the HTTP port
offers to whoever answers.

Imports speech, voices, downloads, hosting, uploads, audio, text, tls and access.
"""
