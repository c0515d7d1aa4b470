"""Italian units and currencies."""

from qwen3tts_daemon.reading.romance_units import Names

_PREFIXES = {
    "m": "milli", "k": "chilo", "M": "mega", "G": "giga", "T": "tera", "h": "etto", "d": "deci", "c": "centi",
    "µ": "micro", "n": "nano",
}  # fmt: skip
_NAMES = Names(_PREFIXES, plural="")
UNITS = _NAMES.units({
    "%": "per cento", "‰": "per mille", "°C|°": "grado/gradi", "°F": "grado Fahrenheit/gradi Fahrenheit",
    "km/h|km/ora|Km/h|kmh": "chilometro orario/chilometri orari", "mph": "miglio orario/miglia orarie",
    "Km": "chilometro/chilometri", "m|mt": "metro/metri", "m²|m2|mq": "metro quadrato/metri quadrati",
    "m³|m3|mc": "metro cubo/metri cubi", "km²|km2": "chilometro quadrato/chilometri quadrati",
    "cm²|cm2": "centimetro quadrato/centimetri quadrati", "cm³|cm3|cc": "centimetro cubo/centimetri cubi",
    "ft": "piede/piedi", "t": "tonnellata/tonnellate/f", "q": "quintale/quintali",
    "kg|Kg": "chilo/chili", "hg": "etto/etti", "g|gr": "grammo/grammi", "lb": "libbra/libbre/f",
    "oz": "oncia/once/f", "l|L|lt": "litro/litri", "h|ora|ore": "ora/ore/f", "min|minuto|minuti": "minuto/minuti",
    "s|sec|secondo|secondi": "secondo/secondi", "gg|giorno|giorni": "giorno/giorni", "mese|mesi": "mese/mesi",
    "anno|anni": "anno/anni", "settimana|settimane": "settimana/settimane/f", "notte|notti": "notte/notti/f",
    "persona|persone|pers": "persona/persone/f", "pz": "pezzo/pezzi", "W": "watt", "KW|Kw": "chilowatt",
    "kWp": "chilowatt di picco", "Wh": "wattora", "KWh|Kwh|kwh": "chilowattora", "V": "volt", "A": "ampere",
    "Ah": "amperora", "VA": "voltampere", "Ω": "ohm", "J": "joule", "N": "newton", "Nm": "newton metro",
    "Pa": "pascal", "bar": "bar", "Kcal": "chilocaloria/chilocalorie/f", "cal": "caloria/calorie/f",
    "CV": "cavallo/cavalli", "Hz": "hertz", "Bq": "becquerel", "dB": "decibel", "dBm": "decibel milliwatt",
    "lx|lux": "lux", "lm": "lumen", "px": "pixel", "MP|Mpx": "megapixel", "kB|KB": "kilobyte", "MB": "megabyte",
    "GB": "gigabyte", "TB": "terabyte", "kbit/s|kbps": "kilobit al secondo",
    "Mbit/s|Mbps|Mb/s": "megabit al secondo", "Gbit/s|Gbps|Gb/s": "gigabit al secondo",
    "fps": "fotogramma al secondo/fotogrammi al secondo", "bpm": "battito al minuto/battiti al minuto",
    "rpm|giri/min": "giro al minuto/giri al minuto", "ppm": "parte per milione/parti per milione/f",
    "ppb": "parte per miliardo/parti per miliardo/f", "µS": "microsiemens", "kn": "nodo/nodi",
    "m/s²": "metro al secondo quadrato/metri al secondo quadrato",
})  # fmt: skip
CURRENCIES = _NAMES.currencies({
    "€|EUR|euro|Euro": "euro, centesimo/centesimi", "$|US$|USD|dollari": "dollaro/dollari, centesimo/centesimi",
    "£|GBP": "sterlina/sterline/f, penny", "CHF": "franco svizzero/franchi svizzeri, centesimo/centesimi",
    "¥|JPY": "yen", "₩": "won", "₽": "rublo/rubli", "₹": "rupia/rupie/f", "BTC": "bitcoin",
})  # fmt: skip
MAGNITUDES = {
    "k": "mila", "K": "mila", "mila": "mila", "M": "milione", "Mln": "milione", "mln": "milione", "mln.": "milione",
    "Mio": "milione", "milione": "milione", "milioni": "milione", "milione di": "milione", "mln di": "milione",
    "milioni di": "milione",
    "mld": "miliardo", "mld.": "miliardo", "Mld": "miliardo", "mrd": "miliardo", "miliardo": "miliardo",
    "miliardi": "miliardo", "miliardo di": "miliardo", "mld di": "miliardo", "miliardi di": "miliardo",
}  # fmt: skip
