"""German, by normt2s."""

from normt2s import Normalizer  # type: ignore[import-untyped]


class GermanNormaliser:
    """Puts one sentence into words."""

    def __init__(self) -> None:
        self._normalizer = Normalizer(lang="de")

    def __call__(self, sentence: str) -> str:
        return str(self._normalizer.normalize(sentence))
