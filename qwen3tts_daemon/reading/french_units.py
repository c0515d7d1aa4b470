"""French units and currencies."""

from qwen3tts_daemon.reading.romance_units import Names

_PREFIXES = {
    "m": "milli", "k": "kilo", "M": "méga", "G": "giga", "T": "téra", "h": "hecto", "d": "déci", "c": "centi",
    "µ": "micro", "n": "nano",
}  # fmt: skip
_NAMES = Names(_PREFIXES)
UNITS = _NAMES.units({
    "l|L": "litre", "m²|m2": "mètre carré/mètres carrés", "m³|m3": "mètre cube/mètres cubes",
    "km²|km2": "kilomètre carré/kilomètres carrés", "cm²|cm2": "centimètre carré/centimètres carrés",
    "cm³|cm3": "centimètre cube/centimètres cubes", "h|heure|heures": "heure//f",
    "min|mn|minute|minutes": "minute//f", "s|sec|seconde|secondes": "seconde//f", "j|jour|jours": "jour",
    "ko|Ko|kB|KB": "kilooctet", "Mo|MB": "mégaoctet", "Go|GB": "gigaoctet", "To|TB": "téraoctet",
    "Mbit/s|Mb/s|Mbps": "mégabit par seconde/mégabits par seconde",
    "Gbit/s|Gb/s|Gbps": "gigabit par seconde/gigabits par seconde",
    "kbit/s|kb/s|kbps": "kilobit par seconde/kilobits par seconde",
    "c. à s.|c.à.s.|c. à soupe|càs": "cuillère à soupe/cuillères à soupe/f",
    "c. à c.|c.à.c.|c. à café|càc": "cuillère à café/cuillères à café/f",
    "km/h|km/heure": "kilomètre à l'heure/kilomètres à l'heure", "%": "pour cent/pour cent",
    "‰": "pour mille/pour mille", "°C|°": "degré", "°F": "degré Fahrenheit/degrés Fahrenheit", "hm": "hectomètre",
    "m": "mètre", "mph": "mille à l'heure/milles à l'heure", "ha": "hectare", "pi|ft": "pied", "t": "tonne//f",
    "kg": "kilogramme", "g": "gramme", "lb": "livre//f", "oz": "once//f", "an|ans": "an", "mois": "mois/mois",
    "semaine|semaines": "semaine//f", "année|années": "année//f", "nuit": "nuit//f",
    "pers.|pers|personne|personnes": "personne//f", "W": "watt", "kWc": "kilowatt-crête/kilowatts-crête",
    "Wc": "watt-crête/watts-crête", "Wh": "wattheure", "V": "volt", "A": "ampère", "Ah": "ampèreheure",
    "VA": "voltampère", "Ω": "ohm", "J": "joule", "N": "newton", "Nm": "newton mètre/newtons mètres", "Pa": "pascal",
    "bar": "bar", "cal": "calorie//f", "Hz": "hertz/hertz", "Bq": "becquerel", "dB": "décibel",
    "dBm": "décibel-milliwatt/décibels-milliwatts", "lx|lux": "lux/lux", "lm": "lumen", "px": "pixel",
    "Mpx|MP": "mégapixel", "fps": "image par seconde/images par seconde/f",
    "tr/min": "tour par minute/tours par minute", "bpm": "battement par minute/battements par minute",
    "ppm": "partie par million/parties par million/f", "ch": "cheval/chevaux",
    "ppb": "partie par milliard/parties par milliard/f", "µS": "microsiemens/microsiemens",
    "m/s²": "mètre par seconde carrée/mètres par seconde carrée", "nœuds|kn": "nœud",
})  # fmt: skip
CURRENCIES = _NAMES.currencies({
    "€|EUR|euros|euro": "euro, centime", "$|US$|USD|dollars": "dollar, cent",
    "$ CA|CAD": "dollar canadien/dollars canadiens, cent", "£|GBP": "livre//f, penny/pence",
    "CHF": "franc suisse/francs suisses, centime", "¥|JPY": "yen", "₩": "won", "₽": "rouble, kopeck",
    "₹": "roupie//f", "BTC": "bitcoin",
})  # fmt: skip
MAGNITUDES = {
    "k": "mille", "K": "mille", "M": "million", "Md": "milliard", "Mds": "milliard", "Mrd": "milliard",
    "mille": "mille", "million": "million", "millions": "million", "milliard": "milliard", "milliards": "milliard",
    "million d'": "million", "millions d'": "million", "milliard d'": "milliard", "milliards d'": "milliard",
    "million de": "million", "millions de": "million", "milliards de": "milliard",
}  # fmt: skip
