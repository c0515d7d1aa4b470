"""French units and currencies."""

from qwen3tts_daemon.reading.language import Currency, Unit


def _unit(one: str, many: str = "", gender: str = "") -> Unit:
    return Unit(one, many or f"{one}s", gender)


_SECOND, _MINUTE, _HOUR = (_unit(name, gender="f") for name in ("seconde", "minute", "heure"))
_SAME = {
    **dict.fromkeys(("l", "L"), _unit("litre")), **dict.fromkeys(("ml", "mL"), _unit("millilitre")),
    **dict.fromkeys(("m²", "m2"), _unit("mètre carré", "mètres carrés")),
    **dict.fromkeys(("m³", "m3"), _unit("mètre cube", "mètres cubes")),
    **dict.fromkeys(("km²", "km2"), _unit("kilomètre carré", "kilomètres carrés")),
    **dict.fromkeys(("cm²", "cm2"), _unit("centimètre carré", "centimètres carrés")),
    **dict.fromkeys(("cm³", "cm3"), _unit("centimètre cube", "centimètres cubes")),
    **dict.fromkeys(("h", "heure", "heures"), _HOUR), **dict.fromkeys(("min", "mn", "minute", "minutes"), _MINUTE),
    **dict.fromkeys(("s", "sec", "seconde", "secondes"), _SECOND), **dict.fromkeys(("j", "jour", "jours"),
    _unit("jour")),
    **dict.fromkeys(("ko", "Ko", "kB", "KB"), _unit("kilooctet")), **dict.fromkeys(("Mo", "MB"), _unit("mégaoctet")),
    **dict.fromkeys(("Go", "GB"), _unit("gigaoctet")), **dict.fromkeys(("To", "TB"), _unit("téraoctet")),
    **dict.fromkeys(("Mbit/s", "Mb/s", "Mbps"), _unit("mégabit par seconde", "mégabits par seconde")),
    **dict.fromkeys(("Gbit/s", "Gb/s", "Gbps"), _unit("gigabit par seconde", "gigabits par seconde")),
    **dict.fromkeys(("kbit/s", "kb/s", "kbps"), _unit("kilobit par seconde", "kilobits par seconde")),
    **dict.fromkeys(("c. à s.", "c.à.s.", "c. à soupe", "càs"), _unit("cuillère à soupe", "cuillères à soupe", "f")),
    **dict.fromkeys(("c. à c.", "c.à.c.", "c. à café", "càc"), _unit("cuillère à café", "cuillères à café", "f")),
    **dict.fromkeys(("km/h", "km/heure"), _unit("kilomètre à l'heure", "kilomètres à l'heure")),
}  # fmt: skip
UNITS = {
    **_SAME,
    "%": Unit("pour cent", "pour cent"), "‰": Unit("pour mille", "pour mille"),
    "°C": _unit("degré"), "°F": _unit("degré Fahrenheit", "degrés Fahrenheit"), "°": _unit("degré"),
    "km": _unit("kilomètre"), "hm": _unit("hectomètre"), "m": _unit("mètre"), "dm": _unit("décimètre"),
    "cm": _unit("centimètre"), "mm": _unit("millimètre"), "µm": _unit("micromètre"), "nm": _unit("nanomètre"),
    "mph": _unit("mille à l'heure", "milles à l'heure"), "ha": _unit("hectare"), "pi": _unit("pied"),
    "ft": _unit("pied"),
    "t": _unit("tonne", gender="f"), "kg": _unit("kilogramme"), "g": _unit("gramme"), "mg": _unit("milligramme"),
    "µg": _unit("microgramme"), "lb": _unit("livre", gender="f"), "oz": _unit("once", gender="f"),
    "hl": _unit("hectolitre"), "dl": _unit("décilitre"), "cl": _unit("centilitre"), "cL": _unit("centilitre"),
    "dL": _unit("décilitre"), "ms": _unit("milliseconde", gender="f"), "an": _unit("an"), "ans": _unit("an"),
    "mois": Unit("mois", "mois"), "semaine": _unit("semaine", gender="f"), "semaines": _unit("semaine", gender="f"),
    "année": _unit("année", gender="f"), "années": _unit("année", gender="f"), "nuit": _unit("nuit", gender="f"),
    "pers.": _unit("personne", gender="f"), "pers": _unit("personne", gender="f"),
    "personne": _unit("personne", gender="f"), "personnes": _unit("personne", gender="f"),
    "mW": _unit("milliwatt"), "W": _unit("watt"), "kW": _unit("kilowatt"), "MW": _unit("mégawatt"),
    "GW": _unit("gigawatt"), "kWc": _unit("kilowatt-crête", "kilowatts-crête"), "Wc": _unit("watt-crête",
    "watts-crête"),
    "Wh": _unit("wattheure"), "kWh": _unit("kilowattheure"), "MWh": _unit("mégawattheure"),
    "GWh": _unit("gigawattheure"), "TWh": _unit("térawattheure"), "V": _unit("volt"), "kV": _unit("kilovolt"),
    "mV": _unit("millivolt"), "A": _unit("ampère"), "mA": _unit("milliampère"), "Ah": _unit("ampèreheure"),
    "mAh": _unit("milliampèreheure"), "VA": _unit("voltampère"), "kVA": _unit("kilovoltampère"), "Ω": _unit("ohm"),
    "J": _unit("joule"), "kJ": _unit("kilojoule"), "N": _unit("newton"), "Nm": _unit("newton mètre",
    "newtons mètres"),
    "Pa": _unit("pascal"), "hPa": _unit("hectopascal"), "kPa": _unit("kilopascal"), "bar": _unit("bar"),
    "mbar": _unit("millibar"), "kcal": _unit("kilocalorie", gender="f"), "cal": _unit("calorie", gender="f"),
    "Hz": Unit("hertz", "hertz"), "Bq": _unit("becquerel"), "kHz": Unit("kilohertz", "kilohertz"),
    "MHz": Unit("mégahertz", "mégahertz"),
    "GHz": Unit("gigahertz", "gigahertz"), "dB": _unit("décibel"), "dBm": _unit("décibel-milliwatt",
    "décibels-milliwatts"),
    "lx": Unit("lux", "lux"), "lux": Unit("lux", "lux"), "lm": _unit("lumen"),
    "px": _unit("pixel"), "Mpx": _unit("mégapixel"), "MP": _unit("mégapixel"),
    "fps": _unit("image par seconde", "images par seconde", "f"),
    "tr/min": _unit("tour par minute", "tours par minute"), "bpm": _unit("battement par minute",
    "battements par minute"),
    "ppm": Unit("partie par million", "parties par million", "f"), "ch": Unit("cheval", "chevaux"),
    "ppb": Unit("partie par milliard", "parties par milliard", "f"), "µS": _unit("microsiemens", "microsiemens"),
    "m/s²": _unit("mètre par seconde carrée", "mètres par seconde carrée"), "nœuds": _unit("nœud"),
    "kn": _unit("nœud"),
}  # fmt: skip


def _currency(name: str, cent: str = "centime", gender: str = "", many: str = "") -> Currency:
    return Currency(_unit(name, many, gender), _unit(cent) if cent else None)


_EURO, _DOLLAR, _POUND = (
    _currency("euro"),
    _currency("dollar", "cent"),
    Currency(_unit("livre", "", "f"), _unit("penny", "pence")),
)
_FRANC, _YEN = _currency("franc suisse", "centime", "", "francs suisses"), _currency("yen", "")
CURRENCIES = {
    "€": _EURO, "EUR": _EURO, "euros": _EURO, "euro": _EURO, "$": _DOLLAR, "US$": _DOLLAR, "USD": _DOLLAR,
    "dollars": _DOLLAR, "$ CA": _currency("dollar canadien", "cent", "", "dollars canadiens"),
    "CAD": _currency("dollar canadien", "cent", "", "dollars canadiens"), "£": _POUND, "GBP": _POUND,
    "CHF": _FRANC, "¥": _YEN, "JPY": _YEN, "₩": _currency("won", ""), "₽": _currency("rouble", "kopeck"),
    "₹": _currency("roupie", "", "f"), "BTC": _currency("bitcoin", ""),
}  # fmt: skip
MAGNITUDES = {
    "k": "mille", "K": "mille", "M": "million", "Md": "milliard", "Mds": "milliard", "Mrd": "milliard",
    "mille": "mille", "million": "million", "millions": "million", "milliard": "milliard", "milliards": "milliard",
    "million d'": "million", "millions d'": "million", "milliard d'": "milliard", "milliards d'": "milliard",
    "million de": "million", "millions de": "million", "milliards de": "milliard",
}  # fmt: skip
