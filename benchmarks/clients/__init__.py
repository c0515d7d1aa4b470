"""Clients of others, unmodified, against a daemon of tones: who works, in which version.

    python -m benchmarks.clients FOLDER [NAME ...]

Each is installed once into a folder of its own below FOLDER (pip or npm), then driven by the script of its name here:
speech, live text as a language model writes it, an interruption, a connection that breaks. One row of docs/clients.md
for each; the exit code is 1 if one fails.
"""
