"""Several checkpoints on one device, behind one SpeechEngine.

host                which checkpoint speaks
checkpoint_loader   which checkpoints are on the device, and which make room for others
hosted_checkpoint   one of them: its engine, and who needs it
pending_stream      a stream whose checkpoint is still being loaded
joint_capabilities  what they can do together
device_memory       what is free on the device
lifecycle           leases, back-off, tasks: what everybody needs who keeps engines, the daemon too

`lifecycle` needs no torch.

Imports engine, runtime, checkpoint and config.
"""
