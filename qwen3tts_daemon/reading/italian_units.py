"""Italian units and currencies."""

from qwen3tts_daemon.reading.language import Currency, Unit


def _same(name: str) -> Unit:
    return Unit(name, name)


_PER_SECOND = " al secondo"
_NAMES = {
    ("%",): _same("per cento"), ("‰",): _same("per mille"), ("°C", "°"): Unit("grado", "gradi"),
    ("°F",): Unit("grado Fahrenheit", "gradi Fahrenheit"),
    ("km/h", "km/ora", "Km/h", "kmh"): Unit("chilometro orario", "chilometri orari"),
    ("mph",): Unit("miglio orario", "miglia orarie"), ("km", "Km"): Unit("chilometro", "chilometri"),
    ("m", "mt"): Unit("metro", "metri"), ("dm",): Unit("decimetro", "decimetri"),
    ("cm",): Unit("centimetro", "centimetri"), ("mm",): Unit("millimetro", "millimetri"),
    ("µm",): Unit("micrometro", "micrometri"), ("nm",): Unit("nanometro", "nanometri"),
    ("m²", "m2", "mq"): Unit("metro quadrato", "metri quadrati"), ("m³", "m3", "mc"): Unit("metro cubo",
    "metri cubi"),
    ("km²", "km2"): Unit("chilometro quadrato", "chilometri quadrati"),
    ("cm²", "cm2"): Unit("centimetro quadrato", "centimetri quadrati"),
    ("cm³", "cm3", "cc"): Unit("centimetro cubo", "centimetri cubi"), ("ha",): Unit("ettaro", "ettari"),
    ("ft",): Unit("piede", "piedi"), ("t",): Unit("tonnellata", "tonnellate", "f"), ("q",): Unit("quintale",
    "quintali"),
    ("kg", "Kg"): Unit("chilo", "chili"), ("hg",): Unit("etto", "etti"), ("g", "gr"): Unit("grammo", "grammi"),
    ("mg",): Unit("milligrammo", "milligrammi"), ("µg",): Unit("microgrammo", "microgrammi"),
    ("lb",): Unit("libbra", "libbre", "f"), ("oz",): Unit("oncia", "once", "f"),
    ("l", "L", "lt"): Unit("litro", "litri"), ("hl",): Unit("ettolitro", "ettolitri"),
    ("dl",): Unit("decilitro", "decilitri"), ("cl",): Unit("centilitro", "centilitri"),
    ("ml", "mL"): Unit("millilitro", "millilitri"), ("h", "ora", "ore"): Unit("ora", "ore", "f"),
    ("min", "minuto", "minuti"): Unit("minuto", "minuti"), ("s", "sec", "secondo",
    "secondi"): Unit("secondo", "secondi"),
    ("ms",): Unit("millisecondo", "millisecondi"), ("gg", "giorno", "giorni"): Unit("giorno", "giorni"),
    ("mese", "mesi"): Unit("mese", "mesi"), ("anno", "anni"): Unit("anno", "anni"),
    ("settimana", "settimane"): Unit("settimana", "settimane", "f"), ("notte", "notti"): Unit("notte", "notti", "f"),
    ("persona", "persone", "pers"): Unit("persona", "persone", "f"), ("pz",): Unit("pezzo", "pezzi"),
    ("mW",): _same("milliwatt"), ("W",): _same("watt"), ("kW", "KW", "Kw"): _same("chilowatt"),
    ("MW",): _same("megawatt"),
    ("GW",): _same("gigawatt"), ("kWp",): _same("chilowatt di picco"), ("Wh",): _same("wattora"),
    ("kWh", "KWh", "Kwh", "kwh"): _same("chilowattora"), ("MWh",): _same("megawattora"),
    ("GWh",): _same("gigawattora"),
    ("TWh",): _same("terawattora"), ("V",): _same("volt"), ("kV",): _same("chilovolt"), ("mV",): _same("millivolt"),
    ("A",): _same("ampere"), ("mA",): _same("milliampere"), ("Ah",): _same("amperora"),
    ("mAh",): _same("milliamperora"),
    ("VA",): _same("voltampere"), ("kVA",): _same("chilovoltampere"), ("Ω",): _same("ohm"), ("J",): _same("joule"),
    ("kJ",): _same("chilojoule"), ("N",): _same("newton"), ("Nm",): _same("newton metro"), ("Pa",): _same("pascal"),
    ("hPa",): _same("ettopascal"), ("kPa",): _same("chilopascal"), ("bar",): _same("bar"),
    ("mbar",): _same("millibar"),
    ("kcal", "Kcal"): Unit("chilocaloria", "chilocalorie", "f"), ("cal",): Unit("caloria", "calorie", "f"),
    ("CV",): Unit("cavallo", "cavalli"), ("Hz",): _same("hertz"), ("Bq",): _same("becquerel"),
    ("kHz",): _same("chilohertz"),
    ("MHz",): _same("megahertz"), ("GHz",): _same("gigahertz"), ("dB",): _same("decibel"),
    ("dBm",): _same("decibel milliwatt"), ("lx", "lux"): _same("lux"), ("lm",): _same("lumen"),
    ("px",): _same("pixel"),
    ("MP", "Mpx"): _same("megapixel"), ("kB", "KB"): _same("kilobyte"), ("MB",): _same("megabyte"),
    ("GB",): _same("gigabyte"), ("TB",): _same("terabyte"), ("kbit/s", "kbps"): _same("kilobit" + _PER_SECOND),
    ("Mbit/s", "Mbps", "Mb/s"): _same("megabit" + _PER_SECOND), ("Gbit/s", "Gbps",
    "Gb/s"): _same("gigabit" + _PER_SECOND),
    ("fps",): Unit("fotogramma" + _PER_SECOND, "fotogrammi" + _PER_SECOND),
    ("bpm",): Unit("battito al minuto", "battiti al minuto"), ("rpm", "giri/min"): Unit("giro al minuto",
    "giri al minuto"),
    ("ppm",): Unit("parte per milione", "parti per milione", "f"), ("ppb",): Unit("parte per miliardo",
    "parti per miliardo", "f"),
    ("µS",): _same("microsiemens"), ("kn",): Unit("nodo", "nodi"), ("m/s²",): Unit("metro al secondo quadrato",
    "metri al secondo quadrato"),
}  # fmt: skip
UNITS = {symbol: unit for symbols, unit in _NAMES.items() for symbol in symbols}

_EURO, _DOLLAR = (
    Currency(Unit(one, many), Unit("centesimo", "centesimi"))
    for one, many in (("euro", "euro"), ("dollaro", "dollari"))
)
_POUND = Currency(Unit("sterlina", "sterline", "f"), _same("penny"))
_FRANC = Currency(Unit("franco svizzero", "franchi svizzeri"), Unit("centesimo", "centesimi"))
CURRENCIES = {
    "€": _EURO, "EUR": _EURO, "euro": _EURO, "Euro": _EURO, "$": _DOLLAR, "US$": _DOLLAR, "USD": _DOLLAR,
    "dollari": _DOLLAR, "£": _POUND, "GBP": _POUND, "CHF": _FRANC, "¥": Currency(_same("yen")),
    "JPY": Currency(_same("yen")), "₩": Currency(_same("won")), "₽": Currency(Unit("rublo", "rubli")),
    "₹": Currency(Unit("rupia", "rupie", "f")), "BTC": Currency(_same("bitcoin")),
}  # fmt: skip
MAGNITUDES = {
    "k": "mila", "K": "mila", "mila": "mila", "M": "milione", "Mln": "milione", "mln": "milione", "mln.": "milione",
    "Mio": "milione", "milione": "milione", "milioni": "milione", "milione di": "milione", "mln di": "milione",
    "milioni di": "milione",
    "mld": "miliardo", "mld.": "miliardo", "Mld": "miliardo", "mrd": "miliardo", "miliardo": "miliardo",
    "miliardi": "miliardo", "miliardo di": "miliardo", "mld di": "miliardo", "miliardi di": "miliardo",
}  # fmt: skip
