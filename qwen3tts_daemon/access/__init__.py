"""Who may do what over HTTP, in parts that `auth` puts together. No framework, no sockets.

`headers` what a request says, `hosts` which names are this machine's, `origins` which page sent a request, `passes`
what was given out instead of the token. They import `networks`, `failures` and `settings`, and nobody above.
"""
