"""The languages, a row each: their names and a sentence of each.

A new language is a row here and a code in LanguageCode; tests/text/test_languages.py names the tables that are
then incomplete, such as the preview voice's numbers and phonemes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from qwen_tts.errors import UnsupportedLanguage

LanguageCode = Literal["de", "en", "es", "fr", "it", "ja", "ko", "pt", "ru", "zh"]
"""ISO 639-1"""


@dataclass(frozen=True, slots=True)
class Language:
    """What a language is called, and what can be said in it."""

    code: LanguageCode
    english: str
    native: str
    """What its speakers call it"""
    greeting: str
    """The shortest text: what a voice is warmed up with"""
    sample: str
    """A sentence to try a voice with, in words of our own"""
    traditional_sample: str = ""
    """The same in Traditional characters, of a language that is written in both"""
    also: tuple[str, ...] = ()
    """Other names that callers may use, dialects among them"""

    @property
    def release_name(self) -> str:
        """What the config files of a checkpoint call it."""
        return self.english.lower()

    @property
    def names(self) -> tuple[str, ...]:
        """All that it may be called."""
        return (self.code, self.english, self.native, *self.also)


class _Languages(dict[str, Language]):
    """By code. Who looks up another code is told which there are."""

    def __init__(self, rows: Iterable[Language]) -> None:
        super().__init__((row.code, row) for row in rows)

    def __missing__(self, code: str) -> Language:
        raise UnsupportedLanguage(f"no language {code[:32]!r}; there are {', '.join(self)}", param="language")


LANGUAGES = _Languages((
    Language("de", "German", "Deutsch", "Hallo.",
             "Guten Abend. Das Licht in der Küche ist aus, und der Tee ist fertig."),
    Language("en", "English", "English", "Hello.",
             "Good evening. The kitchen light is off, and your tea is ready."),
    Language("es", "Spanish", "Español", "Hola.",
             "Buenas tardes. La luz de la cocina está apagada y tu té está listo."),
    Language("fr", "French", "Français", "Bonjour.",
             "Bonsoir. La lumière de la cuisine est éteinte et ton thé est prêt."),
    Language("it", "Italian", "Italiano", "Ciao.",
             "Buonasera. La luce della cucina è spenta e il tuo tè è pronto."),
    Language("ja", "Japanese", "日本語", "こんにちは。",
             "こんばんは。台所の明かりは消してあります。お茶ができました。"),
    Language("ko", "Korean", "한국어", "안녕하세요.",
             "안녕하세요. 주방 불은 꺼졌고 차가 준비되었습니다."),
    Language("pt", "Portuguese", "Português", "Olá.",
             "Boa noite. A luz da cozinha está apagada e o seu chá está pronto."),
    Language("ru", "Russian", "Русский", "Здравствуйте.",
             "Добрый вечер. Свет на кухне выключен, и чай готов."),
    Language("zh", "Chinese", "中文", "你好。",
             "晚上好。厨房的灯已经关了，茶也泡好了。", "晚安。廚房的燈已經關了，茶也泡好了。",
             also=("mandarin", "cmn", "beijing_dialect", "sichuan_dialect")),
))  # fmt: skip
