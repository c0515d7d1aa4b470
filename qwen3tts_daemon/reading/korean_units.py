"""Korean units, currencies and names with digits in them."""

from dataclasses import dataclass

from qwen3tts_daemon.reading.language import Currency, Unit


@dataclass(frozen=True, slots=True)
class Measure(Unit):
    """A unit with what is said before its number: 시속 (킬로미터)."""

    before: str = ""


def _unit(name: str, before: str = "") -> Measure:
    return Measure(name, name, "", before)


_BYTES = {"KB": "킬로바이트", "MB": "메가바이트", "GB": "기가바이트", "TB": "테라바이트"}
_BITS = {"kbps": "킬로비피에스", "Kbps": "킬로비피에스", "Mbps": "메가비피에스", "Gbps": "기가비피에스"}
_NAMES = {
    "%": "퍼센트", "‰": "퍼밀", "%p": "퍼센트포인트", "°C": "도", "°": "도", "º": "도", "km": "킬로미터", "m": "미터",
    "cm": "센티미터", "mm": "밀리미터", "µm": "마이크로미터", "nm": "나노미터", "kg": "킬로그램", "g": "그램",
    "mg": "밀리그램", "µg": "마이크로그램", "t": "톤", "l": "리터", "L": "리터", "ℓ": "리터",
    "ml": "밀리리터", "mL": "밀리리터", "cc": "시시", "m²": "제곱미터", "m2": "제곱미터", "㎡": "제곱미터",
    "m^2": "제곱미터", "km²": "제곱킬로미터",
    "cm²": "제곱센티미터", "m³": "세제곱미터", "m3": "세제곱미터", "cm³": "세제곱센티미터", "ha": "헥타르", "h": "시간",
    "hr": "시간", "min": "분", "s": "초", "sec": "초", "ms": "밀리초", "W": "와트", "kW": "킬로와트",
    "MW": "메가와트", "GW": "기가와트", "Wh": "와트시", "kWh": "킬로와트시", "MWh": "메가와트시", "V": "볼트",
    "kV": "킬로볼트", "mV": "밀리볼트", "A": "암페어", "mA": "밀리암페어", "mAh": "밀리암페어시", "Ah": "암페어시",
    "hPa": "헥토파스칼", "kPa": "킬로파스칼", "Pa": "파스칼", "ppm": "피피엠", "ppb": "피피비", "dB": "데시벨",
    "Hz": "헤르츠", "kHz": "킬로헤르츠", "MHz": "메가헤르츠", "GHz": "기가헤르츠", "lx": "럭스", "lux": "럭스",
    "lm": "루멘", "cal": "칼로리", "kcal": "킬로칼로리", "rpm": "알피엠", "bpm": "비피엠", "fps": "에프피에스",
    "px": "픽셀", "bar": "바", "K": "켈빈", "Ω": "옴", "in": "인치", "ft": "피트", "lb": "파운드",
    "oz": "온스", "mi": "마일",
    **_BYTES, **_BITS, **{f"{symbol}/s": f"{name} 퍼 세컨드" for symbol, name in _BYTES.items()},
    "Mbit/s": "메가비트 퍼 세컨드", "Gbit/s": "기가비트 퍼 세컨드", "원": "원", "분": "분", "시간": "시간", "개": "개",
    "명": "명", "인": "인", "월": "월", "년": "년", "일": "일", "박": "박",
}  # fmt: skip
UNITS: dict[str, Measure] = {
    **{symbol: _unit(name) for symbol, name in _NAMES.items()},
    "°F": _unit("도", "화씨"), "km/h": _unit("킬로미터", "시속"), "kph": _unit("킬로미터", "시속"),
    "mph": _unit("마일", "시속"), "m/s": _unit("미터", "초속"), "km/s": _unit("킬로미터", "초속"),
    "µg/m³": _unit("마이크로그램", "세제곱미터당"),
    "µg/m3": _unit("마이크로그램", "세제곱미터당"), "mg/m³": _unit("밀리그램", "세제곱미터당"),
    "mg/m3": _unit("밀리그램", "세제곱미터당"),
}  # fmt: skip

_DOLLAR, _EURO = Currency(_unit("달러"), _unit("센트")), Currency(_unit("유로"), _unit("센트"))
_POUND, _WON, _YEN, _YUAN = (
    Currency(_unit("파운드"), _unit("펜스")),
    Currency(_unit("원")),
    Currency(_unit("엔")),
    Currency(_unit("위안")),
)
CURRENCIES = {
    "₩": _WON, "KRW": _WON, "$": _DOLLAR, "US$": _DOLLAR, "USD": _DOLLAR, "€": _EURO, "EUR": _EURO,
    "£": _POUND, "GBP": _POUND, "¥": _YEN, "JPY": _YEN, "CNY": _YUAN, "₽": Currency(_unit("루블")),
    "₿": Currency(_unit("비트코인")),
}  # fmt: skip

NAMES = {
    "CO2": "씨오투", "H2O": "에이치투오", "O2": "오투", "O3": "오쓰리", "NO2": "엔오투", "5G": "파이브지", "4G": "포지",
    "3G": "쓰리지", "4K": "포케이", "8K": "에이트케이", "3D": "쓰리디", "2D": "투디", "MP3": "엠피쓰리",
    "MP4": "엠피포", "F1": "에프원", "A4": "에이포", "A3": "에이쓰리", "B12": "비십이", "K9": "케이나인",
    "USB3": "유에스비 쓰리", "G7": "지세븐", "G20": "지이십", "PM10": "피엠 십", "Covid-19": "코로나 십구",
    "COVID-19": "코로나 십구",
}  # fmt: skip
