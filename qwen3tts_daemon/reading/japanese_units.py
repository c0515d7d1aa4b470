"""Japanese: units and currencies."""

from collections.abc import Mapping

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.language import Currency, Unit

_UNITS = {
    "%": "パーセント", "‰": "パーミル", "°C": "度", "°": "度", "km": "キロメートル", "m": "メートル",
    "cm": "センチメートル", "mm": "ミリメートル", "µm": "マイクロメートル", "nm": "ナノメートル",
    "km²": "平方キロメートル", "m²": "平方メートル", "㎡": "平方メートル", "cm²": "平方センチメートル",
    "m³": "立方メートル", "cm³": "立方センチメートル", "cc": "シーシー", "m2": "平方メートル", "m3": "立方メートル",
    "km2": "平方キロメートル", "ha": "ヘクタール", "ft": "フィート", "in": "インチ", "mi": "マイル", "yd": "ヤード",
    "lb": "ポンド", "oz": "オンス", "t": "トン", "kg": "キログラム", "g": "グラム", "mg": "ミリグラム",
    "µg": "マイクログラム", "µg/m³": "マイクログラム毎立方メートル", "µg/m3": "マイクログラム毎立方メートル",
    "ug/m3": "マイクログラム毎立方メートル", "mg/m³": "ミリグラム毎立方メートル",
    "mg/dL": "ミリグラム毎デシリットル", "L": "リットル", "l": "リットル", "ℓ": "リットル", "mL": "ミリリットル",
    "ml": "ミリリットル", "dL": "デシリットル", "km/L": "キロメートル毎リットル", "km/l": "キロメートル毎リットル",
    "h": "時間", "min": "分", "s": "秒", "sec": "秒", "ms": "ミリ秒", "d": "日", "W": "ワット", "kW": "キロワット",
    "MW": "メガワット", "GW": "ギガワット", "Wh": "ワット時", "kWh": "キロワット時", "MWh": "メガワット時",
    "V": "ボルト", "mV": "ミリボルト", "kV": "キロボルト", "A": "アンペア", "mA": "ミリアンペア", "Ah": "アンペア時",
    "mAh": "ミリアンペア時", "Ω": "オーム", "J": "ジュール", "kJ": "キロジュール", "cal": "カロリー",
    "kcal": "キロカロリー", "N": "ニュートン", "Pa": "パスカル", "hPa": "ヘクトパスカル", "kPa": "キロパスカル",
    "MPa": "メガパスカル", "bar": "バール", "mmHg": "ミリメートルエイチジー", "Hz": "ヘルツ", "kHz": "キロヘルツ",
    "MHz": "メガヘルツ", "GHz": "ギガヘルツ", "dB": "デシベル", "dBm": "ディービーエム", "lx": "ルクス",
    "lux": "ルクス", "lm": "ルーメン", "cd": "カンデラ", "ppm": "ピーピーエム", "ppb": "ピーピービー",
    "fps": "エフピーエス", "rpm": "アールピーエム", "bpm": "ビーピーエム", "dpi": "ディーピーアイ", "px": "ピクセル",
    "KB": "キロバイト", "kB": "キロバイト", "MB": "メガバイト", "GB": "ギガバイト", "TB": "テラバイト",
    "GiB": "ギガバイト", "MiB": "メガバイト", "㎞": "キロメートル", "㎝": "センチメートル", "㎜": "ミリメートル",
    "㎏": "キログラム", "㎎": "ミリグラム",
}  # fmt: skip
_BEFORE_AND_BEHIND = {
    "°F": ("華氏", "度"), "km/h": ("時速", "キロメートル"), "kph": ("時速", "キロメートル"),
    "mph": ("時速", "マイル"), "m/s": ("秒速", "メートル"), "m/min": ("分速", "メートル"),
    "L/min": ("毎分", "リットル"), "l/min": ("毎分", "リットル"), "L/h": ("毎時", "リットル"),
    "m³/h": ("毎時", "立方メートル"), "mm/h": ("毎時", "ミリメートル"), "KB/s": ("毎秒", "キロバイト"),
    "kB/s": ("毎秒", "キロバイト"), "MB/s": ("毎秒", "メガバイト"), "GB/s": ("毎秒", "ギガバイト"),
    "kbps": ("毎秒", "キロビット"), "Kbps": ("毎秒", "キロビット"), "Mbps": ("毎秒", "メガビット"),
    "Gbps": ("毎秒", "ギガビット"), "Mbit/s": ("毎秒", "メガビット"), "Gbit/s": ("毎秒", "ギガビット"),
    "Mb/s": ("毎秒", "メガビット"),
}  # fmt: skip
UNITS: Mapping[str, Unit] = {symbol: Unit(name, name) for symbol, name in _UNITS.items()} | {
    symbol: Unit(behind, behind, before=before) for symbol, (before, behind) in _BEFORE_AND_BEHIND.items()
}
UNIT_SYMBOLS = "|".join(sorted(map(regex.escape, UNITS), key=len, reverse=True))
"""A pattern"""

_CENT, _PENCE = Unit("セント", "セント"), Unit("ペンス", "ペンス")
_WITH_CENTS = {
    "$": ("ドル", _CENT), "US$": ("ドル", _CENT), "USD": ("ドル", _CENT), "€": ("ユーロ", _CENT),
    "EUR": ("ユーロ", _CENT), "£": ("ポンド", _PENCE), "GBP": ("ポンド", _PENCE),
    "A$": ("オーストラリアドル", _CENT), "C$": ("カナダドル", _CENT),
}  # fmt: skip
_WITHOUT = {
    "¥": "円", "JPY": "円", "CNY": "元", "RMB": "元", "₩": "ウォン", "KRW": "ウォン", "₽": "ルーブル", "₹": "ルピー",
    "HK$": "香港ドル", "NT$": "台湾ドル", "฿": "バーツ", "CHF": "スイスフラン", "BTC": "ビットコイン",
}  # fmt: skip
CURRENCIES: Mapping[str, Currency] = {
    sign: Currency(Unit(name, name), cent) for sign, (name, cent) in _WITH_CENTS.items()
} | {sign: Currency(Unit(name, name)) for sign, name in _WITHOUT.items()}
