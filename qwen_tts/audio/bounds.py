"""What a recording must be to become a voice, in numbers: read as well by who may not import numpy."""

SHORTEST_S = 3.0
LONGEST_S = 30.0
"""Of a recording, what is used"""
SAMPLE_RATES = range(8_000, 192_001)
SILENCE = 0.001
"""-60 dBFS: a recording that never gets louder has nobody in it."""
LOUDEST = 4.0
"""Float recordings overshoot -1..1 a little; beyond this they were scaled by something else."""
CANCELLED = 0.1
"""Channels that cancel each other: of the loudest one's energy less than this is left in their average."""
