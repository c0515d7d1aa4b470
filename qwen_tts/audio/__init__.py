"""Recordings in, samples out; no torch.

reference_audio  what a voice can be cloned from, and what is done to it before
bounds           how long and how loud that is, without numpy
resampling       to the sample rate that a model wants
wav, riff        WAV files

Imports text (the words of a recording), api and errors. The codec, which makes codes of samples, is in checkpoint/.
"""
