"""Who speaks each passage of a text: as was asked for, and as the text says before it."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from qwen3tts_daemon.speech.engines import Engines
from qwen3tts_daemon.speech.request import Caller, Order
from qwen3tts_daemon.speech.voice_selection import VoiceSelection
from qwen3tts_daemon.text.directions import Direction, Manner
from qwen3tts_daemon.text.lexicon import Lexicon
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen_tts.api import VoiceKind
from qwen_tts.errors import InvalidRequest, UnsupportedLanguage

logger = logging.getLogger(__name__)


class Speakers:
    """Of one utterance; `now` speaks the passage in hand."""

    def __init__(
        self, order: Order, caller: Caller, voices: VoiceCatalogue, engines: Engines, *, text_normalization: bool,
        lexicon: Lexicon,
    ) -> None:  # fmt: skip
        """Raises InvalidRequest for what nobody can speak."""
        self._order, self._caller = order, caller
        self._voices, self._engines = voices, engines
        self._text_normalization, self._lexicon = text_normalization, lexicon
        self._manner = Manner()
        self.now = self.first = self._select(order)

    def go_on(self, before: Sequence[Direction], *, is_first: bool = False) -> bool:
        """To the passage that these directions stand before. Whether it is spoken in another manner; if not, the same
        voice goes on in the same language."""
        manner = self._manner.after(before)
        is_other = manner != self._manner
        if is_other:
            self.now = self._in_manner(manner)
        elif not is_first:
            self.now = self.now.going_on()
        self._manner = manner
        if is_first:
            self.first = self.now
        return is_other

    def kind_after(self, before: Sequence[Direction]) -> VoiceKind | None:
        """Of the voice that will speak behind these directions, if they name one."""
        voice = self._manner.after(before).voice
        if not voice or voice == self._manner.voice:
            return None
        try:
            return self._voices.find(voice).kind
        except InvalidRequest:
            return None

    def _in_manner(self, manner: Manner) -> VoiceSelection:
        """In a language that the text names and the voice cannot speak, it speaks the one that was asked for; and a
        voice that the text names and cannot speak that one speaks its own."""
        order = self._order.in_manner(manner)
        orders = [order]
        if manner.language:
            orders.append(self._order.in_manner(replace(manner, language="")))
        if manner.voice:
            orders.append(replace(order, language=None))
        *first, last = orders
        for wanted in first:
            try:
                return self._select(wanted)
            except UnsupportedLanguage as error:
                logger.info("speech id=%s is not spoken in %s: %s", self._caller.request_id, wanted.language, error)
        return self._select(last)

    def _select(self, order: Order) -> VoiceSelection:
        return VoiceSelection(
            order, self._caller, self._voices, self._engines,
            text_normalization=self._text_normalization, lexicon=self._lexicon,
        )  # fmt: skip
