"""Makes a data directory with one of everything, always the same bytes.

python -m tests.data_dirs.recipe DIRECTORY
"""

import math
import sys
from array import array
from pathlib import Path

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.access.sessions import Sessions
from qwen3tts_daemon.access.token_file import load_token
from qwen3tts_daemon.speech.lexicon_file import LexiconFile
from qwen3tts_daemon.speech.loudness import VoiceLoudness
from qwen3tts_daemon.speech.phrase_files import PhraseFiles
from qwen3tts_daemon.text.lexicon import Entry
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.sample_files import SampleFiles, SampleKey
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen_tts.api import Audio
from tests.prompts import prompt_bytes

TOKEN, SALT, KEY = "token-of-a-test-" * 3, "salt-of-a-test-" * 3, "0f" * 32
SAID = "Guten Abend, ich bin Anna."
MADE_AT = "2026-11-30T20:00:00+00:00"
VOICES = (
    StoredVoice(id="anna", name="Anna", kind="cloned", language="de", gender="female", transcript=SAID, consent=True,
                source="anna.wav", prompt_family="qwen3-tts-1024", created_at=MADE_AT),
    StoredVoice(id="вера", name="Вера", kind="cloned", language="ru", consent=True, prompt_family="qwen3-tts-1024",
                created_at=MADE_AT, text_layout="whole", gain_db=-1.5),
    StoredVoice(id="old-sailor", name="Old sailor", kind="designed", language="en", seed=7, created_at=MADE_AT,
                design='An old sailor, "hoarse" and kind', speed=0.9, text_normalization=False),
    StoredVoice(id="night", name="Night", kind="profile", base="anna", instruct="Whisper.", created_at=MADE_AT),
)  # fmt: skip


def write(directory: Path) -> None:
    """Into a folder that is empty."""
    # What version 0.1.0 says; the code says its own version.
    durable_files.write_line(directory / "format", "1 0.1.0")
    durable_files.write_line(directory / "token", TOKEN, mode=0o600)
    durable_files.write_line(directory / "sessions", SALT, mode=0o600)
    assert Sessions(load_token(directory / "token"), directory / "sessions").issue()
    voices = VoiceLibrary(directory / "voices")
    voices.add(VOICES[0], reference=_tone(), prompt=prompt_bytes(SAID))
    voices.add(VOICES[1], prompt=prompt_bytes(None))
    for voice in VOICES[2:]:
        voices.add(voice)
    lexicon = LexiconFile(directory / "lexicon.toml")
    lexicon.put(Entry(written="Siobhan", say="Shivawn", language="en"))
    lexicon.put(Entry(written="重庆", pinyin="chong2 qing4", language="zh"))
    VoiceLoudness(directory / "loudness.json").learn("anna", -19.25, 3.0)
    durable_files.write_line(directory / "phrases.key", KEY, mode=0o600)
    phrases = PhraseFiles(directory / "phrases", durable_files.read_line(directory / "phrases.key").encode())
    phrases.most_bytes = 1_000
    phrases.keep(phrases.name(b"Dinner is ready.", "listed"), b"sound", phrases.generation)
    SampleFiles(directory / "samples").keep(SampleKey("anna", "1"), b"RIFF", ())
    durable_files.write_new(directory / "checked.json", b"[]")


def _tone() -> Audio:
    samples = (round(8_000 * math.sin(number * 0.05)) for number in range(2_400))
    return Audio(pcm=array("h", samples).tobytes(), sample_rate=24_000)


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True)
    write(Path(sys.argv[1]))
