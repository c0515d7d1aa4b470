"""Speak, design, clone, encode, decode and check with a checkpoint directory, without a daemon."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from qwen_tts.api import (
    AUTO,
    PCM_BYTES,
    Audio,
    ClonedVoice,
    CodePredictorSampling,
    DesignedVoice,
    Limits,
    PresetVoice,
    Sampling,
    SynthesisRequest,
    TextLayout,
    Voice,
)
from qwen_tts.audio.reference_audio import check_samples, mix
from qwen_tts.audio.samples import to_pcm
from qwen_tts.audio.sound_file import read_sound, write_sound
from qwen_tts.check import options as asked
from qwen_tts.check.run import run as run_check
from qwen_tts.checkpoint.codec import Codec
from qwen_tts.checkpoint.model import default_device, load_codec
from qwen_tts.errors import InvalidRequest, SynthesisError
from qwen_tts.offline.synthesizer import SynthesisStream, Synthesizer

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console(stderr=True)

DEVICES = ("cuda", "mps", "cpu")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

CheckpointOption = Annotated[
    Path, typer.Option("--model", "-m", help="a checkpoint directory as released", exists=True)
]
TextOption = Annotated[str, typer.Argument(help="what is spoken; - reads standard input")]
OutputOption = Annotated[Path, typer.Option("--output", "-o", help="the sound file to write: WAV, FLAC, Ogg or MP3")]
LanguageOption = Annotated[str, typer.Option(help="de en es fr it ja ko pt ru zh, or auto")]
InstructOption = Annotated[str, typer.Option(help="how it is spoken, in words")]
SeedOption = Annotated[int | None, typer.Option(help="the same seed, the same speech")]
GreedyOption = Annotated[bool, typer.Option("--greedy", help="always the likeliest token")]
SecondsOption = Annotated[float | None, typer.Option("--max-seconds", help="stop there even if the speech goes on")]
LayoutOption = Annotated[
    TextLayout,
    typer.Option("--text-layout", help="how the text is read: whole before the first sound, or streaming beside it"),
]
DeviceOption = Annotated[str | None, typer.Option(help="cuda, mps or cpu; by default the first that is there")]
DtypeOption = Annotated[
    Literal["float32", "bfloat16", "float16"] | None, typer.Option(help="by default what the device computes best")
]


@app.command()
def say(
    text: TextOption,
    model: CheckpointOption,
    voice: Annotated[str, typer.Option(help="a speaker of the checkpoint")] = "vivian",
    instruct: InstructOption = "",
    output: OutputOption = Path("speech.wav"),
    language: LanguageOption = AUTO,
    seed: SeedOption = None,
    greedy: GreedyOption = False,
    max_seconds: SecondsOption = None,
    text_layout: LayoutOption = "auto",
    device: DeviceOption = None,
    dtype: DtypeOption = None,
) -> None:
    """Speak with a preset voice (CustomVoice checkpoints)."""
    request = _request(text, PresetVoice(voice), language, instruct, seed, greedy, max_seconds, text_layout)
    _check_output(output)
    _speak(_load(model, device, dtype), request, output)


@app.command()
def design(
    text: TextOption,
    model: CheckpointOption,
    description: Annotated[str, typer.Option(help="the voice, in words")],
    output: OutputOption = Path("speech.wav"),
    language: LanguageOption = AUTO,
    seed: SeedOption = None,
    greedy: GreedyOption = False,
    max_seconds: SecondsOption = None,
    text_layout: LayoutOption = "auto",
    device: DeviceOption = None,
    dtype: DtypeOption = None,
) -> None:
    """Speak with a voice described by words (VoiceDesign checkpoints)."""
    request = _request(text, DesignedVoice(description), language, "", seed, greedy, max_seconds, text_layout)
    _check_output(output)
    _speak(_load(model, device, dtype), request, output)


@app.command()
def clone(
    text: TextOption,
    model: CheckpointOption,
    reference: Annotated[
        Path, typer.Option(help="a sound file of 3 to 30 s, or a directory that --save wrote", exists=True)
    ],
    transcript: Annotated[str | None, typer.Option(help="the words of the reference: a closer likeness")] = None,
    save: Annotated[Path | None, typer.Option(help="keep the voice in this directory")] = None,
    output: OutputOption = Path("speech.wav"),
    language: LanguageOption = AUTO,
    seed: SeedOption = None,
    greedy: GreedyOption = False,
    max_seconds: SecondsOption = None,
    text_layout: LayoutOption = "auto",
    device: DeviceOption = None,
    dtype: DtypeOption = None,
) -> None:
    """Speak with the voice of a recording (Base checkpoints)."""
    request = partial(
        _request, text, language=language, instruct="", seed=seed, greedy=greedy, max_seconds=max_seconds,
        text_layout=text_layout,
    )  # fmt: skip
    _check_output(output)
    if reference.is_dir():
        if transcript is not None:
            raise InvalidRequest(f"{reference} has its words already; leave --transcript out", param="transcript")
        synthesizer = _load(model, device, dtype)
        prompt = synthesizer.load_voice(reference)
    else:
        audio = _read_audio(reference)
        synthesizer = _load(model, device, dtype)
        prompt = synthesizer.encode_reference(audio, transcript)
    if save is not None:
        synthesizer.save_voice(prompt, save)
    _speak(synthesizer, request(voice=ClonedVoice(prompt)), output)


@app.command()
def encode(
    audio: Annotated[Path, typer.Argument(help="a sound file: WAV, FLAC, Ogg or MP3", exists=True)],
    model: CheckpointOption,
    output: Annotated[Path, typer.Option("--output", "-o", help="codec tokens as JSON, [frames][codebooks]")] = Path(
        "codes.json"
    ),
    device: DeviceOption = None,
) -> None:
    """Turn sound into codec tokens; the model may be a checkpoint or a codec alone."""
    codec = _load_codec(model, device)
    codes = codec.encode_audio(_read_audio(audio))
    output.write_bytes(msgspec.json.encode(codes))
    typer.echo(f"{output}: {len(codes)} frames of {codec.config.codebooks} codec tokens")


@app.command()
def decode(
    codes: Annotated[Path, typer.Argument(help="what encode wrote", exists=True)],
    model: CheckpointOption,
    output: OutputOption = Path("speech.wav"),
    device: DeviceOption = None,
) -> None:
    """Turn codec tokens into sound; the model may be a checkpoint or a codec alone."""
    codec = _load_codec(model, device)
    audio = codec.decode_audio(_read_codes(codes))
    write_sound(output, audio.pcm, audio.sample_rate)
    typer.echo(f"{output}: {audio.duration_s:.2f} s of sound")


@app.command()
def check(
    checkpoints: Annotated[list[Path], typer.Argument(help="checkpoint directories as released", exists=True)],
    quick: asked.Quick = False,
    languages: asked.Languages = "",
    sentences: asked.Sentences = "",
    reference: asked.ReferenceFile = None,
    transcript: asked.Transcript = None,
    other: asked.Other = None,
    official: asked.Official = None,
    recogniser: asked.Recogniser = None,
    report: asked.ReportFile = None,
    expectations: asked.ExpectationsFile = None,
    device: DeviceOption = None,
    dtype: DtypeOption = None,
) -> None:
    """Speak fixed texts, measure what comes of it, tell what is wrong: exit code 0 all well, 1 not, 2 nothing ran."""
    try:
        options = asked.CheckOptions(
            checkpoints=tuple(map(str, checkpoints)), languages=asked.listed(languages),
            sentences=asked.listed(sentences), quick=quick, reference=asked.reference_of(reference, transcript),
            other=other, official=official, recogniser=recogniser, report=report, expectations=expectations,
            engine={"device": str(_device(device)), "dtype": dtype},
        )  # fmt: skip
        raise typer.Exit(run_check(options))
    except SynthesisError as error:
        typer.echo(f"error ({error.code}): {error.message}", err=True)
        raise typer.Exit(asked.COULD_NOT_RUN) from None


def _request(
    text: str,
    voice: Voice,
    language: str,
    instruct: str,
    seed: int | None,
    greedy: bool,
    max_seconds: float | None,
    text_layout: TextLayout,
) -> SynthesisRequest:
    sampling = Sampling(seed=seed)
    if greedy:
        sampling = Sampling(temperature=0, code_predictor=CodePredictorSampling(temperature=0))
    return SynthesisRequest(
        text=_read_text() if text == "-" else text,
        voice=voice,
        language=language,
        instruct=instruct,
        sampling=sampling,
        limits=Limits(max_audio_s=max_seconds),
        text_layout=text_layout,
    )


def _read_text() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"standard input is not UTF-8: {error}", param="text") from error


def _check_output(path: Path) -> None:
    """Before the model is loaded: a mistake is said at once."""
    if path.is_dir() or not path.parent.is_dir():
        raise InvalidRequest(f"{path} cannot be written: name a file in a directory that exists", param="output")


def _speak(synthesizer: Synthesizer, request: SynthesisRequest, output: Path) -> None:
    """Write the sound file; print what it cost."""
    rate = synthesizer.capabilities.sample_rate
    started = time.perf_counter()
    with synthesizer.stream(request) as speech:
        pieces, ttfa_s = _collect(speech, rate, started)
    synthesis_s = time.perf_counter() - started
    pcm = b"".join(pieces)
    write_sound(output, pcm, rate)
    audio_s = len(pcm) / PCM_BYTES / rate
    assert speech.end is not None
    limit = "" if speech.end.reason == "complete" else ", stopped at the limit"
    rtf = f"{synthesis_s / audio_s:.2f}" if pieces else "-"
    typer.echo(f"{output}: {audio_s:.2f} s of sound{limit}; TTFA {ttfa_s:.3f} s, RTF {rtf}")


def _collect(speech: SynthesisStream, rate: int, started: float) -> tuple[list[bytes], float]:
    """The chunks, and the seconds to the first."""
    pieces: list[bytes] = []
    ttfa_s = float("nan")
    with console.status("speaking") as status:
        for chunk in speech:
            if not pieces:
                ttfa_s = time.perf_counter() - started
            pieces.append(chunk.pcm)
            status.update(f"speaking: {(chunk.first_sample + chunk.samples) / rate:.1f} s")
    return pieces, ttfa_s


def _load(model: Path, device: str | None, dtype: str | None) -> Synthesizer:
    with _bars() as progress:
        return Synthesizer.from_pretrained(
            model, device=_device(device), dtype=None if dtype is None else DTYPES[dtype], progress=progress
        )


def _load_codec(model: Path, device: str | None) -> Codec:
    with _bars() as progress:
        return load_codec(model, _device(device), progress=progress)


@contextmanager
def _bars() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar for each file that is loaded; on a terminal only."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        yield partial(_advance, bars, {})


def _advance(bars: Progress, tasks: dict[str, TaskID], file: str, done: int, total: int) -> None:
    if file not in tasks:
        tasks[file] = bars.add_task(f"loading {file}", total=total)
    bars.update(tasks[file], completed=done)


def _device(name: str | None) -> torch.device:
    if name is None:
        return default_device()
    if name.partition(":")[0] not in DEVICES:
        raise InvalidRequest(f"--device {name} cannot be used: choose one of {', '.join(DEVICES)}", param="device")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:  # no number, not compiled in, not there
        reason = str(error).splitlines()[0]
        raise InvalidRequest(f"--device {name} cannot be used: {reason}", param="device") from error


def _read_audio(path: Path) -> Audio:
    samples, rate = read_sound(path)
    check_samples(samples, rate)
    return Audio(pcm=to_pcm(mix(samples)), sample_rate=rate)


def _read_codes(path: Path) -> list[list[int]]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[list[int]])
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"{path} is not what encode writes: {error}", param="codes") from error


def main() -> None:
    """The program; bad input ends it with one line and status 1."""
    try:
        app()
    except SynthesisError as error:
        typer.echo(f"error ({error.code}): {error.message}", err=True)
        sys.exit(1)
    except OSError as error:
        typer.echo(f"error (file): {error.filename or ''}: {error.strerror}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
