"""The words of Portuguese: short forms, cues, and the nouns whose gender a number takes."""

from qwen3tts_daemon.reading.iberian_words import IberianWords, word_set

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
_SAINTS = (
    "Bento Bernardo Brás Caetano Carlos Cristóvão Domingos Francisco Gonçalo Jerônimo João Jorge José Lourenço Lucas "
    "Luís Marcos Martinho Mateus Miguel Nicolau Paulo Pedro Roque Salvador Sebastião Tiago Tomé Valentim Vicente"
)
_SAINTS_BEFORE_VOWELS = "Agostinho Amaro André Antônio António Estêvão Inácio"
WORDS = IberianWords(
    months=(
        "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro",
        "dezembro",
    ),
    short_months={
        "jan": "janeiro", "fev": "fevereiro", "mar": "março", "abr": "abril", "mai": "maio", "jun": "junho",
        "jul": "julho", "ago": "agosto", "set": "setembro", "out": "outubro", "nov": "novembro", "dez": "dezembro",
    },
    weekdays={
        "seg.": "segunda-feira", "ter.": "terça-feira", "qua.": "quarta-feira", "qui.": "quinta-feira",
        "sex.": "sexta-feira", "sáb.": "sábado", "sab.": "sábado", "dom.": "domingo", "qua": "quarta-feira",
        "qui": "quinta-feira", "sáb": "sábado",
    },
    first_day="primeiro",
    date_cues=(
        "dia|em|até|desde|segunda|terça|quarta|quinta|sexta|(?:segunda|terça|quarta|quinta|sexta)-feira|sábado|domingo"
    ),
    timer_cues="timer|temporizador|cronômetro|contagem|duração|faltam?|restam?|restantes?|pausa|ritmo",
    round_the_clock="vinte e quatro por sete",
    before_numbers={
        "n.º": "número", "nº": "número", "n°": "número", "n.°": "número", "no.": "número", "nro.": "número",
        "núm.": "número", "num.": "número", "pág.": "página", "pag.": "página", "p.": "página", "pp.": "páginas",
        "art.": "artigo", "cap.": "capítulo", "fig.": "figura", "vol.": "volume", "apto": "apartamento",
        "ap.": "apartamento", "apt.": "apartamento", "bl.": "bloco", "cj.": "conjunto", "qd.": "quadra", "lt.": "lote",
        "ep.": "episódio", "temp.": "temporada", "tel": "telefone", "inc.": "inciso", "km.": "quilômetro",
        "sl.": "sala", "séc.": "século", "sécs.": "séculos", "edif.": "edifício", "km": "quilômetro",
    },
    before_names={
        "R.": "rua", "D.": "dona", "Al.": "alameda", "Pç.": "praça", "Pe.": "padre", "Fr.": "frei",
        "Cap.": "capitão", "Est.": "estrada", "Jd.": "jardim", "Vl.": "vila", "Av": "avenida", "Dr": "doutor",
        "Sr": "senhor", "Sra": "senhora", "Dra": "doutora",
    },
    saints=dict.fromkeys(word_set(_SAINTS), "são") | dict.fromkeys(word_set(_SAINTS_BEFORE_VOWELS), "santo"),
    kings=(
        "Afonso|Alexandre|Bento|Bonifácio|Carlos|Clemente|Duarte|Eduardo|Felipe|Filipe|Fernando|Francisco|Frederico"
        "|Gregório|Guilherme|Gustavo|Henrique|Inocêncio|Jaime|João|João Paulo|Jorge|José|Juan Carlos|Leão|Leopoldo|Luís"
        "|Manuel|Napoleão|Nicolau|Paulo|Pedro|Pio|Ramsés|Ricardo|Sancho|Sisto|Urbano"
    ),
    queens="Isabel|Elizabeth|Elisabete|Catarina|Margarida|Maria|Beatriz",
    editions={
        "edição": "f", "congresso": "m", "guerra": "f", "feira": "f", "jornada": "f", "prêmio": "m", "concurso": "m",
        "festival": "m", "encontro": "m", "torneio": "m", "corrida": "f", "semana": "f", "copa": "f", "cúpula": "f",
        "república": "f", "simpósio": "m", "seminário": "m", "mostra": "f", "maratona": "f", "campeonato": "m",
        "conferência": "f", "bienal": "f", "salão": "m",
    },
    code_cues="códigos?|PIN|senha|código postal|CEP|protocolo|pedido|ramal|extensão|placa|matrícula|contador",
    numbered=(
        "ato|anexo|apartamento|artigo|sala|ônibus|bloco|canal|cap[íi]tulo|capítulos|categoria|circuito|classe|código|edifício"
        "|episódio|escada|cena|fase|figura|fila|grupo|quarto|jogador|km|quilômetro|lição|linha|mesa|módulo|nível|número"
        "|opção|página|parte|passo|etapa|piso|pista|plataforma|portão|predefinição|programa|porta|ponto|seção|setor"
        "|semana|sensor|tema|temporada|terminal|tipo|título|tomo|trecho|unidade|via|versão|volume|voo|zona|ano|grau"
        "|Covid|câmera|andar|rua|casa|quadra|lote|cama|tomada|turma|box|loja|vaga"
    ),
    ordinal_nouns="andar|andares|pisos?|lugar|série|ano|trimestre|semestre|aniversário|ciclo|dia|colocado|grau|turno",
    ordinal_endings=r"[oa]s?(?=\s\p{L}{3}|-feira)",
    function_words=word_set(
        "a à ao aos as às ante até após com como contra cada da das de dela dele do dos e é ela ele em entre era eram "
        "esse essa esta está estão este eles elas estava estavam foi foram há hoje já lhe mais mas me menos meu minha "
        "muito amanhã na nas nem no nos não nós o os ou para pela pelas pelo pelos por porque pode podem quando que "
        "quem se sem será seu seus sim sob sobre sua suas são também tem têm tinha todas todos três tu um uma vai vão "
        "depois antes então igual além ontem agora segue mil vírgula ponto ainda vs "
    ),
    feminine=word_set(
        "noite tarde chave luz luzes vez vezes mulher mulheres mão mãos foto moto flor flores parte nuvem nuvens "
        "neve rede redes parede série ordem ordens torre carne voz vozes classe fonte base frase ponte ave saudade "
        "lei leis mãe irmã maçã lã cruz cruzes noz nozes raiz raízes web tribo tevê gente morte sorte febre sede "
        "pele fase variante análise síntese crise dose estante corrente superfície espécie gripe equipe face hélice "
        "sementes semente garagem colher colheres cor cores dor dores mensagens libélula planície cárie avó "
        "televisão manhã manhãs ação estação questão opinião região união reunião conexão tosse couve catedral "
        "capital filial moral vogal chance interface creche lente lentes patente nota metade metades razão razões"
    ),
    masculine=word_set(
        "dia mapa problema programa sistema tema clima idioma planeta poema drama diploma aroma sintoma esquema lema "
        "dilema teorema fantasma pijama sofá cometa telegrama grama miligrama micrograma quilograma diagrama "
        "panorama enigma carisma trauma artista futebolista turista ciclista jornalista atleta tenista guarda pirata "
        "colega poeta papa chá crachá karatê coração cinema avião caminhão volta-redonda delta corações"
    ),
    feminine_endings=(
        "a", "as", "ção", "ções", "são", "sões", "dade", "dades", "tude", "tudes", "agem", "agens", "triz", "trizes",
        "ície", "ícies", "eza", "ite", "gião", "giões", "ensagem", "xão", "xões", "nião", "niões", "stão", "stões",
    ),
    millions=r"(?:ão|ões)$",
    score_cues=r"placar|jogo|partida|venc\w+|vitória|derrota|empat\w+|ganh\w+|perd\w+|resultado|set|final",
    times="vezes",
    feet="pés",
    inches="polegadas",
)  # fmt: skip
