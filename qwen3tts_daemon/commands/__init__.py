"""What the command line does besides serving; each module is one command.

check       do the checkpoints do what they should? In a child process
admin       a running daemon, asked over HTTP with its token
backup      what nobody can make again, into a file and back
bench       what does this machine speak in real time? In child processes
arguments   the options Wyoming users know, in the words of our settings
client      a running daemon, asked over Wyoming
config      every option, its value and where it came from
health      does a daemon answer and is it ready?
lexicon     how words are said
local       a voice without a daemon
mcp         a voice for assistants
pair        let a browser in
phrases     how much sound is kept, and none of it any more
playback    sound from this machine's loudspeaker
read        what would be spoken of a text
say         speak a line
token       where the token is, and another one in its place
voices      who can speak

Imports speech, text, downloads, hosting, uploads, tls, access and data_dir.
"""
