"""The data directory: made on first use, with the number of its format."""

from pathlib import Path

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.settings import SettingsError

FORMAT = 1


def prepare(path: Path) -> Path:
    """Make or check it; returns `path`. Raises SettingsError if it cannot be used or is from a later version."""
    marker = path / "format"
    try:
        path.mkdir(parents=True, exist_ok=True)
        durable_files.tidy(path)
        if not (found := durable_files.read_line(marker)):
            found = str(FORMAT)
            durable_files.write_line(marker, found)
    except OSError as error:
        raise SettingsError(f"data_dir: cannot use {path}: {error.strerror}; give another with --data-dir") from error
    except ValueError as error:
        raise SettingsError(f"data_dir: {error}") from error
    if found != str(FORMAT):
        raise SettingsError(f"data_dir: {path} has format {found!r}, this version knows {FORMAT}")
    return path
