"""The words of Spanish: short forms, cues, and the nouns whose gender a number takes."""

from qwen3tts_daemon.reading.iberian_words import IberianWords, word_set

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
_SAINTS = (
    "Agustín Andrés Antonio Bartolomé Benito Bernardo Blas Carlos Cristóbal Esteban Felipe Fermín Fernando Francisco "
    "Ignacio Isidro Javier Jerónimo Jorge José Juan Lorenzo Lucas Luis Marcos Martín Mateo Miguel Nicolás Pablo Pedro "
    "Rafael Ramón Roque Sebastián Valentín Vicente"
)
_DAYS = {
    "lun": "lunes", "mié": "miércoles", "mier": "miércoles", "jue": "jueves", "vie": "viernes", "sáb": "sábado",
    "sab": "sábado", "dom": "domingo",
}  # fmt: skip
_WEEKDAYS = {**_DAYS, **{f"{short}.": full for short, full in _DAYS.items()}, "mar.": "martes"}
WORDS = IberianWords(
    months=(
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
        "diciembre",
    ),
    short_months={
        "ene": "enero", "feb": "febrero", "mar": "marzo", "abr": "abril", "may": "mayo", "jun": "junio", "jul": "julio",
        "ago": "agosto", "sep": "septiembre", "sept": "septiembre", "oct": "octubre", "nov": "noviembre",
        "dic": "diciembre",
    },
    weekdays=_WEEKDAYS,
    first_day="uno",
    date_cues="el|del|al|día|hasta|desde|lunes|martes|miércoles|jueves|viernes|sábado|domingo",
    timer_cues="temporizador|cronómetro|cuenta atrás|duración|quedan?|faltan?|restantes?|pausa|timer|ritmo",
    round_the_clock="veinticuatro siete",
    before_numbers={
        "n.º": "número", "nº": "número", "n°": "número", "n.°": "número", "no.": "número", "nro.": "número",
        "núm.": "número", "nums.": "números", "n.os": "números", "pág.": "página", "p.": "página", "pp.": "páginas",
        "art.": "artículo", "cap.": "capítulo", "fig.": "figura", "vol.": "volumen", "t.": "tomo",
        "hab.": "habitación", "C.P.": "código postal", "C. P.": "código postal", "CP": "código postal",
        "ed.": "edición", "ep.": "episodio", "km.": "kilómetro", "tel": "teléfono", "apt.": "apartamento",
        "pta.": "puerta", "esc.": "escalera", "temp.": "temporada", "s.": "siglo", "ss.": "siglos",
        "edif.": "edificio", "c/": "calle", "km": "kilómetro", "bloq.": "bloque", "blq.": "bloque",
    },
    before_names={
        "c/": "calle", "C/": "calle", "D.": "don", "Fr.": "fray", "Col.": "colonia",
        "Gral.": "general", "pl.": "plaza", "Pl.": "plaza", "P.º": "paseo", "Pº": "paseo", "Bº": "barrio",
    },
    saints=dict.fromkeys(word_set(_SAINTS), "san"),
    kings=(
        "Alejandro|Alfonso|Amadeo|Benedicto|Bonifacio|Carlos|Clemente|Enrique|Eduardo|Federico|Felipe|Fernando|Francisco"
        "|Gregorio|Guillermo|Gustavo|Harald|Inocencio|Jacobo|Jaime|Jorge|José|Juan|Juan Carlos|Juan Pablo|León|Leopoldo"
        "|Luis|Napoleón|Nicolás|Pablo|Pedro|Pío|Ramiro|Ramsés|Ricardo|Sancho|Sixto|Urbano|Víctor Manuel"
    ),
    queens="Isabel|Catalina|Margarita|Juana|María|Beatriz|Berenguela",
    editions={
        "edición": "f", "congreso": "m", "guerra": "f", "feria": "f", "jornada": "f", "jornadas": "f", "premio": "m",
        "premios": "m", "concurso": "m", "festival": "m", "encuentro": "m", "torneo": "m", "carrera": "f",
        "semana": "f", "copa": "f", "cumbre": "f", "república": "f", "aniversario": "m", "certamen": "m",
        "maratón": "m", "olimpiada": "f", "legislatura": "f", "campeonato": "m", "conferencia": "f",
    },
    code_cues="códigos?|PIN|contraseña|clave|código postal|expediente|pedido|extensión|matrícula|contador",
    numbered=(
        "acto|andén|anexo|apartado|apartamento|artículo|aula|autobús|bloque|bus|calle|canal|cap[íi]tulo|capítulos|carretera"
        "|categoría|circuito|clase|código|dorsal|edificio|episodio|escalera|escena|fase|figura|fila|grupo|habitación"
        "|jugador|km|kilómetro|lección|línea|mesa|módulo|nivel|número|opción|página|parte|paso|piso|pista|planta"
        "|plataforma|portal|preset|programa|puerta|puerto|punto|sala|sección|sector|semana|sensor|tema|temporada|terminal"
        "|tipo|título|tomo|tramo|unidad|v[íi]a|versión|volumen|vuelo|zona|año|el año|grado|acorazado|Covid|emisora"
        "|cámara"
    ),
    ordinal_nouns="pisos?|plantas?|puestos?|lugar|grado|curso|trimestre|semestre|aniversario|ciclo|cumpleaños|día",
    ordinal_endings=r"\.?(?:er|os|as)(?!\p{L})|(?:[rdtvnm][oa])s?(?!\p{L})",
    function_words=word_set(
        "a al ante aunque bajo con contra cual cuando de del desde donde durante e el ella en entre era eran es esa "
        "izquierda derecha exterior interior "
        "ese esta está están este estaba estaban fue fueron ha han hacia hasta hay hoy la las le les lo los más menos "
        "me mi mis muy mañana ni no nos o para pero por porque puede pueden que qué quien se será si sí siempre sin "
        "sino sobre son su sus también te tiene tienen tras tu u un una unos unas ya y como según va van así entonces "
        "igual además después antes sigue mil ciento vs cada coma punto "
    ),
    feminine=word_set(
        "noche tarde clase llave luz luces vez veces mujer calle flor hora mano foto moto parte leche nube nieve "
        "serie imagen imágenes red redes pared señal sal ley leyes nave torre fuente base frase cruz cruces nuez "
        "nueces voz voces raíz raíces web tele radio app apps gente muerte suerte orden órdenes sangre carne fiebre "
        "cumbre corriente cuenta superficie especie sede piel miel col coliflor sartén sien labor tos crisis tesis "
        "dosis síntesis catástrofe llamada fase variante actriz actrices lombriz lombrices perdiz codorniz reunión "
        "reuniones opinión opiniones región regiones religión unión legión cárcel catedral central señales postal "
        "pyme ave aves hambre costumbre interfaz tableta pieza razón razones clave claves sartenes válvula"
    ),
    masculine=word_set(
        "día mapa problema programa sistema tema clima idioma planeta poema drama diploma aroma síntoma esquema lema "
        "dilema teorema fantasma pijama sofá cometa telegrama kilograma diagrama crucigrama panorama enigma carisma "
        "trauma estigma artista futbolista turista ciclista periodista deportista atleta tenista policía guardia "
        "camión avión gorrión vatio watts colega poeta pirata cura papa "
    ),
    feminine_endings=(
        "a", "as", "ción", "ciones", "sión", "siones", "dad", "dades", "tad", "tades", "tud", "tudes", "umbre",
        "umbres", "triz", "trices", "itis",
    ),
    millions=r"ill(?:ón|ones)$",
    score_cues=r"resultado|marcador|gan[aóo]\w*|venc\w+|empat\w+|pierd\w+|perd\w+|derrota|victoria|partido|set|final",
    times="veces",
    feet="pies",
    inches="pulgadas",
)  # fmt: skip
