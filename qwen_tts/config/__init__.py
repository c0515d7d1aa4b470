"""What can be chosen, and what a checkpoint says of itself: strict models, no torch, nothing that runs.

checkpoint        config.json of the talker and of the codec
checkpoint_files  where the weights and the text tokenizer are: in one file, or in several
checkpoint_types  which type of checkpoint speaks which kind of voice
engine            the options of one engine
expectations      how long speech takes, and what is known of single checkpoints; expectations.toml
generation        generation_config.json: how tokens are drawn where a request does not say
host              the options of a host of several checkpoints
json_file         a JSON object, or what is wrong with the file
languages         their names and a sentence of each, a row a language
official_defaults  what a key means that config.json leaves out
release_speakers  the speakers of the official checkpoints

Imports no other room.
"""
