"""voice.v1: JSON messages and PCM frames over one WebSocket, several utterances (contexts) at a time.

On the wire
    client_messages   what a client says, and how its text becomes that
    daemon_messages   what it is told
    formats, options  what can be asked for, and what it is if nothing is said
    frames            chunks -> binary frames
Decisions, without I/O; time is an argument
    session           a client's messages in, things to say and to do out
    opening           how a context opens, or why it does not
    contexts, context which are open and who runs; one of them
    context_text      the text of one, as it comes
    playback          how far ahead of its listener one may be sent
    outbox            what waits to be sent, and what may be dropped
    status            what is told of the engine, of its voices and of downloads
The shell
    pump              an utterance's sound into the outbox
    writer            the outbox into the socket
    connection        one socket: its tasks, its end
    sockets           all of them

"""
