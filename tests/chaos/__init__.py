"""What happens to a daemon whose machine fails it: processes that die, disks that refuse, networks that lose.

test_workers         a worker is killed, stops, or has no memory left, at each moment of its life
test_model_files     a checkpoint's files go, are replaced or written over under the engine
test_clock           the machine's clock jumps
test_scarcity        no files, no memory, no processes, for a while
two_workers, faults, listeners    a daemon with two workers, what befalls them, and who listens meanwhile
table                what the faults of workers cost, measured: python -m tests.chaos.table
test_disks           full, read-only, gone, slow: who keeps something is told, who speaks goes on, and it comes back
disks, disk_daemon   disks that fail, and a daemon that lives on one
test_unreadable      kept files that are damaged or closed: each is told and skipped alone
test_crash_points    killed at every step of a change, refused by the disk, without power: old or new, never half
crash_points         the process that tries it: failpoints, power_loss, and what is kept: kept_things, kept_networks
"""
