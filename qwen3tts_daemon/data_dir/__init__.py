"""The data directory as a whole: its format, who uses it, its backup.

contents    what lies there, and what of it nobody can make again
lock        daemons share it; who changes it as a whole has it alone
format      made, or checked and brought to today's format, before anybody uses it
migrations  the steps from each format to the next
exchange    other contents in place of those that are there: after a crash the old or the new
snapshot    copies of its files, as all of them were at one moment
archive     what a backup looks like
backup, restore    written while a daemon runs; checked, and put in place while none does

Imports no other room.
"""
