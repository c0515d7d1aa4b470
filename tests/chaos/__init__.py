"""Faults of what is around a daemon, on purpose: what its clients notice, and how soon it is whole again.

machines, switch, home        machines in network namespaces, and the cables between them, which fail when told to
network_clients, finder       the field's clients of each door, and who looks round for one, on such a machine
test_lossy_network            loss, delay, other orders, copies, tiny packets, a trickle: every answer is whole
test_vanished_peers           clients that are gone without a word, and cables that are pulled
test_addresses                addresses that come, go and change, and names that are taken
network                       the figures of all that: python -m tests.chaos.network
"""
