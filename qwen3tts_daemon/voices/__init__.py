"""Who can speak, under which names.

catalogue         a request's voice -> who speaks, in which language
known_voices      the voices that can be spoken with, and which of them is called so
names             what names of voices mean: OpenAI's, languages, other products'
release_speakers  the speakers of the official checkpoints
library, archive  voices that people keep: on disk, and as a file to take along
stored_prompts    the voice prompt that a stored voice speaks with
recent_takes      what designed voices said lately; a good one may be kept
trial_references  recordings that are only tried

Imports hosting, text, audio and uploads.
"""
