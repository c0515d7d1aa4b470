"""What nobody can make again: into a file while the daemon runs, and back into its place while it does not."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from qwen3tts_daemon.data_dir import backup as backups
from qwen3tts_daemon.data_dir import contents, format, restore
from qwen3tts_daemon.data_dir.archive import BadBackup, Manifest
from qwen3tts_daemon.data_dir.lock import DirectoryLock
from qwen3tts_daemon.data_dir.snapshot import StillChanging
from qwen3tts_daemon.options import every_option
from qwen3tts_daemon.settings import Settings, SettingsError

STANDARD_OUTPUT = Path("-")
_SAID_OTHERWISE = ("config", "data_dir", "lexicon.file", "models.dir", "qwen.cache_dir")
"""Paths of the settings that are in the backup, or that hold what can be fetched or made again"""


def back_up(file: Path, settings: Settings, *, with_secrets: bool) -> Manifest:
    """In place of what is there; `-` is standard output. Raises SettingsError."""
    directory = settings.data_path
    found = format.read(directory)
    if found is None:
        raise SettingsError(f"there is no data directory at {directory}: give the --data-dir that the daemon has")
    format.check(directory)
    elsewhere = {contents.LEXICON: settings.lexicon_path}
    if settings.config is not None:
        elsewhere[contents.CONFIG] = settings.config
    try:
        with DirectoryLock(directory) as lock:
            if not lock.share():
                raise SettingsError(f"{directory} is being restored at this moment")
            if file == STANDARD_OUTPUT:
                return backups.write(
                    sys.stdout.buffer,
                    directory,
                    data_format=found.format,
                    elsewhere=elsewhere,
                    with_secrets=with_secrets,
                )
            return backups.write_file(
                file, directory, data_format=found.format, elsewhere=elsewhere, with_secrets=with_secrets
            )
    except PermissionError as error:
        raise SettingsError(
            f"{error.filename}: {error.strerror}; run this as the daemon's user, or with sudo"
        ) from error
    except OSError as error:
        raise SettingsError(f"no backup was written: {error}") from error
    except (StillChanging, BadBackup) as error:
        raise SettingsError(f"no backup was written: {error}") from error


def bring_back(file: Path, settings: Settings, *, replace: bool) -> Manifest:
    """Into the data directory of these settings. Raises SettingsError."""
    try:
        return restore.restore(file, settings.data_path, replace=replace)
    except BadBackup as error:
        raise SettingsError(f"{file} is not restored, and nothing was changed: {error}") from error
    except PermissionError as error:
        raise SettingsError(
            f"{error.filename}: {error.strerror}; run this as the daemon's user, or with sudo"
        ) from error
    except OSError as error:
        raise SettingsError(f"{file} is not restored: {error}") from error


def told_of_backup(manifest: Manifest, settings: Settings) -> Iterator[str]:
    """For people, a line each."""
    yield f"In it: {_listed(manifest)}."
    if manifest.has_secrets:
        yield "Whoever can read it has the daemon's token, and the voices of people: keep it as you would keep both."
    else:
        yield "The token and the browsers that are paired are not in it; voices of people are."
    if (tls := settings.data_path / contents.TLS).is_dir():
        yield f"Not in it: the certificate that was made here, and its key ({tls}). A daemon without them makes others."
    if outside := list(_outside(settings)):
        yield f"Not in it, as the settings only name it: {', '.join(outside)}."


def told_of_restored(manifest: Manifest, settings: Settings) -> Iterator[str]:
    """For people, a line each."""
    yield f"{settings.data_path} holds what there was on {manifest.created_at}, with version {manifest.version}:"
    yield f"  {_listed(manifest)}."
    if not manifest.has_secrets:
        yield "The backup has no token: the one that was there stays, or the next start makes one."
    for name, path in manifest.came_from.items():
        yield f"{name} was {path}: it lies in the data directory now; put it where the settings have it."


def _listed(manifest: Manifest) -> str:
    tops = Counter(file.name.partition("/")[0] for file in manifest.files)
    voices = {file.name.split("/")[1] for file in manifest.files if file.name.startswith(f"{contents.VOICES}/")}
    singles = [name for name in tops if name != contents.VOICES]
    return ", ".join([f"voices: {len(voices)}", *singles])


def _outside(settings: Settings) -> Iterator[str]:
    """Files that the settings name."""
    for option in every_option():
        path = option.value_in(settings) if option.kind == "path" and option.name not in _SAID_OTHERWISE else None
        if path is not None:
            yield f"{path} ({option.name})"
    if Path(settings.speech.chime).is_file():
        yield f"{settings.speech.chime} (speech.chime)"
