"""Archives of voices: what was exported comes back as it was, and what could not speak is refused with its reason."""

import asyncio
import contextlib
import io
import os
import pickle
import struct
import zipfile
from array import array
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwen3tts_daemon.audio import to_wav
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.uploads import child_process
from qwen3tts_daemon.uploads.child_process import UploadLimits
from qwen3tts_daemon.uploads.confinement import Refused
from qwen3tts_daemon.uploads.voice_files import CARD, MAX_BYTES, PROMPT, REFERENCE, voice_from
from qwen3tts_daemon.voices.archive import unpack
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.stored_voice import StoredVoice, card_of
from qwen_tts.api import Audio
from qwen_tts.audio.samples import to_pcm
from qwen_tts.config.languages import LANGUAGES
from tests.archives import packed
from tests.daemon.test_voice_library import stored_voices
from tests.patience import PATIENCE_S
from tests.prompts import prompt_bytes, safetensors_of


def noise(seconds: float, rate: int = 8_000, level: float = 0.5) -> np.ndarray:
    return level * np.random.default_rng(7).uniform(-1, 1, round(seconds * rate))


def recording(seconds: float, rate: int = 8_000, level: float = 0.5) -> Audio:
    return Audio(pcm=to_pcm(noise(seconds, rate, level)), sample_rate=rate)


RECORDING = recording(3.2)
LIMITS = UploadLimits(timeout_s=PATIENCE_S)
ANNA = StoredVoice(
    id="anna", name="Anna", kind="cloned", transcript="Some words.", prompt_family="1024x16", consent=True
)
CAPTAIN = StoredVoice(id="captain", name="Captain", kind="designed", design="An old sailor")
OF_ANNA = {"hidden_size": 1_024, "codebooks": 16}
SPOKEN = prompt_bytes(ANNA.transcript, **OF_ANNA)


def exported(directory: Path, voice: StoredVoice, audio: Audio | None = None, prompt: bytes | None = None) -> bytes:
    library = VoiceLibrary(directory)
    library.add(voice, audio, prompt)
    packed = library.export(voice.id)
    library.remove(voice.id)
    return packed


# -- what was exported -----------------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(voice=stored_voices, language=st.sampled_from(["", *LANGUAGES]), words=st.text(min_size=1, max_size=60))
def test_what_is_exported_is_what_was_kept(tmp_path: Path, voice: StoredVoice, language: str, words: str) -> None:
    spoken = {"transcript": voice.transcript.strip(), "design": voice.design + "x", "base": voice.base + "x"}
    voice = msgspec.structs.replace(voice, language=language, **spoken)
    parts = (RECORDING, prompt_bytes(words.strip())) if voice.kind == "cloned" else (None, None)
    assert asyncio.run(unpack(exported(tmp_path, voice, *parts))) == (voice, *parts)


@pytest.mark.parametrize("rate", [8_000, 11_025, 24_000, 44_100, 48_000])
async def test_a_recording_comes_back_to_the_sample(tmp_path: Path, rate: int) -> None:
    for seconds in (3.0, 29.99):
        audio = recording(seconds, rate)
        assert (await unpack(exported(tmp_path, ANNA, audio)))[1] == audio


@pytest.mark.parametrize("prompt", [None, SPOKEN, prompt_bytes(None, hidden_size=1_024)])
async def test_a_clone_may_have_codes_or_not_and_a_prompt_or_not(tmp_path: Path, prompt: bytes | None) -> None:
    assert (await unpack(exported(tmp_path, ANNA, RECORDING, prompt)))[2] == prompt


@pytest.mark.parametrize("family", ["", "tone", "1024x16"])
async def test_a_prompt_of_any_family_is_kept(tmp_path: Path, family: str) -> None:
    voice = msgspec.structs.replace(ANNA, prompt_family=family)
    assert (await unpack(exported(tmp_path, voice, RECORDING, SPOKEN))) == (voice, RECORDING, SPOKEN)


async def test_without_words_the_first_of_a_long_recording_is_enough(tmp_path: Path) -> None:
    voice, audio = msgspec.structs.replace(ANNA, transcript=""), recording(100)
    assert (await unpack(exported(tmp_path, voice, audio)))[1] == audio


async def test_a_clock_that_has_not_been_set_hinders_no_export(tmp_path: Path) -> None:
    library = VoiceLibrary(tmp_path)
    library.add(CAPTAIN)
    os.utime(tmp_path / "captain" / CARD, (0, 0))
    assert (await unpack(library.export("captain")))[0] == CAPTAIN


def export_of(voice: StoredVoice = ANNA, **fields: Any) -> dict[str, bytes]:
    card = card_of(msgspec.structs.replace(voice, **fields))
    return {CARD: card, REFERENCE: to_wav(RECORDING), PROMPT: SPOKEN} if voice.kind == "cloned" else {CARD: card}


async def test_files_of_other_names_are_passed_over() -> None:
    strange = {"../../evil": b"x", "/etc/passwd": b"x", "sub/" + CARD: b"x", "名前": b"x", "bomb": bytes(50_000_000)}
    assert await unpack(packed(strange | export_of())) == (ANNA, RECORDING, SPOKEN)
    assert await unpack(packed(export_of(), zipfile.ZIP_STORED)) == (ANNA, RECORDING, SPOKEN)


# -- the archive -----------------------------------------------------------------------------------------------


def with_password(data: bytes) -> bytes:
    """The flag in every header."""
    return in_headers(data, local=6, central=8, change=lambda byte: byte | 1)


def in_headers(data: bytes, *, local: int, central: int, change: Any) -> bytes:
    """One byte of every file's two headers, by its place in each."""
    changed = bytearray(data)
    for mark, at in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        place = changed.find(mark)
        while place >= 0:
            changed[place + at] = change(changed[place + at])
            place = changed.find(mark, place + 4)
    return bytes(changed)


def claiming(name: str, size: int) -> bytes:
    """The central directory has another size for this file."""
    data = bytearray(packed(export_of()))
    place = data.find(b"PK\x01\x02")
    while data[place + 46 : place + 46 + len(name)] != name.encode():
        place = data.find(b"PK\x01\x02", place + 4)
    struct.pack_into("<I", data, place + 24, size)
    return bytes(data)


def twice(files: dict[str, bytes], name: str) -> bytes:
    data = io.BytesIO(packed(files))
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(name, files.get(name, b"x"))
    return data.getvalue()


def over_each_other() -> bytes:
    """Every file of the directory is the same bytes of the archive, as in a bomb."""
    data = bytearray(packed({name: bytes(1_000_000) for name in (CARD, REFERENCE, PROMPT)}))
    place = data.find(b"PK\x01\x02")
    while place >= 0:
        struct.pack_into("<I", data, place + 42, 0)
        place = data.find(b"PK\x01\x02", place + 4)
    return bytes(data)


def broken_packing() -> bytes:
    data = packed(export_of())
    place = data.find(b"PK\x03\x04") + 30 + len(CARD)
    return data[:place] + bytes(byte ^ 0x55 for byte in data[place : place + 40]) + data[place + 40 :]


def card_with(old: bytes, new: bytes) -> bytes:
    assert old in export_of()[CARD]
    return packed(export_of() | {CARD: export_of()[CARD].replace(old, new)})


HOSTILE = {
    "nothing": (b"", "broken"),
    "no zip": (b"not a zip at all", "broken"),
    "half": (packed(export_of())[:200], "broken"),
    "bzip2": (packed(export_of(), zipfile.ZIP_BZIP2), "neither stored nor deflated; pack it again"),
    "LZMA": (packed(export_of(), zipfile.ZIP_LZMA), "neither stored nor deflated"),
    "an unknown packing": (in_headers(packed(export_of()), local=8, central=10, change=lambda _: 9), "neither stored"),
    "password": (with_password(packed(export_of())), "has a password; pack it without"),
    "a card twice": (twice(export_of(), CARD), "'voice.toml' is in it more than once"),
    "another file twice": (twice(export_of() | {"x": b"x"}, "x"), "'x' is in it more than once"),
    "many files": (packed({str(number): b"" for number in range(101)} | export_of()), "more than 100 files"),
    "files over each other": (over_each_other(), "voice.toml"),
    "broken packing": (broken_packing(), "broken"),
    "stored broken": (packed(export_of(), zipfile.ZIP_STORED).replace(b"Some words", b"Same words"), "broken"),
    "a directory that says less": (claiming(PROMPT, 100), "broken"),
    "a directory that says nothing": (claiming(REFERENCE, 0), "broken"),
    "a directory that says more": (claiming(PROMPT, 2**31), "by the archive's directory"),
    "no card": (packed({REFERENCE: to_wav(RECORDING)}), "voice.toml is missing"),
    "card elsewhere": (packed({f"../{CARD}": export_of()[CARD]}), "voice.toml is missing"),
    "card in a folder": (packed({f"anna/{name}": data for name, data in export_of().items()}), "voice.toml is missing"),
    "no recording": (packed({CARD: export_of()[CARD]}), "reference.wav is missing"),
    "large card": (card_with(b"#", b"#" * 66_000), "voice.toml has more than 65536 bytes"),
    "bomb card": (packed(export_of() | {CARD: bytes(500_000_000)}), "voice.toml has more than 65536 bytes"),
    "bomb prompt": (packed(export_of() | {PROMPT: bytes(2_000_000)}), "safetensors has more than 131072 bytes"),
    "bomb recording": (packed(export_of() | {REFERENCE: bytes(MAX_BYTES[REFERENCE] + 1)}), "more than 20000000 bytes"),
    "other format": (card_with(b"format = 1", b"format = 2"), "has format 2, and this version reads 1; update it"),
    "format is text": (card_with(b"format = 1", b'format = "1"'), "has format '1'"),
    "no number": (card_with(b"speed = 1.0", b"speed = nan"), "voice.toml"),
    "endless": (card_with(b"speed = 1.0", b"speed = inf"), "voice.toml"),
    "a date": (card_with(b"speed = 1.0", b"speed = 2026-11-29"), "voice.toml"),
    "a number of kilobytes": (card_with(b"speed = 1.0", b"seed = 0x" + b"f" * 60_000), "voice.toml"),
    "no text": (card_with(b"Anna", b"\xff\xfe"), "voice.toml"),
    "climbing id": (card_with(b'"anna"', b'"../../anna"'), "id"),
    "unknown field": (card_with(b"speed = 1.0", b"pitch = 1.0"), "pitch"),
    "deep card": (packed(export_of() | {CARD: b"a = " + b"[" * 50_000}), "voice.toml"),
    "deep tables": (packed(export_of() | {CARD: b"a." * 2_000 + b"a = 1"}), "nested too deeply"),
}  # fmt: skip


async def refused(data: bytes, reason: str, limits: UploadLimits = LIMITS) -> None:
    with pytest.raises(Refusal) as caught:
        await unpack(data, limits)
    assert (caught.value.code, caught.value.param) == ("bad_field", "file")
    assert reason in caught.value.message, caught.value.message
    assert len(caught.value.message) < 500


@pytest.mark.parametrize(("data", "reason"), HOSTILE.values(), ids=HOSTILE.keys())
async def test_what_is_no_export_is_refused(data: bytes, reason: str) -> None:
    await refused(data, reason)


async def test_an_archive_that_takes_long_to_read_is_not_read_to_its_end() -> None:
    """The TOML reader takes half a minute for this line."""
    slow = packed(export_of() | {CARD: b"a." * 32_000 + b"a = 1"})
    await refused(slow, "the archive took more than 1 s to decode; export the voice again", UploadLimits(timeout_s=1.0))


SIX = "(6).to_bytes(4, 'little')"
NONE = "bytes(4)"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("b''", "the archive cannot be decoded; export the voice again"),
        ("b'nonsense, and more of it'", "the archive cannot be decoded"),
        (f"{SIX} + {SIX} + bytes(11)", "the archive cannot be decoded"),
        (f"{SIX} + {NONE} + bytes(6) + bytes(3)", "the archive cannot be decoded"),
        (f"{SIX} + {NONE} + bytes(6) + (16_000).to_bytes(4, 'little') + bytes(3)", "the archive cannot be decoded"),
        (f"{SIX} + {NONE} + bytes(6)", "not an exported voice"),
        (f"{SIX} + {NONE} + b'[1, 2]'", "not an exported voice"),
        ("bytes(2**25)", "the archive cannot be decoded"),
    ],
)
async def test_a_child_that_lies_is_not_believed(
    answer: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "child.py"
    program.write_text(f"import sys\nsys.stdout.buffer.write({answer})\n")
    monkeypatch.setattr(child_process, "_CHILD", program)
    await refused(packed(export_of()), reason)


async def test_a_child_that_says_ever_more_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pipe holds more than asyncio reads ahead: nobody may wait for the end of what nobody takes."""
    program = tmp_path / "child.py"
    large_pipe = "import fcntl, sys\nfcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 2**20)\n"
    program.write_text(f"{large_pipe}while True:\n    sys.stdout.buffer.write(bytes(2**20))\n")
    monkeypatch.setattr(child_process, "_CHILD", program)
    await refused(packed(export_of()), "the archive cannot be decoded")


async def test_an_archive_larger_than_any_upload_is_refused() -> None:
    with pytest.raises(Refusal, match="the archive has 1001 bytes, at most 1000") as caught:
        await unpack(bytes(1_001), UploadLimits(max_bytes=1_000))
    assert (caught.value.code, caught.value.param) == ("too_large", "file")


@settings(max_examples=300, deadline=None)
@given(data=st.data(), packing=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_a_damaged_archive_is_the_same_or_refused(data: st.DataObject, packing: int) -> None:
    files = {
        CARD: export_of()[CARD],
        PROMPT: SPOKEN[:300],
        REFERENCE: to_wav(Audio(pcm=RECORDING.pcm[:256], sample_rate=8_000)),
    }
    whole = packed(files, packing)
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    card, prompt, sound = voice_from(whole)
    with contextlib.suppress(Refused):
        found = voice_from(bytes(damaged))
        assert found[0] == card
        assert found[1] in (prompt, b"")
        assert found[2] in (sound, None)


# -- what could not speak --------------------------------------------------------------------------------------


def saved(**tensors: tuple[str, list[int], Any]) -> bytes:
    """A prompt of Anna's with these tensors in place of its own."""
    length = int.from_bytes(SPOKEN[:8], "little")
    metadata = msgspec.json.decode(SPOKEN[8 : 8 + length])["__metadata__"]
    own = {
        "speaker_embedding": ("F32", [1_024], array("f", [0.5] * 1_024)),
        "codes": ("I64", [3, 16], array("q", [5] * 48)),
    }
    return safetensors_of(own | tensors, metadata)


def torch_archive() -> bytes:
    """As torch.save writes it: a ZIP with a pickle."""
    return packed({"archive/data.pkl": pickle.dumps({"a": [0.0]}), "archive/version": b"3\n"}, zipfile.ZIP_STORED)


NO_FILE = "is not a safetensors file, and nothing else is read"
PROMPTS = {
    "empty": (b"", "prompt.safetensors is empty"),
    "0xFF": (b"\xff" * 5_000, NO_FILE),
    "zeros": (bytes(5_000), NO_FILE),
    "pickle": (pickle.dumps({"speaker_embedding": [0.0] * 1_024}), NO_FILE),
    "a .pt file": (torch_archive(), NO_FILE),
    "text": (b"3.600 Some words.", NO_FILE),
    "half": (SPOKEN[: len(SPOKEN) // 2], NO_FILE),
    "more": (SPOKEN + b"\0", NO_FILE),
    "a header of 100 GB": (struct.pack("<Q", 100 * 2**30) + SPOKEN[8:], NO_FILE),
    "a tensor of 100 GB": (saved(codes=("I64", [2**30, 16], array("q", [5] * 48))), NO_FILE),
    "too large": (SPOKEN + bytes(200_000), "more than 131072 bytes"),
    "another's": (safetensors_of({"weight": ("F32", [1], array("f", [1.0]))}, {}), "was not made by this engine"),
    "not a number": (
        saved(speaker_embedding=("F32", [1_024], array("f", [float("nan")] * 1_024))), "not finite or far out of range"
    ),
    "one infinity": (
        saved(speaker_embedding=("F32", [1_024], array("f", [0.5] * 1_023 + [float("inf")]))), "not finite"
    ),
    "far too large": (saved(speaker_embedding=("F32", [1_024], array("f", [1e30] * 1_024))), "far out of range"),
    "half precision": (saved(speaker_embedding=("F16", [1_024], array("h", [5] * 1_024))), "F16 [1024], which no"),
    "integers": (saved(speaker_embedding=("I64", [1_024], array("q", [5] * 1_024))), "instead of F32 [hidden]"),
    "a square": (saved(speaker_embedding=("F32", [32, 32], array("f", [0.5] * 1_024))), "instead of F32 [hidden]"),
    "the width of another family": (
        saved(speaker_embedding=("F32", [2_048], array("f", [0.5] * 2_048))), "is for 2048x16, and the voice says 1024x"
    ),
    "the codebooks of another family": (saved(codes=("I64", [3, 8], array("q", [5] * 24))), "is for 1024x8, and the"),
    "codes below": (saved(codes=("I64", [3, 16], array("q", [5] * 47 + [-1]))), "codes within -1..5"),
    "codes above": (saved(codes=("I64", [3, 16], array("q", [5] * 47 + [2_048]))), "codes within 5..2048"),
    "codes far above": (saved(codes=("I64", [3, 16], array("q", [2**40] * 48))), "codes within 1099511627776.."),
    "no frames": (saved(codes=("I64", [0, 16], array("q"))), "I64 [0, 16], which no voice has"),
    "codes of floats": (saved(codes=("F32", [3, 16], array("f", [5] * 48))), "instead of I64 [frames, codebooks]"),
}  # fmt: skip


@pytest.mark.parametrize(("prompt", "reason"), PROMPTS.values(), ids=PROMPTS.keys())
async def test_a_prompt_that_is_none_is_not_kept(prompt: bytes, reason: str) -> None:
    await refused(packed(export_of() | {PROMPT: prompt}), reason)


def float_wav(samples: np.ndarray) -> bytes:
    form = struct.pack("<HHIIHH", 3, 1, 8_000, 32_000, 4, 32)
    body = b"WAVE" + b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", 4 * len(samples))
    return b"RIFF" + struct.pack("<I", len(body) + 4 * len(samples)) + body + samples.astype("<f4").tobytes()


def wav_with(offset: int, value: int, audio: Audio = RECORDING) -> bytes:
    """Another number in the header."""
    wav = bytearray(to_wav(audio))
    struct.pack_into("<I", wav, offset, value)
    return bytes(wav)


DATA_SIZE, RATE = 40, 24
RECORDINGS = {
    "empty": (b"", "reference.wav"),
    "text": (b"no sound", "reference.wav is no WAV"),
    "a header alone": (to_wav(Audio(pcm=b"", sample_rate=8_000)), "reference.wav: there is no sound in"),
    "half a header": (to_wav(RECORDING)[:20], "reference.wav"),
    "no chunks": (b"RIFFxxxxWAVE", "reference.wav"),
    "no rate": (wav_with(RATE, 0), "reference.wav"),
    "wild rate": (wav_with(RATE, 2**32 - 1), "reference.wav"),
    "too slow for a voice": (to_wav(Audio(pcm=RECORDING.pcm, sample_rate=4_000)), "a sample rate of 4000 Hz"),
    "too short": (to_wav(recording(2.9)), "is only 2.9 s long; a voice needs at least 3 s"),
    "a minute by its header": (wav_with(DATA_SIZE, 960_000, recording(1)), "not as long as its header says"),
    "an hour by its header": (wav_with(DATA_SIZE, 2**31, recording(1)), "not as long as its header says"),
    "too long for its words": (to_wav(recording(31)), "with a transcript all of it is used; cut both"),
    "too long": (to_wav(recording(121)), "reference.wav: the recording is longer than 120 s; cut it"),
    "silent": (to_wav(recording(4, level=0)), "the reference audio is silent"),
    "nearly silent": (to_wav(recording(4, level=0.0005)), "the reference audio is silent"),
    "not a number": (float_wav(np.full(32_000, np.nan)), "reference.wav: the recording has samples that are no numb"),
    "one not a number": (float_wav(np.append(noise(4), np.nan)), "samples that are no numbers"),
    "infinite": (float_wav(np.append(np.inf, noise(4))), "samples that are no numbers"),
    "as large as integers": (float_wav(noise(4) * 30_000), "and the loudest is 1; export it again, as 16-bit PCM"),
}  # fmt: skip


@pytest.mark.parametrize(("wav", "reason"), RECORDINGS.values(), ids=RECORDINGS.keys())
async def test_a_recording_that_makes_no_voice_is_not_kept(wav: bytes, reason: str) -> None:
    for prompt in ({}, {PROMPT: SPOKEN}):
        await refused(packed({CARD: export_of()[CARD], REFERENCE: wav} | prompt), reason)


@pytest.mark.parametrize("claimed", [0, len(RECORDING.pcm) // 2, 2 * len(RECORDING.pcm), 0xFFFFFFFF])
async def test_a_recording_that_lies_about_its_length_is_none_of_an_export(claimed: int) -> None:
    for prompt in ({}, {PROMPT: SPOKEN}):
        wav = {REFERENCE: wav_with(DATA_SIZE, claimed)}
        await refused(packed(export_of() | wav | prompt), "not as long as its header says")


CARDS = {
    "words that are none": (packed(export_of(transcript=" \n")), "the transcript is empty"),
    "a language of nowhere": (packed(export_of(language="klingon")), "there is no language 'klingon'"),
    "a description that is none": (packed(export_of(CAPTAIN, design=" ")), "a designed voice without design"),
    "a profile of nobody": (packed(export_of(CAPTAIN, kind="profile")), "a profile voice without base"),
    "a designed voice with a recording": (
        packed(export_of(CAPTAIN) | {REFERENCE: to_wav(RECORDING)}), "a designed voice has neither reference.wav nor"
    ),
    "a designed voice with a prompt": (packed(export_of(CAPTAIN) | {PROMPT: SPOKEN}), "a designed voice has neither"),
}  # fmt: skip


@pytest.mark.parametrize(("archive", "reason"), CARDS.values(), ids=CARDS.keys())
async def test_a_card_of_a_voice_that_could_not_speak_is_refused(archive: bytes, reason: str) -> None:
    await refused(archive, reason)
