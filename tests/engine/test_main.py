"""The program as people type it: a few runs in a process of their own, the others in this one."""

import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import soundfile

from qwen_tts.__main__ import main
from qwen_tts.api import Audio
from qwen_tts.audio.samples import to_pcm
from qwen_tts.audio.sound_file import read_sound, write_sound
from tests.engine.conftest import Load
from tests.golden.cases import BASE, CUSTOM, DESIGN, TRANSCRIPT, random_codes, reference_audio
from tests.patience import PATIENCE_S

RATE, FRAME = 24_000, 1_920
TWO_FRAMES = ("--max-seconds", "0.16")
"""No speech ends before."""


class Result(NamedTuple):
    status: int
    out: str
    err: str


Program = Callable[..., Result]


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Program:
    """`main` in this process, on the CPU, in an empty directory."""
    monkeypatch.chdir(tmp_path)

    def run(command: str, *arguments: str | Path, given: bytes = b"", device: str = "cpu") -> Result:
        monkeypatch.setattr(sys, "argv", ["qwen_tts", command, *map(str, arguments), "--device", device])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), "utf-8"))
        with pytest.raises(SystemExit) as end:
            main()
        return Result(int(end.value.code or 0), *capsys.readouterr())

    return run


def run_alone(*arguments: str | Path, directory: Path) -> Result:
    """`python -m qwen_tts` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "qwen_tts", *map(str, arguments), "--device", "cpu"],
        capture_output=True, text=True, cwd=directory, timeout=PATIENCE_S, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr)


def assert_one_line(result: Result, code: str, said: str) -> None:
    assert (result.status, result.out) == (1, "")
    assert re.fullmatch(rf"error \({code}\): .+\n", result.err), result.err
    assert said in result.err


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3.2 s at 16 kHz in two channels, whose mean is `reference_audio`."""
    path = tmp_path_factory.mktemp("recording") / "reference.wav"
    mono = reference_audio(rate=16_000)
    soundfile.write(path, np.stack((mono + 0.125, mono - 0.125), axis=1), 16_000, "FLOAT")
    return path


# -- speaking ---------------------------------------------------------------------------------------------------------


def test_the_same_seed_is_the_same_speech_in_every_process(checkpoints: Path, program: Program, tmp_path: Path) -> None:
    model, sounds = ("--model", checkpoints / CUSTOM, *TWO_FRAMES), {}
    said = run_alone("say", "Hello there.", *model, "--seed", "7", "-o", "alone.wav", directory=tmp_path)
    assert (said.status, said.err) == (0, "")
    measured = r"alone\.wav: 0\.16 s of sound, stopped at the limit; TTFA \d+\.\d{3} s, RTF \d+\.\d\d\n"
    assert re.fullmatch(measured, said.out), said.out
    program("say", "-", *model, "--seed", "7", "-o", "standard_input.wav", given=b"Hello there.\n")
    program("say", "Hello there.", *model, "--seed", "8", "-o", "other.wav")
    for name in ("alone", "standard_input", "other"):
        samples, rate = read_sound(tmp_path / f"{name}.wav")
        assert (samples.shape, rate) == ((2 * FRAME, 1), RATE)
        sounds[name] = samples.tobytes()
    assert sounds["alone"] == sounds["standard_input"] != sounds["other"]


def test_greedy_speech_needs_no_seed(checkpoints: Path, program: Program, tmp_path: Path) -> None:
    for name in ("one.wav", "other.wav"):
        program(
            "design",
            "Hi.",
            "-m",
            checkpoints / DESIGN,
            "--description",
            "A child.",
            "--greedy",
            "-o",
            name,
            *TWO_FRAMES,
        )
    assert (tmp_path / "one.wav").read_bytes() == (tmp_path / "other.wav").read_bytes()
    assert len(read_sound(tmp_path / "one.wav")[0]) == 2 * FRAME


def test_the_layout_of_the_text_may_be_named(
    checkpoints: Path, recording: Path, program: Program, tmp_path: Path
) -> None:
    """By itself it is whole, for every kind of voice."""
    clone = ("clone", "Hi there.", "-m", checkpoints / BASE, "--reference", recording, "--transcript", TRANSCRIPT)
    design = ("design", "Hi there.", "-m", checkpoints / DESIGN, "--description", "A child.")
    for speech in (clone, design, ("say", "Hi there.", "-m", checkpoints / CUSTOM)):
        sounds = {}
        for layout in ("auto", "whole", "streaming"):
            assert program(*speech, "--greedy", "--text-layout", layout, "-o", "a.wav", *TWO_FRAMES).status == 0
            sounds[layout] = (tmp_path / "a.wav").read_bytes()
        assert sounds["auto"] == sounds["whole"] != sounds["streaming"]


def test_a_kept_voice_speaks_as_the_cloned_one(
    checkpoints: Path, recording: Path, program: Program, tmp_path: Path
) -> None:
    speech = ("clone", "Hi.", "-m", checkpoints / BASE, "--seed", "3", *TWO_FRAMES)
    program(*speech, "--reference", recording, "--transcript", TRANSCRIPT, "--save", "voices/anna", "-o", "cloned.wav")
    assert {path.name for path in (tmp_path / "voices/anna").iterdir()} == {"prompt.safetensors", "prompt.toml"}
    program(*speech, "--reference", "voices/anna", "-o", "kept.wav")
    assert (tmp_path / "kept.wav").read_bytes() == (tmp_path / "cloned.wav").read_bytes()
    assert len(read_sound(tmp_path / "kept.wav")[0]) == 2 * FRAME


# -- codes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [".", "speech_tokenizer"], ids=["checkpoint", "codec alone"])
def test_sound_becomes_codes_and_sound(
    part: str, checkpoints: Path, load: Load, recording: Path, program: Program, tmp_path: Path
) -> None:
    model, codec = checkpoints / BASE / part, load(BASE).codec
    assert program("encode", recording, "-m", model) == (0, "codes.json: 40 frames of 16 codec tokens\n", "")
    codes = json.loads((tmp_path / "codes.json").read_text())
    assert codes == codec.encode_audio(Audio(pcm=to_pcm(reference_audio(rate=16_000)), sample_rate=16_000))
    assert program("decode", "codes.json", "-m", model) == (0, "speech.wav: 3.20 s of sound\n", "")
    samples, rate = read_sound(tmp_path / "speech.wav")
    assert (samples.shape, rate) == ((40 * FRAME, 1), RATE)
    assert to_pcm(samples) == codec.decode_audio(codes).pcm


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".mp3"])
def test_a_recording_may_be_compressed(
    suffix: str, checkpoints: Path, load: Load, program: Program, tmp_path: Path
) -> None:
    audio = Audio(pcm=to_pcm(reference_audio(rate=16_000)), sample_rate=16_000)
    write_sound(tmp_path / f"anna{suffix}", audio.pcm, audio.sample_rate)
    encoded = program("encode", f"anna{suffix}", "-m", checkpoints / BASE)
    assert encoded == (0, "codes.json: 40 frames of 16 codec tokens\n", "")
    if suffix == ".flac":
        assert json.loads((tmp_path / "codes.json").read_text()) == load(BASE).codec.encode_audio(audio)
    speech = ("clone", "Hi.", "-m", checkpoints / BASE, *TWO_FRAMES)
    said = program(*speech, "--reference", f"anna{suffix}", "-o", f"speech{suffix}")
    assert (said.status, said.err) == (0, "")
    assert soundfile.info(tmp_path / f"speech{suffix}").format == suffix[1:].upper()
    assert len(read_sound(tmp_path / f"speech{suffix}")[0]) == 2 * FRAME


# -- mistakes ---------------------------------------------------------------------------------------------------------


def test_a_mistake_is_one_line_and_status_1(checkpoints: Path, tmp_path: Path) -> None:
    """The line has the user's words as they are, even those that a terminal library takes for an emoji or a style."""
    file = tmp_path / ":cat: [red].wav"
    file.write_bytes(b"meow")
    result = run_alone("encode", file.name, "-m", checkpoints / BASE, directory=tmp_path)
    assert_one_line(
        result, "bad_audio", ": :cat: [red].wav is not a WAV file, nor FLAC, Ogg or MP3; convert it to one of them\n"
    )
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ("say", CUSTOM, "--voice", "nobody"),
            "unknown_voice",
            "no voice 'nobody'; this checkpoint has aiden, dylan, ",
        ),
        (("say", DESIGN), "bad_field", "(voice_design) speaks with designed voices, not with preset ones"),
        (("clone", CUSTOM, "--reference", "short.wav"), "bad_field", "(custom_voice) clones no voices"),
        (("clone", BASE, "--reference", "short.wav"), "bad_audio", "is only 2.9 s long; a voice needs at least 3 s"),
    ],
    ids=["unknown voice", "designed only", "clones none", "too short"],
)
def test_a_mistake_of_speech_is_told(
    arguments: tuple[str, ...], code: str, said: str, checkpoints: Path, program: Program, tmp_path: Path
) -> None:
    write_sound(tmp_path / "short.wav", to_pcm(reference_audio(2.9)), RATE)
    command, model, *options = arguments
    assert_one_line(program(command, "Hi.", "-m", checkpoints / model, *options), code, said)
    assert not (tmp_path / "speech.wav").exists()


def wav(rate: int, samples: bytes) -> bytes:
    """One channel of 32-bit float."""
    form = struct.pack("<HHIIHH", 3, 1, rate, 4 * rate % 2**32, 4, 32)
    return b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + form + b"data" + struct.pack("<I", len(samples)) + samples


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"ID3 and music", "bad_audio", "recording.wav is not a WAV file"),
        (wav(RATE, b""), r"\w+", "is empty"),
        (wav(RATE, struct.pack("<f", float("nan")) * RATE), "bad_audio", "no numbers"),
        (wav(0, bytes(4 * RATE)), r"\w+", "sample rate of 0 Hz"),
        (wav(2**32 - 1, bytes(4 * RATE)), r"\w+", "sample rate of 4294967295 Hz"),
    ],
    ids=["music", "empty", "not a number", "no rate", "an absurd rate"],
)
def test_a_bad_recording_is_told(
    content: bytes, code: str, said: str, checkpoints: Path, program: Program, tmp_path: Path
) -> None:
    (tmp_path / "recording.wav").write_bytes(content)
    assert_one_line(program("encode", "recording.wav", "-m", checkpoints / BASE), code, said)
    assert not (tmp_path / "codes.json").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "codes.json is not what encode writes"),
        ("{}", "is not what encode writes"),
        ("[" * 50_000, "is not what encode writes"),
        ("[[0.5]]", "is not what encode writes"),
        ("[]", "codes has no frame"),
        ("[[]]", "codes[0] has 0 tokens instead of 16"),
        (json.dumps([[0] * 16, [0] * 15]), "codes[1] has 15 tokens instead of 16"),
        (json.dumps([[0] * 15 + [2_048]]), "something else than integers within 0..2047"),
        (json.dumps([[0] * 15 + [-1]]), "something else than integers within 0..2047"),
        (json.dumps([[0] * 15 + [2**63]]), "something else than integers within 0..2047"),
        (json.dumps([[0] * 15 + [2**70]]), "codes"),
    ],
    ids=["nothing", "an object", "brackets without end", "fractions", "no frame", "no token", "a short frame",
         "too high", "negative", "beyond 63 bits", "beyond 64 bits"],
)  # fmt: skip
def test_broken_codes_are_told(content: str, said: str, checkpoints: Path, program: Program, tmp_path: Path) -> None:
    (tmp_path / "codes.json").write_text(content)
    assert_one_line(program("decode", "codes.json", "-m", checkpoints / BASE), "bad_field", said)
    assert not (tmp_path / "speech.wav").exists()


@pytest.mark.parametrize("device", ["", "nonsense", "cuda:99", "hpu", "meta"])
def test_a_bad_device_is_told(device: str, checkpoints: Path, program: Program, tmp_path: Path) -> None:
    (tmp_path / "codes.json").write_text(json.dumps(random_codes(2).tolist()))
    result = program("decode", "codes.json", "-m", checkpoints / BASE, device=device)
    assert_one_line(result, "bad_field", f"--device {device} cannot be used")


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ("config.json", "model/config.json cannot be read: No such file"),
        ("vocab.json", "model lacks vocab.json; the download may not have ended"),
        ("merges.txt", "model lacks merges.txt; the download may not have ended"),
        ("speech_tokenizer", "model/speech_tokenizer/config.json cannot be read: No such file"),
        ("*", "model/config.json cannot be read: No such file"),
    ],
)
def test_an_incomplete_model_is_told(
    gone: str, told: str, checkpoints: Path, recording: Path, program: Program, tmp_path: Path
) -> None:
    shutil.copytree(checkpoints / CUSTOM, tmp_path / "model", ignore=shutil.ignore_patterns(gone))
    command = ("encode", recording) if gone == "speech_tokenizer" else ("say", "Hi.")
    result = program(*command, "-m", "model")
    assert_one_line(result, "model_unavailable", told)


def test_a_codec_does_not_speak(checkpoints: Path, program: Program) -> None:
    result = program("say", "Hi.", "-m", checkpoints / BASE / "speech_tokenizer")
    assert_one_line(result, "model_unavailable", "is a codec without a talker")


@pytest.mark.parametrize(
    "arguments",
    [
        ("decode", "codes.json", "-o", "nowhere/speech.wav"),
        ("decode", "codes.json", "-o", "directory"),
        ("decode", "directory"),
        ("encode", "{recording}", "-o", "nowhere/codes.json"),
        ("encode", "{recording}", "-o", "directory"),
        ("clone", "Hi.", "--reference", "{recording}", "--save", "codes.json"),
    ],
    ids=" ".join,
)
def test_a_place_that_cannot_be_written_or_read_is_told(
    arguments: tuple[str, ...], checkpoints: Path, recording: Path, program: Program, tmp_path: Path
) -> None:
    (tmp_path / "codes.json").write_text(json.dumps(random_codes(2).tolist()))
    (tmp_path / "directory").mkdir()
    words = [word.format(recording=recording) for word in arguments]
    place = next(word for word in words if word.startswith(("nowhere", "directory")) or word == words[-1])
    assert_one_line(program(*words, "-m", checkpoints / BASE), r"\w+", place)


def test_standard_input_that_is_no_text_is_told(checkpoints: Path, program: Program) -> None:
    result = program("say", "-", "-m", checkpoints / CUSTOM, *TWO_FRAMES, given=b"\xff\xfe")
    assert_one_line(result, r"\w+", "UTF-8")
