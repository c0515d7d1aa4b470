"""Recordings in, samples out; no torch.

reference_audio  what a voice can be cloned from, and what is done to it before
bounds           how long and how loud that is, without numpy
resampling       to the sample rate that a model wants
samples          float samples and 16-bit PCM
sound_file       WAV, FLAC, Ogg and MP3 files, through libsndfile: the command line's
riff             what a WAV file really holds; the standard library only

Imports text.
"""
