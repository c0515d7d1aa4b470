"""A daemon under load, and for as long as you like: python -m benchmarks.soak load | cost | stalled | crowd | soak

load             many listeners in real time: how late their sound is; listeners: the clients; wire: what they speak
cost             what a chunk costs the daemon
stalled          clients that stop reading: what they cost, and when they are cut off
crowd            more clients than the preview voice has rows: who is served when
mixed            minutes or hours of everything at once, with a fault a minute: what grows
traffic, faults  of `mixed`: what its clients do, and what befalls them and the daemon
growth           whether a series of figures grows
daemons          a daemon that tells what it holds; watched_daemon: the program
"""
