"""One text after the other, without an engine: the reference that the engine is compared with, and the command line's.

synthesizer  text -> samples, whole
generator    the frames of one sequence, in plain PyTorch

Imports engine (its guards), runtime, checkpoint, models, audio, text and config.
"""
