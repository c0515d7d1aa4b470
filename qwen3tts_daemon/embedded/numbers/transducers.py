"""Spanish, French, Italian and Russian, by damga's transducers."""

from damga import TextNormalizer  # type: ignore[import-untyped]

from qwen3tts_daemon.embedded.numbers.rules import Rule, rewrite, rules

# What damga leaves unread, or reads in a way that no speaker would.
_BEFORE: dict[str, tuple[Rule, ...]] = {
    "es": rules([(r"(\d) ?hPa\b", r"\1 hectopascales")]),
    "fr": rules([(r"(\d) ?hPa\b", r"\1 hectopascals")]),
    "it": rules([(r"(\d) ?hPa\b", r"\1 ettopascal")]),
    "ru": rules([(r"(\d) ?гПа\b", r"\1 гектопаскалей")]),
}
_AFTER: dict[str, tuple[Rule, ...]] = {
    "es": (),
    "fr": rules([("kilomètres heure", "kilomètres à l'heure")]),
    "it": rules([("percento", "per cento")]),
    "ru": (),
}


class TransducerNormaliser:
    """Puts one sentence into words."""

    def __init__(self, language: str) -> None:
        self._normalizer = TextNormalizer(lang=language)
        self._before, self._after = _BEFORE[language], _AFTER[language]

    def __call__(self, sentence: str) -> str:
        return rewrite(str(self._normalizer.normalize(rewrite(sentence, self._before))), self._after)
