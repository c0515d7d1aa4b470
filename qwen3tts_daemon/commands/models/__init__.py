"""`models download` and `models verify`: the checkpoints of Qwen3-TTS, fetched into the models directory and checked.

download          what is missing or wrong, and is there room for it
verify            are the files what was downloaded?
manifest          what they must be: sizes and hashes
source            from where: a list of files, and the rest of one file
hub, modelscope   the two places
transfer          the rest of a file, through connections that break

Lists, tokens, proxies and retries are huggingface_hub's; its own download is not used (version 2.4, read and tried): it
deletes what has come of a file when it fails, 4 GB may be; it compares sizes and no hashes; it knows no ModelScope.
ModelScope's package would bring 6 MB of its own, requests, setuptools and cryptography.
"""
