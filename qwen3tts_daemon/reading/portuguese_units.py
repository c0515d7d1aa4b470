"""Portuguese units and currencies."""

from qwen3tts_daemon.reading.language import Unit
from qwen3tts_daemon.reading.romance_units import Names

_PREFIXES = {
    "m": "mili", "k": "quilo", "M": "mega", "G": "giga", "T": "tera", "h": "hecto", "d": "deci", "c": "centi",
    "µ": "micro", "n": "nano",
}  # fmt: skip
_NAMES = Names(_PREFIXES, gender="m")
UNITS = _NAMES.units({
    "°C": "grau Celsius/graus Celsius", "°F": "grau Fahrenheit/graus Fahrenheit", "°": "grau", "km": "quilômetro",
    "m": "metro", "dm": "decímetro", "cm": "centímetro", "mm": "milímetro", "µm": "micrômetro", "nm": "nanômetro",
    "mi": "milha//f", "ft": "pé", "in": "polegada//f", "ha": "hectare", "m²|m2": "metro quadrado/metros quadrados",
    "km²|km2": "quilômetro quadrado/quilômetros quadrados", "cm²|cm2": "centímetro quadrado/centímetros quadrados",
    "m³|m3": "metro cúbico/metros cúbicos", "cm³|cm3": "centímetro cúbico/centímetros cúbicos", "l|L": "litro",
    "kg|quilo": "quilo", "g|gr": "grama", "t": "tonelada//f", "lb": "libra//f", "oz": "onça//f",
    "h|hs|hrs": "hora//f", "min": "minuto", "s|seg": "segundo", "ms": "milissegundo",
    "km/h": "quilômetro por hora/quilômetros por hora", "m/s": "metro por segundo/metros por segundo",
    "mph": "milha por hora/milhas por hora/f", "kn": "nó", "W": "watt", "Wh": "watt-hora/watts-hora",
    "kWp": "quilowatt-pico/quilowatts-pico", "V": "volt", "A": "ampere", "Ah": "ampere-hora/amperes-hora",
    "VA": "volt-ampere/volts-amperes", "Ω": "ohm", "J": "joule", "N": "newton", "Nm": "newton-metro/newtons-metro",
    "Pa": "pascal/pascais", "bar": "bar/bares", "cal": "caloria//f", "Hz": "hertz/hertz", "dB": "decibel/decibéis",
    "dBm": "decibel-miliwatt/decibéis-miliwatt", "lx|lux": "lux/lux", "lm": "lúmen", "px": "pixel",
    "MP|Mpx": "megapixel", "KB|kB": "quilobyte", "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte",
    "KB/s|kB/s": "quilobyte por segundo/quilobytes por segundo",
    "MB/s": "megabyte por segundo/megabytes por segundo",
    "Mbit/s|Mb/s|Mbps": "megabit por segundo/megabits por segundo",
    "Gbit/s|Gb/s|Gbps": "gigabit por segundo/gigabits por segundo",
    "kbit/s|kb/s|kbps": "quilobit por segundo/quilobits por segundo",
    "fps": "quadro por segundo/quadros por segundo", "rpm": "rotação por minuto/rotações por minuto/f",
    "bpm": "batimento por minuto/batimentos por minuto", "ppm": "parte por milhão/partes por milhão/f",
    "ppb": "parte por bilhão/partes por bilhão/f", "cv": "cavalo",
    "l/100 km|L/100 km": "litro por cem quilômetros/litros por cem quilômetros",
    "kWh/100 km": "quilowatt-hora por cem quilômetros/quilowatts-hora por cem quilômetros", "dia|d": "dia",
    "mês": "mês/meses", "ano": "ano", "noite": "noite//f", "pessoa": "pessoa//f", "hab": "habitante",
    "un": "unidade//f", "m/s²": "metro por segundo ao quadrado/metros por segundo ao quadrado",
}) | {"%": Unit("por cento", "por cento"), "‰": Unit("por mil", "por mil")}  # fmt: skip
CURRENCIES = _NAMES.currencies({
    "R$|BRL|reais|real": "real/reais, centavo", "€|EUR|euros|euro": "euro, cêntimo",
    "$|US$|USD|U$": "dólar/dólares, centavo", "£|GBP": "libra//f, pêni/pence", "¥|JPY": "iene",
    "CHF": "franco suíço/francos suíços, cêntimo", "ARS|AR$": "peso argentino/pesos argentinos, centavo", "₩": "won",
    "₽": "rublo, copeque", "₹": "rupia//f", "BTC|₿": "bitcoin",
})  # fmt: skip
MAGNITUDES = {
    "k": "mil", "K": "mil", "mil": "mil", "M": "milhões", "mi": "milhões", "bi": "bilhões", "tri": "trilhões",
    **{word + of: word for of in ("", " de")
       for word in ("milhão", "milhões", "bilhão", "bilhões", "trilhão", "trilhões", "mil milhões")},
}  # fmt: skip
