"""Who may do what over HTTP. No framework, no sockets: addresses and headers in, a Principal or a Refusal out.

auth             puts the parts together
headers          what a request says
networks         addresses and networks: who is near
hosts            which names are this machine's
lan_addresses    which addresses others at home can reach
origins          which page sent a request
token_file       the daemon's token, and another one as soon as it is written
guesses          how often wrong tokens may be tried
sessions         the cookies of paired browsers
expiring_tokens  tickets: once, and soon
invitations      codes by which one browser is let in without the token

Imports no other room.
"""
