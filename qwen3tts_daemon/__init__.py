"""A voice daemon for the home: Wyoming, WebSocket and REST in front of one speech engine.

The map, from the top: cli > daemon > protocols > speech > model_manager, voices > worker_client (ipc), text, audio >
metrics, failures, settings. worker.py is the child process and alone imports an engine.
"""

__version__ = "0.1.0"
