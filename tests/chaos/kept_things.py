"""Everything that the daemon keeps on its disk: how it changes, and what a new start finds of it."""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.access import sessions
from qwen3tts_daemon.access.sessions import Sessions
from qwen3tts_daemon.config_file import ConfigFile
from qwen3tts_daemon.data_dir import format as data_format
from qwen3tts_daemon.downloads import source
from qwen3tts_daemon.downloads.manifest import File, Manifest
from qwen3tts_daemon.downloads.source import DownloadFailed, part_of
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.hosting.checkpoints import Checkpoint
from qwen3tts_daemon.hosting.measurements import Measurements
from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.speech.lexicon_file import LexiconFile
from qwen3tts_daemon.speech.phrase_files import PhraseFiles
from qwen3tts_daemon.text.lexicon import Entry
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.sample_files import SampleFiles, SampleKey
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen_tts.api import Audio
from qwen_tts.bench.figures import Failed, Way
from qwen_tts.bench.machine import Machine
from qwen_tts.errors import ModelUnavailable
from qwen_tts.toml import read_toml

Found = Mapping[str, Any]
"""By name"""
Change = Callable[[Path], Callable[[], object]]
"""Opens what is in the folder as a daemon does; what it returns is the change."""

RECORDING = Audio(pcm=bytes(range(200)) * 10, sample_rate=24_000)
ANNA = StoredVoice(
    id="anna", name="Anna", kind="cloned", transcript="Some words.", prompt_family="1024x16", consent=True
)
CAPTAIN = StoredVoice(id="captain", name="Captain", kind="designed", design="An old sailor")


@dataclass(frozen=True)
class Kept:
    """One change of one kept thing."""

    prepare: Callable[[Path], object]
    """What was there before"""
    change: Change
    find: Callable[[Path], Found]
    """By a new start, which may tidy up"""
    between: Found = field(default_factory=dict)
    """What may also be found after a crash, which harms nobody"""
    can_be_made_again: bool = False
    """After a power cut it may be gone"""
    is_refused: bool = True
    """If the disk refuses, it is told; else it goes on without"""
    goes_on: frozenset[str] = frozenset()
    """Files of a change that was cut short, which the next try goes on with"""


# -- voices ----------------------------------------------------------------------------------------------------

NO_PROMPT = "its prompt is made again"


def _two_voices(folder: Path) -> None:
    library = VoiceLibrary(folder / "voices")
    library.add(ANNA, RECORDING, b"prompt")
    library.add(CAPTAIN)


def _voices(folder: Path) -> Found:
    library = VoiceLibrary(folder / "voices")
    return {voice.id: _voice(library, voice) for voice in library.voices}


def _voice(library: VoiceLibrary, voice: StoredVoice) -> object:
    if voice.kind == "cloned" and not voice.prompt_family:
        return NO_PROMPT
    files = (library.reference(voice.id), library.prompt(voice.id)) if voice.kind == "cloned" else ()
    return msgspec.to_builtins(voice), *files


def _of_voices(change: Callable[[VoiceLibrary], object], between: Found | None = None) -> Kept:
    def begin(folder: Path) -> Callable[[], object]:
        library = VoiceLibrary(folder / "voices")

        def do() -> None:
            try:
                change(library)
            finally:
                told = {voice.id: _voice(library, voice) for voice in library.voices}
                copy = shutil.copytree(folder, folder.with_name(f"{folder.name} copied"))
                assert told == _voices(copy), "who asks this daemon is told what the next start finds"

        return do

    return Kept(_two_voices, begin, _voices, between or {})


# -- the lexicon, settings -------------------------------------------------------------------------------------

KWH, CPU = (Entry(written=written, say=say) for written, say in (("kWh", "kilowatt hours"), ("CPU", "see pee you")))


def _two_words(folder: Path) -> None:
    lexicon = LexiconFile(folder / "lexicon.toml")
    lexicon.put(KWH)
    lexicon.put(CPU)


def _words(folder: Path) -> Found:
    lexicon = LexiconFile(folder / "lexicon.toml")
    assert lexicon.problem is None
    return {entry.written: entry.say for entry in lexicon.lexicon.entries}


def _of_words(change: Callable[[LexiconFile], object], prepare: Callable[[Path], object] = _two_words) -> Kept:
    return Kept(prepare, lambda folder: lambda: change(LexiconFile(folder / "lexicon.toml")), _words)


def _nothing(folder: Path) -> None:
    pass


def _config(folder: Path) -> None:
    (folder / "etc").mkdir()
    (folder / "etc" / "config.toml").write_text('# Ours.\nvoice = "anna"\n[http]\nport = 80\n')


def _set_language(folder: Path) -> Callable[[], object]:
    return lambda: ConfigFile(folder / "etc" / "config.toml").put({"language": "de", "http.port": 81})


def _settings(folder: Path) -> Found:
    return {"all": read_toml((folder / "etc" / "config.toml").read_text())}


# -- small files of the first start ------------------------------------------------------------------------------

TOKEN = "T" * 43


def _line(name: str) -> Callable[[Path], Found]:
    def find(folder: Path) -> Found:
        line = durable_files.read_line(folder / name)
        return {name: line} if line else {}

    return find


def _claim(folder: Path) -> Callable[[], object]:
    return lambda: durable_files.claim(folder / "token", TOKEN)


def _forget_browsers(folder: Path) -> Callable[[], object]:
    opened = Sessions(TOKEN, folder / "sessions")

    def forget() -> None:
        with mock.patch.object(sessions, "_new_salt", return_value="B" * 43):
            opened.forget_all()

    return forget


# -- what can be made again ------------------------------------------------------------------------------------


def opened_phrases(folder: Path) -> PhraseFiles:
    files = PhraseFiles(folder / "phrases", b"secret")
    files.most_bytes, files.max_age_s = 1_000, 3600.0
    return files


PHRASES = {name: name.encode() * 90 for name in "abcd"}


def _say(files: PhraseFiles, what: str) -> None:
    files.keep(files.name(what.encode(), "said"), PHRASES[what], files.generation)


def _three_phrases(folder: Path) -> None:
    files = opened_phrases(folder)
    for what in "abc":
        _say(files, what)


def _found_phrases(folder: Path) -> Found:
    files = opened_phrases(folder)
    found = {what: files.read(files.name(what.encode(), "said")) for what in PHRASES}
    return {what: sound for what, sound in found.items() if sound is not None}


def _with_phrases(change: Callable[[PhraseFiles], object]) -> Change:
    def begin(folder: Path) -> Callable[[], object]:
        files = opened_phrases(folder)
        return lambda: change(files)

    return begin


SAMPLE, NEW_SAMPLE = SampleKey("anna", "1"), SampleKey("anna", "2")


def _sample(folder: Path) -> None:
    SampleFiles(folder / "samples").keep(SAMPLE, b"old" * 99, [])


def _keep_sample(folder: Path) -> Callable[[], object]:
    files = SampleFiles(folder / "samples")
    return lambda: files.keep(NEW_SAMPLE, b"new" * 99, [])


def _samples(folder: Path) -> Found:
    files = SampleFiles(folder / "samples")
    found = {"old": files.read(SAMPLE), "new": files.read(NEW_SAMPLE)}
    return {name: sound for name, sound in found.items() if sound is not None}


MACHINE = Machine(
    system="x", cpu="x", cores=2, memory_gib=1, cards=(), driver="", versions={}, engine_code="x"
)  # fmt: skip
CPU_WAY = Way("cpu")
SMALL, LARGE = Checkpoint(Path("small"), "base", "0b6", 1), Checkpoint(Path("large"), "base", "1b7", 2)


def measurements(folder: Path) -> Measurements:
    return Measurements(folder / "cache" / "measured.json", 2, MACHINE)


def begin_measuring(folder: Path) -> Callable[[], object]:
    return lambda: measurements(folder).put(LARGE, CPU_WAY, Failed("it was killed"))


def _measured(folder: Path) -> Found:
    found = {one.path.name: measurements(folder).of(one, CPU_WAY) for one in (SMALL, LARGE)}
    return {name: measured for name, measured in found.items() if measured is not None}


# -- downloads -------------------------------------------------------------------------------------------------

FILES = {"config.json": b"{}" * 50, "speech_tokenizer/model.safetensors": b"weights" * 50}
MANIFEST = Manifest(
    "Qwen/x", "1" * 40,
    tuple(File(name, len(content), "sha256", hashlib.sha256(content).hexdigest()) for name, content in FILES.items()),
)  # fmt: skip


class Hub(source.Source):
    """In this process."""

    def __init__(self) -> None:
        super().__init__("http://localhost", 1.0)

    def _listed(self, repository: str) -> Manifest:
        return MANIFEST

    def _url(self, manifest: Manifest, file: File) -> str:
        return file.path

    def _headers(self) -> Mapping[str, str]:
        return {}


def _arrives(out: Any, size: int, url: str, headers: object, show: object, **_: object) -> None:
    """In two pieces, from where it stopped."""
    content = FILES[url][out.tell() :]
    for piece in (content[: len(content) // 2], content[len(content) // 2 :]):
        out.write(piece)
        out.flush()
        os.truncate(out.fileno(), out.tell())  # a step between the pieces


def _fetch(folder: Path) -> Callable[[], object]:
    checkpoint = folder / "models" / "x"

    def fetch() -> None:
        MANIFEST.write(checkpoint)
        with mock.patch.object(source, "complete", _arrives):
            for file in MANIFEST.files:
                if file.problem(checkpoint / file.path):
                    Hub().fetch(MANIFEST, file, checkpoint, mock.MagicMock())

    return fetch


def _fetched(folder: Path) -> Found:
    checkpoint = folder / "models" / "x"
    names = [name for name in FILES if (checkpoint / name).exists()]
    found: dict[str, Any] = {name: (checkpoint / name).read_bytes() for name in names}
    if (checkpoint / ".qwen3tts-download.json").exists():
        found["manifest"] = Manifest.read(checkpoint)
    return found


# -- all of them -----------------------------------------------------------------------------------------------

KEPT: Mapping[str, Kept] = {
    "a voice that is cloned": _of_voices(
        lambda library: library.add(msgspec.structs.replace(ANNA, id="new"), RECORDING, b"prompt")
    ),
    "a voice that is described": _of_voices(lambda library: library.add(msgspec.structs.replace(CAPTAIN, id="new"))),
    "a voice that is changed": _of_voices(lambda library: library.change("anna", name="Anna Maria", speed=1.5)),
    "a voice that is deleted": _of_voices(lambda library: library.remove("anna")),
    "a prompt that is made again": _of_voices(
        lambda library: library.set_prompt("anna", b"another prompt", "2048x16"), {"anna": NO_PROMPT}
    ),
    "the first word": _of_words(lambda lexicon: lexicon.put(KWH), _nothing),
    "a word that is changed": _of_words(lambda lexicon: lexicon.put(Entry(written="kWh", say="units"))),
    "a word that is deleted": _of_words(lambda lexicon: lexicon.remove(KWH.key)),
    "settings": Kept(_config, _set_language, _settings),
    "the token": Kept(_nothing, _claim, _line("token")),
    "the format": Kept(_nothing, lambda folder: lambda: data_format.prepare(folder).close(), _line("format")),
    "browsers that are forgotten": Kept(
        lambda folder: durable_files.claim(folder / "sessions", "A" * 43), _forget_browsers, _line("sessions")
    ),
    "a phrase": Kept(
        _three_phrases, _with_phrases(lambda files: _say(files, "d")), _found_phrases,
        can_be_made_again=True, is_refused=False,
    ),
    "phrases that are cleared": Kept(
        _three_phrases, _with_phrases(PhraseFiles.clear), _found_phrases, can_be_made_again=True
    ),
    "a sample": Kept(_sample, _keep_sample, _samples, can_be_made_again=True, is_refused=False),
    "what was measured": Kept(
        lambda folder: measurements(folder).put(SMALL, CPU_WAY, Failed("too slow")), begin_measuring, _measured,
        can_be_made_again=True, is_refused=False,
    ),
    "a download": Kept(
        _nothing, _fetch, _fetched,
        goes_on=frozenset(str(part_of(Path("models/x", file.path), file)) for file in MANIFEST.files)
        | {"models", "models/x", "models/x/speech_tokenizer"},
    ),
}  # fmt: skip

TOLD = (Refusal, OSError, DownloadFailed, SettingsError, ModelUnavailable)
"""What a disk that refuses raises; the callers make words of an OSError"""
