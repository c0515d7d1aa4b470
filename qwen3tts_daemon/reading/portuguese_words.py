"""Tables of Portuguese: units, currencies, short forms, and the nouns whose gender a number takes."""

from qwen3tts_daemon.reading.language import Currency, Unit


def _unit(names: str) -> Unit:
    """ "one/many/gender"; many and a masculine may be left out."""
    one, many, gender = (*names.split("/"), "", "")[:3]
    return Unit(one, many or f"{one}s", gender or "m")


_NAMES = {
    "°C": "grau Celsius/graus Celsius", "°F": "grau Fahrenheit/graus Fahrenheit", "°": "grau",
    "km": "quilômetro", "m": "metro", "dm": "decímetro", "cm": "centímetro", "mm": "milímetro", "µm": "micrômetro",
    "nm": "nanômetro", "mi": "milha//f", "ft": "pé", "in": "polegada//f", "ha": "hectare",
    "m²|m2": "metro quadrado/metros quadrados", "km²|km2": "quilômetro quadrado/quilômetros quadrados",
    "cm²|cm2": "centímetro quadrado/centímetros quadrados", "m³|m3": "metro cúbico/metros cúbicos",
    "cm³|cm3": "centímetro cúbico/centímetros cúbicos", "l|L": "litro", "ml|mL": "mililitro", "cl|cL": "centilitro",
    "dl|dL": "decilitro", "hl": "hectolitro", "kg": "quilo", "g|gr": "grama", "mg": "miligrama", "µg": "micrograma",
    "t": "tonelada//f", "lb": "libra//f", "oz": "onça//f", "h|hs|hrs": "hora//f", "min": "minuto",
    "s|seg": "segundo", "ms": "milissegundo", "km/h": "quilômetro por hora/quilômetros por hora",
    "m/s": "metro por segundo/metros por segundo", "mph": "milha por hora/milhas por hora/f", "kn": "nó",
    "mW": "miliwatt", "W": "watt", "kW": "quilowatt", "MW": "megawatt", "GW": "gigawatt",
    "Wh": "watt-hora/watts-hora", "kWh": "quilowatt-hora/quilowatts-hora", "MWh": "megawatt-hora/megawatts-hora",
    "GWh": "gigawatt-hora/gigawatts-hora", "TWh": "terawatt-hora/terawatts-hora",
    "kWp": "quilowatt-pico/quilowatts-pico", "V": "volt", "kV": "quilovolt", "mV": "milivolt", "A": "ampere",
    "mA": "miliampere", "Ah": "ampere-hora/amperes-hora", "mAh": "miliampere-hora/miliamperes-hora",
    "VA": "volt-ampere/volts-amperes", "kVA": "quilovolt-ampere/quilovolts-amperes", "Ω": "ohm", "J": "joule",
    "kJ": "quilojoule", "N": "newton", "Nm": "newton-metro/newtons-metro", "Pa": "pascal/pascais",
    "hPa": "hectopascal/hectopascais", "kPa": "quilopascal/quilopascais", "bar": "bar/bares",
    "mbar": "milibar/milibares", "kcal": "quilocaloria//f", "cal": "caloria//f", "Hz": "hertz/hertz",
    "kHz": "quilohertz/quilohertz",
    "MHz": "megahertz/megahertz", "GHz": "gigahertz/gigahertz",
    "dB": "decibel/decibéis", "dBm": "decibel-miliwatt/decibéis-miliwatt",
    "lx|lux": "lux/lux", "lm": "lúmen/lúmens", "px": "pixel/pixels",
    "MP|Mpx": "megapixel/megapixels", "KB|kB": "quilobyte", "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte",
    "KB/s|kB/s": "quilobyte por segundo/quilobytes por segundo", "MB/s": "megabyte por segundo/megabytes por segundo",
    "Mbit/s|Mb/s|Mbps": "megabit por segundo/megabits por segundo",
    "Gbit/s|Gb/s|Gbps": "gigabit por segundo/gigabits por segundo",
    "kbit/s|kb/s|kbps": "quilobit por segundo/quilobits por segundo", "fps": "quadro por segundo/quadros por segundo",
    "rpm": "rotação por minuto/rotações por minuto/f", "bpm": "batimento por minuto/batimentos por minuto",
    "ppm": "parte por milhão/partes por milhão/f", "ppb": "parte por bilhão/partes por bilhão/f", "cv": "cavalo",
    "l/100 km|L/100 km": "litro por cem quilômetros/litros por cem quilômetros",
    "kWh/100 km": "quilowatt-hora por cem quilômetros/quilowatts-hora por cem quilômetros",
    "dia": "dia", "mês": "mês/meses", "ano": "ano", "noite": "noite//f", "pessoa": "pessoa//f", "quilo": "quilo",
    "hab": "habitante", "d": "dia", "un": "unidade//f",
    "m/s²": "metro por segundo ao quadrado/metros por segundo ao quadrado",
}  # fmt: skip
UNITS = {
    **{symbol: _unit(names) for symbols, names in _NAMES.items() for symbol in symbols.split("|")},
    "%": Unit("por cento", "por cento"), "‰": Unit("por mil", "por mil"),
}  # fmt: skip


def _currency(names: str, cent: str = "") -> Currency:
    return Currency(_unit(names), _unit(cent) if cent else None)


_REAL, _EURO, _DOLLAR, _POUND = (
    _currency("real/reais", "centavo"),
    _currency("euro", "cêntimo"),
    _currency("dólar/dólares", "centavo"),
    _currency("libra//f", "pêni/pence"),
)
CURRENCIES = {
    **dict.fromkeys(("R$", "BRL", "reais", "real"), _REAL), **dict.fromkeys(("€", "EUR", "euros", "euro"), _EURO),
    **dict.fromkeys(("$", "US$", "USD", "U$"), _DOLLAR), **dict.fromkeys(("£", "GBP"), _POUND),
    **dict.fromkeys(("¥", "JPY"), _currency("iene")), "CHF": _currency("franco suíço/francos suíços", "cêntimo"),
    **dict.fromkeys(("ARS", "AR$"), _currency("peso argentino/pesos argentinos", "centavo")),
    "₩": _currency("won"), "₽": _currency("rublo", "copeque"), "₹": _currency("rupia//f"),
    **dict.fromkeys(("BTC", "₿"), _currency("bitcoin")),
}  # fmt: skip
MAGNITUDES = {
    "k": "mil", "K": "mil", "mil": "mil", "M": "milhões", "mi": "milhões", "bi": "bilhões", "tri": "trilhões",
    **{word + of: word for of in ("", " de")
       for word in ("milhão", "milhões", "bilhão", "bilhões", "trilhão", "trilhões", "mil milhões")},
}  # fmt: skip
ABBREVIATIONS = {
    "Sr.": "senhor", "Sra.": "senhora", "Srs.": "senhores", "Sras.": "senhoras", "Srta.": "senhorita",
    "Dr.": "doutor", "Dra.": "doutora", "Drs.": "doutores", "Dras.": "doutoras", "Prof.": "professor",
    "Profa.": "professora", "Prof.ª": "professora", "Profª": "professora", "Profª.": "professora",
    "Eng.": "engenheiro", "Exmo.": "excelentíssimo", "Exma.": "excelentíssima", "V. Exa.": "vossa excelência",
    "Sto.": "santo", "Sta.": "santa", "Gal.": "general", "Cel.": "coronel", "Ten.": "tenente",
    "av.": "avenida", "pça.": "praça", "rod.": "rodovia", "trav.": "travessa", "tv.": "travessa",
    "tel.": "telefone", "cel.": "celular", "etc.": "etcétera", "p. ex.": "por exemplo", "p.ex.": "por exemplo",
    "aprox.": "aproximadamente", "máx.": "máximo", "mín.": "mínimo", "temp.": "temperatura", "obs.": "observação",
    "a. C.": "antes de Cristo", "a.C.": "antes de Cristo", "d. C.": "depois de Cristo", "d.C.": "depois de Cristo",
    "apto.": "apartamento", "depto.": "departamento", "dept.": "departamento", "Ltda.": "limitada",
    "Cia.": "companhia", "Jr.": "júnior", "vs.": "contra", "ref.": "referência", "págs.": "páginas",
    "c/c": "conta corrente", "s/n": "sem número", "s/nº": "sem número", "D.ª": "dona", "Dª": "dona",
    "esq.": "esquerda", "dir.": "direita", "qtde.": "quantidade", "qtd.": "quantidade", "n.os": "números",
    "P.S.": "pós-escrito", "ed.": "edição", "gov.": "governador", "pres.": "presidente", "dep.": "deputado",
    "ex.:": "exemplo:", "e ss.": "e seguintes", "vc": "você", "pq": "porque",
    "R.S.V.P.": "responda, por favor", "Ilmo.": "ilustríssimo",
    "h/a": "hora-aula", "sr.": "senhor", "sra.": "senhora", "dr.": "doutor", "dra.": "doutora", "prof.": "professor",
}  # fmt: skip
BEFORE_NUMBERS = {
    "n.º": "número", "nº": "número", "N.º": "número", "Nº": "número", "n°": "número", "N°": "número",
    "n.°": "número", "no.": "número", "No.": "número", "nro.": "número", "núm.": "número", "num.": "número",
    "pág.": "página", "Pág.": "página", "pag.": "página", "p.": "página", "pp.": "páginas", "art.": "artigo",
    "Art.": "artigo", "cap.": "capítulo", "Cap.": "capítulo", "fig.": "figura", "Fig.": "figura", "vol.": "volume",
    "Vol.": "volume", "apto": "apartamento", "ap.": "apartamento", "Ap.": "apartamento", "apt.": "apartamento",
    "Apto": "apartamento", "bl.": "bloco", "Bl.": "bloco", "cj.": "conjunto", "qd.": "quadra", "lt.": "lote",
    "ep.": "episódio", "temp.": "temporada", "tel": "telefone", "Tel": "telefone", "inc.": "inciso",
    "km.": "quilômetro", "sl.": "sala", "séc.": "século", "sécs.": "séculos", "edif.": "edifício",
    "km": "quilômetro",
}  # fmt: skip
BEFORE_NAMES = {
    "R.": "rua", "D.": "dona", "Al.": "alameda", "Pç.": "praça", "Pe.": "padre", "Fr.": "frei",
    "Cap.": "capitão", "Est.": "estrada", "Jd.": "jardim", "Vl.": "vila", "Av": "avenida", "Dr": "doutor",
    "Sr": "senhor", "Sra": "senhora", "Dra": "doutora",
}  # fmt: skip
SAINTS = (
    "Bento Bernardo Brás Caetano Carlos Cristóvão Domingos Francisco Gonçalo Jerônimo João Jorge José Lourenço Lucas "
    "Luís Marcos Martinho Mateus Miguel Nicolau Paulo Pedro Roque Salvador Sebastião Tiago Tomé Valentim Vicente"
)
SAINTS_BEFORE_VOWELS = "Agostinho Amaro André Antônio António Estêvão Inácio"
"""Those that S. stands before: são, santo"""
MONTHS = (
    "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro",
    "dezembro",
)  # fmt: skip
SHORT_MONTHS = {
    "jan": "janeiro", "fev": "fevereiro", "mar": "março", "abr": "abril", "mai": "maio", "jun": "junho",
    "jul": "julho", "ago": "agosto", "set": "setembro", "out": "outubro", "nov": "novembro", "dez": "dezembro",
}  # fmt: skip
WEEKDAYS = {
    "seg.": "segunda-feira", "ter.": "terça-feira", "qua.": "quarta-feira", "qui.": "quinta-feira",
    "sex.": "sexta-feira", "sáb.": "sábado", "sab.": "sábado", "dom.": "domingo", "qua": "quarta-feira",
    "qui": "quinta-feira", "sáb": "sábado",
}  # fmt: skip
KINGS = (
    "Afonso|Alexandre|Bento|Bonifácio|Carlos|Clemente|Duarte|Eduardo|Felipe|Filipe|Fernando|Francisco|Frederico"
    "|Gregório|Guilherme|Gustavo|Henrique|Inocêncio|Jaime|João|João Paulo|Jorge|José|Juan Carlos|Leão|Leopoldo|Luís"
    "|Manuel|Napoleão|Nicolau|Paulo|Pedro|Pio|Ramsés|Ricardo|Sancho|Sisto|Urbano"
)
QUEENS = "Isabel|Elizabeth|Elisabete|Catarina|Margarida|Maria|Beatriz"
EDITIONS = {
    "edição": "f", "congresso": "m", "guerra": "f", "feira": "f", "jornada": "f", "prêmio": "m", "concurso": "m",
    "festival": "m", "encontro": "m", "torneio": "m", "corrida": "f", "semana": "f", "copa": "f", "cúpula": "f",
    "república": "f", "simpósio": "m", "seminário": "m", "mostra": "f", "maratona": "f", "campeonato": "m",
    "conferência": "f", "bienal": "f", "salão": "m",
}  # fmt: skip
NUMBERED = (
    "ato|anexo|apartamento|artigo|sala|ônibus|bloco|canal|cap[íi]tulo|capítulos|categoria|circuito|classe|código|edifício"
    "|episódio|escada|cena|fase|figura|fila|grupo|quarto|jogador|km|quilômetro|lição|linha|mesa|módulo|nível|número"
    "|opção|página|parte|passo|etapa|piso|pista|plataforma|portão|predefinição|programa|porta|ponto|seção|setor"
    "|semana|sensor|tema|temporada|terminal|tipo|título|tomo|trecho|unidade|via|versão|volume|voo|zona|ano|grau"
    "|Covid|câmera|andar|rua|casa|quadra|lote|cama|tomada|turma|box|loja|vaga"
)
FUNCTION_WORDS = (
    "a à ao aos as às ante até após com como contra cada da das de dela dele do dos e é ela ele em entre era eram "
    "esse essa esta está estão este eles elas estava estavam foi foram há hoje já lhe mais mas me menos meu minha "
    "muito amanhã na nas nem no nos não nós o os ou para pela pelas pelo pelos por porque pode podem quando que "
    "quem se sem será seu seus sim sob sobre sua suas são também tem têm tinha todas todos três tu um uma vai vão "
    "depois antes então igual além ontem agora segue mil vírgula ponto ainda vs "
)
FEMININE = (
    "noite tarde chave luz luzes vez vezes mulher mulheres mão mãos foto moto flor flores parte nuvem nuvens neve "
    "rede redes parede série ordem ordens torre carne voz vozes classe fonte base frase ponte ave saudade lei "
    "leis mãe irmã maçã lã cruz cruzes noz nozes raiz raízes web tribo tevê gente morte sorte febre sede pele "
    "fase variante análise síntese crise dose estante corrente superfície espécie gripe equipe face hélice "
    "sementes semente garagem colher colheres cor cores dor dores mensagens libélula planície cárie avó televisão "
    "manhã manhãs ação estação questão opinião região união reunião conexão tosse couve catedral capital filial "
    "moral vogal chance interface creche lente lentes patente nota "
)
MASCULINE = (
    "dia mapa problema programa sistema tema clima idioma planeta poema drama diploma aroma sintoma esquema lema "
    "dilema teorema fantasma pijama sofá cometa telegrama grama miligrama micrograma quilograma diagrama panorama "
    "enigma carisma trauma artista futebolista turista ciclista jornalista atleta tenista guarda pirata colega "
    "poeta papa chá crachá karatê coração cinema avião caminhão volta-redonda delta "
)
FEMININE_ENDINGS = (
    "a", "as", "ção", "ções", "são", "sões", "dade", "dades", "tude", "tudes", "agem", "agens", "triz", "trizes",
    "ície", "ícies", "eza", "ite", "gião", "giões", "ensagem", "xão", "xões", "nião", "niões", "stão", "stões",
)  # fmt: skip
