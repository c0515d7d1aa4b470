"""No text that speech is judged by is learned from: unseen.txt has each, and the recipe keeps out what stands there."""

from pathlib import Path

import pytest

from benchmarks.words import SENTENCES
from scripts.speaking.corpus import UNSEEN, sentences
from tests.speaking.recorded_teacher import TEXTS

JUDGED = (*SENTENCES.read_text("utf-8").splitlines(), *TEXTS)


@pytest.mark.parametrize("text", JUDGED)
def test_what_is_judged_by_is_unseen(text: str) -> None:
    assert text in UNSEEN.read_text("utf-8").splitlines()


def test_what_is_unseen_is_not_learned_from(tmp_path: Path) -> None:
    for kind in ("noun", "verb", "adj", "adv"):
        (tmp_path / f"data.{kind}").write_text("00001740 03 n 01 lantern 0 000 | a lamp\n")
    (tmp_path / "fortunes").mkdir()
    unseen = UNSEEN.read_text("utf-8").splitlines()
    (tmp_path / "fortunes" / "home").write_text("\n%\n".join((*unseen, "The lantern is a friend.")))
    learned = set(sentences(tmp_path, tmp_path / "fortunes"))
    assert "The lantern is a friend." in learned
    assert learned.isdisjoint(unseen)
