"""German units, currencies and short forms."""

from qwen3tts_daemon.reading.language import Currency, Unit


def _m(name: str) -> Unit:
    return Unit(name, name, "m")


def _n(name: str) -> Unit:
    return Unit(name, name, "n")


def _f(name: str, many: str = "") -> Unit:
    return Unit(name, many or f"{name}n", "f")


_METRES = {
    "km": "Kilometer",
    "m": "Meter",
    "cm": "Zentimeter",
    "mm": "Millimeter",
    "µm": "Mikrometer",
    "nm": "Nanometer",
}
_BYTES = {"kB": "Kilobyte", "KB": "Kilobyte", "MB": "Megabyte", "GB": "Gigabyte", "TB": "Terabyte"}
_BITS = {"bit": "Bit", "kbit": "Kilobit", "Mbit": "Megabit", "Gbit": "Gigabit"}
_HOURS, _MINUTES, _SECONDS = _f("Stunde"), _f("Minute"), _f("Sekunde")

UNITS = {
    "%": _n("Prozent"), "‰": _n("Promille"), "°C": _n("Grad Celsius"), "° C": _n("Grad Celsius"),
    "mmHg": _m("Millimeter Quecksilbersäule"), "°dH": _n("Grad deutscher Härte"), "Bft": _n("Beaufort"),
    "°F": _n("Grad Fahrenheit"), "° F": _n("Grad Fahrenheit"), "°": _n("Grad"), "K": _n("Kelvin"),
    **{sign: _m(name) for sign, name in _METRES.items()},
    **{f"{sign}²": _m(f"Quadrat{name.lower()}") for sign, name in _METRES.items()},
    **{f"{sign}³": _m(f"Kubik{name.lower()}") for sign, name in _METRES.items()},
    "qm": _m("Quadratmeter"), "cbm": _m("Kubikmeter"), "ha": _m("Hektar"), "Zoll": _m("Zoll"),
    "km/h": Unit("Kilometer pro Stunde", "Kilometer pro Stunde", "m"), "kn": _m("Knoten"),
    "t": _f("Tonne"), "kg": _n("Kilogramm"), "g": _n("Gramm"), "mg": _n("Milligramm"), "µg": _n("Mikrogramm"),
    "l": _m("Liter"), "L": _m("Liter"), "dl": _m("Deziliter"), "cl": _m("Zentiliter"), "ml": _m("Milliliter"),
    "hl": _m("Hektoliter"), "EL": _m("Esslöffel"), "TL": _m("Teelöffel"), "Pck.": _f("Packung", "Packungen"),
    "Stk": _n("Stück"), "St": _n("Stück"), "Pers": Unit("Person", "Personen", "f"),
    "h": _HOURS, "Std": _HOURS, "min": _MINUTES, "Min": _MINUTES, "s": _SECONDS, "Sek": _SECONDS, "sek": _SECONDS,
    "ms": _f("Millisekunde"), "µs": _f("Mikrosekunde"), "d": Unit("Tag", "Tage", "m"),
    "Mon": Unit("Monat", "Monate", "m"),
    "Wo": _f("Woche"),
    "Tg": Unit("Tag", "Tage", "m"),
    "mW": _n("Milliwatt"), "W": _n("Watt"), "kW": _n("Kilowatt"), "MW": _n("Megawatt"), "GW": _n("Gigawatt"),
    "Wh": _f("Wattstunde"), "kWh": _f("Kilowattstunde"), "MWh": _f("Megawattstunde"), "GWh": _f("Gigawattstunde"),
    "kWp": _n("Kilowatt Peak"), "V": _n("Volt"), "kV": _n("Kilovolt"), "mV": _n("Millivolt"), "A": _n("Ampere"),
    "mA": _n("Milliampere"), "Ah": _f("Amperestunde"), "mAh": _f("Milliamperestunde"), "Ω": _n("Ohm"),
    "kJ": _n("Kilojoule"), "J": _n("Joule"), "kcal": _f("Kilokalorie"), "Nm": _m("Newtonmeter"), "PS": _n("PS"),
    "Pa": _n("Pascal"), "hPa": _n("Hektopascal"), "kPa": _n("Kilopascal"), "mbar": _n("Millibar"), "bar": _n("Bar"),
    "Hz": _n("Hertz"), "kHz": _n("Kilohertz"), "MHz": _n("Megahertz"), "GHz": _n("Gigahertz"),
    "dB": _n("Dezibel"), "dB(A)": _n("Dezibel"), "lx": _n("Lux"), "Bq": _n("Becquerel"), "Sv": _n("Sievert"),
    "mSv": _n("Millisievert"), "µSv": _n("Mikrosievert"), "lm": _n("Lumen"), "ppm": _n("ppm"), "ppb": _n("ppb"),
    **{sign: _n(name) for sign, name in (_BYTES | _BITS).items()},
    "Mbps": Unit("Megabit pro Sekunde", "Megabit pro Sekunde", "n"),
    "Gbps": Unit("Gigabit pro Sekunde", "Gigabit pro Sekunde", "n"),
    "fps": Unit("Bild pro Sekunde", "Bilder pro Sekunde", "n"), "px": _n("Pixel"), "MP": _n("Megapixel"),
    "U/min": Unit("Umdrehung pro Minute", "Umdrehungen pro Minute", "f"),
}  # fmt: skip

_DOLLAR, _EURO = Currency(_m("Dollar"), _m("Cent")), Currency(_m("Euro"), _m("Cent"))
_POUND, _FRANC = Currency(_n("Pfund"), _n("Pence")), Currency(_m("Schweizer Franken"), _m("Rappen"))

CURRENCIES = {
    "€": _EURO, "EUR": _EURO, "Euro": _EURO, "Cent": Currency(_m("Cent")), "ct": Currency(_m("Cent")),
    "Ct": Currency(_m("Cent")), "$": _DOLLAR,
    "US$": _DOLLAR, "US-$": Currency(_m("US-Dollar")), "USD": _DOLLAR,
    "£": _POUND, "GBP": _POUND, "CHF": _FRANC, "SFr": _FRANC, "¥": Currency(_m("Yen")), "JPY": Currency(_m("Yen")),
    "₩": Currency(_m("Won")),
    "₽": Currency(Unit("Rubel", "Rubel", "m")), "DM": Currency(_f("D-Mark", "D-Mark")),
    "R$": Currency(Unit("Real", "Real", "m")),
    "₹": Currency(_f("Rupie")), "CNY": Currency(_m("Yuan")), "PLN": Currency(_m("Zloty")), "₿": Currency(_m("Bitcoin")),
}  # fmt: skip

MAGNITUDES = {
    "Mio": "Millionen", "Millionen": "Millionen", "Million": "Million", "Mrd": "Milliarden", "Bio": "Billionen",
    "Milliarden": "Milliarden", "Milliarde": "Milliarde", "Tsd": "tausend", "k": "tausend", "T": "tausend",
    "M": "Millionen",
}  # fmt: skip

ABBREVIATIONS = {
    "z.B.": "zum Beispiel", "z.T.": "zum Teil", "z.Zt.": "zurzeit", "z.Z.": "zurzeit", "z.H.": "zu Händen",
    "d.h.": "das heißt",
    "u.a.": "unter anderem", "u.U.": "unter Umständen", "u.v.m.": "und vieles mehr", "uvm.": "und vieles mehr",
    "u.Ä.": "und Ähnliches", "u.ä.": "und Ähnliches", "o.Ä.": "oder Ähnliches", "o.ä.": "oder Ähnliches",
    "s.o.": "siehe oben", "s.u.": "siehe unten",
    "i.d.R.": "in der Regel", "i.A.": "im Auftrag", "i.V.": "in Vertretung", "v.a.": "vor allem",
    "m.E.": "meines Erachtens",
    "a.D.": "außer Dienst", "v.Chr.": "vor Christus", "n.Chr.": "nach Christus", "e.V.": "eingetragener Verein",
    "b.a.W.": "bis auf Weiteres", "u.s.w.": "und so weiter",
    "usw.": "und so weiter", "usf.": "und so fort", "etc.": "et cetera", "bzw.": "beziehungsweise", "ca.": "circa",
    "evtl.": "eventuell", "ggf.": "gegebenenfalls",
    "bzgl.": "bezüglich", "zus.": "zusammen", "einschl.": "einschließlich", "ausschl.": "ausschließlich",
    "entspr.": "entsprechend", "eigtl.": "eigentlich", "vorauss.": "voraussichtlich", "vsl.": "voraussichtlich",
    "mögl.": "möglich", "lfd.": "laufende", "mtl.": "monatlich", "Fam.": "Familie", "Erw.": "Erwachsene",
    "Jhdt.": "Jahrhundert", "Jhs.": "Jahrhunderts", "z.Hd.": "zu Händen", "i.H.v.": "in Höhe von",
    "o.g.": "oben genannte",
    "s.a.": "siehe auch", "u.dgl.": "und dergleichen", "dgl.": "dergleichen", "p.P.": "pro Person", "p.a.": "pro Jahr",
    "n.V.": "nach Verlängerung", "m.f.G.": "mit freundlichen Grüßen", "MfG": "Mit freundlichen Grüßen",
    "Wdh.": "Wiederholung", "od.": "oder", "Anschl.": "Anschluss", "Verl.": "Verlängerung", "Msp.": "Messerspitze",
    "gem.": "gemäß", "lt.": "laut", "vgl.": "vergleiche", "bspw.": "beispielsweise", "insb.": "insbesondere",
    "insbes.": "insbesondere", "inkl.": "inklusive",
    "exkl.": "exklusive", "zzgl.": "zuzüglich", "abzgl.": "abzüglich", "mind.": "mindestens",
    "tägl.": "täglich", "tgl.": "täglich",
    "spät.": "spätestens", "Ri.": "Richtung",
    "wöchentl.": "wöchentlich", "monatl.": "monatlich",
    "jährl.": "jährlich", "vorm.": "vormittags", "nachm.": "nachmittags", "zw.": "zwischen", "ggü.": "gegenüber",
    "versch.": "verschiedene", "allg.": "allgemein",
    "durchschn.": "durchschnittlich", "Dr.": "Doktor", "Prof.": "Professor", "Hr.": "Herr", "Hrn.": "Herrn",
    "Dipl.-Ing.": "Diplom-Ingenieur", "Ing.": "Ingenieur",
    "MwSt.": "Mehrwertsteuer", "Mwst.": "Mehrwertsteuer", "MwSt": "Mehrwertsteuer", "Hbf.": "Hauptbahnhof",
    "Hbf": "Hauptbahnhof", "Bhf.": "Bahnhof", "Bhf": "Bahnhof", "Jh.": "Jahrhundert", "Jhd.": "Jahrhundert",
    "Abt.": "Abteilung",
    "Anm.": "Anmerkung", "Bsp.": "Beispiel",
    "Str.": "Straße", "Ltg.": "Leitung",
    "Temp.": "Temperatur", "Whg.": "Wohnung", "Zi.": "Zimmer", "Nrn.": "Nummern", "verh.": "verheiratet",
    "jun.": "junior", "sen.": "senior",
}  # fmt: skip
