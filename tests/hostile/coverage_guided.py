"""One target under atheris, which mutates what has reached new lines.

python -m tests.hostile.coverage_guided NAME SECONDS SEED

It ends with status 0 after so many seconds, else with the bytes that broke the law and the error. Start it by long.py.
"""

import hashlib
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["qwen3tts_daemon", "qwen_tts"], enable_loader_override=False):
    from tests.hostile.target import Target
    from tests.hostile.targets import TARGETS

LONGEST = 4_096
"""Bytes of an example"""


def options(target: Target, directory: Path, seconds: int, seed: int) -> list[str]:
    """Of libFuzzer."""
    corpus, words = directory / "corpus", directory / "words"
    corpus.mkdir()
    for example in target.seeds:
        (corpus / hashlib.sha256(example).hexdigest()).write_bytes(example)
    words.write_text("".join(f'"{escaped(word)}"\n' for word in target.words))
    return [
        f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={LONGEST}", "-len_control=0", "-timeout=20",
        *([f"-dict={words}"] if target.words else []),
        "-rss_limit_mb=2048", f"-artifact_prefix={directory}/", "-print_final_stats=1", str(corpus),
    ]  # fmt: skip


def escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def main() -> None:
    name, seconds, seed = sys.argv[1:]
    target = TARGETS[name]

    def check(data: bytes) -> None:
        try:
            target.check(data)
        except Exception:
            print(f"\nBROKEN by {data!r}", flush=True)
            raise

    with tempfile.TemporaryDirectory() as directory:
        atheris.Setup([sys.argv[0], *options(target, Path(directory), int(seconds), int(seed))], check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
