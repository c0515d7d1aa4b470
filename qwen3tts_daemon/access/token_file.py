"""The daemon's token in its file: made by the first start, and another one from the moment that somebody writes it."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from qwen3tts_daemon import durable_files

logger = logging.getLogger(__name__)

_PERIOD_S: Final = 1.0
"""Between two looks"""
_SHORTEST_TOKEN: Final = 16
_OTHERS: Final = 0o077


def new_token() -> str:
    return secrets.token_urlsafe(32)


class TokenFile:
    """The token that holds now."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, and ValueError for a token that will not do."""
        self._path = path
        self._state = durable_files.state_of(path)
        self.token = load_token(path)

    async def watch(self, changed: Callable[[str], None]) -> None:
        """Call `changed` with each other token that comes to be in the file, until cancelled.

        What is none changes nothing: the log says so, and the token before it holds.
        """
        while True:
            await asyncio.sleep(_PERIOD_S)
            state = await asyncio.to_thread(durable_files.state_of, self._path)
            if state != self._state:
                self._state = state
                await self._read(changed)

    async def _read(self, changed: Callable[[str], None]) -> None:
        try:
            token = await asyncio.to_thread(_checked, self._path)
        except (OSError, ValueError) as error:
            logger.error("%s; the token that was in it before holds on", error)
            return
        if token != self.token:
            self.token = token
            logger.warning("there is another token in %s: what the one before it has opened is closed", self._path)
            changed(token)


def load_token(path: Path) -> str:
    """The token kept at `path`, made by the first start. Raises ValueError for one that will not do."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not durable_files.read_line(path):
        durable_files.claim(path, new_token())
    return _checked(path)


def replace_token(path: Path) -> str:
    """Another token in its place, for the same people to read. Raises OSError if there is none."""
    token = new_token()
    durable_files.rewrite(path, lambda _: f"{token}\n".encode())
    return token


def _checked(path: Path) -> str:
    """Raises OSError, ValueError."""
    token = durable_files.read_line(path)
    if len(token) < _SHORTEST_TOKEN:
        raise ValueError(f"the token in {path} is shorter than {_SHORTEST_TOKEN} characters; delete it")
    if path.stat().st_mode & _OTHERS:
        logger.warning("%s can be read by others; chmod 600 it", path)
    return token
