"""Tables of Spanish: units, currencies, short forms, and the nouns whose gender a number takes."""

from qwen3tts_daemon.reading.language import Currency, Unit


def _unit(names: str) -> Unit:
    """ "one/many/gender"; many and a masculine may be left out."""
    one, many, gender = (*names.split("/"), "", "")[:3]
    return Unit(one, many or f"{one}s", gender or "m")


_NAMES = {
    "°C": "grado", "°F": "grado Fahrenheit/grados Fahrenheit", "°": "grado", "ºC": "grado",
    "km": "kilómetro", "m": "metro", "dm": "decímetro", "cm": "centímetro", "mm": "milímetro", "µm": "micrómetro",
    "nm": "nanómetro", "mi": "milla//f", "ft": "pie", "in": "pulgada//f",
    "m²|m2": "metro cuadrado/metros cuadrados", "km²|km2": "kilómetro cuadrado/kilómetros cuadrados",
    "cm²|cm2": "centímetro cuadrado/centímetros cuadrados", "m³|m3": "metro cúbico/metros cúbicos",
    "cm³|cm3": "centímetro cúbico/centímetros cúbicos", "l|L": "litro", "ml|mL": "mililitro", "cl|cL": "centilitro",
    "dl|dL": "decilitro", "hl": "hectolitro", "kg": "kilo", "g|gr": "gramo", "mg": "miligramo",
    "µg": "microgramo", "t": "tonelada//f", "lb": "libra//f", "oz": "onza//f", "h|hs|hrs": "hora//f", "min": "minuto",
    "s|seg": "segundo", "ms": "milisegundo", "km/h": "kilómetro por hora/kilómetros por hora",
    "m/s": "metro por segundo/metros por segundo", "mph": "milla por hora/millas por hora/f", "kn": "nudo",
    "mW": "milivatio", "W": "vatio", "kW": "kilovatio", "MW": "megavatio", "GW": "gigavatio",
    "Wh": "vatio hora/vatios hora", "kWh": "kilovatio hora/kilovatios hora", "MWh": "megavatio hora/megavatios hora",
    "GWh": "gigavatio hora/gigavatios hora",
    "TWh": "teravatio hora/teravatios hora", "kWp": "kilovatio pico/kilovatios pico", "V": "voltio",
    "kV": "kilovoltio", "mV": "milivoltio", "A": "amperio", "mA": "miliamperio", "Ah": "amperio hora/amperios hora",
    "mAh": "miliamperio hora/miliamperios hora", "VA": "voltiamperio", "kVA": "kilovoltiamperio", "Ω": "ohmio",
    "J": "julio", "kJ": "kilojulio", "N": "newton/newtons", "Nm": "newton metro/newtons metro",
    "Pa": "pascal/pascales", "hPa": "hectopascal/hectopascales", "kPa": "kilopascal/kilopascales", "bar": "bar/bares",
    "mbar": "milibar/milibares", "kcal": "kilocaloría//f", "cal": "caloría//f", "Hz": "hercio", "kHz": "kilohercio",
    "MHz": "megahercio", "GHz": "gigahercio", "dB": "decibelio", "dBm": "decibelio milivatio/decibelios milivatio",
    "lx|lux": "lux/lux", "lm": "lumen/lúmenes", "px": "píxel/píxeles", "MP|Mpx": "megapíxel/megapíxeles",
    "KB|kB": "kilobyte/kilobytes", "MB": "megabyte/megabytes", "GB": "gigabyte/gigabytes",
    "TB": "terabyte/terabytes", "Mbit/s|Mb/s|Mbps": "megabit por segundo/megabits por segundo",
    "Gbit/s|Gb/s|Gbps": "gigabit por segundo/gigabits por segundo",
    "kbit/s|kb/s|kbps": "kilobit por segundo/kilobits por segundo",
    "fps": "fotograma por segundo/fotogramas por segundo", "rpm": "revolución por minuto/revoluciones por minuto/f",
    "bpm": "latido por minuto/latidos por minuto", "ppm": "parte por millón/partes por millón/f",
    "ppb": "parte por mil millones/partes por mil millones/f", "CV": "caballo", "hab": "habitante",
    "l/100 km|L/100 km": "litro a los cien kilómetros/litros a los cien kilómetros",
    "kWh/100 km": "kilovatio hora a los cien kilómetros/kilovatios hora a los cien kilómetros",
    "día": "día", "mes": "mes/meses", "año": "año", "noche": "noche//f", "persona": "persona//f", "kilo": "kilo",
    "pers": "persona//f", "d": "día", "ud|uds": "unidad/unidades/f",
    "m/s²": "metro por segundo al cuadrado/metros por segundo al cuadrado",
}  # fmt: skip
UNITS = {
    **{symbol: _unit(names) for symbols, names in _NAMES.items() for symbol in symbols.split("|")},
    "%": Unit("por ciento", "por ciento"), "‰": Unit("por mil", "por mil"),
}  # fmt: skip


def _currency(names: str, cent: str = "") -> Currency:
    return Currency(_unit(names), _unit(cent) if cent else None)


_EURO, _DOLLAR, _POUND = (
    _currency("euro", "céntimo"),
    _currency("dólar/dólares", "centavo"),
    _currency("libra//f", "penique"),
)
CURRENCIES = {
    **dict.fromkeys(("€", "EUR", "euros", "euro"), _EURO), **dict.fromkeys(("$", "US$", "USD", "U$S"), _DOLLAR),
    **dict.fromkeys(("£", "GBP"), _POUND), **dict.fromkeys(("¥", "JPY"), _currency("yen/yenes")),
    "CHF": _currency("franco suizo/francos suizos", "céntimo"), "R$": _currency("real/reales", "centavo"),
    **dict.fromkeys(("MXN", "MX$"), _currency("peso mexicano/pesos mexicanos", "centavo")),
    **dict.fromkeys(("ARS", "AR$"), _currency("peso argentino/pesos argentinos", "centavo")),
    **dict.fromkeys(("COP", "COL$"), _currency("peso colombiano/pesos colombianos", "centavo")),
    "CLP": _currency("peso chileno/pesos chilenos"), "S/": _currency("sol/soles", "céntimo"),
    "PEN": _currency("sol/soles", "céntimo"), "₩": _currency("won/wones"), "₽": _currency("rublo", "kopek"),
    "₹": _currency("rupia//f"), "BTC": _currency("bitcóin/bitcoines"), "₿": _currency("bitcóin/bitcoines"),
}  # fmt: skip
MAGNITUDES = {
    "k": "mil", "K": "mil", "mil": "mil", "M": "millones", "mill.": "millones", "millón": "millón",
    "millones": "millones", "mil millones": "mil millones", "millón de": "millón", "millones de": "millones",
    "mil millones de": "mil millones", "billones": "billones", "billones de": "billones",
}  # fmt: skip
ABBREVIATIONS = {
    "Sr.": "señor", "Sra.": "señora", "Srta.": "señorita", "Sres.": "señores", "Sras.": "señoras", "Dr.": "doctor",
    "Dra.": "doctora", "Dres.": "doctores", "Prof.": "profesor", "Profa.": "profesora", "D.ª": "doña", "Dª": "doña",
    "Ud.": "usted", "Uds.": "ustedes", "Vd.": "usted", "Vds.": "ustedes", "etc.": "etcétera", "p. ej.": "por ejemplo",
    "p.ej.": "por ejemplo", "EE. UU.": "Estados Unidos", "EE UU": "Estados Unidos", "EEUU": "Estados Unidos",
    "avda.": "avenida", "avd.": "avenida", "av.": "avenida", "pza.": "plaza", "plza.": "plaza", "ctra.": "carretera",
    "urb.": "urbanización", "tel.": "teléfono", "tfno.": "teléfono", "tlf.": "teléfono", "teléf.": "teléfono",
    "aprox.": "aproximadamente", "máx.": "máximo", "mín.": "mínimo", "temp.": "temperatura", "depto.": "departamento",
    "dpto.": "departamento", "apdo.": "apartado", "izq.": "izquierda", "izda.": "izquierda", "dcha.": "derecha",
    "a. C.": "antes de Cristo", "d. C.": "después de Cristo", "vs.": "contra", "P. D.": "posdata",
    "Excmo.": "excelentísimo", "Ilmo.": "ilustrísimo", "Sto.": "santo", "Sta.": "santa", "Ing.": "ingeniero",
    "Lic.": "licenciado", "Arq.": "arquitecto", "Gral.": "general", "Cía.": "compañía", "adj.": "adjunto",
    "admón.": "administración", "gob.": "gobierno", "JJ. OO.": "Juegos Olímpicos", "JJOO": "Juegos Olímpicos",
    "RR. HH.": "recursos humanos", "RRHH": "recursos humanos", "CC. AA.": "comunidades autónomas",
    "q.e.p.d.": "que en paz descanse", "ref.": "referencia", "Mons.": "monseñor", "hnos.": "hermanos",
    "c.c.": "centímetros cúbicos", "s/n": "sin número", "y ss.": "y siguientes", "págs.": "páginas", "núms.": "números",
}  # fmt: skip
BEFORE_NUMBERS = {
    "n.º": "número", "nº": "número", "N.º": "número", "Nº": "número", "n°": "número", "N°": "número",
    "n.°": "número", "No.": "número", "no.": "número", "Nro.": "número", "nro.": "número", "núm.": "número",
    "Núm.": "número", "nums.": "números", "n.os": "números", "pág.": "página", "Pág.": "página", "p.": "página",
    "pp.": "páginas", "art.": "artículo", "Art.": "artículo", "cap.": "capítulo", "Cap.": "capítulo",
    "fig.": "figura", "Fig.": "figura", "vol.": "volumen", "Vol.": "volumen", "t.": "tomo", "hab.": "habitación",
    "C.P.": "código postal", "C. P.": "código postal", "CP": "código postal", "ed.": "edición", "ep.": "episodio",
    "km.": "kilómetro", "tel": "teléfono", "Tel": "teléfono", "apt.": "apartamento", "Apt.": "apartamento",
    "pta.": "puerta", "esc.": "escalera", "temp.": "temporada", "s.": "siglo", "ss.": "siglos", "edif.": "edificio",
    "c/": "calle", "km": "kilómetro", "bloq.": "bloque", "blq.": "bloque",
}  # fmt: skip
BEFORE_NAMES = {
    "c/": "calle", "C/": "calle", "D.": "don", "Fr.": "fray", "Col.": "colonia",
    "Gral.": "general", "pl.": "plaza", "Pl.": "plaza", "P.º": "paseo", "Pº": "paseo", "Bº": "barrio",
}  # fmt: skip
SAINTS = (
    "Agustín Andrés Antonio Bartolomé Benito Bernardo Blas Carlos Cristóbal Esteban Felipe Fermín Fernando Francisco "
    "Ignacio Isidro Javier Jerónimo Jorge José Juan Lorenzo Lucas Luis Marcos Martín Mateo Miguel Nicolás Pablo Pedro "
    "Rafael Ramón Roque Sebastián Valentín Vicente"
)
"""Those that S. stands before: san"""
MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip
SHORT_MONTHS = {
    "ene": "enero", "feb": "febrero", "mar": "marzo", "abr": "abril", "may": "mayo", "jun": "junio", "jul": "julio",
    "ago": "agosto", "sep": "septiembre", "sept": "septiembre", "oct": "octubre", "nov": "noviembre",
    "dic": "diciembre",
}  # fmt: skip
_DAYS = {
    "lun": "lunes", "mié": "miércoles", "mier": "miércoles", "jue": "jueves", "vie": "viernes", "sáb": "sábado",
    "sab": "sábado", "dom": "domingo",
}  # fmt: skip
WEEKDAYS = {**_DAYS, **{f"{short}.": full for short, full in _DAYS.items()}, "mar.": "martes"}
KINGS = (
    "Alejandro|Alfonso|Amadeo|Benedicto|Bonifacio|Carlos|Clemente|Enrique|Eduardo|Federico|Felipe|Fernando|Francisco"
    "|Gregorio|Guillermo|Gustavo|Harald|Inocencio|Jacobo|Jaime|Jorge|José|Juan|Juan Carlos|Juan Pablo|León|Leopoldo"
    "|Luis|Napoleón|Nicolás|Pablo|Pedro|Pío|Ramiro|Ramsés|Ricardo|Sancho|Sixto|Urbano|Víctor Manuel"
)
QUEENS = "Isabel|Catalina|Margarita|Juana|María|Beatriz|Berenguela"
EDITIONS = {
    "edición": "f", "congreso": "m", "guerra": "f", "feria": "f", "jornada": "f", "jornadas": "f", "premio": "m",
    "premios": "m", "concurso": "m", "festival": "m", "encuentro": "m", "torneo": "m", "carrera": "f", "semana": "f",
    "copa": "f", "cumbre": "f", "república": "f", "aniversario": "m", "certamen": "m", "maratón": "m",
    "olimpiada": "f", "legislatura": "f", "campeonato": "m", "conferencia": "f",
}  # fmt: skip
NUMBERED = (
    "acto|andén|anexo|apartado|apartamento|artículo|aula|autobús|bloque|bus|calle|canal|cap[íi]tulo|capítulos|carretera"
    "|categoría|circuito|clase|código|dorsal|edificio|episodio|escalera|escena|fase|figura|fila|grupo|habitación"
    "|jugador|km|kilómetro|lección|línea|mesa|módulo|nivel|número|opción|página|parte|paso|piso|pista|planta"
    "|plataforma|portal|preset|programa|puerta|puerto|punto|sala|sección|sector|semana|sensor|tema|temporada|terminal"
    "|tipo|título|tomo|tramo|unidad|v[íi]a|versión|volumen|vuelo|zona|año|el año|grado|acorazado|Covid|emisora|cámara"
)
FUNCTION_WORDS = (
    "a al ante aunque bajo con contra cual cuando de del desde donde durante e el ella en entre era eran es esa "
    "izquierda derecha exterior interior "
    "ese esta está están este estaba estaban fue fueron ha han hacia hasta hay hoy la las le les lo los más menos "
    "me mi mis muy mañana ni no nos o para pero por porque puede pueden que qué quien se será si sí siempre sin "
    "sino sobre son su sus también te tiene tienen tras tu u un una unos unas ya y como según va van así entonces "
    "igual además después antes sigue mil ciento vs cada coma punto "
)
FEMININE = (
    "noche tarde clase llave luz luces vez veces mujer calle flor hora mano foto moto parte leche nube nieve "
    "serie imagen imágenes red redes pared señal sal ley leyes nave torre fuente base frase cruz cruces nuez "
    "nueces voz voces raíz raíces web tele radio app apps gente muerte suerte orden órdenes sangre carne fiebre "
    "cumbre corriente cuenta superficie especie sede piel miel col coliflor sartén sien labor tos crisis tesis "
    "dosis síntesis catástrofe llamada fase variante actriz actrices lombriz lombrices perdiz codorniz reunión "
    "reuniones opinión opiniones región regiones religión unión legión cárcel catedral central señales postal "
    "pyme ave aves hambre costumbre interfaz tableta pieza "
)
MASCULINE = (
    "día mapa problema programa sistema tema clima idioma planeta poema drama diploma aroma síntoma esquema lema "
    "dilema teorema fantasma pijama sofá cometa telegrama kilograma diagrama crucigrama panorama enigma carisma "
    "trauma estigma artista futbolista turista ciclista periodista deportista atleta tenista policía guardia "
    "camión avión gorrión vatio watts colega poeta pirata cura papa "
)
FEMININE_ENDINGS = (
    "a", "as", "ción", "ciones", "sión", "siones", "dad", "dades", "tad", "tades", "tud", "tudes", "umbre", "umbres",
    "triz", "trices", "itis",
)  # fmt: skip
