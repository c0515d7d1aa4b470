"""Mandarin: units, currencies, and the words that count things."""

from collections.abc import Mapping

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.language import Currency, Unit

_UNITS = {
    "°C": "摄氏度", "°F": "华氏度", "°": "度",
    "km/h": "公里每小时", "kph": "公里每小时", "mph": "英里每小时", "m/s": "米每秒", "kn": "节",
    "km": "公里", "m": "米", "dm": "分米", "cm": "厘米", "mm": "毫米", "µm": "微米", "nm": "纳米",
    "km²": "平方公里", "m²": "平方米", "㎡": "平方米", "cm²": "平方厘米", "m³": "立方米", "cm³": "立方厘米",
    "m2": "平方米", "m3": "立方米", "km2": "平方公里", "ha": "公顷",
    "ft": "英尺", "in": "英寸", "mi": "英里", "yd": "码", "lb": "磅", "lbs": "磅", "oz": "盎司", "gal": "加仑",
    "t": "吨", "kg": "公斤", "g": "克", "mg": "毫克", "µg": "微克", "ug": "微克",
    "µg/m³": "微克每立方米", "ug/m³": "微克每立方米", "µg/m3": "微克每立方米", "ug/m3": "微克每立方米",
    "mg/m³": "毫克每立方米", "mg/m3": "毫克每立方米", "mg/dL": "毫克每分升", "mmol/L": "毫摩尔每升",
    "L": "升", "l": "升", "mL": "毫升", "ml": "毫升", "ML": "毫升", "dL": "分升", "cl": "厘升",
    "L/100km": "升每百公里", "kWh/100km": "千瓦时每百公里",
    "h": "小时", "hr": "小时", "hrs": "小时", "min": "分钟", "mins": "分钟",
    "s": "秒", "sec": "秒", "ms": "毫秒", "µs": "微秒",
    "d": "天",
    "W": "瓦", "kW": "千瓦", "MW": "兆瓦", "GW": "吉瓦", "Wh": "瓦时", "kWh": "千瓦时", "MWh": "兆瓦时",
    "kWp": "千瓦峰值",
    "V": "伏", "mV": "毫伏", "kV": "千伏", "A": "安", "mA": "毫安", "Ah": "安时", "mAh": "毫安时", "Ω": "欧姆",
    "J": "焦耳", "kJ": "千焦", "cal": "卡", "kcal": "千卡", "N": "牛", "Nm": "牛米",
    "Pa": "帕", "hPa": "百帕", "kPa": "千帕", "MPa": "兆帕", "bar": "巴", "mbar": "毫巴", "mmHg": "毫米汞柱",
    "psi": "psi", "N·m": "牛米", "m/s²": "米每二次方秒", "m/s2": "米每二次方秒", "r/min": "转每分钟",
    "Hz": "赫兹", "kHz": "千赫兹", "MHz": "兆赫兹", "GHz": "吉赫兹", "dB": "分贝", "dBA": "分贝",
    "dBm": "分贝毫瓦", "lx": "勒克斯", "lux": "勒克斯", "lm": "流明", "cd": "坎德拉",
    "ppm": "ppm", "ppb": "ppb", "fps": "帧每秒", "FPS": "帧每秒", "rpm": "转每分钟", "bpm": "次每分钟", "dpi": "dpi",
    "px": "像素", "MP": "百万像素",
    "kB": "千字节", "KB": "千字节", "MB": "兆字节", "GB": "GB", "TB": "TB", "GiB": "GB", "MiB": "兆字节",
    "kB/s": "千字节每秒", "KB/s": "千字节每秒", "MB/s": "兆字节每秒", "GB/s": "GB每秒",
    "kbps": "千比特每秒", "Kbps": "千比特每秒", "Mbps": "兆比特每秒", "Gbps": "吉比特每秒", "kbit/s": "千比特每秒",
    "Mbit/s": "兆比特每秒", "Gbit/s": "吉比特每秒", "Mb/s": "兆比特每秒", "Gb/s": "吉比特每秒", "Mbit": "兆比特",
}  # fmt: skip
UNITS: Mapping[str, Unit] = {symbol: Unit(name, name) for symbol, name in _UNITS.items()} | {
    "%": Unit("", "", before="百分之"),
    "%RH": Unit("", "", before="百分之"),
    "‰": Unit("", "", before="千分之"),
}

UNIT_SYMBOLS = "|".join(sorted(map(regex.escape, UNITS), key=len, reverse=True))
"""A pattern"""

_CURRENCIES = {
    "¥": "元", "CN¥": "元", "CNY": "元", "RMB": "元", "$": "美元", "US$": "美元", "USD": "美元", "€": "欧元",
    "EUR": "欧元", "£": "英镑", "GBP": "英镑", "HK$": "港元", "HKD": "港元", "NT$": "新台币", "TWD": "新台币",
    "JP¥": "日元", "JPY": "日元", "₩": "韩元", "KRW": "韩元", "₽": "卢布", "RUB": "卢布", "₹": "卢比", "INR": "卢比",
    "A$": "澳元", "AUD": "澳元", "C$": "加元", "CAD": "加元", "S$": "新加坡元", "SGD": "新加坡元", "CHF": "瑞士法郎",
    "฿": "泰铢", "THB": "泰铢", "₿": "比特币", "BTC": "比特币",
}  # fmt: skip
CURRENCIES: Mapping[str, Currency] = {sign: Currency(Unit(name, name)) for sign, name in _CURRENCIES.items()}

COUNTERS = (
    r"(?:[个只张条件台辆座栋幢间家位名人口头匹本册份封部瓶杯碗盘壶罐袋箱盒包块片粒颗朵根枝把双对副套组批群排"
    r"列次回遍趟场顿架艘枚棵株天周年晚夜岁分秒点倍成元毛角千万亿米亩克斤吨升度瓦伏安项种类样步站局节门首篇"
    r"页句段处所款道边轮集针剂格餐户国者桶卷锅筐篮捆瓣碟堂起例桌顶任居滴束串堆圈笔盏扇面幅勺室厅卫票连届字声胜]"
    r"|支(?![出付持])|大(?!\d|[爷妈])|小[勺匙碗杯盒包袋]|平方公里|平方米|立方米|摄氏度|星期|礼拜|小时|刻钟|美元|欧元|英镑|日元|港元|厘米|毫米|公里|英里|英尺|英寸|公顷|公斤|毫升|汤匙|茶匙)"
)
"""A pattern: before these, and before units and money, two is 两."""
