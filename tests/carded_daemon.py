"""The daemon as users start it, on a machine that has a card as far as the choice of the engine looks.

python -m tests.carded_daemon --http.port 0 ...
"""

import sys
from pathlib import Path

from qwen3tts_daemon import daemon
from qwen3tts_daemon.hosting import engine_selection
from qwen3tts_daemon.settings import load_settings

if __name__ == "__main__":
    engine_selection._DEVICES = (Path(__file__),)
    sys.exit(daemon.run(load_settings(sys.argv[1:])))
