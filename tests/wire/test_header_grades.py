"""Everything that the daemon answers is asked for, and has full marks: scripts/grade_headers.py."""

from pathlib import Path

from scripts.grade_headers import grade, table_of
from tests.wire.daemons import tone_daemon


def test_every_answer_has_full_marks(tmp_path: Path) -> None:
    with tone_daemon(tmp_path) as daemon:
        _, port = daemon.ready()
        grades = grade(f"http://127.0.0.1:{port}", (tmp_path / "token").read_text().strip())
    assert all(len(answers) > 200 for answers in grades.values())
    assert "not:" not in table_of(grades), table_of(grades)
