"""TLS of the HTTP port: a certificate that somebody gives, or one that is made here and kept in the data directory.

certificate   its files, whether they can be used, its fingerprint
self_signed   one that is made here (the package cryptography; imported where one is to be made)
server_tls    what new connections are served with; watches the files
client        what this machine's own commands ask their daemon with

Imports no other room.
"""
