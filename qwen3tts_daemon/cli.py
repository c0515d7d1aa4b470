"""The command line: `serve` (without a command), and what a person asks of a daemon, of a voice or of checkpoints."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from qwen3tts_daemon import __version__
from qwen3tts_daemon.commands import backup as backup_command
from qwen3tts_daemon.commands import bench as bench_command
from qwen3tts_daemon.commands import check as check_command
from qwen3tts_daemon.commands import config as config_command
from qwen3tts_daemon.commands import health as health_command
from qwen3tts_daemon.commands import lexicon as lexicon_command
from qwen3tts_daemon.commands import pair as pair_command
from qwen3tts_daemon.commands import phrases as phrases_command
from qwen3tts_daemon.commands import read as read_command
from qwen3tts_daemon.commands import say as say_command
from qwen3tts_daemon.commands import token as token_command
from qwen3tts_daemon.commands import voices as voices_command
from qwen3tts_daemon.commands.arguments import parse_uri, translate
from qwen3tts_daemon.commands.client import NoDaemon, ServerAddress, Wishes
from qwen3tts_daemon.commands.playback import NoPlayer
from qwen3tts_daemon.downloads import verify as verify_command
from qwen3tts_daemon.downloads.manifest import SourceName
from qwen3tts_daemon.environment import MODELSCOPE, MODELSCOPE_VARIABLES
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.hosting import checkpoints
from qwen3tts_daemon.hosting.speech_server import where_text_goes
from qwen3tts_daemon.settings import Settings, SettingsError, load_settings
from qwen3tts_daemon.text.lexicon import Entry, checked
from qwen3tts_daemon.text.sent_text import TextFormat
from qwen_tts.check import options as asked
from qwen_tts.config.engine import Weights
from qwen_tts.errors import SynthesisError

Result = TypeVar("Result")

app = typer.Typer(
    name="qwen3tts-daemon", no_args_is_help=False, add_completion=False, pretty_exceptions_enable=False,
    help="Voice daemon for Qwen3-TTS. Without a command it serves; `serve --help` lists its options.",
)  # fmt: skip

_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
UriOption = Annotated[str | None, typer.Option(help="A daemon's Wyoming address, tcp://HOST:PORT.")]
DeviceOption = Annotated[
    str | None, typer.Option(help="Where to play: a sink of PipeWire or PulseAudio, or a device of ALSA.")
]
VoiceOption = Annotated[str | None, typer.Option(help="A voice that `voices` lists.")]
ConfigFileOption = Annotated[Path | None, typer.Option("--config", help="TOML file, as for serve.")]
DataDirOption = Annotated[Path | None, typer.Option(help="Where caches live, as for serve.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Log everything.")]
ModelsDirectoryOption = Annotated[
    Path | None, typer.Option("--directory", help="Where they lie; empty means models.dir.")
]
WeightsOption = Annotated[
    Weights | None, typer.Option(help="As qwen.weights: auto (as they are in the checkpoint), int8, int4.")
]
ModelScopeEndpointOption = Annotated[str, typer.Option(envvar=[*MODELSCOPE_VARIABLES], help="For --from modelscope.")]
LanguageOption = Annotated[str | None, typer.Option(help="en, de, zh-CN, ...; detected from the text if left out.")]
NormalizationOption = Annotated[
    bool | None,
    typer.Option(
        "--text-normalization/--no-text-normalization",
        help="Put numbers, units, signs and abbreviations into words first, or not.",
    ),
]
FormatOption = Annotated[
    TextFormat | None, typer.Option(help="What the text is; left out, one that begins with <speak is SSML.")
]


@app.command(context_settings=_PASS_ON)
def serve(context: typer.Context) -> None:
    """Serve until SIGTERM. Every option is `--name value` of a setting, such as --http.port 8766."""
    # A server: more than half of all imports, and no other command needs it.
    from qwen3tts_daemon import daemon

    raise typer.Exit(daemon.run(_settings(context.args), arguments=translate(context.args)))


@app.command()
def say(
    text: Annotated[str | None, typer.Argument(help="What to say.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write a WAV file.")] = None,
    device: DeviceOption = None,
    stdin: Annotated[bool, typer.Option("--stdin", help="Speak standard input while it comes.")] = False,
    voice: VoiceOption = None,
    language: LanguageOption = None,
    uri: UriOption = None,
    text_normalization: NormalizationOption = None,
    text_format: FormatOption = None,
    chars_per_second: Annotated[float | None, typer.Option(min=0.1, help="Pace of --stdin.")] = None,
    config: ConfigFileOption = None,
    data_dir: DataDirOption = None,
    debug: DebugOption = False,
) -> None:
    """Speak a line, through a running daemon or without one."""
    if (text is None) == (not stdin):
        raise typer.BadParameter("give a text, or --stdin")
    wishes = Wishes(voice, language, text_normalization, text_format)
    if output is not None and device is not None:
        raise typer.BadParameter("give --output or --device")
    options = say_command.SayOptions(text, output, device, wishes, _address(uri), chars_per_second)
    _run(say_command.say(options, _common_settings(config, data_dir, debug)))


@app.command()
def read(
    text: Annotated[str, typer.Argument(help="What would be said.")],
    language: LanguageOption = None,
    voice: VoiceOption = None,
    text_normalization: NormalizationOption = None,
    text_format: FormatOption = None,
    json: Annotated[bool, typer.Option("--json", help="As POST /v1/text/spoken answers.")] = False,
    config: ConfigFileOption = None,
    data_dir: DataDirOption = None,
    debug: DebugOption = False,
) -> None:
    """Show what would be spoken of a text, a segment a line: its numbers, units and abbreviations in words."""
    wishes = Wishes(voice, language, text_normalization, text_format)
    spoken = _run(read_command.read(text, wishes, _common_settings(config, data_dir, debug)))
    if json:
        print(msgspec.json.format(msgspec.json.encode(spoken)).decode())
        return
    for segment in spoken.segments:
        print(segment.spoken)


@app.command()
def voices(
    uri: UriOption = None, config: ConfigFileOption = None, data_dir: DataDirOption = None, debug: DebugOption = False
) -> None:
    """List the voices."""
    settings = _common_settings(config, data_dir, debug)
    voices_command.show(_run(voices_command.list_voices(_address(uri), settings)))


@app.command()
def mcp(
    uri: UriOption = None,
    device: DeviceOption = None,
    config: ConfigFileOption = None,
    data_dir: DataDirOption = None,
    debug: DebugOption = False,
) -> None:
    """Give assistants a voice, over standard input and output: a server of the Model Context Protocol."""
    # An extra, with a second of imports.
    from qwen3tts_daemon.commands import mcp as mcp_command

    settings = _common_settings(config, data_dir, debug)
    _run(mcp_command.serve(_address(uri) or ServerAddress("127.0.0.1", settings.wyoming.port), device))


@app.command(context_settings={**_PASS_ON, "help_option_names": ["--help"]})
def pair(
    context: typer.Context,
    open: Annotated[bool, typer.Option("--open", help="In this machine's browser.")] = False,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="All browsers that were let in have to come anew.")] = False,
) -> None:
    """Let a browser in without the token: a link, and six letters for a phone. Takes the options of `serve`."""
    settings = _settings(context.args)
    if forget:
        _run(pair_command.forget(settings))
        print("No browser is paired any more.")
        return
    invited = _run(pair_command.invite(settings))
    if json:
        print(msgspec.json.encode(invited).decode())
        return
    if open and pair_command.open_browser(invited):
        print("The page opens in the browser.")
        return
    print(pair_command.told(invited, has_picture=sys.stdout.isatty()))
    if open:
        _die("no browser could be opened here")


@app.command(context_settings={**_PASS_ON, "help_option_names": ["--help"]})
def token(
    context: typer.Context,
    rotate: Annotated[bool, typer.Option("--rotate", help="Make another; what the old one opened is closed.")] = False,
) -> None:
    """Tell where the daemon's token lies, or put another one there. Takes the options of `serve`."""
    settings = _settings(context.args)
    with _told_in_a_line():
        path = token_command.path_of(settings)
    if not rotate:
        print(path)
        return
    rotated = _run(token_command.rotate(settings))
    print(f"Another token is in {path}.")
    print(
        "The daemon has it: all browsers have to be paired anew." if rotated.is_running else "No daemon runs here now."
    )


@app.command(context_settings={**_PASS_ON, "help_option_names": ["--help"]})
def phrases(
    context: typer.Context,
    clear: Annotated[bool, typer.Option("--clear", help="Delete all that is kept.")] = False,
) -> None:
    """Tell how much sound is kept so that it begins at once, or delete it. Takes the options of `serve`."""
    command = phrases_command.clear if clear else phrases_command.kept
    print(_run(command(_settings(context.args))))


@app.command(context_settings=_PASS_ON)
def health(context: typer.Context) -> None:
    """Ask a running daemon whether it is ready; the exit code says so. Takes the options of `serve`."""
    checks = _run(health_command.check(_settings(context.args)))
    for check in checks:
        print(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.detail}")
    raise typer.Exit(0 if all(check.ok for check in checks) else 1)


@app.command(context_settings=_PASS_ON)
def config(context: typer.Context) -> None:
    """Show every option, its value and where it came from; --example prints the example file, --markdown the page."""
    documents = {"--example": config_command.example, "--markdown": config_command.markdown}
    if len(context.args) == 1 and (document := documents.get(context.args[0])):
        print(document(), end="")
        return
    arguments = translate(context.args)
    settings = _settings(context.args)
    table = Table("option", "value", "from", box=None)
    for name, value, source in config_command.effective(settings, arguments):
        table.add_row(name, str(value), source)
    Console().print(table)
    if where := where_text_goes(settings):
        print(f"\n{where}")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Such as voice.tar.gz; - for standard output.")],
    without_secrets: Annotated[
        bool, typer.Option("--without-secrets", help="Leave out the token, and which browsers are paired.")
    ] = False,
    config: ConfigFileOption = None,
    data_dir: DataDirOption = None,
    debug: DebugOption = False,
) -> None:
    """Write what nobody can make again into one file, while the daemon runs: voices, lexicon, config file, token."""
    settings = _common_settings(config, data_dir, debug)
    if file == backup_command.STANDARD_OUTPUT and sys.stdout.isatty():
        raise typer.BadParameter("a terminal is no place for it: backup - > FILE")
    with _told_in_a_line():
        written = backup_command.back_up(file, settings, with_secrets=not without_secrets)
    for line in backup_command.told_of_backup(written, settings):
        print(line, file=sys.stderr)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `backup` has written.")],
    replace: Annotated[bool, typer.Option("--replace", help="In the place of what is there.")] = False,
    config: ConfigFileOption = None,
    data_dir: DataDirOption = None,
    debug: DebugOption = False,
) -> None:
    """Bring a backup into the data directory, all of it or nothing; no daemon may run on it."""
    settings = _common_settings(config, data_dir, debug)
    with _told_in_a_line():
        restored = backup_command.bring_back(file, settings, replace=replace)
    for line in backup_command.told_of_restored(restored, settings):
        print(line)


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="Checkpoints; the settings' or all if none.")] = None,
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
    weights: WeightsOption = None,
    config: ConfigFileOption = None,
    data_dir: DataDirOption = None,
    debug: DebugOption = False,
    directory: ModelsDirectoryOption = None,
) -> None:
    """Let checkpoints speak fixed texts, measure what comes of it, and tell what is wrong (docs/check.md).

    The exit code says 0: all well, 1: something is wrong, 2: nothing could be checked.
    """
    settings = _common_settings(config, data_dir, debug)
    try:
        options = asked.CheckOptions(
            checkpoints=check_command.found(names or (), settings, directory or settings.models_path),
            engine=settings.qwen.engine_options | ({} if weights is None else {"weights": weights}),
            languages=asked.listed(languages), sentences=asked.listed(sentences),
            quick=quick, reference=asked.reference_of(reference, transcript), other=other, official=official,
            recogniser=recogniser, report=report, expectations=expectations,
        )  # fmt: skip
        raise typer.Exit(check_command.check(options, settings))
    except (SynthesisError, SettingsError, verify_command.NoSuchCheckpoint) as error:
        _die(str(error), asked.COULD_NOT_RUN)


@app.command()
def bench(
    checkpoint: Annotated[
        list[str] | None, typer.Option("--checkpoint", help="A checkpoint; one of each size that is there if none.")
    ] = None,
    weights: Annotated[
        str, typer.Option(help="Of auto, int8 and int4, with commas between; what makes sense here if left out.")
    ] = "",
    threads: Annotated[int | None, typer.Option(min=1, help="Of the CPU; as the settings say if left out.")] = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: ConfigFileOption = None,
    data_dir: DataDirOption = None,
    debug: DebugOption = False,
    directory: ModelsDirectoryOption = None,
) -> None:
    """Measure what this machine speaks in real time, which `engine = "auto"` goes by (docs/hardware.md).

    Best while nothing else runs. The exit code says 0: measured, 1: nothing could be.
    """
    settings = _common_settings(config, data_dir, debug)
    try:
        with _told_in_a_line():
            plan = bench_command.plan(checkpoint or (), asked.listed(weights), threads, settings, directory)
    except verify_command.NoSuchCheckpoint as error:
        _die(str(error))
    results = _run(bench_command.bench(plan))
    if json:
        print(bench_command.as_json(results))
    else:
        bench_command.show(results, settings.qwen.auto_rtf)
    raise typer.Exit(0 if bench_command.is_anything_measured(results) else 1)


_CHECKPOINT_NAMES = ", ".join(map(checkpoints.short, checkpoints.CHECKPOINTS))
models_app = typer.Typer(help="The Qwen3-TTS checkpoints.", no_args_is_help=True)
app.add_typer(models_app, name="models")


@models_app.command()
def download(
    names: Annotated[list[str] | None, typer.Argument(help=f"Any of {_CHECKPOINT_NAMES}; the first if none.")] = None,
    config: ConfigFileOption = None,
    data_dir: DataDirOption = None,
    debug: DebugOption = False,
    directory: ModelsDirectoryOption = None,
    offline: Annotated[bool, typer.Option("--offline", help="Fetch nothing, verify what is there.")] = False,
    source: Annotated[SourceName, typer.Option("--from", help="Where they come from.")] = SourceName.HUGGINGFACE,
    modelscope_endpoint: ModelScopeEndpointOption = MODELSCOPE,
) -> None:
    """Fetch checkpoints of Qwen3-TTS; what is there and right is not fetched again."""
    # Half a second of imports that no other command needs.
    from qwen3tts_daemon.downloads import download as download_command
    from qwen3tts_daemon.downloads.source import DownloadFailed

    settings = _common_settings(config, data_dir, debug)
    models = directory or settings.models_path
    fetch_from = download_command.source_called(source, modelscope_endpoint)
    try:
        for path in download_command.download(
            names or (), models, fetch_from, offline=offline or settings.models.offline
        ):
            print(path)
    except DownloadFailed as error:
        _die(str(error))


@models_app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Checkpoints; all that are there if none.")] = None,
    config: ConfigFileOption = None,
    data_dir: DataDirOption = None,
    debug: DebugOption = False,
    directory: ModelsDirectoryOption = None,
) -> None:
    """Read every file and compare it with what was downloaded; the exit code says whether all are whole."""
    models = directory or _common_settings(config, data_dir, debug).models_path
    bad = False
    try:
        for folder in verify_command.folders(names or (), models):
            with Console(stderr=True).status(f"reading {folder.name}"):
                verdict = verify_command.verify(folder)
            print(verdict.line)
            bad = bad or bool(verdict.problems)
    except verify_command.NoSuchCheckpoint as error:
        _die(str(error))
    raise typer.Exit(1 if bad else 0)


@models_app.command("list")
def list_models(
    config: ConfigFileOption = None,
    data_dir: DataDirOption = None,
    debug: DebugOption = False,
    directory: ModelsDirectoryOption = None,
) -> None:
    """The checkpoints that are there, the one that speaks by itself first, and what is wrong with others."""
    found = checkpoints.scan(directory or _common_settings(config, data_dir, debug).models_path)
    for one in found.checkpoints:
        print(f"{one.name}: {one.kind}, {one.size}")
    for broken in found.broken:
        print(f"{broken.path.name}: cannot be used: {broken.reason}", file=sys.stderr)


lexicon_app = typer.Typer(help="How words are said (docs/text.md).", no_args_is_help=True)
app.add_typer(lexicon_app, name="lexicon")
WrittenArgument = Annotated[str, typer.Argument(help="A word or phrase as it is written.")]
EntryLanguageOption = Annotated[str, typer.Option("--language", help="In which; every one if left out.")]
EntryVoiceOption = Annotated[str, typer.Option("--voice", help="Who says it so; everybody if left out.")]


@lexicon_app.command("list")
def list_words(config: ConfigFileOption = None, data_dir: DataDirOption = None, debug: DebugOption = False) -> None:
    """All words, and how they are said."""
    settings = _common_settings(config, data_dir, debug)
    with _told_in_a_line():
        lexicon_command.show(lexicon_command.entries(settings))


@lexicon_app.command("add")
def add_word(
    written: WrittenArgument,
    say: Annotated[str, typer.Argument(help="As it sounds, in other words.")] = "",
    language: EntryLanguageOption = "",
    voice: EntryVoiceOption = "",
    pinyin: Annotated[str, typer.Option(help="In Chinese: chong2 qing4.")] = "",
    ipa: Annotated[str, typer.Option(help="The sounds, for the preview voice.")] = "",
    config: ConfigFileOption = None,
    data_dir: DataDirOption = None,
    debug: DebugOption = False,
) -> None:
    """Say a word so from now on; a running daemon does within seconds."""
    settings = _common_settings(config, data_dir, debug)
    entry = Entry(written=written, say=say, language=language, voice=voice, pinyin=pinyin, ipa=ipa)
    with _told_in_a_line():
        kept = lexicon_command.add(entry, settings)
        print(f"{kept.written}: {lexicon_command.said(kept)}")


@lexicon_app.command("remove")
def remove_word(
    written: WrittenArgument,
    language: EntryLanguageOption = "",
    voice: EntryVoiceOption = "",
    config: ConfigFileOption = None,
    data_dir: DataDirOption = None,
    debug: DebugOption = False,
) -> None:
    """Say a word again as it is written."""
    settings = _common_settings(config, data_dir, debug)
    with _told_in_a_line():
        lexicon_command.remove(Entry(written=written, language=language, voice=voice), settings)


@lexicon_app.command("try")
def try_word(
    written: WrittenArgument,
    say: Annotated[str, typer.Argument(help="As it would sound.")],
    text: Annotated[str, typer.Argument(help="A text with the word in it.")],
    language: LanguageOption = None,
    config: ConfigFileOption = None,
    data_dir: DataDirOption = None,
    debug: DebugOption = False,
) -> None:
    """Show what would be spoken of a text if a word were said so; nothing is kept."""
    settings = _common_settings(config, data_dir, debug)
    with _told_in_a_line():
        words = [checked(Entry(written=written, say=say))]
        for segment in _run(read_command.read(text, Wishes(language=language), settings, words)).segments:
            print(segment.spoken)


def main() -> NoReturn:
    """The program `qwen3tts-daemon`."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["--version"]:
        print(__version__)
        sys.exit(0)
    commands = set(typer.main.get_group(app).commands)
    if not arguments or (arguments[0] not in commands and arguments[0] != "--help"):
        arguments = ["serve", *arguments]
    app(arguments)
    raise AssertionError("typer exits by itself")


def _settings(arguments: list[str]) -> Settings:
    try:
        return load_settings(translate(arguments))
    except SettingsError as error:
        _die(str(error))


def _common_settings(config: Path | None, data_dir: Path | None, debug: bool) -> Settings:
    given = [("--config", config), ("--data-dir", data_dir)]
    arguments = [word for name, value in given if value is not None for word in (name, str(value))]
    settings = _settings([*arguments, "--log-level", "debug" if debug else "warning"])
    logging.basicConfig(level=settings.log_level.upper())
    return settings


def _address(uri: str | None) -> ServerAddress | None:
    try:
        return ServerAddress(*parse_uri(uri)) if uri else None
    except SettingsError as error:
        _die(str(error))


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command; what a user can act on is one line, not a traceback."""
    try:
        return asyncio.run(work)
    except* (SynthesisError, NoDaemon, NoPlayer, SettingsError) as group:
        _die(str(_innermost(group)))
    except* KeyboardInterrupt:
        sys.exit(130)


@contextlib.contextmanager
def _told_in_a_line() -> Iterator[None]:
    """What a user can act on is one line, not a traceback."""
    try:
        yield
    except (SynthesisError, SettingsError, Refusal) as error:
        _die(str(error))


def _innermost(error: BaseException) -> BaseException:
    """What happened first; task groups wrap it."""
    return _innermost(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _die(message: str, status: int = 1) -> NoReturn:
    print(f"qwen3tts-daemon: {message}", file=sys.stderr)
    sys.exit(status)
