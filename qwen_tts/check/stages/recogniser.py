"""A command that listens to a sound file and prints what it heard."""

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from qwen_tts.audio.sound_file import write_sound
from qwen_tts.check.measures.recognition import ErrorRates, error_rates

_PATIENCE_S = 300.0


class NotHeard(Exception):
    """The command failed, hung or printed nothing. What it said itself is not in the message: it may be private."""


class Recogniser:
    """`command` with {wav}, and {language} where it wants to know."""

    def __init__(self, command: str, patience_s: float = _PATIENCE_S) -> None:
        self._words, self._patience_s = shlex.split(command), patience_s

    def error_rates(self, pcm: bytes, sample_rate: int, said: str, language: str) -> ErrorRates:
        """Raises NotHeard."""
        with tempfile.TemporaryDirectory() as folder:
            wav = Path(folder) / "speech.wav"
            write_sound(wav, pcm, sample_rate)
            words = [word.replace("{wav}", str(wav)).replace("{language}", language) for word in self._words]
            return error_rates(said, self._run(words), language)

    def _run(self, words: list[str]) -> str:
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=self._patience_s, check=False)
        except subprocess.TimeoutExpired:
            raise NotHeard(f"said nothing for {self._patience_s:g} s") from None
        except (OSError, UnicodeDecodeError) as error:
            print(error, file=sys.stderr)  # noqa: T201  for who sits there
            raise NotHeard(f"cannot be run: {type(error).__name__}") from None
        if done.returncode:
            print(done.stderr, file=sys.stderr)  # noqa: T201  for who sits there
            raise NotHeard(f"ended with {done.returncode}")
        if not done.stdout.strip():
            raise NotHeard("printed nothing")
        return done.stdout
