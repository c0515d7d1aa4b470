"""What breaks while daemons run, as real processes: whoever is not concerned notices nothing.

two_workers, faults, listeners    a daemon with two workers, what befalls them, and who listens meanwhile
test_workers      a worker is killed, stops, or has no memory left, at each moment of its life
test_model_files  a checkpoint's files go, are replaced or written over under the engine
test_clock        the machine's clock jumps
test_scarcity     no files, no memory, no processes, for a while
table             all of it measured: python -m tests.chaos.table
"""
