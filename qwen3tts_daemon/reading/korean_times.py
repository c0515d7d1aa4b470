"""Korean clock times and lengths of time: 14:30, 오전 9시~11시, 남은 시간 00:05:30."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.korean_numbers import DASH, FRESH, counted
from qwen3tts_daemon.reading.korean_particles import PARTICLE, fitted, from_to
from qwen3tts_daemon.reading.language import Row, hours_minutes_seconds

_CLOCK = regex.compile(r"(?<h>\d{1,2})(?::(?<m>\d\d)|시(?:\s?(?<m>\d{1,2})분)?)?")


def rows() -> Sequence[Row]:
    """Rules of times."""
    time = r"(?:\d{1,2}:[0-5]\d|\d{1,2}시(?:\s?\d{1,2}분)?)"
    meridiem = r"(?:(?:오전|오후|낮|밤|새벽|아침|저녁|[AaPp]\.?[Mm]\.?)\s?)"
    return (
        (
            r"(?<![A-Za-z])(?<m>[AaPp])\.?[Mm]\.?\s?(?=\d)",
            lambda found: "오전 " if found["m"] in "aA" else "오후 ",
        ),
        (r"(?<t>\d{1,2}(?::[0-5]\d)?)\s?(?<m>[AaPp])\.?[Mm]\b\.?", _behind_meridiem),
        (
            rf"{FRESH}(?<a>{time}){DASH}(?<b>{meridiem}?{time})(?![:\d]){PARTICLE}",
            _range_of_times,
        ),
        (
            r"(?:(?<=타이머|스톱워치|남은 시간은?|경과)\s?:?\s?)(?<![\d:])"
            r"(?:(?<h>\d{1,2}):)?(?<m>\d{1,2}):(?<s>[0-5]\d)(?![:\d])",
            lambda found: duration(*hours_minutes_seconds(found)),
        ),
        (
            rf"{FRESH}(?<h>0):(?<m>[0-5]\d)(?=\s?(?:후|뒤|남|동안|이내|만에))",
            lambda found: duration(0, int(found["m"]), 0),
        ),
        (
            rf"{FRESH}(?<h>\d{{1,2}}):(?<m>[0-5]\d)(?![:\d]){PARTICLE}",
            _time,
        ),
    )


def clock(hour: int, minute: int, second: int | None = None) -> str:
    """열네 시 삼십 분; 세 시."""
    words = [counted(hour, "시")]
    if minute or second:
        words.append(counted(minute, "분"))
    if second:
        words.append(counted(second, "초"))
    return " ".join(words)


def duration(hours: int, minutes: int, seconds: int) -> str:
    """한 시간 삼십 분."""
    parts = ((hours, "시간"), (minutes, "분"), (seconds, "초"))
    return " ".join(counted(n, unit) for n, unit in parts if n) or "영 초"


def _time(found: "regex.Match[str]") -> str | None:
    if int(found["h"]) > 24:
        return None
    words = clock(int(found["h"]), int(found["m"]))
    return words + fitted(found["particle"] or "", words)


def _range_of_times(found: "regex.Match[str]") -> str:
    return from_to(_CLOCK.sub(_clock, found["a"]), _CLOCK.sub(_clock, found["b"]), found)


def _clock(found: "regex.Match[str]") -> str:
    return clock(int(found["h"]), int(found["m"] or 0))


def _behind_meridiem(found: "regex.Match[str]") -> str:
    meridiem = "오전" if found["m"] in "aA" else "오후"
    return f"{meridiem} {_CLOCK.sub(_clock, found['t'])}"
