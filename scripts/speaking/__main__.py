"""python -m scripts.speaking: the stages one by one, or all of them. See the package's docstring."""

import argparse
import sys
import time
from pathlib import Path

from scripts.speaking.corpus import FORTUNES, WORDNET, sentences
from scripts.speaking.log import say
from scripts.speaking.side_by_side import SideBySide


def main() -> None:
    options = _parser().parse_args()
    work: Path = options.work
    sound: Path = options.sound or work / "sound"
    work.mkdir(parents=True, exist_ok=True)
    sound.mkdir(parents=True, exist_ok=True)
    # A stage imports what it needs: torch is of no use to the teacher's processes.
    match options.stage:
        case "texts":
            from scripts.speaking.text_tokens import train_tokenizer

            texts = sentences(options.wordnet, options.fortunes)
            (work / "texts.txt").write_text("\n".join(texts) + "\n", "utf-8")
            train_tokenizer(texts, work / "tokenizer")
            say("texts", sentences=len(texts))
        case "sound":
            _synthesise(work, sound, options.seconds, options.processes, options.turn)
        case "codec":
            from scripts.speaking.train_codec import train_codec

            train_codec(sound, work, options.seconds, options.rows or 40, options.hours)
        case "speaker":
            from scripts.speaking.speaker_encoder import train_speaker_encoder

            train_speaker_encoder(sound, work, options.seconds, options.rows or 96, options.hours)
        case "decoder":
            from scripts.speaking.polish_decoder import polish_decoder

            polish_decoder(sound, work, options.seconds, options.rows or 40, options.hours)
        case "codes":
            from scripts.speaking.encode import encode

            encode(sound, work, options.seconds, removes=options.remove_sound)
        case "talker":
            from scripts.speaking.train_talker import train_talker

            train_talker(
                work, (work / "texts.txt").read_text("utf-8").splitlines(), options.seconds,
                settle=options.settle, positions=options.positions,
            )  # fmt: skip
        case "export":
            from scripts.speaking.export import export

            export(work, work / "checkpoints")
            files = (path for path in (work / "checkpoints").rglob("*") if path.is_file() and not path.is_symlink())
            say("export", megabytes=sum(path.stat().st_size for path in files) / 1e6)
        case "all":
            _run_all(options, sound)


def _synthesise(work: Path, sound: Path, seconds: float, processes: int, turn: int) -> None:
    from multiprocessing import connection, get_context

    from scripts.speaking.teacher import synthesise

    until, context = time.time() + seconds, get_context("spawn")
    workers = [
        context.Process(target=synthesise, args=(work / "texts.txt", sound, index, processes, turn, until), daemon=True)
        for index in range(processes)
    ]
    for worker in workers:
        worker.start()
    while running := [worker for worker in workers if worker.exitcode is None]:
        connection.wait([worker.sentinel for worker in running])
        if failed := [worker for worker in workers if worker.exitcode]:
            raise SystemExit(f"sound: {failed[0].name} failed with status {failed[0].exitcode}")


def _run_all(options: argparse.Namespace, sound: Path) -> None:
    """The whole recipe in `seconds`: sound most of the time, a third of it for the codec, the rest for the talker."""
    total: float = options.seconds
    codec, speaker, decoder = 0.26 * total, 0.03 * total, 0.11 * total
    talker = total - codec - speaker - decoder
    codes = _command(options, sound, "codes", 0.6 * talker)
    with SideBySide() as stages:
        if not (options.work / "texts.txt").exists():
            stages.run("texts", _command(options, sound, "texts", 0))
        stages.begin("sound", _command(options, sound, "sound", 0.6 * total))
        stages.run("codec", _command(options, sound, "codec", codec))
        stages.run("speaker", _command(options, sound, "speaker", speaker))
        if not options.remove_sound:  # else the decoder reads it first
            stages.begin("codes", codes)
        stages.run("decoder", _command(options, sound, "decoder", decoder))
        if options.remove_sound:
            stages.begin("codes", codes)
        stages.run("talker", _command(options, sound, "talker", talker))
        stages.wait_for("sound", "codes")
        stages.run("export", _command(options, sound, "export", 0))


def _command(options: argparse.Namespace, sound: Path, stage: str, seconds: float) -> list[str]:
    known = ("wordnet", "fortunes", "processes", "turn", "hours", "positions", "settle", "rows")
    arguments = [f"--{name}={value}" for name in known if (value := getattr(options, name)) is not None]
    if options.remove_sound:
        arguments.append("--remove-sound")
    command = (stage, str(options.work), f"--seconds={seconds}", f"--sound={sound}", *arguments)
    return [sys.executable, "-m", "scripts.speaking", *command]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    stages = ("texts", "sound", "codec", "speaker", "decoder", "codes", "talker", "export", "all")
    parser.add_argument("stage", choices=stages)
    parser.add_argument("work", type=Path, help="where everything is read and written")
    parser.add_argument("--seconds", type=float, default=3600, help="the stage's time")
    parser.add_argument("--sound", type=Path, help="where the teacher's sound is (default: WORK/sound)")
    parser.add_argument("--hours", type=float, default=60, help="most sound to hold on the card, 173 MB an hour")
    parser.add_argument("--remove-sound", action="store_true", help="once it is codes")
    parser.add_argument("--processes", type=int, default=14, help="that synthesise")
    parser.add_argument("--turn", type=int, default=0, help="of the teacher: each says the same texts in another way")
    parser.add_argument("--rows", type=int, help="of a batch, where its rows are of one length")
    parser.add_argument("--positions", type=int, default=32_000, help="of a talker's batch")
    parser.add_argument("--settle", type=float, default=0.4, help="share of the talker's time; 0: it will go on")
    parser.add_argument("--wordnet", type=Path, default=WORDNET)
    parser.add_argument("--fortunes", type=Path, default=FORTUNES)
    return parser


if __name__ == "__main__":
    main()
