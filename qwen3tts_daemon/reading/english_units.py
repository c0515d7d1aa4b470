"""English units, currencies and short forms."""

from qwen3tts_daemon.reading.language import Currency, Unit


def _unit(one: str, many: str = "") -> Unit:
    return Unit(one, many or f"{one}s")


def _same(name: str) -> Unit:
    return Unit(name, name)


UNITS = {
    "%": _same("percent"), "‰": _same("per mille"),
    "°C": _unit("degree Celsius", "degrees Celsius"), "°F": _unit("degree Fahrenheit", "degrees Fahrenheit"),
    "° C": _unit("degree Celsius", "degrees Celsius"), "° F": _unit("degree Fahrenheit", "degrees Fahrenheit"),
    "°": _unit("degree"), "K": _same("kelvin"),
    "km/h": _unit("kilometer per hour", "kilometers per hour"),
    "kph": _unit("kilometer per hour", "kilometers per hour"), "mph": _unit("mile per hour", "miles per hour"),
    "mpg": _unit("mile per gallon", "miles per gallon"), "kn": _unit("knot"), "kt": _unit("knot"),
    "kts": _unit("knot"), "qt": _unit("quart"), "pt": _unit("pint"), "pkg": _unit("package"), "doz": _same("dozen"),
    "sq mi": _unit("square mile"), "cu ft": Unit("cubic foot", "cubic feet"), "mos": _unit("month"),
    "km": _unit("kilometer"), "m": _unit("meter"), "cm": _unit("centimeter"), "mm": _unit("millimeter"),
    "µm": _unit("micrometer"), "nm": _unit("nanometer"), "mi": _unit("mile"), "yd": _unit("yard"),
    "ft": Unit("foot", "feet"), "sq ft": Unit("square foot", "square feet"), "sqm": _unit("square meter"),
    "km²": _unit("square kilometer"), "m²": _unit("square meter"), "cm²": _unit("square centimeter"),
    "ft²": Unit("square foot", "square feet"), "m³": _unit("cubic meter"), "cm³": _unit("cubic centimeter"),
    "ha": _unit("hectare"), "t": _unit("ton"), "kg": _unit("kilogram"), "g": _unit("gram"), "mg": _unit("milligram"),
    "µg": _unit("microgram"), "lb": _unit("pound"), "lbs": _unit("pound"), "oz": _unit("ounce"),
    "fl oz": _unit("fluid ounce"), "l": _unit("liter"), "L": _unit("liter"), "dl": _unit("deciliter"),
    "cl": _unit("centiliter"), "ml": _unit("milliliter"), "mL": _unit("milliliter"), "gal": _unit("gallon"),
    "tbsp": _unit("tablespoon"), "tsp": _unit("teaspoon"), "px": _unit("pixel"),
    "h": _unit("hour"), "hr": _unit("hour"), "hrs": _unit("hour"), "min": _unit("minute"), "mins": _unit("minute"),
    "s": _unit("second"), "sec": _unit("second"), "secs": _unit("second"), "ms": _unit("millisecond"),
    "µs": _unit("microsecond"), "ns": _unit("nanosecond"),
    "mW": _unit("milliwatt"), "W": _unit("watt"), "kW": _unit("kilowatt"), "MW": _unit("megawatt"),
    "GW": _unit("gigawatt"), "Wh": _unit("watt hour"), "kWh": _unit("kilowatt hour"), "MWh": _unit("megawatt hour"),
    "GWh": _unit("gigawatt hour"), "kWp": _unit("kilowatt peak", "kilowatts peak"), "VA": _unit("volt ampere"),
    "kVA": _unit("kilovolt ampere"), "V": _unit("volt"), "kV": _unit("kilovolt"), "mV": _unit("millivolt"),
    "A": _unit("amp"), "mA": _unit("milliamp"), "Ah": _unit("amp hour"), "mAh": _unit("milliamp hour"),
    "Ω": _unit("ohm"), "kΩ": _unit("kilohm"), "kJ": _unit("kilojoule"),
    "kcal": _unit("kilocalorie"), "Nm": _unit("newton meter"),
    "Pa": _unit("pascal"), "hPa": _unit("hectopascal"), "kPa": _unit("kilopascal"), "mbar": _unit("millibar"),
    "bar": _unit("bar"), "mmHg": _unit("millimeter of mercury", "millimeters of mercury"), "inHg":
    _unit("inch of mercury", "inches of mercury"), "psi": _unit("pound per square inch", "pounds per square inch"),
    "Hz": _same("hertz"), "kHz": _same("kilohertz"), "MHz": _same("megahertz"), "GHz": _same("gigahertz"),
    "dB": _unit("decibel"), "dBA": _unit("decibel"), "dB(A)": _unit("decibel"), "dBm": _same("dBm"),
    "lx": _same("lux"), "Bq": _unit("becquerel"),
    "Sv": _unit("sievert"), "mSv": _unit("millisievert"), "µSv": _unit("microsievert"), "lm": _unit("lumen"),
    "cd": _unit("candela"), "ppm": Unit("part per million",
    "parts per million"), "ppb": Unit("part per billion", "parts per billion"),
    "bit": _unit("bit"), "kbit": _unit("kilobit"), "Mbit": _unit("megabit"), "Gbit": _unit("gigabit"),
    "kbps": _unit("kilobit per second", "kilobits per second"), "Mbps": _unit("megabit per second",
    "megabits per second"), "Gbps": _unit("gigabit per second", "gigabits per second"),
    "kB": _unit("kilobyte"), "KB": _unit("kilobyte"), "MB": _unit("megabyte"), "GB": _unit("gigabyte"),
    "TB": _unit("terabyte"), "PB": _unit("petabyte"), "MiB": _unit("mebibyte"), "GiB": _unit("gibibyte"),
    "fps": _unit("frame per second", "frames per second"), "rpm": _unit("revolution per minute",
    "revolutions per minute"), "bpm": _unit("beat per minute", "beats per minute"), "MP": _unit("megapixel"),
    "hp": _same("horsepower"), "yr": _unit("year"), "yrs": _unit("year"),
    "d": _unit("day"),
}  # fmt: skip

_DOLLAR = Currency(_unit("dollar"), _unit("cent"))
_EURO = Currency(_unit("euro"), _unit("cent"))
_POUND = Currency(_unit("pound"), Unit("penny", "pence"))
_YEN = Currency(_same("yen"))

CURRENCIES = {
    "$": _DOLLAR, "US$": _DOLLAR, "USD": _DOLLAR, "€": _EURO, "EUR": _EURO, "£": _POUND, "GBP": _POUND,
    "¢": Currency(_unit("cent")), "¥": _YEN, "JPY": _YEN, "₩": Currency(_same("won")), "KRW": Currency(_same("won")),
    "₽": Currency(_unit("ruble"), _unit("kopek")), "RUB": Currency(_unit("ruble"), _unit("kopek")),
    "₹": Currency(_unit("rupee"), Unit("paisa", "paise")),
    "INR": Currency(_unit("rupee"), Unit("paisa", "paise")), "CHF": Currency(_unit("Swiss franc"), _unit("centime")),
    "CNY": Currency(_same("yuan")),
    "A$": Currency(_unit("Australian dollar"), _unit("cent")), "C$": Currency(_unit("Canadian dollar"), _unit("cent")),
    "AUD": Currency(_unit("Australian dollar"), _unit("cent")), "R$": Currency(Unit("real", "reais"), _unit("centavo")),
    "CAD": Currency(_unit("Canadian dollar"), _unit("cent")), "₿": Currency(_unit("bitcoin")),
}  # fmt: skip

MAGNITUDES = {
    "k": "thousand", "K": "thousand", "M": "million", "m": "million", "mn": "million", "B": "billion",
    "bn": "billion", "T": "trillion", "tn": "trillion", "thousand": "thousand", "million": "million",
    "billion": "billion", "trillion": "trillion", "mil": "million",
}  # fmt: skip

ABBREVIATIONS = {
    "Dr.": "Doctor", "Mr.": "Mister", "Mrs.": "Missus", "Ms.": "Miz", "Messrs.": "Messieurs", "Prof.": "Professor",
    "Rev.": "Reverend", "Gen.": "General", "Col.": "Colonel", "Capt.": "Captain", "Lt.": "Lieutenant",
    "Sgt.": "Sergeant", "Sen.": "Senator", "Gov.": "Governor", "Pres.": "President", "Hon.": "Honorable",
    "Jr.": "Junior", "Sr.": "Senior", "Mt.": "Mount", "Ft.": "Fort", "Ave.": "Avenue", "Blvd.": "Boulevard",
    "Rd.": "Road", "Hwy.": "Highway", "Pkwy.": "Parkway", "Sq.": "Square", "e.g.": "for example", "i.e.": "that is",
    "etc.": "et cetera", "vs.": "versus", "approx.": "approximately", "appt.": "appointment", "dept.": "department",
    "govt.": "government", "misc.": "miscellaneous", "incl.": "including", "excl.": "excluding",
    "Bldg.": "Building", "Ln.": "Lane", "Ct.": "Court", "Cir.": "Circle", "Maj.": "Major", "Adm.": "Admiral",
    "Rep.": "Representative", "qty.": "quantity", "pkg.": "package", "a.k.a.": "also known as", "b/c": "because",
    "sq. ft.": "sq ft", "sq. mi.": "sq mi", "cu. ft.": "cu ft", "fl. oz.": "fl oz", "m.p.h.": "mph",
    "avg.": "average", "temp.": "temperature",
    "hrs.": "hours", "mins.": "minutes", "secs.": "seconds", "w/o": "without", "w/": "with", "Inc.": "Incorporated",
    "Ltd.": "Limited", "Corp.": "Corporation", "Bros.": "Brothers", "Assn.": "Association", "Univ.": "University",
    "viz.": "namely", "ca.": "circa", "et al.": "et al", "cf.": "compare",
}  # fmt: skip
