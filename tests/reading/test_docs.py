"""docs/text.md: every example in its tables is what is spoken."""

import re
from pathlib import Path

import pytest

from qwen3tts_daemon.reading.reader import spoken
from qwen3tts_daemon.settings import load_settings
from qwen3tts_daemon.text.clean import speakable
from qwen_tts.config.languages import LANGUAGES

PAGE = (Path(__file__).parents[2] / "docs" / "text.md").read_text("utf-8")
READ = re.findall(r"^\| ([a-z]{2}) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("language", "written", "said"), READ)
def test_what_the_page_says_is_spoken(language: str, written: str, said: str) -> None:
    assert spoken(speakable(written), language) == said


def test_every_language_has_examples() -> None:
    assert all(sum(code == language for code, _, _ in READ) >= 6 for language in LANGUAGES)


def test_the_page_sets_what_can_be_set(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "config.toml").write_text(block)
    assert load_settings(["--config", str(tmp_path / "config.toml")]).speech.text_normalization is False
