"""The whole daemon as a program, with a ToneEngine in its worker.

python -m tests.tone_daemon '{"frame_s": 0.08}' --http.port 0 ...
"""

import json
import sys

from qwen3tts_daemon import daemon
from qwen3tts_daemon.hosting.engine_selection import EngineChoice
from qwen3tts_daemon.hosting.model_manager import ManagerConfig
from qwen3tts_daemon.hosting.worker_client import EngineSpec
from qwen3tts_daemon.settings import load_settings

if __name__ == "__main__":
    settings = load_settings(sys.argv[2:])
    spec = EngineSpec("tests.fakes:ToneEngine", json.loads(sys.argv[1]))
    config = ManagerConfig(idle_unload_s=settings.embedded.idle_unload_s)
    sys.exit(daemon.run(settings, EngineChoice(spec, config, settings.embedded.preload), sys.argv[2:]))
