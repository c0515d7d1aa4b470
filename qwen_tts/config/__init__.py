"""What can be chosen, and what a checkpoint says of itself: strict models, no torch, nothing that runs.

checkpoint        config.json of the talker and of the codec
checkpoint_types  which type of checkpoint speaks which kind of voice
engine            the options of one engine
expectations      how long speech takes, and what is known of single checkpoints; expectations.toml
host              the options of a host of several checkpoints
languages         their names and a sentence of each, a row a language
release_speakers  the speakers of the official checkpoints

Imports no other room.
"""
