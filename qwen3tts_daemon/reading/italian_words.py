"""Tables of Italian: units, currencies, short forms, and words that say how a number stands."""

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
    ("persona", "persone", "pers"): Unit("persona", "persone", "f"), ("pz"): Unit("pezzo", "pezzi"),
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
    ("CV",): Unit("cavallo", "cavalli"), ("Hz",): _same("hertz"), ("kHz",): _same("chilohertz"),
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
    "Mio": "milione", "milione": "milione", "milioni": "milione", "milione di": "milione", "milioni di": "milione",
    "mld": "miliardo", "mld.": "miliardo", "Mld": "miliardo", "mrd": "miliardo", "miliardo": "miliardo",
    "miliardi": "miliardo", "miliardo di": "miliardo", "miliardi di": "miliardo",
}  # fmt: skip
ABBREVIATIONS = {
    "ecc.": "eccetera", "ecc": "eccetera", "etc.": "eccetera", "p. es.": "per esempio", "per es.": "per esempio",
    "ad es.": "ad esempio", "es.": "esempio", "cfr.": "confronta", "ca.": "circa", "tel.": "telefono",
    "cell.": "cellulare", "cod.": "codice", "max.": "massimo", "max": "massimo", "sig.ra": "signora",
    "sig.na": "signorina", "sigg.": "signori", "sig.re": "signore", "dott.ssa": "dottoressa", "dr.ssa": "dottoressa",
    "d.ssa": "dottoressa", "dott.sse": "dottoresse", "prof.ssa": "professoressa", "proff.": "professori",
    "avv.": "avvocato", "geom.": "geometra", "rag.": "ragionier", "mons.": "monsignor", "sen.": "senatore",
    "gent.mo": "gentilissimo", "gent.ma": "gentilissima", "egr.": "egregio", "spett.le": "spettabile",
    "ill.mo": "illustrissimo", "p.zza": "piazza", "p.za": "piazza", "v.le": "viale", "c.so": "corso", "l.go": "largo",
    "p.le": "piazzale", "f.lli": "fratelli", "fraz.": "frazione", "prov.": "provincia",
    "a.C.": "avanti Cristo", "d.C.": "dopo Cristo", "N.B.": "nota bene", "NB": "nota bene", "P.S.": "post scriptum",
    "vs.": "contro", "vs": "contro", "c.a.": "corrente anno", "c.m.": "corrente mese", "p.v.": "prossimo venturo",
    "app.to": "appartamento", "abit.": "abitanti", "approx.": "approssimativamente", "temp.": "temperatura",
    "P.IVA": "partita IVA", "P. IVA": "partita IVA", "rif.": "riferimento", "n.d.r.": "nota del redattore",
    "s.l.m.": "sul livello del mare", "c.d.": "cosiddetto", "qlc.": "qualcosa", "cmq": "comunque", "nr.": "numero",
    "dott.": "dottor", "dr.": "dottor", "sig.": "signor", "prof.": "professor", "ing.": "ingegner",
    "arch.": "architetto", "qta": "quantità", "q.tà": "quantità", "q.b.": "quanto basta",
}  # fmt: skip
BEFORE_NUMBERS = {
    "n.": "numero", "n°": "numero", "nº": "numero", "N.": "numero", "N°": "numero", "Nº": "numero", "num.": "numero",
    "nn.": "numeri", "p.": "pagina", "pp.": "pagine", "pag.": "pagina", "Pag.": "pagina", "pagg.": "pagine",
    "art.": "articolo", "Art.": "articolo", "artt.": "articoli", "cap.": "capitolo", "Cap.": "capitolo",
    "fig.": "figura", "Fig.": "figura", "tab.": "tabella", "Tab.": "tabella", "vol.": "volume", "Vol.": "volume",
    "int.": "interno", "sc.": "scala", "min.": "minimo", "Min.": "minimo", "sez.": "sezione", "par.": "paragrafo",
    "ep.": "episodio", "Ep.": "episodio", "civ.": "civico", "co.": "comma",
}  # fmt: skip
"""Short forms that are sure in front of a number"""
_SAINTS = {
    "San ": "Marco Giovanni Pietro Paolo Giorgio Francesco Martino Lorenzo Nicola Carlo Michele Siro Remo Giuseppe Vito"
    " Valentino Silvestro Gennaro Donato Benedetto Bernardo Gregorio Luca Matteo",
    "Santa ": "Maria Lucia Chiara Caterina Rita Teresa Margherita Croce Cecilia Barbara Giustina Sofia",
    "Sant'": "Antonio Andrea Anna Agata Ambrogio Agostino Elena Angelo Eustorgio Ignazio Orsola",
    "Santo ": "Stefano Spirito",
}
SAINTS = {name: full for full, names in _SAINTS.items() for name in names.split()}
"""How the short form S. is said before their names"""
MONTHS = (
    "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre",
    "novembre",
    "dicembre",
)  # fmt: skip
SHORT_MONTHS = {
    "gen": "gennaio", "feb": "febbraio", "mar": "marzo", "apr": "aprile", "mag": "maggio", "giu": "giugno",
    "lug": "luglio", "ago": "agosto", "set": "settembre", "sett": "settembre", "ott": "ottobre", "nov": "novembre",
    "dic": "dicembre",
}  # fmt: skip
WEEKDAYS = {
    "lun": "lunedì", "mar": "martedì", "mer": "mercoledì", "gio": "giovedì", "ven": "venerdì", "sab": "sabato",
    "dom": "domenica",
}  # fmt: skip
KINGS = (
    "Alberto|Alessandro|Alfonso|Benedetto|Bonifacio|Carlo|Carlo Alberto|Caterina|Clemente|Cristiano|Edoardo|Elisabetta"
    "|Enrico|Federico|Ferdinando|Filippo|Francesco|Giacomo|Giorgio|Giovanni|Giovanni Paolo|Giulio|Giuseppe|Gregorio"
    "|Guglielmo|Innocenzo|Leone|Leopoldo|Luigi|Margherita|Napoleone|Nicola|Olav|Ottone|Paolo|Pietro|Pio|Ramses|Riccardo"
    "|Sisto|Umberto|Urbano|Vittorio Amedeo|Vittorio Emanuele|Harald|Juan Carlos"
)
ORDINAL_NOUNS = (
    "anniversario anno atto binario canto capitolo cavalleria classe classificato comma compleanno concorso"
    " congresso distretto edizione elementare episodio festival figlia figlio fila giornata giorno giro gol grado"
    " guerra legge livello media mese municipio paragrafo parte passo piano posto premio puntata punto raduno rata"
    " reggimento round secolo serata set sezione stagione superiore tappa tempo tentativo turno volta"
)
NUMBERED = (
    "articolo aula autostrada binario camera canale capitolo categoria classe codice condizionatore corridoio"
    " corsia corso episodio esercizio fase figura formula gate girone gruppo interno interruttore lampada largo"
    " lezione linea livello lotto modalità modulo numero pagina parcheggio parte passo piano piazza pista porta"
    " posizione presa programma puntata quota reparto riga rotta sala scala scena sedia sensore serie sezione"
    " sportello stagione stanza statale stazione tavolo terminal termostato tipo tomo turno ufficio uscita valvola"
    " versione via viale vicolo volume zona"
)
FEMININE = (
    "analisi ape app applicazione arte auto base canzone carne chat chiave classe cornice corrente crisi croce"
    " dose email estate fase febbre fine fonte foto frase gente hit lavatrice legge lente luce madre mail mano"
    " mente morte moto nave neve notifiche notte nube oasi pace parte password patente pelle playlist radio rate"
    " rete sede serie siepe specie stampante superficie tesi tigre torre tv valle vite voce web"
)
MASCULINE = (
    "problema programma sistema tema clima dramma schema diploma panorama pianeta poeta cinema pigiama sisma aroma"
)
