"""Tables of Spanish: short forms, and the nouns whose gender a number takes."""

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
