"""The settings of a daemon that runs: told, changed, kept in the config file, and put to use.

- Only what is marked `OnPage` where it is defined can be changed. The command line and the environment go before the
  file, so what they set is locked.
- A change is checked whole, then written, then used. Where no file can be written, what is used at once holds until the
  daemon ends, and is told to come from the page; what waits for the next start is refused: it would be lost.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from pydantic import ValidationError

from qwen3tts_daemon.config_file import ConfigFile
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.options import Option, Origin, dig, every_option, origin_of
from qwen3tts_daemon.settings import Settings, SettingsError, read_config_file
from qwen3tts_daemon.settings_errors import did_you_mean, reason_of
from qwen3tts_daemon.write_threads import in_write_thread

logger = logging.getLogger(__name__)

_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class LiveOption:
    """One that may be changed, and what it is now."""

    option: Option
    at_once: bool
    """It is used for the next utterance; else from the next start on"""
    value: Any
    origin: Origin


class LiveSettings:
    """See the module."""

    def __init__(
        self, settings: Settings, arguments: Sequence[str] = (), *,
        check: Callable[[Settings], None] = lambda _: None, use: Callable[[Settings], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """`arguments`: the command line. `check` raises SettingsError for settings that `use` could not use."""
        self.settings = settings
        self.file = ConfigFile(settings.config)
        self._check, self._use = check, use
        in_file = read_config_file(settings.config) if settings.config else {}
        self._marked = {option.name: (option, mark) for option in every_option() if (mark := option.on_page)}
        self._in_file = {name for name in self._marked if dig(in_file, name) is not None}
        self._origins = {name: origin_of(name, arguments, in_file) for name in self._marked}
        self._changing = asyncio.Lock()

    @property
    def options(self) -> list[LiveOption]:
        """All that may be changed."""
        return [
            LiveOption(option, mark.at_once, option.value_in(self.settings), self._origins[name])
            for name, (option, mark) in self._marked.items()
        ]

    async def change(self, changes: Mapping[str, Any]) -> None:
        """By dotted name, values as JSON has them; None: the default again. All of them, or none.

        Raises Refusal for what may not be changed, for what it may not be, and for a file that cannot be changed.
        """
        async with self._changing:
            values = {name: self._read(name, value) for name, value in changes.items()}
            wanted = self.settings
            for name, value in values.items():
                option, _ = self._marked[name]
                wanted = option.put_into(wanted, option.default if value is None else value)
            self._check_use(wanted, changes)
            is_kept = await self._keep(values)
            self._settle(values, is_kept=is_kept)
            self.settings = wanted
            self._use(wanted)

    def _read(self, name: str, value: Any) -> Any:
        if name not in self._marked:
            there, near = ", ".join(self._marked), did_you_mean(name[:_LONGEST_NAME], list(self._marked))
            raise Refusal("bad_field", f"{name[:_LONGEST_NAME]!r} is not changed here; {there} are{near}", param=name)
        if (origin := self._origins[name]).is_locked:
            by = f"the environment variable {origin.variable}" if origin.variable else "the command line"
            raise Refusal("setting_locked", f"{name} is set by {by}, which goes before the file", param=name)
        option, _ = self._marked[name]
        try:
            return None if value is None else option.read(msgspec.json.encode(value))
        except ValidationError as error:
            raise Refusal("bad_field", f"{name}: {reason_of(error.errors()[0])}", param=name) from None

    def _check_use(self, wanted: Settings, names: Mapping[str, Any]) -> None:
        try:
            self._check(wanted)
        except SettingsError as error:
            named = next((name for name in names if str(error).startswith(f"{name}:")), None)
            raise Refusal("bad_field", str(error), param=named) from None

    async def _keep(self, values: Mapping[str, Any]) -> bool:
        """In the file. False: it cannot be written, and the change holds until the daemon ends."""
        try:
            await in_write_thread(self.file.put, values)
        except OSError as error:
            reason = f"{self.file.path}: {error.strerror}" if self.file.path else "no config file was given"
            if late := [name for name in values if not self._marked[name][1].at_once]:
                message = f"{late[0]} holds from the next start on, and cannot be kept: {reason}"
                raise Refusal("config_unusable", message, param=late[0]) from None
            logger.warning("settings that were changed hold until the daemon ends: %s", reason)
            return False
        return True

    def _settle(self, values: Mapping[str, Any], *, is_kept: bool) -> None:
        """Where the values come from now."""
        for name, value in values.items():
            if is_kept:
                (self._in_file.discard if value is None else self._in_file.add)(name)
            if value is None and name not in self._in_file:
                self._origins[name] = Origin("default")
            else:
                self._origins[name] = Origin("file" if is_kept else "page")
            logger.info("%s was changed: %r", name, "the default" if value is None else value)
