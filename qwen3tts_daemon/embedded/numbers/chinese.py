"""Mandarin, by kitten-text-processing, after and before a few rules of our own."""

import re

from kitten_text_processing import Normalizer  # type: ignore[import-untyped]

from qwen3tts_daemon.embedded.numbers.rules import rewrite, rules

_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
# A long run of digits is a telephone or a serial number.
_SERIAL = re.compile(r"(?<![\d.,])\d{7,}(?![\d.,%])(?!\s?[元块万亿个人])")
_BEFORE = rules(
    [
        (r"[¥￥]\s?(\d[\d,]*(?:\.\d+)?)", r"\1元"),
        (r"€\s?(\d[\d,]*(?:\.\d+)?)|(\d[\d,]*(?:\.\d+)?)\s?€", r"\1\2欧元"),
        (r"(\d)\s?km/h", r"\1公里每小时"),
        (r"(\d)\s?m/s", r"\1米每秒"),
        (r"(\d)\s?km(?![A-Za-z])", r"\1公里"),
        (r"(\d)\s?kg(?![A-Za-z])", r"\1公斤"),
    ]
)
_NUMERALS = "零一二三四五六七八九十百千万亿点"
_MEASURES = "个只本位名张条件家辆台次天周点块座杯瓶种岁斤"
# Two of a thing is 两: before a measure word, and not as part of a longer number.
_AFTER = rules(
    [
        (rf"(?<![{_NUMERALS}第周期])二(?=[{_MEASURES}])", "两"),
    ]
)


class ChineseNormaliser:
    """Puts one sentence into words."""

    def __init__(self) -> None:
        self._normalizer = Normalizer(lang="zh")

    def __call__(self, sentence: str) -> str:
        text = _SERIAL.sub(_digit_by_digit, rewrite(sentence, _BEFORE))
        return rewrite(str(self._normalizer.normalize(text)), _AFTER)


def _digit_by_digit(number: re.Match[str]) -> str:
    return "".join(_DIGITS[digit] for digit in number.group())
