"""The whole daemon as a program, with a ToneEngine in its worker.

python -m tests.tone_daemon '{"frame_s": 0.08}' --http.port 0 ...
"""

import json
import sys

from qwen3tts_daemon import daemon
from qwen3tts_daemon.settings import load_settings
from qwen3tts_daemon.worker_client import EngineSpec

if __name__ == "__main__":
    spec = EngineSpec("tests.fakes:ToneEngine", json.loads(sys.argv[1]))
    sys.exit(daemon.run(load_settings(sys.argv[2:]), spec))
