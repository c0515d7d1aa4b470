"""Italian short forms, Roman numerals, ordinals, telephone numbers and codes."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading import roman
from qwen3tts_daemon.reading.italian_numbers import MONTHS, cardinal, day, gender, ordinal
from qwen3tts_daemon.reading.language import Row, rewritten
from qwen3tts_daemon.reading.patterns import alternatives
from qwen3tts_daemon.reading.romance_rules import before_numbers, numbers_with_dash, reign, secrets

ABBREVIATIONS = {
    "ecc.": "eccetera", "ecc": "eccetera", "etc.": "eccetera", "p. es.": "per esempio", "per es.": "per esempio",
    "ad es.": "ad esempio", "es.": "esempio", "cfr.": "confronta", "ca.": "circa", "tel.": "telefono",
    "cell.": "cellulare", "cod.": "codice", "max.": "massimo", "sig.ra": "signora",
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
    "arch.": "architetto", "e segg.": "e seguenti", "e ss.": "e seguenti",
    "qta": "quantità", "q.tà": "quantità", "q.b.": "quanto basta",
}  # fmt: skip
_BEFORE_NUMBERS = {
    "n.": "numero", "n°": "numero", "nº": "numero", "num.": "numero", "nn.": "numeri", "max": "massimo",
    "p.": "pagina", "pp.": "pagine", "pag.": "pagina", "pagg.": "pagine", "sec.": "secolo", "secc.": "secoli",
    "t.": "tomo", "art.": "articolo", "artt.": "articoli", "cap.": "capitolo", "fig.": "figura", "tab.": "tabella",
    "vol.": "volume", "int.": "interno", "sc.": "scala", "min.": "minimo", "km": "chilometro", "sez.": "sezione",
    "par.": "paragrafo", "ep.": "episodio", "civ.": "civico", "all.": "allegato", "co.": "comma",
}  # fmt: skip
"""Short forms that are sure in front of a number"""
_BEFORE_NAMES = {
    "on.": "onorevole", "gen.": "generale", "col.": "colonnello", "cap.": "capitano", "ten.": "tenente",
    "card.": "cardinale", "pres.": "presidente", "cav.": "cavalier", "comm.": "commendator", "min.": "ministro",
}  # fmt: skip
"""Short forms that are sure in front of a name"""
_SAINTS_BY_FORM = {
    "San ": "Marco Giovanni Pietro Paolo Giorgio Francesco Martino Lorenzo Nicola Carlo Michele Siro Remo Giuseppe Vito"
    " Valentino Silvestro Gennaro Donato Benedetto Bernardo Gregorio Luca Matteo",
    "Santa ": "Maria Lucia Chiara Caterina Rita Teresa Margherita Croce Cecilia Barbara Giustina Sofia",
    "Sant'": "Antonio Andrea Anna Agata Ambrogio Agostino Elena Angelo Eustorgio Ignazio Orsola",
    "Santo ": "Stefano Spirito",
}
_SAINTS = {name: full for full, names in _SAINTS_BY_FORM.items() for name in names.split()}
"""How the short form S. is said before their names"""
_KINGS = (
    "Alberto|Alessandro|Alfonso|Benedetto|Bonifacio|Carlo|Carlo Alberto|Caterina|Clemente|Cristiano|Edoardo|Elisabetta"
    "|Enrico|Federico|Ferdinando|Filippo|Francesco|Giacomo|Giorgio|Giovanni|Giovanni Paolo|Giulio|Giuseppe|Gregorio"
    "|Guglielmo|Innocenzo|Leone|Leopoldo|Luigi|Margherita|Napoleone|Nicola|Olav|Ottone|Paolo|Pietro|Pio|Ramses|Riccardo"
    "|Sisto|Umberto|Urbano|Vittorio Amedeo|Vittorio Emanuele|Harald|Juan Carlos"
)
_COUNTED_NOUNS = (
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
_COUNTED = "|".join(_COUNTED_NOUNS.split())
_MASCULINE = r"\b(?i:il|lo|al|del|dal|nel|sul|un)\s|\b(?i:l|all|dell|dall|nell|sull)'"
_FEMININE = r"\b(?i:la|alla|della|dalla|nella|sulla|una)\s"
LABELS = "|".join(NUMBERED.split())

ALSO_READ = (
    rf"\b[IVX]{{2,}}\b|\b(?:{_KINGS})\s[IVX]\b|\p{{Ll}}\.\s[IVX]\b|\bS\.\s(?:{'|'.join(_SAINTS)})\b"
    rf"|\b(?:{alternatives(_BEFORE_NAMES)})\s\p{{Lu}}"
)


def short_forms() -> Iterator[Row]:
    """Those that are sure only before a number or a name."""
    yield before_numbers(_BEFORE_NUMBERS)
    name = r"(?=\s(?:\p{Lu}\.\s)?\p{Lu}\p{Ll}{2})"
    yield rf"(?<![\p{{L}}\d]|\d\s)(?:{alternatives(_BEFORE_NAMES)}){name}", lambda found: _BEFORE_NAMES[found[0]]
    yield rf"(?<!\p{{L}})S\.\s(?=(?<name>{'|'.join(_SAINTS)})\b)", lambda found: _SAINTS[found["name"]]
    yield r"(?<=\d\s?(?:sec|min|gr|lt|mt|gg|pz|pers))\.(?=\s\p{Ll})", rewritten("")


def romans() -> Iterator[Row]:
    """Kings, days in the names of streets, centuries, chapters."""
    yield rf"(?<=\b(?<name>{_KINGS})\s)(?<r>[IVX]+)\b", _king
    yield rf"\b(?<r>[IVX]+)(?=\s(?i:{'|'.join(MONTHS)})\b)", _roman_day
    yield (
        r"\b(?<r>[IVX]+)(?=\s(?:ed?|o|al)\s(?:il\s|al\s|del\s)?[IVX]+\s(?:secolo|sec\.))",
        lambda found: _ordinal(roman.value(found["r"]), ""),
    )
    yield (
        rf"\b(?<r>[IVX]{{2,}}|[VX]|(?<={_FEMININE}|{_MASCULINE})I)[°ª]?\s"
        rf"(?<noun>(?i:{_COUNTED}|dinastia|crociata|repubblica)|sec\.)(?!\p{{L}})",
        _roman_before,
    )
    yield (
        rf"(?<=\b(?<noun>(?i:{LABELS}|atto|canto|libro|secolo|papa|titolo|guerra))\s)(?<r>[IVX]+)\b(?!['-])",
        _roman_after,
    )


def ordinals() -> Iterator[Row]:
    """ "3ª", and ° and º where they are no degrees: behind an article, or with a noun that is counted so."""
    yield r"(?<![\d.,])(?<n>\d{1,5})ª", lambda found: _ordinal(int(found["n"]), "f")
    yield (
        rf"(?<![\d.,])(?<n>\d{{1,3}})[°º](?=\s(?<noun>{_COUNTED})\b)",
        lambda found: _ordinal(int(found["n"]), gender(found["noun"])),
    )
    yield (
        r"(?<=\b(?:arrivat|classificat|piazzat|giunt)(?<end>[oa])\s)(?<n>\d{1,4})[°ºª]?(?=\ssu\s\d)"
        r"|(?<=\b(?:arrivat|classificat|piazzat|giunt)(?<end>[oa])\s)(?<n>\d{1,4})[°ºª]",
        lambda found: _ordinal(int(found["n"]), "f" if found["end"] == "a" else ""),
    )
    yield (
        rf"(?<=(?<la>{_FEMININE})|{_MASCULINE}|\b(?:piano|posto)\s)(?<n>\d{{1,3}})[°º](?!\s?[CF]\b)",
        lambda found: _ordinal(int(found["n"]), "f" if found["la"] else ""),
    )


def codes() -> Iterator[Row]:
    """Telephone numbers, postal codes, secrets, and numbers with a letter."""
    blank = r"[ \u00a0./-]"
    yield (
        rf"(?<![\d.,]|\+\d\d\s)3\d\d(?:{blank}\d{{6,7}}|(?:{blank}\d{{2,4}}){{2,3}})(?![\d.,]?\d)"
        rf"|\b800(?:{blank}\d{{3}}){{2}}(?!\d)",
        lambda found: ", ".join(map(_digits, regex.findall(r"\d+", found[0]))),
    )
    yield (
        rf"(?<=\b(?i:{LABELS})\s)(?<n>[1-9]\d{{0,3}})\s?(?<letter>[A-Z])\b",
        lambda found: f"{cardinal(int(found['n']))} {found['letter']}",
    )
    yield r"\bPM\s?(?=\d)", rewritten("PM ")
    yield r"(?<![\d.,/-])\d{5}(?=\s\p{Lu}\p{Ll}+\b)(?!\s(?:Euro|Km|Kg))", lambda found: _digits(found[0])
    yield secrets(r"\b(?:codice|codici|PIN|CAP|OTP|password)\b[^\d.;!?]{0,25}", _digits)
    yield numbers_with_dash()


def _king(found: "regex.Match[str]") -> str | None:
    name = found["name"]
    return _ordinal(reign(found), "f" if name.endswith("a") and name != "Nicola" else "")


def _roman_day(found: "regex.Match[str]") -> str | None:
    n = roman.value(found["r"])
    return day(n) if n else None


def _roman_before(found: "regex.Match[str]") -> str | None:
    noun = "secolo" if found["noun"] == "sec." else found["noun"]
    said = _ordinal(roman.value(found["r"]), gender(noun.lower()))
    return f"{said} {noun}" if said else None


def _roman_after(found: "regex.Match[str]") -> str | None:
    return _ordinal(roman.value(found["r"]), gender(found["noun"].lower()))


def _ordinal(n: int | None, gender: str) -> str | None:
    return ordinal(n, gender) if n else None


def _digits(written: str) -> str:
    return " ".join(cardinal(int(digit)) for digit in written)
