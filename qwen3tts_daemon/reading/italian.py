"""Italian."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]
from num2words import num2words  # type: ignore[import-untyped]

from qwen3tts_daemon.reading import italian_words as words
from qwen3tts_daemon.reading import roman
from qwen3tts_daemon.reading.kinds import alternatives
from qwen3tts_daemon.reading.language import VERSIONED, Currency, Language, Row, Unit, rewritten
from qwen3tts_daemon.reading.notation import Notation, Number

_FEMININE, _MASCULINE = frozenset(words.FEMININE.split()), frozenset(words.MASCULINE.split())
_FEMININE_ENDINGS = ("a", "zione", "sione", "gione", "trice", "tà", "tù")
_NUMBERED, _ORDINAL_NOUN = (rf"(?:{'|'.join(names.split())})" for names in (words.NUMBERED, words.ORDINAL_NOUNS))
_WEEKDAY = rf"(?<day>{alternatives(words.WEEKDAYS)})"
_MONTH = "|".join(words.MONTHS)
_FULL_WEEKDAY = "lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica"
_TO = rf"(?:l|dell|dall|all|nell|sull)'|(?:il|del|dal|al|nel|sul|entro|{_FULL_WEEKDAY})\s"
"""Before a day"""
_DAY_MONTH = (
    rf"(?i)(?<=(?<cue>\b(?:{_TO}))?)(?<![\d/.,])(?<d>[12]\d|3[01]|0?[1-9])°?/(?<m>1[0-2]|0?[1-9])(?![\d/]|[.,]\d)"
)
_CLOCK = r"(?<h>[01]?\d|2[0-4])[:.](?<m>[0-5]\d)"
_AT = r"(?<at>(?i:alle|dalle|delle|nelle|sulle|le|all'|dall'|dell'|l'))"
_DASH = r"\s?[-–—]\s?"
_PREPOSITIONS = (
    "in|di|per|a|con|entro|circa|dopo|ogni|almeno|su|ai|dai|dei|nei|sui|i|le|gli|alle|delle|nelle|dalle|altri|altre|il|del"
    "|al|nel|dal|periodo|biennio|triennio|stagione|anni|decennio"
)
_FRACTIONS = {2: "mezzo", 4: "quarto"}
_NO_NOUN = frozenset(
    ("alle", "anche", "che", "con", "del", "della", "era", "fino", "ha", "meno", "non", "ogni", "ore", "per", "più", "punto",
     "sono", "sul", "sulla", "viene", "virgola", "volta", "alla", "dal", "dalla", "nel", "nella", "sta", "ma", "mila")
) - {"volta"}  # fmt: skip
_ROUND_THE_CLOCK = "ventiquattro ore su ventiquattro, sette giorni su sette"


class Italian(Language):
    notation = Notation(",", ". ")
    digit_words = ["zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"]
    point = "virgola"
    signs = {
        "+": "più", "-": "meno", "±": "più o meno", "×": "per", "x": "per", "*": "per", "÷": "diviso",
        "=": "uguale", "<": "meno di", ">": "più di", "≤": "al massimo", "≥": "almeno", "~": "circa",
        "≈": "circa", "#": "numero", "№": "numero", "§": "paragrafo", "&": "e",
    }  # fmt: skip
    address_signs = {
        ".": "punto", "@": "chiocciola", "/": "barra", "-": "trattino", "_": "trattino basso", ":": "due punti", "+": "più",
    }  # fmt: skip
    units = words.UNITS
    per = "per"
    currencies = words.CURRENCIES
    magnitudes = words.MAGNITUDES
    ratio_word = "a"
    and_word = "e"
    version_word = "versione"
    abbreviations = words.ABBREVIATIONS
    also_read = rf"\b[IVX]{{2,}}\b|\b(?:{words.KINGS})\s[IVX]\b|\bS\.\s(?:{'|'.join(words.SAINTS)})\b"

    # ---- rules ----

    def before(self) -> Sequence[Row]:
        return (
            *self._short_forms(),
            *self._romans(),
            *self._ordinals(),
            *self._dates(),
            *self._times(),
            *self._quantities(),
            *self._codes(),
        )

    def after(self) -> Sequence[Row]:
        number = self.notation.pattern
        return (
            (rf"(?<=\b(?i:{_NUMBERED})\s)1(?![\d.,:/])", rewritten("uno")),
            (r"(?<![\d.,/:'-])1\s(?<noun>\p{Ll}[\p{L}]+(?:-\p{L}+)?)", self._one_of),
            (
                rf"(?<=\b(?:{VERSIONED}|[Vv]ersione)\s?)\d+\.\d+(?![.,]?\d)",
                lambda found: self.dotted(found[0].split(".")),
            ),
            (
                rf"(?<number>{number})\s?mila\b",
                lambda found: self.number(self.notation.parse(found["number"])) + "mila",
            ),
        )

    def _short_forms(self) -> Sequence[Row]:
        days = alternatives(words.WEEKDAYS)
        return (
            (
                rf"(?<![\p{{L}}\d]|\p{{L}}\.|\d\s)(?:{alternatives(words.BEFORE_NUMBERS)})(?=\s?\p{{Lu}}?\d)",
                lambda found: words.BEFORE_NUMBERS[found[0]],
            ),
            (
                rf"(?<!\p{{L}})S\.\s(?<name>{'|'.join(words.SAINTS)})\b",
                lambda found: words.SAINTS[found["name"]] + found["name"],
            ),
            (
                rf"(?<!\p{{L}})(?i:{_WEEKDAY})\.?(?=\s(?:il\s|alle\s|ore\s)?\d|\s?[-–/]\s?(?i:{days})\b\.?\s?,?\s?\d)"
                rf"|(?<=\b(?i:{_FULL_WEEKDAY})\s?[-–/]\s?)(?i:{_WEEKDAY})\.?(?=,?\s?\d|$)",
                self._weekday,
            ),
            (
                rf"(?<=\d[°º]?\s)(?i:(?<month>{alternatives(words.SHORT_MONTHS)}))\b\.?(?!\p{{L}})",
                lambda found: words.SHORT_MONTHS[found["month"].lower()],
            ),
            (r"(?<![\p{L}\d]|\d\s)[hH]\.?\s(?=\d{1,2}(?:[.:]\d\d)?\b)", rewritten("ore ")),
            (r"(?<=\d\s?(?:sec|min|gr|lt|mt|gg|pz|pers))\.(?=\s\p{Ll})", rewritten("")),
        )

    def _weekday(self, found: "regex.Match[str]") -> str:
        full = words.WEEKDAYS[found["day"].lower()]
        return full.capitalize() if found["day"][0].isupper() else full

    def _romans(self) -> Sequence[Row]:
        return (
            (rf"(?<=\b(?:{words.KINGS})\s)(?<r>[IVX]+)\b", self._king),
            (rf"\b(?<r>[IVX]+)\s(?=(?i:{_MONTH})\b)", self._roman_day),
            (
                rf"\b(?<r>[IVX]+)[°ª]?\s(?<noun>{_ORDINAL_NOUN}|sec\.|dinastia|crociata|repubblica)(?!\p{{L}})",
                self._roman_before_noun,
            ),
            (
                rf"(?<=\b(?i:(?<noun>{_NUMBERED}|atto|canto|libro|secolo|sec\.|papa|titolo|guerra))\s)(?<r>[IVX]+)\b(?!['-])",
                self._roman_after_noun,
            ),
        )

    def _ordinals(self) -> Sequence[Row]:
        masculine = r"\b(?i:il|lo|al|del|dal|nel|sul|un)\s|\b(?i:l|all|dell|dall|nell|sull)'"
        feminine = r"\b(?i:la|alla|della|dalla|nella|sulla|una)\s"
        return (
            (
                r"(?<![\d.,])(?<n>\d{1,5})ª",
                lambda found: self.ordinal(int(found["n"]), "f") if int(found["n"]) else None,
            ),
            (
                rf"(?<=(?<la>{feminine})?(?:{masculine})?)(?<![\d.,])(?<n>\d{{1,3}})[°º](?=\s(?<noun>{_ORDINAL_NOUN})\b)",
                self._ordinal_with_noun,
            ),
            (
                rf"(?<=(?<la>{feminine})|{masculine}|\b(?:piano|posto)\s)(?<n>\d{{1,3}})[°º](?!\s?[CF]\b)",
                self._ordinal_with_noun,
            ),
        )

    def _king(self, found: "regex.Match[str]") -> str | None:
        name = found.string[: found.start()].split()[-1]
        n = roman.value(found["r"])
        return self.ordinal(n, "f" if name.endswith("a") and name not in ("Nicola",) else "") if n else None

    def _roman_day(self, found: "regex.Match[str]") -> str | None:
        n = roman.value(found["r"])
        return (self._day(n) + " ") if n else None

    def _roman_before_noun(self, found: "regex.Match[str]") -> str | None:
        n, noun = roman.value(found["r"]), "secolo" if found["noun"] == "sec." else found["noun"]
        return f"{self.ordinal(n, self._gender(noun))} {noun}" if n else None

    def _roman_after_noun(self, found: "regex.Match[str]") -> str | None:
        n = roman.value(found["r"])
        return self.ordinal(n, self._gender(found["noun"].lower())) if n else None

    def _dates(self) -> Sequence[Row]:
        return (
            (
                r"(?i)\b(?<to>il|del|dal|al|nel|sul)\s(?:0?(?=8[/.])|(?=11[/.]))(?=\d\d?[/.]\d\d?(?:[/.]\d|\b(?![,.]\d)))",
                lambda found: (
                    ("L'" if found["to"] == "Il" else "l'") if found["to"].lower() == "il" else f"{found['to']}l'"
                ),
            ),
            (
                rf"(?<from>\b(?i:dal|il)\s)?(?<![\d.,/])(?<a>[1-9]|[12]\d|3[01]){_DASH}(?<b>[12]\d|3[01]|[1-9])\s(?=(?i:{_MONTH})\b)",
                lambda found: (
                    f"{_elided('dal', self._day(int(found['a'])))} {_elided('al', self._day(int(found['b'])))} "
                ),
            ),
            (rf"(?i)\b(?<to>l|dell|dall|all|nell|sull)'1°?(?=[/\s](?:{_MONTH}|\d)\b)(?=/|\s\p{{L}})", self._first),
            (_DAY_MONTH, self._day_month),
            (rf"(?<![\d.,/-])0?1[°º]?(?=\s(?i:{_MONTH})\b)", rewritten("primo")),
            (rf"(?<![\d.,/-])0(?=[2-9]\s(?i:{_MONTH})\b)", rewritten("")),
            (
                r"(?<=\b(?i:anni|estate|inverno|autunno|primavera|nel|dal|del)\s)'(?=\d\d\b)|(?<=\bl)'(?='?\d\d\b)",
                rewritten(""),
            ),
            (
                r"\b(?<a>(?:19|20)\d\d)/(?<b>\d\d|20\d\d)\b(?!/)",
                lambda found: f"{self.part(found['a'])} {self.part(found['b'])}",
            ),
        )

    def _first(self, found: "regex.Match[str]") -> str:
        article = {"l": "il", "dell": "del", "dall": "dal", "all": "al", "nell": "nel", "sull": "sul"}[
            found["to"].lower()
        ]
        return f"{article.capitalize() if found['to'][0].isupper() else article} 1"

    def _day_month(self, found: "regex.Match[str]") -> str | None:
        day, month = int(found["d"]), int(found["m"])
        is_date = found["cue"] or found["d"][0] == "0" or found["m"][0] == "0" or (day > 12 and month > 9)
        return self.date(day, month, None) if is_date else None

    def _times(self) -> Sequence[Row]:
        other = _CLOCK.replace("<h>", "<h2>").replace("<m>", "<m2>")
        return (
            (
                r"(?i)(?<=\b(?:timer|conto alla rovescia|cronometro|durata|dura|mancano|restano|pausa|tempo)\b[^\d.;!?]{0,12})"
                r"(?<m>\d{1,2}):(?<s>[0-5]\d)(?![\d:])",
                lambda found: self.duration(0, int(found["m"]), int(found["s"])),
            ),
            (r"\b(?:24\s?h?\s?/\s?)?24\s?(?:h|ore)?\s?(?:/|su)\s?7(?:\s?gg)?\b|\bh\s?24\b", self._round_the_clock),
            (
                rf"(?:\b(?i:dalle|ore|delle)\s)?(?<![\d.,:]){_CLOCK}(?!\d){_DASH}(?:(?i:alle)\s)?{other}(?![\d:]|[.,]\d)",
                self._from_to,
            ),
            (
                rf"\b(?i:orari?o?|aperto|aperta|aperti|chiuso|ore)\b:?\s(?:(?i:dalle|ore)\s)?(?<h>\d\d?)(?<m>){_DASH}(?<h2>\d\d?)(?<m2>)(?![\d:.]*\d)",
                lambda found: f"{found[0].split()[0]} {self._from_to(found)}",
            ),
            (rf"\b{_AT}\s?(?:ore\s)?(?<![\d.,:]){_CLOCK}(?::(?<s>[0-5]\d))?(?![\d:]|[.,]\d)", self._at_clock),
            (
                rf"(?<=\b(?i:ore)\s){_CLOCK}(?![\d:]|[.,]\d)",
                lambda found: self.time(int(found["h"]), int(found["m"]), None, ""),
            ),
            (
                r"\b(?<at>(?i:alle|dalle|delle))\s1(?![\d.,:/%]|\s?\p{L}*\s?(?:per cento))(?=[\s,;.!?)]|$)",
                lambda found: self._at(found["at"], 1, 0),
            ),
            (r"(?<=\b(?i:l|all|dall|dell)')1(?![\d.,:/%°]|\s?%)", rewritten("una")),
            (
                r"(?<![\d.,])(?<h>\d{1,2})\s?h\s?(?<m>[0-5]?\d)(?:\s?(?:min|m|'))?(?!\p{L}|\d)",
                lambda found: self.duration(int(found["h"]), int(found["m"]), 0),
            ),
        )

    def _round_the_clock(self, found: "regex.Match[str]") -> str:
        return "ventiquattro ore su ventiquattro" if found[0][0] == "h" else _ROUND_THE_CLOCK

    def _from_to(self, found: "regex.Match[str]") -> str | None:
        hours = int(found["h"]), int(found["h2"])
        if max(hours) > 24:
            return None
        return " ".join(
            self._at(word, hour, int(minute or 0))
            for word, hour, minute in zip(("dalle", "alle"), hours, (found["m"], found["m2"]), strict=True)
        )

    def _at_clock(self, found: "regex.Match[str]") -> str | None:
        if found["s"]:
            return None
        return self._at(found["at"], int(found["h"]), int(found["m"]))

    def _at(self, word: str, hour: int, minute: int) -> str:
        """A clock time with its article: "alle due", "all'una"."""
        stem = word.removesuffix("'").removesuffix("e").removesuffix("l") if len(word) > 2 else word[0]
        if not hour and not minute and stem.lower() in ("al", "dal"):
            return {"al": "a", "dal": "da"}[stem.lower()] + " mezzanotte"
        said = self.time(hour, minute, None, "")
        if hour == 1:
            return f"{stem}{'l' if len(word) > 2 else ''}'{said}"
        return f"{stem}{'le' if len(word) > 2 else 'e'} {said}"

    def _quantities(self) -> Sequence[Row]:
        number = self.notation.pattern
        unit = rf"(?:\s?(?:{alternatives([*self.units, *self.currencies])})(?!\p{{L}}))"
        percent = r"(?=\s?(?:%|per cento))"
        return (
            (rf"(?<=\b(?i:tra|fra)\s(?:i\s|il\s|le\s|gli\s)?(?:{number}){unit}?)\s?[-–—]\s?(?=\d)", rewritten(" e ")),
            (
                rf"(?<=\b(?i:{_PREPOSITIONS})\s)(?<![\d.,:/-])(?<a>{number}){unit}?\s?[-–]\s?(?<b>{number})(?![\d:/-]|\s?=)",
                rewritten(r"\g<a> \g<b>"),
            ),
            (r"(?<![\d.,:/-])(?<a>(?:19|20)\d\d)\s?[-–]\s?(?<b>(?:19|20)?\d\d)(?![\d.,:/-])", self._years),
            (
                rf"(?<![\p{{L}}\d.,:/-])(?<a>\d+)\s?%?\s?[-–]\s?(?<b>\d+){percent}",
                lambda found: f"{self._percent('dal', found['a'])} {self._percent('al', found['b'])}",
            ),
            (
                rf"(?<![\p{{L}}\d.,:/-])(?<a>\d)\s?[-–]\s?(?<b>\d)(?![\d.,:/-]*\d|\s?[=€$%°]|\s\p{{Ll}}|{unit})",
                rewritten(r"\g<a> a \g<b>"),
            ),
            (r"(?<=\d\s)-(?=\s\d+(?:[.,]\d+)?\s?=)", rewritten("meno")),
            (r"(?<=\d\s?)(?:[lL]|litri)\s?/\s?100\s?km\b", rewritten("litri per cento chilometri")),
            (r"(?<=\d\s?)kWh\s?/\s?100\s?km\b", rewritten("chilowattora per cento chilometri")),
            (r"(?<=\d)\s?€\s?(?=\d\d(?!\d|[.,]\d))", rewritten(" euro e ")),
            (r"\b(?<ft>\d)\s?'\s?(?<in>\d{1,2})\s?\"", rewritten(r"\g<ft> piedi e \g<in> pollici")),
            (r"(?<=^(?:[^\"]*\"[^\"]*\")*[^\"]*\d)\s?\"(?!\p{L})", rewritten(" pollici")),
            (r"\b21:9\b", rewritten("ventuno noni")),
            (r"\b16:9\b", rewritten("sedici noni")),
            (r"(?<=\b(?:formato|schermo|rapporto|immagine)\s)4:3\b", rewritten("quattro terzi")),
            (r"\b50\s?[/-]\s?50\b", rewritten("cinquanta e cinquanta")),
            (r"\b4x4\b", rewritten("quattro per quattro")),
            (r"(?<![\d.,])1\s?[x×](?!\s?\d|\p{L})", rewritten("una volta")),
            (r"(?<![\d.,])(?<n>\d+)\s?[x×](?!\s?\d|\p{L})", rewritten(r"\g<n> volte")),
            (r"(?<![\p{L}\d])[x×](?=\d)", rewritten("per ")),
            (
                r"(?<![\d/.,])(?:1/2|½)\s(?=(?<noun>\p{Ll}{3,}))",
                lambda found: "mezza " if self._gender(found["noun"]) else "mezzo ",
            ),
            (
                r"(?<![\d/.,])(?<n>\d+)(?:\s?½|\s1/2)\s(?<noun>(?!di\b)\p{Ll}{2,})",
                lambda found: (
                    f"{self.cardinal(int(found['n']))} {found['noun']} e mezz{'a' if self._plural_gender(found['noun']) else 'o'}"
                ),
            ),
            (
                r"(?<=\b(?:[Ii]|[Aa]i|[Dd]ei|[Nn]ei|[Uu]n)\s)(?<a>\d)/(?<b>[3-9]|10)(?![\d/])",
                lambda found: self._parts(int(found["a"]), int(found["b"])),
            ),
            (
                rf"(?<number>(?!1/){number})\s?/\s?(?<b>5|10|20|30|60|100|110)(?![\d/]|[.,]\d|\s?km)",
                lambda found: (
                    f"{self.number(self.notation.parse(found['number']))} su {self.cardinal(int(found['b']))}"
                ),
            ),
        )

    def _years(self, found: "regex.Match[str]") -> str:
        last = found["b"] if len(found["b"]) == 4 else found["a"][:2] + found["b"]
        return f"dal {self.cardinal(int(found['a']))} al {self.cardinal(int(last))}"

    def _percent(self, word: str, written: str) -> str:
        return _elided(word, self.cardinal(int(written)))

    def _codes(self) -> Sequence[Row]:
        return (
            (
                r"(?<![\d.,]|\+\d\d\s)3\d\d[ \u00a0./-]\d{6,7}(?!\d)|(?<![\d.,]|\+\d\d\s)3\d\d(?:[ \u00a0.-]\d{2,4}){2,3}(?![\d.,]?\d)|\b800(?:[ \u00a0.-]\d{3}){2}(?!\d)",
                self._groups,
            ),
            (r"\bPM\s?(?=\d)", rewritten("PM ")),
            (r"(?<![\d.,/-])\d{5}(?=\s\p{Lu}\p{Ll}+\b)(?!\s(?:Euro|Km|Kg))", lambda found: self.digits(found[0])),
            (
                r"(?i)(?<=\b(?:codice|codici|PIN|CAP|password)\s(?:(?:è|di|d'accesso|PIN|segreto|accesso|:|wifi)\s){0,3})"
                r"\d{4,}(?![\d.,]?\d)",
                lambda found: self.digits(found[0]),
            ),
        )

    def _groups(self, found: "regex.Match[str]") -> str:
        return self.phone(regex.findall(r"\d+", found[0]), is_international=False)

    # ---- numbers ----

    def cardinal(self, n: int, gender: str = "") -> str:
        return str(num2words(n, lang="it")).replace(" e ", " ")

    def ordinal(self, n: int, gender: str = "") -> str:
        said = str(num2words(n, lang="it", to="ordinal"))
        return f"{said[:-1]}a" if gender == "f" else said

    def fraction_digits(self, digits: str) -> str:
        """As a number, but for zeros before it, and only while it is short."""
        rest = digits.lstrip("0")
        if not rest or len(rest) > 3:
            return self.digits(digits)
        return self.joined((self.digits(digits[: -len(rest)]), self.cardinal(int(rest))))

    def _ordinal_with_noun(self, found: "regex.Match[str]") -> str | None:
        n = int(found["n"])
        groups = found.groupdict()
        gender = "f" if groups.get("la") or self._gender(groups.get("noun") or "") else ""
        return self.ordinal(n, gender) if n else None

    def _one_of(self, found: "regex.Match[str]") -> str | None:
        noun = found["noun"]
        return None if noun in _NO_NOUN or len(noun) < 3 else _with_article(noun, self._gender(noun))

    def _gender(self, noun: str) -> str:
        if noun in _MASCULINE:
            return ""
        return "f" if noun in _FEMININE or noun.endswith(_FEMININE_ENDINGS) else ""

    def _plural_gender(self, noun: str) -> str:
        return "f" if noun.endswith("e") or noun in _FEMININE else ""

    # ---- kinds of things ----

    def counted(self, number: Number, unit: Unit) -> str:
        if number.is_one and not unit.one.startswith("per "):
            sign = self.signs[number.sign] if number.sign else ""
            return self.joined((sign, _with_article(unit.one, unit.gender)))
        return self.joined((self.number(number), unit.many))

    def measure(self, number: Number, unit: Unit, per: Unit | None) -> str:
        said = self.counted(number, unit)
        return f"{said} {_each(per) if per.one in _TIMES else f'per {per.one}'}" if per else said

    def money(self, number: Number, currency: Currency, magnitude: str, per: Unit | None) -> str:
        if magnitude == "mila":
            said = "mille" if number.is_one else f"{self.number(number)}mila"
            said = f"{said} {currency.unit.many}"
        elif magnitude:
            name = magnitude if number.is_one else f"{magnitude[:-1]}i"
            said = f"{_with_article(name, '') if number.is_one else f'{self.number(number)} {name}'} di {currency.unit.many}"
        else:
            said = super().money(number, currency, "", None)
        return f"{said} {_each(per)}" if per else said

    def money_with_cents(self, whole: Number, unit: Unit, cents: Number, cent: Unit) -> str:
        return f"{self.counted(whole, unit)} e {self.cardinal(cents.whole)}"

    def _day(self, day: int) -> str:
        return "primo" if day == 1 else self.cardinal(day)

    def date(self, day: int, month: int, year: int | None) -> str:
        said = f"{self._day(day)} {words.MONTHS[month - 1]}"
        return f"{said} {self.cardinal(year)}" if year else said

    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        said = "una" if hour == 1 else self.cardinal(hour)
        if minute or second:
            said = f"{said} e {self.cardinal(minute)}"
        return f"{said} e {self.counted(Number(second), self.units['s'])}" if second else said

    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        parts = [
            self.counted(Number(n), self.units[unit])
            for n, unit in ((hours, "h"), (minutes, "min"), (seconds, "s"))
            if n
        ]
        if not parts:
            return "zero secondi"
        return ", ".join(parts[:-1]) + " e " + parts[-1] if len(parts) > 1 else parts[0]

    def range(self, first: str, last: str) -> str:
        return f"da {first} a {last}"

    def fraction(self, numerator: int, denominator: int) -> str | None:
        if numerator >= denominator or denominator > 10 or (numerator > 1 and denominator not in (3, 4, 8)):
            return None
        return self._parts(numerator, denominator)

    def _parts(self, numerator: int, denominator: int) -> str:
        name = _FRACTIONS.get(denominator) or self.ordinal(denominator)
        return f"un {name}" if numerator == 1 else f"{self.cardinal(numerator)} {name[:-1]}i"

    def mixed_fraction(self, whole: int, numerator: int, denominator: int) -> str:
        name = "mezzo" if denominator == 2 else self.fraction(numerator, denominator)
        return f"{self.cardinal(whole)} e {name}"

    def stroke(self, first: str, second: str) -> str:
        return f"{self.part(first)} su {self.part(second)}"

    def phone(self, groups: Sequence[str], *, is_international: bool) -> str:
        if not is_international:
            return ", ".join(map(self.digits, groups))
        return ", ".join((f"più {self.cardinal(int(groups[0]))}", *map(self.digits, groups[1:])))


_TIMES = frozenset(("secondo", "minuto", "ora", "giorno", "mese", "anno", "settimana", "notte"))


def _with_article(noun: str, gender: str) -> str:
    """ "un metro", "uno studente", "una mela", "un'ora" """
    is_vowel = noun[0] in "aeiouàèéìòù" and not regex.match(r"i[aeou]", noun)
    if gender == "f":
        return f"un'{noun}" if is_vowel else f"una {noun}"
    return f"uno {noun}" if regex.match(r"s[^aeiouh]|sh|z|gn|ps|pn|x|y|i[aeou]", noun) else f"un {noun}"


def _elided(word: str, said: str) -> str:
    """ "dal due", "dall'otto" """
    return f"{word}l'{said}" if said[0] in "aeiou" else f"{word} {said}"


def _each(per: Unit) -> str:
    """ "al chilo", "all'ora", "a notte" """
    if per.one in ("notte", "persona", "settimana"):
        return f"a {per.one}"
    if per.gender == "f":
        return f"all'{per.one}" if per.one[0] in "aeiou" else f"alla {per.one}"
    return _elided("al", per.one)
