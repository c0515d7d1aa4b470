"""Which engine speaks, its life, its process, and the messages to it.

engine_selection  settings and machine -> which engine
real_time         which checkpoints a machine without a card speaks in time, by what was measured
real_time_words   that, in words and in values
measuring         measures a checkpoint, in a child process
measurements      what was measured, kept in a file; checked: which checkpoints have passed `check`
checkpoints       the official checkpoints, and which are on disk
models_directory  checkpoints that come and go while the daemon runs
speech_server     the server elsewhere that the settings mean
model_names       what the names of models mean that clients send
model_manager     loaded on demand, kept while leased, loaded again after a crash, ended when idle
start_times       how long a start takes, by the last one
spare_process     what waits meanwhile to be the next one
worker_client, worker, ipc   the two sides of the border to the engine's process, and what crosses it

Imports access and http_engine. The worker alone imports an engine that needs a process.
"""
