"""Records how a voice of the preview says the texts that the tests of words compare with.

python -m tests.speaking.record heart
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.mel_cepstra import mel_cepstra
from qwen3tts_daemon.embedded.cancellation import Cancellation
from qwen3tts_daemon.embedded.synthesizer import EmbeddedSynthesizer
from qwen3tts_daemon.embedded.voices import VOICES
from qwen_tts.audio.samples import Samples
from tests.speaking.teacher import LONG, RECORDED, TEXTS, could_be_heard


class Voices:
    """The voices of the preview; they say a text with the same sound every time."""

    def __init__(self, cache_dir: Path) -> None:
        self._voices = EmbeddedSynthesizer(cache_dir, threads=1)

    def say(self, name: str, text: str) -> Samples:
        voice = next(voice for voice in VOICES if voice.name == name)
        return np.concatenate([*self._voices.speak(text, voice, Cancellation(), is_first=True, is_last=True)])


def texts() -> list[str]:
    """Every text that speech is compared with."""
    return [*dict.fromkeys(text for one in (*TEXTS, LONG) for text in (one, *could_be_heard(one)))]


def main() -> None:
    with tempfile.TemporaryDirectory() as cache:
        voices = Voices(Path(cache))
        for name in sys.argv[1:]:
            cepstra = {text: mel_cepstra(voices.say(name, text)).astype(np.float16) for text in texts()}
            np.savez_compressed(RECORDED / f"{name}.npz", **cepstra)


if __name__ == "__main__":
    main()
