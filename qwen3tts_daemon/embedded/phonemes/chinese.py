"""Mandarin phonemes: words by jieba, readings by pypinyin, Kokoro's symbols and tone arrows by misaki."""

import logging

import jieba  # type: ignore[import-untyped]
from misaki.zh import ZHG2P  # type: ignore[import-untyped]

from qwen3tts_daemon.embedded.phonemes.g2p import Phonemizer
from qwen3tts_daemon.embedded.phonemes.latin import mixed_phonemes


def words(text: str) -> list[str]:
    """The text in words."""
    return list(jieba.cut(text))


class ChinesePhonemizer:
    """Reads one sentence; loading takes a second for jieba's dictionary."""

    def __init__(self, english: Phonemizer) -> None:
        jieba.setLogLevel(logging.WARNING)
        jieba.initialize()
        self._g2p = ZHG2P()
        self._english = english

    def __call__(self, text: str) -> str:
        return mixed_phonemes(text, self._native, self._english)

    def _native(self, text: str) -> str:
        phonemes, _ = self._g2p(text)
        return str(phonemes)
