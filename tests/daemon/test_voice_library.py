"""Voices on disk: what is kept comes back, a crash leaves the old or the new, and nothing that is read is trusted."""

import contextlib
import os
import shutil
import tempfile
import threading
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qwen3tts_daemon.audio import from_wav, to_wav
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.uploads.voice_files import CARD, PROMPT, REFERENCE
from qwen3tts_daemon.voices import library as library_module
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen3tts_daemon.voices.voice_id import MAX_ID_BYTES, slug
from qwen_tts.api import Audio
from qwen_tts.errors import UnknownVoice

RECORDING = Audio(pcm=bytes(range(200)) * 10, sample_rate=24_000)
ANNA = StoredVoice(
    id="anna", name="Anna", kind="cloned", transcript="Some words.", prompt_family="1024x16", consent=True
)
CAPTAIN = StoredVoice(id="captain", name="Captain", kind="designed", design="An old sailor")

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
stored_voices = st.builds(
    StoredVoice,
    id=st.from_regex(r"[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True),
    name=texts.filter(bool),
    kind=st.sampled_from(["cloned", "designed", "profile"]),
    description=texts, gender=st.sampled_from(["female", "male", ""]), language=texts, source=texts,
    consent=st.booleans(), created_at=texts, transcript=texts, prompt_family=texts, design=texts, base=texts,
    instruct=texts, speed=st.floats(0.25, 4), seed=st.none() | st.integers(0, 2**63 - 1),
)  # fmt: skip
on_one_folder = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def add_to(library: VoiceLibrary, voice: StoredVoice) -> StoredVoice:
    return library.add(voice, RECORDING, b"prompt") if voice.kind == "cloned" else library.add(voice)


def files_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# -- what is kept ----------------------------------------------------------------------------------------------


@on_one_folder
@given(voice=stored_voices)
def test_every_field_comes_back(tmp_path: Path, voice: StoredVoice) -> None:
    library = VoiceLibrary(tmp_path)
    add_to(library, voice)
    again = VoiceLibrary(tmp_path)
    assert again.voices == library.voices == [voice]
    if voice.kind == "cloned":
        assert (again.reference(voice.id), again.prompt(voice.id)) == (RECORDING, b"prompt")
    again.remove(voice.id)
    assert list(tmp_path.iterdir()) == []


@on_one_folder
@given(changes=st.fixed_dictionaries({}, optional={"name": texts.filter(bool), "instruct": texts, "design": texts,
                                                   "speed": st.floats(0.25, 4)}))  # fmt: skip
def test_a_change_changes_what_it_names(tmp_path: Path, changes: dict[str, Any]) -> None:
    with contextlib.suppress(Refusal):
        VoiceLibrary(tmp_path).add(CAPTAIN)
    before = VoiceLibrary(tmp_path).get("captain")
    assert VoiceLibrary(tmp_path).change("captain", **changes) == msgspec.structs.replace(before, **changes)
    assert VoiceLibrary(tmp_path).voices == [msgspec.structs.replace(before, **changes)]


@pytest.mark.parametrize(
    "change",
    [{"speed": 9}, {"speed": float("nan")}, {"name": ""}, {"gender": "x"}, {"seed": -1}, {"instruct": "x" * 2_001}],
)
def test_a_value_that_no_voice_has_is_refused_and_named(tmp_path: Path, change: dict[str, Any]) -> None:
    library = VoiceLibrary(tmp_path)
    library.add(CAPTAIN)
    with pytest.raises(Refusal) as caught:
        library.change("captain", description="fine", **change)
    assert caught.value.param == next(iter(change))
    assert VoiceLibrary(tmp_path).voices == library.voices == [CAPTAIN]


def test_who_is_not_there_is_unknown(tmp_path: Path) -> None:
    library = VoiceLibrary(tmp_path)
    calls: list[Callable[[str], object]] = [
        library.get, library.remove, library.prompt, library.reference, library.export, library.change,
        lambda id: library.set_prompt(id, b"", ""),
    ]  # fmt: skip
    for call in calls:
        for id in ("nobody", "..", "../voices", "", "/etc"):
            with pytest.raises(UnknownVoice):
                call(id)


# -- ids -------------------------------------------------------------------------------------------------------


@given(name=st.text(max_size=300))
def test_every_name_gives_an_id(name: str) -> None:
    msgspec.convert({"id": slug(name), "name": "x", "kind": "profile"}, StoredVoice)


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("Küche 1", "küche-1"),
        ("Ku\u0308che 1", "küche-1"),
        ("小明", "小明"),
        ("Дедушка", "дедушка"),
        ("हिन्दी", "हिन्दी"),
        ("Straße_2", "strasse-2"),
        ("\u200fאבא\u200e", "אבא"),
        ("ＡＢＣ", "abc"),
        ("🎉", "voice"),
        ("🎉️ Party 🎉", "party"),
        ("\u3164", "voice"),
        ("Me / You", "me-you"),
    ],
)
def test_an_id_has_the_letters_of_the_name(name: str, id: str) -> None:
    assert slug(name) == id


@given(name=st.text(max_size=300))
@example("𠮷" * 80)
@example("\u0308" * 80)
def test_an_id_is_a_folder_a_url_and_a_name_everywhere(name: str) -> None:
    id = slug(name)
    assert len(f"{id}-1001".encode()) <= MAX_ID_BYTES
    assert id == unicodedata.normalize("NFC", id) == slug(id)
    assert not {*id} & {*"/\\.:%?#&\0 \n"}
    assert not any(character.isspace() for character in id)


@given(first=st.text(max_size=90), numbers=st.integers(1, 4))
@on_one_folder
def test_an_id_that_is_numbered_is_one_too(tmp_path: Path, first: str, numbers: int) -> None:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=tmp_path)))
        library = VoiceLibrary(folder)
        for _ in range(numbers):
            library.add(msgspec.structs.replace(CAPTAIN, id=library.free_id(first)))
        assert len(VoiceLibrary(folder).voices) == numbers


@pytest.mark.parametrize(
    "id",
    [
        "",
        ".a",
        "-a",
        "_a",
        "a/b",
        "a b",
        "A",
        "Ä",
        "a\n",
        "u\u0308",
        "ﬁ",
        "\u0308a",
        "🎉",
        "a\u200f",
        "a" * 65,
        "小" * 67,
    ],
)
def test_what_is_no_id_is_refused(id: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"id": id, "name": "x", "kind": "profile"}, StoredVoice)


@pytest.mark.parametrize("id", ["a", "7", "a_b-c", "a--b", "a-", "x" * 64])
def test_ids_of_old_are_ids(id: str) -> None:
    assert msgspec.convert({"id": id, "name": "x", "kind": "profile"}, StoredVoice).id == id


@pytest.mark.parametrize(
    "name", ["..", "../../etc/passwd", "/abs", "a/b", ".hidden", "C:\\x", "nul\0", "", "名前", "." * 90]
)
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    library = VoiceLibrary(tmp_path / "voices")
    library.add(msgspec.structs.replace(CAPTAIN, id=library.free_id(name), name=name[:80] or "x"))
    assert {path.parent.parent for path in tmp_path.rglob("*") if path.is_file()} == {tmp_path / "voices"}
    assert len(VoiceLibrary(tmp_path / "voices").voices) == 1


def test_each_of_one_name_has_its_own_id(tmp_path: Path) -> None:
    library = VoiceLibrary(tmp_path)
    (tmp_path / "captain-3").mkdir()
    ids = []
    for _ in range(4):
        ids.append(library.free_id("Captain"))
        library.add(msgspec.structs.replace(CAPTAIN, id=ids[-1]))
    assert ids == ["captain", "captain-2", "captain-4", "captain-5"]
    assert library.free_id("Ryan", frozenset(["ryan"])) == "ryan-2"
    long = library.free_id("x" * 200)
    library.add(msgspec.structs.replace(CAPTAIN, id=long))
    assert library.free_id("x" * 200) not in (long, *ids)


def test_an_id_is_given_once(tmp_path: Path) -> None:
    library = VoiceLibrary(tmp_path)
    library.add(CAPTAIN)
    with pytest.raises(Refusal) as caught:
        library.add(StoredVoice(id="captain", name="Other", kind="designed", design="x"))
    assert caught.value.param == "id"
    assert library.voices == [CAPTAIN]


def test_there_are_not_more_voices_than_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "MAX_VOICES", 2)
    library = VoiceLibrary(tmp_path)
    library.add(CAPTAIN)
    library.add(ANNA, RECORDING)
    with pytest.raises(Refusal) as caught:
        library.add(msgspec.structs.replace(CAPTAIN, id="third"))
    assert caught.value.code == "too_large"
    library.remove("anna")
    library.add(msgspec.structs.replace(CAPTAIN, id="third"))


def test_changes_of_several_threads_are_all_kept(tmp_path: Path) -> None:
    """A change reads the card and writes it: none may fall between."""
    library = VoiceLibrary(tmp_path)
    library.add(CAPTAIN)
    fields = ("description", "instruct", "source", "created_at")
    start = threading.Barrier(len(fields))

    def change(field: str) -> None:
        start.wait()
        for number in range(10):
            library.change("captain", **{field: f"{field} {number}"})

    with ThreadPoolExecutor(len(fields)) as pool:
        list(pool.map(change, fields))
    (kept,) = VoiceLibrary(tmp_path).voices
    assert [getattr(kept, field) for field in fields] == [f"{field} 9" for field in fields]


# -- crashes ---------------------------------------------------------------------------------------------------


class PowerCut(BaseException):
    """Nothing of this process happens any more."""


class Power:
    """Goes at the n-th thing that is done to the disk; what was not synced by then may be half."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 10**6
        self.is_off = False
        for owner, name in (
            (os, "fsync"), (Path, "rename"), (Path, "replace"), (Path, "mkdir"), (Path, "unlink"), (shutil, "rmtree"),
        ):  # fmt: skip
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name), halves=name == "fsync"))
        monkeypatch.setattr(Path, "open", self._opened(Path.open))

    def _counted(self, do: Callable[..., object], *, halves: bool) -> Callable[..., object]:
        def counted(*arguments: Any, **options: Any) -> object:
            if self.left == 0 or self.is_off:
                if halves and not self.is_off:
                    with contextlib.suppress(OSError):
                        os.ftruncate(arguments[0], os.fstat(arguments[0]).st_size // 2)
                self.is_off = True
                raise PowerCut
            self.left -= 1
            return do(*arguments, **options)

        return counted

    def _opened(self, do: Callable[..., Any]) -> Callable[..., object]:
        """Opening a file to write it is a step too: what was in it is gone."""

        def opened(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> object:
            if "r" in mode:
                return do(path, mode, *arguments, **options)
            if self.left == 0 and not self.is_off:
                do(path, mode, *arguments, **options).close()
            return self._counted(do, halves=False)(path, mode, *arguments, **options)

        return opened

    @contextlib.contextmanager
    def cut_after(self, steps: int) -> Iterator[None]:
        self.left, self.is_off = steps, False
        with contextlib.suppress(PowerCut):
            yield
        self.was_cut = self.is_off
        self.left, self.is_off = 10**6, False


CHANGES: dict[str, Callable[[VoiceLibrary], object]] = {
    "add": lambda library: library.add(msgspec.structs.replace(ANNA, id="new"), RECORDING, b"prompt"),
    "change": lambda library: library.change("anna", name="Anna Maria", description="Mild"),
    "set_prompt": lambda library: library.set_prompt("anna", b"another prompt", "2048x16"),
    "remove": lambda library: library.remove("anna"),
}


def what_is_kept(library: VoiceLibrary) -> dict[str, Any]:
    return {
        voice.id: (voice, library.reference(voice.id), library.prompt(voice.id)) if voice.kind == "cloned" else voice
        for voice in library.voices
    }


@pytest.mark.parametrize("name", CHANGES)
def test_after_a_crash_there_is_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    power = Power(monkeypatch)
    seen = []
    for steps in range(100):
        folder = tmp_path / str(steps)
        library = VoiceLibrary(folder)
        library.add(CAPTAIN)
        library.add(ANNA, RECORDING, b"prompt")
        old = what_is_kept(library)
        with power.cut_after(steps):
            CHANGES[name](library)
        again = VoiceLibrary(folder)
        kept = what_is_kept(again)
        if not power.was_cut:
            new = kept
            break
        if name == "set_prompt" and kept != old and kept["anna"][0].prompt_family == "":
            kept = old  # none for anybody: it is made again
        seen.append(kept)
        assert files_of(folder) == {f"{voice.id}/{CARD}" for voice in again.voices} | {
            f"{voice.id}/{file}" for voice in again.voices if voice.kind == "cloned" for file in (REFERENCE, PROMPT)
        }
    assert new == what_is_kept(library) != old
    assert all(kept in (old, new) for kept in seen)
    assert len(seen) > 2, "it was cut at every step"
    assert seen[0] == old
    assert "skipped" not in caplog.text


def test_a_prompt_is_never_taken_for_another_familys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    power = Power(monkeypatch)
    right = {"1024x16": b"prompt", "2048x16": b"another prompt"}
    for steps in range(100):
        library = VoiceLibrary(tmp_path / str(steps))
        library.add(ANNA, RECORDING, b"prompt")
        with power.cut_after(steps):
            CHANGES["set_prompt"](library)
        (voice,) = (again := VoiceLibrary(tmp_path / str(steps))).voices
        assert voice.prompt_family == "" or again.prompt("anna") == right[voice.prompt_family]
        if not power.was_cut:
            break
    assert steps > 4


@pytest.mark.parametrize("name", CHANGES)
def test_a_disk_that_refuses_leaves_the_old_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    library = VoiceLibrary(tmp_path)
    library.add(CAPTAIN)
    library.add(ANNA, RECORDING, b"prompt")
    files, kept = files_of(tmp_path), what_is_kept(library)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        for owner, action in ((os, "fsync"), (Path, "rename")):
            patched.setattr(owner, action, full)
        with pytest.raises(Refusal, match="No space left on device; make room there") as refused:
            CHANGES[name](library)
    assert refused.value.code == "storage_failed"
    assert what_is_kept(library) == kept
    assert files_of(tmp_path) == files
    CHANGES[name](library)
    assert what_is_kept(library) == what_is_kept(VoiceLibrary(tmp_path)) != kept


# -- what is broken --------------------------------------------------------------------------------------------

BROKEN: dict[str, dict[str, bytes]] = {
    "empty": {},
    "no-toml": {CARD: b"\xff\xfe\x00"},
    "half": {CARD: b'id = "half"\nname = "Ha'},
    "other-format": {CARD: b'format = 2\nid = "other-format"\nname = "x"\nkind = "designed"'},
    "no-format": {CARD: b'id = "no-format"\nname = "x"\nkind = "designed"'},
    "other-name": {CARD: b'format = 1\nid = "captain"\nname = "x"\nkind = "designed"'},
    "unknown-field": {CARD: b'format = 1\nid = "unknown-field"\nname = "x"\nkind = "designed"\nmood = "good"'},
    "wrong-type": {CARD: b'format = 1\nid = "wrong-type"\nname = 5\nkind = "designed"'},
    "no-recording": {CARD: b'format = 1\nid = "no-recording"\nname = "x"\nkind = "cloned"'},
    "deep": {CARD: b"format = 1\nid = " + b"[" * 50_000},
    "UPPER": {CARD: b'format = 1\nid = "UPPER"\nname = "x"\nkind = "designed"'},
}


def test_a_broken_folder_is_named_skipped_and_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    VoiceLibrary(tmp_path).add(CAPTAIN)
    for name, files in BROKEN.items():
        (tmp_path / name).mkdir()
        for file, content in files.items():
            (tmp_path / name / file).write_bytes(content)
    (tmp_path / "a file").write_text("x")
    (tmp_path / ".backup" / "anna").mkdir(parents=True)
    (tmp_path / ".backup" / "anna" / CARD).write_text("somebody's own")
    before = files_of(tmp_path)
    library = VoiceLibrary(tmp_path)
    assert library.voices == [CAPTAIN]
    assert files_of(tmp_path) == before
    for name in BROKEN:
        assert f"voice {name} is skipped" in caplog.text
        assert library.free_id(name) != name, "its folder is not taken"


@pytest.mark.parametrize("content", [b"", b"no sound", to_wav(RECORDING)[:20], b"RIFF\xff\xff\xff\xffWAVE"])
def test_a_broken_recording_is_told(tmp_path: Path, content: bytes) -> None:
    VoiceLibrary(tmp_path).add(ANNA, RECORDING)
    (tmp_path / "anna" / REFERENCE).write_bytes(content)
    with pytest.raises(Refusal) as caught:
        VoiceLibrary(tmp_path).reference("anna")
    assert caught.value.code == "bad_audio"


# -- recordings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 2, 7, 4_801])
def test_a_recording_has_whole_samples(size: int) -> None:
    wav = to_wav(Audio(pcm=bytes(4_800), sample_rate=24_000))[: 44 + size]
    assert len(from_wav(wav).pcm) == min(size, 4_800) // 2 * 2
