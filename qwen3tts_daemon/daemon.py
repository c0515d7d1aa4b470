"""Puts the parts together: what starts when, who is told to stop in which order, and the signals.

Start: the engine's process (it says at once what it can do) -> HTTP, which shows that the voice is loading -> the voice
is warm -> Wyoming -> the announcement. Stop: goodbye -> new work refused, running sentences end -> doors close -> the
engine's process ends.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys

from qwen3tts_daemon import __version__, data_dir
from qwen3tts_daemon.auth import Authority
from qwen3tts_daemon.metrics import Metrics
from qwen3tts_daemon.model_manager import ManagerConfig, ManagerState, ModelManager
from qwen3tts_daemon.settings import Settings
from qwen3tts_daemon.speech import Speech, SpeechConfig
from qwen3tts_daemon.voices import BRING_QWEN, VoiceCatalogue
from qwen3tts_daemon.worker_client import EngineSpec, WorkerEngine
from qwen_tts.errors import SynthesisError

logger = logging.getLogger(__name__)
