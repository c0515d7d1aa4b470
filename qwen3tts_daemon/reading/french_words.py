"""Tables of French: units, currencies, short forms, and the nouns whose gender a number takes."""

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
    "Hz": Unit("hertz", "hertz"), "kHz": Unit("kilohertz", "kilohertz"), "MHz": Unit("mégahertz", "mégahertz"),
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
ABBREVIATIONS = {
    "etc.": "et cetera", "etc": "et cetera", "p. ex.": "par exemple", "p.ex.": "par exemple",
    "par ex.": "par exemple", "c.-à-d.": "c'est-à-dire", "c.à.d.": "c'est-à-dire", "càd": "c'est-à-dire",
    "cf.": "confer", "env.": "environ", "tél.": "téléphone", "rdv": "rendez-vous", "RDV": "rendez-vous",
    "RV": "rendez-vous",
    "r.-v.": "rendez-vous", "rdc": "rez-de-chaussée", "svp": "s'il vous plaît", "s.v.p.": "s'il vous plaît",
    "stp": "s'il te plaît", "av. J.-C.": "avant Jésus-Christ", "apr. J.-C.": "après Jésus-Christ",
    "ap. J.-C.": "après Jésus-Christ", "max.": "maximum", "janv.": "janvier", "févr.": "février",
    "juill.": "juillet", "juil.": "juillet", "bcp": "beaucoup", "vs.": "contre", "vs": "contre",
    "n.b.": "nota bene", "boul.": "boulevard", "qqch.": "quelque chose", "qqn": "quelqu'un",
    "appt.": "appartement", "apt.": "appartement", "appart.": "appartement", "dép.": "département",
    "éd.": "édition", "chap.": "chapitre", "hab.": "habitants", "temp.": "température",
    "vol.": "volume", "resp.": "respectivement", "approx.": "approximativement", "c. à s.": "cuillères à soupe",
    "c. à c.": "cuillères à café", "ttes": "toutes", "qté": "quantité", "réf.": "référence",
    "Mme": "madame", "Mme.": "madame", "Mmes": "mesdames", "Mlle": "mademoiselle", "Mlle.": "mademoiselle",
    "Mlles": "mesdemoiselles", "MM.": "messieurs", "Dr": "docteur", "Dr.": "docteur", "Drs": "docteurs",
    "Dre": "docteure", "Pr": "professeur", "Pr.": "professeur", "N.B.": "nota bene", "NB": "nota bene",
    "P.-S.": "post-scriptum", "Sté": "société", "Ste": "sainte", "Vve": "veuve", "Mgr": "monseigneur",
}  # fmt: skip
BEFORE_NUMBERS = {
    "p.": "page", "pp.": "pages", "art.": "article", "fig.": "figure", "t.": "tome", "al.": "alinéa",
    "bât.": "bâtiment", "ét.": "étage", "ch.": "chambre", "no": "numéro", "no.": "numéro", "No": "numéro",
    "No.": "numéro", "nº": "numéro", "n°": "numéro", "N°": "numéro", "Nº": "numéro", "nos": "numéros",
    "n°s": "numéros", "min.": "minimum", "art": "article", "ép.": "épisode", "dpt": "département",
}  # fmt: skip
"""Short forms that are sure in front of a number"""
BEFORE_NAMES = {
    "M.": "monsieur", "Me": "maître", "St": "saint", "St-": "saint-", "Ste-": "sainte-", "av.": "avenue",
    "Av.": "avenue", "bd": "boulevard", "Bd": "boulevard", "bd.": "boulevard", "Bd.": "boulevard", "pl.": "place",
    "Pl.": "place", "rte": "route", "Rte": "route", "imp.": "impasse", "r.": "rue", "all.": "allée", "ch.": "chemin",
}  # fmt: skip
"""Short forms that are sure in front of a capital"""
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
SHORT_MONTHS = {
    "janv": "janvier", "jan": "janvier", "févr": "février", "fév": "février", "mar": "mars", "avr": "avril",
    "juil": "juillet", "sept": "septembre", "oct": "octobre", "nov": "novembre", "déc": "décembre",
}  # fmt: skip
WEEKDAYS = {
    "lun": "lundi", "mar": "mardi", "mer": "mercredi", "jeu": "jeudi", "ven": "vendredi", "sam": "samedi",
    "dim": "dimanche",
}  # fmt: skip
KINGS = (
    "Albert|Alexandre|Alphonse|Baudouin|Benoît|Boniface|Catherine|Charles|Christian|Clément|Édouard|Elisabeth|Élisabeth"
    "|Elizabeth|Félix|Ferdinand|François|Frédéric|Georges?|Grégoire|Guillaume|Gustave|Harald|Hassan|Henri|Innocent"
    "|Jacques|Jean|Jean-Paul|Joseph|Juan Carlos|Jules|Léon|Léopold|Louis|Marguerite|Mohammed|Napoléon|Nicolas|Olav"
    "|Otton|Paul|Philippe|Pie|Pierre|Ptolémée|Rainier|Ramsès|Richard|Rodolphe|Sixte|Urbain|Victor-Emmanuel|Victor"
)
NUMBERED = (
    "acte|alinéa|annexe|année|années|appartement|arrondissement|article|bureau|bâtiment|canal|capteur"
    "|chambre|chapitre|chaîne|classe|code|couloir|département|escalier|exercice|figure|formule|gare"
    "|groupe|hall|immeuble|leçon|ligne|livre|lot|mode|module|niveau|numéro|page|palier|paragraphe"
    "|partie|phase|piste|place|port|porte|poste|prise|quai|radiateur|route|saison|salle|scène"
    "|secteur|section|semaine|sortie|station|table|terminal|titre|tome|type|version|voie|volet"
    "|volume|zone|épisode|étage|étape"
)
"""Behind these words a number is a name: it takes no gender and no plural"""
