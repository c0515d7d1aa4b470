"""docs/model.md: its example speaks, its links lead somewhere."""

import re
from pathlib import Path

from tests.golden.cases import CUSTOM

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "model.md").read_text()


def test_the_example_speaks(checkpoints: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    played: list[bytes] = []
    code = code.replace("models/Qwen3-TTS-12Hz-1.7B-CustomVoice", str(checkpoints / CUSTOM))
    exec(code, {"play": played.append})  # noqa: S102  of our own page
    assert played
    assert all(len(pcm) == 2 * 1920 for pcm in played)


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (DOCS / target).exists(), target
