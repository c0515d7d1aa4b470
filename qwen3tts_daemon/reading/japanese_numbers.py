"""How Japanese says numbers, days and lengths of time: in kanji, and digits one by one in kana."""

from qwen3tts_daemon.reading.notation import Notation, Number

NOTATION = Notation(".", ",")
DIGITS = ["ゼロ", "イチ", "ニー", "サン", "ヨン", "ゴー", "ロク", "ナナ", "ハチ", "キュー"]
NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
"""A pattern"""
KANA = r"\p{Han}\p{Hiragana}\p{Katakana}ー"
"""Inside a pattern's brackets: what Japanese words are written with"""
SIGNS = {"": "", "+": "プラス", "-": "マイナス", "±": "プラスマイナス"}
_KANJI = "零一二三四五六七八九"
_MAGNITUDES = ((10**12, "兆"), (10**8, "億"), (10**4, "万"), (10**3, "千"), (10**2, "百"), (10, "十"))


def digits(written: str) -> str:
    """One by one."""
    return "".join(DIGITS[int(char)] for char in written if char.isdecimal())


def model(written: str) -> str:
    """One by one, and zero is maru, as in rooms, roads and models."""
    return digits(written).replace("ゼロ", "マル")


def cardinal(n: int, zero: str = "ゼロ") -> str:
    return _cardinal(n) or zero


def number(amount: Number, zero: str = "ゼロ") -> str:
    if not amount.fraction:
        return SIGNS[amount.sign] + cardinal(amount.whole, zero)
    fraction = "".join("ゼロ" if digit == "0" else _KANJI[int(digit)] for digit in amount.fraction)
    return f"{SIGNS[amount.sign]}{cardinal(amount.whole, '零')}点{fraction}"


def date(day: int, month: int, year: int | None = None) -> str:
    """Of a month alone where the day is 0."""
    words = f"{_cardinal(month)}月" + (f"{_cardinal(day)}日" if day else "")
    return f"{_cardinal(year)}年{words}" if year else words


def duration(hours: int, minutes: int, seconds: int) -> str:
    parts = ((hours, "時間"), (minutes, "分"), (seconds, "秒"))
    return "".join(_cardinal(n) + unit for n, unit in parts if n) or "ゼロ秒"


def half_day(suffix: str) -> str:
    """Of "a.m." and "PM"; nothing of nothing."""
    return {"a": "午前", "p": "午後"}.get(suffix[:1].lower(), "")


def _cardinal(n: int) -> str:
    """Nothing for 0."""
    for size, word in _MAGNITUDES:
        if n >= size:
            high, low = divmod(n, size)
            head = "" if high == 1 and size <= 1000 else "一千" if high == 1000 else _cardinal(high)
            return f"{head}{word}{_cardinal(low)}"
    return _KANJI[n] if n else ""
