"""How Mandarin says numbers, days, times of day and lengths of time."""

from qwen3tts_daemon.reading.notation import Notation, Number

NOTATION = Notation(".", ",")
DIGITS = "零一二三四五六七八九"
NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
"""A pattern"""
SIGNS = {"": "", "+": "正", "-": "负", "±": "正负"}
_MAGNITUDES = ((10**8, "亿"), (10**4, "万"), (10**3, "千"), (10**2, "百"), (10, "十"))


def digits(written: str) -> str:
    """One by one."""
    return "".join(DIGITS[int(char)] for char in written if char.isdecimal())


def telephone(written: str) -> str:
    """One by one, and one is yao, as on the telephone and for lines and trains."""
    return digits(written).replace("一", "幺")


def cardinal(n: int) -> str:
    words = _cardinal(n)
    return words.removeprefix("一") if words.startswith("一十") else words


def number(amount: Number) -> str:
    fraction = f"点{digits(amount.fraction)}" if amount.fraction else ""
    return SIGNS[amount.sign] + cardinal(amount.whole) + fraction


def counting(amount: Number) -> str:
    """Before what is counted: two is 两."""
    return f"{SIGNS[amount.sign]}两" if amount.whole == 2 and amount.is_whole else number(amount)


def below_zero(written: str) -> str:
    """Of a temperature."""
    return ("零下" if written.startswith("-") else "") + counting(NOTATION.parse(written.lstrip("-")))


def date(day: int, month: int, year: int | None = None) -> str:
    """Of a month alone where the day is 0."""
    words = f"{cardinal(month)}月" + (f"{cardinal(day)}日" if day else "")
    return f"{digits(str(year))}年{words}" if year else words


def duration(hours: int, minutes: int, seconds: int) -> str:
    minute = "分" if seconds else "分钟"
    parts = ((hours, "小时"), (minutes, minute), (seconds, "秒"))
    return "".join(counting(Number(n)) + unit for n, unit in parts if n) or "零秒"


def half_day(suffix: str) -> str:
    """Of "a.m." and "PM"; nothing of nothing."""
    return {"a": "上午", "p": "下午"}.get(suffix[:1].lower(), "")


def _cardinal(n: int) -> str:
    for size, word in _MAGNITUDES:
        if n >= size:
            high, low = divmod(n, size)
            head = "两" if high == 2 and size >= 1000 else _cardinal(high)
            gap = "零" if 0 < low < size // 10 else ""
            return f"{head}{word}{gap}{_inner(low) if low else ''}"
    return DIGITS[n]


def _inner(n: int) -> str:
    """Behind a greater magnitude two thousand is 二千."""
    words = _cardinal(n)
    return "二" + words[1:] if words.startswith("两") else words
