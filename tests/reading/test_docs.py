"""docs/text.md: every example in its tables is what is spoken."""

import re
from pathlib import Path

import pytest

from qwen3tts_daemon.reading.reader import spoken
from qwen3tts_daemon.settings import load_settings
from qwen3tts_daemon.text.clean import speakable
from qwen3tts_daemon.text.segments import LiveSegmenter
from qwen_tts.config.languages import LANGUAGES

PAGE = (Path(__file__).parents[2] / "docs" / "text.md").read_text("utf-8")
NOT_SPOKEN = re.findall(r"^\| `(.+)` \| (.+?) \|$", PAGE, re.MULTILINE)
READ = re.findall(r"^\| ([a-z]{2}) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("language", "written", "said"), READ)
def test_what_the_page_says_is_spoken(language: str, written: str, said: str) -> None:
    assert spoken(speakable(written), language) == said


@pytest.mark.parametrize(("written", "said"), NOT_SPOKEN)
def test_what_the_page_says_is_left_out_is_not_spoken(written: str, said: str) -> None:
    segmenter = LiveSegmenter()
    segments = [*segmenter.feed(written.replace("⏎", "\n").replace(r"\|", "|")), *segmenter.end()]
    assert " ".join(segment.text for segment in segments) == said


def test_every_language_has_examples() -> None:
    assert all(sum(code == language for code, _, _ in READ) >= 6 for language in LANGUAGES)


def test_the_page_sets_what_can_be_set(tmp_path: Path) -> None:
    (block,) = (block for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if "text_normalization" in block)
    (tmp_path / "config.toml").write_text(block)
    assert load_settings(["--config", str(tmp_path / "config.toml")]).speech.text_normalization is False
