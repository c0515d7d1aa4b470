"""The line that a person is told to type reaches this very daemon."""

import sys
from pathlib import Path

import pytest

from qwen3tts_daemon.own_command import container_id, own_command

ID = "3f2a9c1b7d4e" + "0" * 52
DOCKER = f"2301 2290 254:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw\n"
PODMAN = f"900 880 0:49 /containers/storage/overlay-containers/{ID}/userdata/resolv.conf /etc/resolv.conf rw - tmpfs\n"
NONE = "22 1 254:1 / / rw,relatime - ext4 /dev/root rw\n30 22 0:26 / /etc/hostname rw - tmpfs tmpfs rw\n"


@pytest.mark.parametrize(("mounts", "found"), [(DOCKER, ID[:12]), (PODMAN, ID[:12]), (NONE, None), ("", None)])
def test_a_container_is_found_by_what_is_mounted_into_it(tmp_path: Path, mounts: str, found: str | None) -> None:
    (tmp_path / "mountinfo").write_text(NONE + mounts)
    assert container_id(tmp_path / "mountinfo") == found


def test_where_nothing_tells_there_is_none(tmp_path: Path) -> None:
    assert container_id(tmp_path / "mountinfo") is None


@pytest.mark.skipif(container_id() is not None, reason="this is a container that tells its id")
@pytest.mark.parametrize(
    ("started_as", "line"),
    [
        (".venv/bin/qwen3tts-daemon", ".venv/bin/qwen3tts-daemon pair --data-dir '/a b'"),
        ("/opt/voice/bin/qwen3tts-daemon", "/opt/voice/bin/qwen3tts-daemon pair --data-dir '/a b'"),
        ("/x/qwen3tts_daemon/__main__.py", f"{sys.executable} -m qwen3tts_daemon pair --data-dir '/a b'"),
    ],
)
def test_it_is_the_program_as_it_was_started(monkeypatch: pytest.MonkeyPatch, started_as: str, line: str) -> None:
    monkeypatch.setattr(sys, "argv", [started_as, "serve"])
    assert own_command("pair", "--data-dir", "/a b") == line


def test_one_that_shells_find_by_its_name_is_called_by_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "qwen3tts-daemon"
    program.touch(0o755)
    monkeypatch.setattr(sys, "argv", [str(program), "serve"])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert own_command("pair").endswith("qwen3tts-daemon pair")
    assert str(tmp_path) not in own_command("pair")
