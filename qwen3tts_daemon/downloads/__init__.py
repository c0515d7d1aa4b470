"""The checkpoints of Qwen3-TTS, fetched into the models directory and checked.

background        one at a time, while the daemon runs; the daemon's process imports nothing else of this room
child             the process that does it
download          what is missing or wrong, and is there room for it
verify            are the files what was downloaded?
manifest          what they must be: sizes and hashes
source            from where: a list of files, and the rest of one file
hub, modelscope   the two places
transfer          the rest of a file, through connections that break
progress          how far it is, told and shown

Lists, tokens, proxies and retries are huggingface_hub's. Its own download (version 2.4) is not used: when it fails it
deletes what has come of a file, which may be 4 GB; it compares sizes and no hashes; it knows no ModelScope. The package
of ModelScope is 6 MB, and wants requests, setuptools and cryptography.

Imports hosting.
"""
