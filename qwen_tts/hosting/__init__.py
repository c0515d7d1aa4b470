"""Several checkpoints on one device, behind one SpeechEngine.

host               which checkpoint speaks, which gives way
hosted_checkpoint  one of them: who wants it, where its weights are
pending_stream     a stream whose checkpoint is still being loaded
device_memory      what is free on the device
lifecycle          leases, back-off, tasks: what everybody needs who keeps engines, the daemon too

Imports engine and config.
"""
