"""`bench`: what a frame of a checkpoint costs on this machine, measured in a process of its own.

figures        what is measured, and what came of it: plain values
machine        this machine as figures name it
bandwidth      how fast its memory is copied
contention     what other programs took of it meanwhile
endless_rows   rows that speak without end, as the engine's loop lets them
measure        one checkpoint, run in one way
__main__       that process

`figures` and `machine` need no torch.

Imports engine, runtime, checkpoint and config.
"""
