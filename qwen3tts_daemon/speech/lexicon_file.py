"""The household's lexicon on disk: read while the daemon runs whenever somebody has changed it, and changed itself.

A file that cannot be read leaves what was read before, and says what is wrong with it.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from qwen3tts_daemon import durable_files, toml_lines
from qwen3tts_daemon.failures import Refusal, storage_failed
from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.text.lexicon import Entry, Lexicon
from qwen3tts_daemon.text.lexicon_toml import Key, UnreadableLexicon, read, with_entry, without_entry

logger = logging.getLogger(__name__)

_PERIOD_S = 1.0
"""Between two looks"""
_MOST_BYTES = 1024 * 1024
_HEAD = "# How words are said; see docs/text.md.\n"


class LexiconFile:
    """See the module. Without a path it is empty and stays so."""

    def __init__(self, path: Path | None = None, *, is_named: bool = False) -> None:
        """`is_named`: somebody has asked for this file. Raises SettingsError then, if it is not there or unreadable."""
        self.path = path
        self.lexicon = Lexicon()
        """As it was last read; another one after each change"""
        self.problem: UnreadableLexicon | None = None
        """What is wrong with the file as it is now"""
        self._state: durable_files.State = None
        self._load()
        if is_named and self._state is None:
            raise SettingsError(f"lexicon.file: there is no {path}; an empty file will do")
        if is_named and self.problem is not None:
            raise SettingsError(f"lexicon.file: {path}: {self.problem}")

    async def watch(self) -> None:
        """Read it again after each change, until cancelled."""
        while True:
            await asyncio.sleep(_PERIOD_S)
            if await asyncio.to_thread(self._look) != self._state:
                await asyncio.to_thread(self._load)

    def put(self, entry: Entry) -> None:
        """In the place of one with its key; on disk, and in use, when this returns. Blocks.

        Raises Refusal for a file that cannot be changed.
        """
        self._change(lambda text: with_entry(text, entry))

    def remove(self, key: Key) -> None:
        """Raises Refusal also if there is no such entry."""
        self._change(lambda text: without_entry(text, key))

    def _change(self, change: Callable[[str], str]) -> None:
        if self.path is None:
            raise Refusal("config_unusable", "this daemon has no lexicon")
        try:
            durable_files.rewrite(
                self.path, lambda content: change(toml_lines.decode(content) or _HEAD).encode(), is_made=True
            )
        except toml_lines.UnreadableToml as error:
            raise Refusal("config_unusable", error.told(self.path)) from None
        except UnreadableLexicon as error:
            raise Refusal("config_unusable", f"{self.path}: {error}") from None
        except KeyError:
            raise Refusal("not_found", "the lexicon has no such entry", param="written") from None
        except durable_files.ChangedMeanwhile:
            raise Refusal("config_unusable", f"{self.path} was changed at this moment; try again") from None
        except OSError as error:
            raise storage_failed(self.path, error) from error
        self._load()

    def _look(self) -> durable_files.State:
        return durable_files.state_of(self.path) if self.path else None

    def _load(self) -> None:
        state = self._look()
        try:
            entries = [] if state is None or self.path is None else read(_text_of(self.path))
        except UnreadableLexicon as error:
            self.problem = error
            logger.error("%s: %s; what was read before it is in use", self.path, error)
        else:
            before = self.lexicon
            self.lexicon, self.problem = Lexicon(entries), None  # whoever reads the log finds it so
            if entries or before.entries:
                logger.info("the lexicon has %d entries: %s", len(entries), self.path)
        self._state = state


def _text_of(path: Path) -> str:
    """Raises UnreadableLexicon."""
    try:
        content = path.read_bytes()
        if len(content) > _MOST_BYTES:
            raise UnreadableLexicon(f"{len(content)} bytes, and at most {_MOST_BYTES} are read")
        return toml_lines.decode(content)
    except toml_lines.UnreadableToml as error:
        raise UnreadableLexicon(error.reason, error.line) from None
    except OSError as error:
        raise UnreadableLexicon(f"cannot be read: {error.strerror}") from None
