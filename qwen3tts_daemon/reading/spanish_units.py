"""Spanish units and currencies."""

from qwen3tts_daemon.reading.language import Unit
from qwen3tts_daemon.reading.romance_units import Names

_PREFIXES = {
    "m": "mili", "k": "kilo", "M": "mega", "G": "giga", "T": "tera", "h": "hecto", "d": "deci", "c": "centi",
    "µ": "micro", "n": "nano",
}  # fmt: skip
_NAMES = Names(_PREFIXES, gender="m")
UNITS = _NAMES.units({
    "°C|°|ºC": "grado", "°F": "grado Fahrenheit/grados Fahrenheit", "km": "kilómetro", "m": "metro",
    "dm": "decímetro", "cm": "centímetro", "mm": "milímetro", "µm": "micrómetro", "nm": "nanómetro",
    "mi": "milla//f", "ft": "pie", "in": "pulgada//f", "m²|m2": "metro cuadrado/metros cuadrados",
    "km²|km2": "kilómetro cuadrado/kilómetros cuadrados", "cm²|cm2": "centímetro cuadrado/centímetros cuadrados",
    "m³|m3": "metro cúbico/metros cúbicos", "cm³|cm3": "centímetro cúbico/centímetros cúbicos", "l|L": "litro",
    "kg|kilo": "kilo", "g|gr": "gramo", "t": "tonelada//f", "lb": "libra//f", "oz": "onza//f", "h|hs|hrs": "hora//f",
    "min": "minuto", "s|seg": "segundo", "km/h": "kilómetro por hora/kilómetros por hora",
    "m/s": "metro por segundo/metros por segundo", "mph": "milla por hora/millas por hora/f", "kn": "nudo",
    "W": "vatio", "Wh": "vatio hora/vatios hora", "kWp": "kilovatio pico/kilovatios pico", "V": "voltio",
    "A": "amperio", "Ah": "amperio hora/amperios hora", "VA": "voltiamperio", "Ω": "ohmio", "J": "julio",
    "N": "newton", "Nm": "newton metro/newtons metro", "Pa": "pascal/pascales", "bar": "bar/bares",
    "cal": "caloría//f", "Hz": "hercio", "dB": "decibelio", "dBm": "decibelio milivatio/decibelios milivatio",
    "lx|lux": "lux/lux", "lm": "lumen/lúmenes", "px": "píxel/píxeles", "MP|Mpx": "megapíxel/megapíxeles",
    "KB|kB": "kilobyte", "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte",
    "Mbit/s|Mb/s|Mbps": "megabit por segundo/megabits por segundo",
    "Gbit/s|Gb/s|Gbps": "gigabit por segundo/gigabits por segundo",
    "kbit/s|kb/s|kbps": "kilobit por segundo/kilobits por segundo",
    "fps": "fotograma por segundo/fotogramas por segundo", "rpm": "revolución por minuto/revoluciones por minuto/f",
    "bpm": "latido por minuto/latidos por minuto", "ppm": "parte por millón/partes por millón/f",
    "ppb": "parte por mil millones/partes por mil millones/f", "CV": "caballo", "hab": "habitante",
    "l/100 km|L/100 km": "litro a los cien kilómetros/litros a los cien kilómetros",
    "kWh/100 km": "kilovatio hora a los cien kilómetros/kilovatios hora a los cien kilómetros", "día|d": "día",
    "mes": "mes/meses", "año": "año", "noche": "noche//f", "persona|pers": "persona//f",
    "ud|uds": "unidad/unidades/f", "m/s²": "metro por segundo al cuadrado/metros por segundo al cuadrado",
}) | {"%": Unit("por ciento", "por ciento"), "‰": Unit("por mil", "por mil")}  # fmt: skip
CURRENCIES = _NAMES.currencies({
    "€|EUR|euros|euro": "euro, céntimo", "$|US$|USD|U$S": "dólar/dólares, centavo", "£|GBP": "libra//f, penique",
    "¥|JPY": "yen/yenes", "CHF": "franco suizo/francos suizos, céntimo", "R$": "real/reales, centavo",
    "MXN|MX$": "peso mexicano/pesos mexicanos, centavo", "ARS|AR$": "peso argentino/pesos argentinos, centavo",
    "COP|COL$": "peso colombiano/pesos colombianos, centavo", "CLP": "peso chileno/pesos chilenos",
    "S/|PEN": "sol/soles, céntimo", "₩": "won/wones", "₽": "rublo, kopek", "₹": "rupia//f",
    "BTC|₿": "bitcóin/bitcoines",
})  # fmt: skip
MAGNITUDES = {
    "k": "mil", "K": "mil", "mil": "mil", "M": "millones", "mill.": "millones", "millón": "millón",
    "millones": "millones", "mil millones": "mil millones", "millón de": "millón", "millones de": "millones",
    "mil millones de": "mil millones", "billones": "billones", "billones de": "billones",
}  # fmt: skip
