"""Korean: signs by our own table, numbers with their counters by kitten-text-processing."""

import re

from kitten_text_processing import Normalizer  # type: ignore[import-untyped]

from qwen3tts_daemon.embedded.numbers.rules import rewrite, rules

_SIGNS = rules(
    [
        (r"₩\s?(\d[\d,]*)", r"\1원"),
        (r"\$\s?(\d[\d,]*(?:\.\d+)?)", r"\1 달러"),
        (r"€\s?(\d[\d,]*(?:\.\d+)?)|(\d[\d,]*(?:\.\d+)?)\s?€", r"\1\2 유로"),
        (r"(?<=\d)\s?%", " 퍼센트"),
        (r"(?<=\d)\s?(?:°\s?C|℃|°)", "도"),
        (r"(?<=\d)\s?km/h", " 킬로미터"),
        (r"(?<=\d)\s?m/s", " 미터"),
        (r"(?<=\d)\s?km(?![A-Za-z])", " 킬로미터"),
        (r"(?<=\d)\s?kg(?![A-Za-z])", " 킬로그램"),
        (r"(?<=\d)\s?cm(?![A-Za-z])", " 센티미터"),
        (r"(?<![\d\w])[-−](?=\d)", "마이너스 "),
    ]
)
# The counter decides between native and Sino-Korean numerals, so it goes to the grammar with its number; the
# particle behind it does not, because the grammar would part them.
_COUNTERS = "시간 시 분 초 년 월 일 원 개 명 살 마리 권 대 번 층 잔 병 장"
_NUMBER = re.compile(
    rf"\d+(?:-\d+)+|\d{{1,2}}:\d{{2}}|(?:\d[\d,]*\d|\d)(?:\.\d+)?\s?(?:{'|'.join(_COUNTERS.split())})?"
)


class KoreanNormaliser:
    """Puts one sentence into words."""

    def __init__(self) -> None:
        self._normalizer = Normalizer(lang="ko")

    def __call__(self, sentence: str) -> str:
        return _NUMBER.sub(self._normalise, rewrite(sentence, _SIGNS))

    def _normalise(self, number: re.Match[str]) -> str:
        written = number.group()
        words = str(self._normalizer.normalize(written.strip())).strip()
        return f"{words} " if written.endswith(" ") else words
