"""Russian names of things with numbers in them, short forms that depend on what follows, telephone numbers, rulers."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.language import VERSIONED, Row, Say
from qwen3tts_daemon.reading.patterns import alternatives
from qwen3tts_daemon.reading.roman import value
from qwen3tts_daemon.reading.russian_grammar import Case, cardinal, ordinal

NAMES = {
    "CO2": "цэ о два", "СО2": "цэ о два", "CO₂": "цэ о два", "H2O": "аш два о", "O2": "о два", "5G": "пять джи",
    "4G": "четыре джи", "3G": "три джи", "4K": "четыре ка", "4К": "четыре ка", "8K": "восемь ка", "3D": "три дэ",
    "3Д": "три дэ", "2D": "два дэ", "MP3": "эм пэ три", "MP4": "эм пэ четыре",
    "H.264": "H двести шестьдесят четыре", "H.265": "H двести шестьдесят пять",
}  # fmt: skip
_SHORT = {
    **{
        rf"\b((?i:{preposition})) {short}\.(?=\s?\d)": f"{{}} {word}"
        for preposition, short, word in (
            ("в", "каб", "кабинете"), ("в", "кв", "квартире"), ("на", "стр", "странице"), ("на", "с", "странице"),
            ("в", "гл", "главе"), ("в", "п", "пункте"), ("в", "ст", "статье"),
            ("в", "д", "доме"), ("на", "рис", "рисунке"),
            ("в", "табл", "таблице"), ("в", "ауд", "аудитории"), ("до", "стр", "страницы"), ("к", "д", "дому"),
            ("к", "каб", "кабинету"), ("по", "ст", "статье"), ("по", "п", "пункту"), ("с", "стр", "страницы"),
            *((preposition, short, word) for preposition in ("у", "от", "до", "около", "возле", "из")
              for short, word in (("д", "дома"), ("кв", "квартиры"), ("каб", "кабинета"))),
        )
    },
    r"(?<=\d-?м\s)кв\.": "квартале", r"(?<=(?:\d-?й|(?<!\bв\s)\b[IV]+)\s)кв\.": "квартал",
    r"(?<=\bво? [IV]+\s)кв\.": "квартале", r"(?<=\d-?го\s)кв\.": "квартала",
    r"\b([Нн]а) пр\.(?=\s?\p{Lu})": "{} проспекте", r"(?<!\bи\s)\b([Пп])р\.(?=\s?\p{Lu})": "{}роспект",
    r"\b([Пп]о) тел\.:?(?=\s?[\d+(])": "{} телефону",
    r"(?<!\d\s?)\b([Сс])м\.(?=\s)": "{}мотри", r"\bим\.(?=\s?\p{Lu})": "имени", r"\b([Оо])к\.(?=\s?\d)": "{}коло",
    r"\b([Тт])ел\.:?(?=\s?[\d+(])": "{}елефон", r"\b([Дд])\.(?=\s?\d)": "{}ом", r"\b([Кк])в\.(?=\s?\d)": "{}вартира",
    r"\b([Кк])орп\.(?=\s?\d)": "{}орпус",
    r"(?<=\b(?:д\.|дом|корп\.|корпус)\s?\d[^\s,]*,?\s)стр\.(?=\s?\d)": "строение",
    r"\b([Сс])тр\.(?=\s?\d)": "{}траница", r"(?<=\p{L}[,.)] |\d, )с\.(?=\s?\d)": "страница",
    r"\b([Кк])аб\.(?=\s?\d)": "{}абинет", r"\b([Ээ])т\.(?=\s?\d)": "{}таж", r"\b([Рр])ис\.(?=\s?\d)": "{}исунок",
    r"\b([Тт])абл\.(?=\s?\d)": "{}аблица", r"\b([Гг])л\.(?=\s?\d)": "{}лава", r"\b([Сс])т\.(?=\s?\d)": "{}татья",
    r"\b([Пп])\.(?=\s?\d)": "{}ункт", r"\b([Пп])п\.(?=\s?\d)": "{}ункты", r"\b([Аа])уд\.(?=\s?\d)": "{}удитория",
    r"(?i:(?<=(?:\b(?:по|при|вы|у|пере)?(?:ед|езж|еха|езд|лет|плы)|отправ|прибы|рейс|поезд|дорог)\p{L}*\s(?:\p{L}+\s)?))"
    r"([Вв])\s(?:г|гор)\.(?=\s?\p{Lu})": "{} город",
    r"\b([Вв])\s(?:г|гор)\.(?=\s?\p{Lu})": "{} городе",
    r"\b([Сс])т\.(?=\s(?:лейтенант|сержант|научн|преподават|прапорщик|инспектор|следоват|мастер|медсестр))": "{}тарший",
    r"\b([Мм])л\.(?=\s(?:лейтенант|сержант|научн|инспектор))": "{}ладший",
    r"(?<![\d\p{L}]\s?)г\.(?=\s?\p{Lu})": "город",
    r"\b([Нн]а|[Пп]о) ул\.(?=\s)": "{} улице", r"\b([Дд]о|[Сс]|[Уу]) ул\.(?=\s)": "{} улицы",
    r"\b([Уу])л\.(?=\s?[\p{Lu}\d])": "{}лица",
    r"(?<!\d\s?)\bмакс\.": "максимум", r"\b([Дд])об\.(?=\s?\d)": "{}обавочный",
    r"(?<!\d\s?)\bм\.(?=\s?[«\"\p{Lu}])": "метро", r"(?<=\d\s?)эт\.": "этаж", r"(?<=\d\s?)р-н\b": "район",
}  # fmt: skip
_CODE = (
    r"(?i:код\p{L}{0,2}|пин-код|пин|pin|пароль)(?: (?:подтверждения|доступа|домофона|активации|проверки|двери"
    r"|подъезда|сейфа|калитки|ворот|входа|для входа|из СМС|из смс))?"
)
# A full stop behind a unit in the middle of a sentence is a part of it.
_STOP = (
    r"(?<=\d\s?(?:(?:к|тыс|млн|млрд|трлн)\.?\s)?)(?<unit>ч|мин|сек|с|руб|р|коп|тыс|млн|млрд|кг|г|гр|л|м|см|мм|шт|экз|чел"
    r"|уп|мес|нед|дн|сут|кв\. м|ст\. л|ч\. л|мм рт\. ст)\.(?!\s?л)(?=/|,|\s*[^\s\p{Lu}])"
)


ALSO_READ = "|".join([*_SHORT, r"(?<=[А-яё]\s)[IVXLC]+\b", r"\b[IVXLC]+(?=[\s-][а-яё])"])
"""Where the rules have something to read without a digit"""


def rows() -> Iterator[Row]:
    """Rules of names and short forms."""
    yield rf"(?<![\p{{L}}\d])(?:{alternatives(NAMES)})(?![\p{{L}}\d])", lambda found: NAMES[found[0]]
    yield _STOP, lambda found: str(found["unit"])
    for pattern, words in _SHORT.items():
        yield pattern, _filled(words)
    yield r"\bPM\s?2[.,]5\b", lambda _: "пи эм два и пять"
    yield r"\bPM\s?10\b", lambda _: "пи эм десять"
    yield (
        r"(?<![\p{L}\d.,:/-])(?:(?:\+7|8)[\s-]?)?\((?:\d{3})\)\s?\d{3}[\s-]?\d\d[\s-]?\d\d(?!\d)"
        r"|(?<![\p{L}\d.,:/-])(?:\+7|8)[\s-]?\(?\d{3}\)?[\s-]?\d{3}[\s-]?\d\d[\s-]?\d\d(?!\d)"
        r"|(?<![\p{L}\d.,:/-])\d{2,3}-\d\d-\d\d(?![\d-])",
        _phone,
    )
    yield (
        rf"(?<=\b{_CODE}:?\s)(?:\d{{3}}[ -]\d{{3}}|\d{{4,}})(?!\d|[.,]\d)",
        lambda found: digit_by_digit(found[0]),
    )
    yield r"(?<=\b(?i:паспорт)\p{L}{0,2}:?\s(?:серия\s)?)\d{4}\s(?:№\s?)?\d{6}(?!\d)", _series_and_number
    yield r"(?<=\b[Дд]авлени\p{L}{1,2}:?\s(?:—\s)?)(?<a>\d{2,3})/(?=\d{2,3}(?!\d))", lambda found: f"{found['a']} на "
    yield r"(?<=\b(?i:индекс):?\s)\d{6}(?!\d|[.,]\d)", lambda found: digit_by_digit(found[0])
    yield (
        r"(?:(?<number>№)\s?|(?<=\b(?i:заказ|номер|договор)\p{L}{0,2}:?\s))(?<n>\d{5,})(?![\d.,/-]\d|\d)",
        lambda found: ("номер " if found["number"] else "") + digit_by_digit(found["n"]),
    )
    yield (
        r"(?<=\b(?i:сч[её]т|выиграл|проиграл|победил|обыграл|закончил)\p{L}{0,4}\s(?:со сч[её]том\s)?)"
        r"(?<a>\d{1,3})[:-](?<b>\d{1,3})(?![\d:])",
        lambda found: f"{cardinal(int(found['a']))}-{cardinal(int(found['b']))}",
    )
    yield (
        r"(?<=\b(?i:экран|формат|сторон|пропорц)\p{L}*\s(?:\p{L}+\s)?)(?<a>\d{1,2}):(?<b>\d{1,2})(?![\d:])",
        lambda found: f"{cardinal(int(found['a']))} на {cardinal(int(found['b']))}",
    )
    yield (
        r"(?<=\b(?i:верси|обновлени|прошивк|релиз|сборк)\p{L}*\s)\d+(?:\.\d+){2,}",
        lambda found: " точка ".join(cardinal(int(part)) for part in found[0].split(".")),
    )
    yield (
        rf"(?<=\b(?:(?i:верси|пункт|раздел|глав|прошивк|релиз|сборк|обновлени)\p{{L}}*|{VERSIONED})\s)(?<a>\d+)\.(?<b>\d+)(?!\d|\.\d)",
        lambda found: f"{cardinal(int(found['a']))} точка {phone_group(found['b'])}",
    )
    yield r"(?<name>\p{Lu}[а-яё]+)\s(?<n>[IVX]+)(?![\p{L}\d])", _ruler
    yield r"(?<![\p{L}\d])(?<n>[IVX]+)(?:-?(?<end>й|я|е|го|м|ой|ю))?\s(?<word>[а-яё]{3,})", _numbered
    yield (
        r"(?<before>(?i:глав|част|раздел|том|класс|акт|книг)(?:а|ы|е|у|ь|и|ом|ой)?)\s(?<n>[IVX]+)(?![\p{L}\d])",
        _chapter,
    )


def phone_group(digits: str) -> str:
    """Two or three digits as a number, more of them in pairs."""
    if len(digits) > 3:
        at = len(digits) - 2
        return f"{phone_group(digits[:at])}, {phone_group(digits[at:])}"
    zeros = len(digits) - len(digits.lstrip("0"))
    rest = digits[zeros:]
    return " ".join(["ноль"] * zeros + ([cardinal(int(rest))] if rest else []))


def _filled(words: str) -> Say:
    def say(found: "regex.Match[str]") -> str:
        return words.format(*(group for group in found.groups() if group))

    return say


def _series_and_number(found: "regex.Match[str]") -> str:
    return ", ".join(map(digit_by_digit, regex.findall(r"\d+", found[0])))


def digit_by_digit(digits: str) -> str:
    """Of a code."""
    return " ".join(cardinal(int(digit)) for digit in digits if digit.isdecimal())


def _phone(found: "regex.Match[str]") -> str:
    digits = regex.sub(r"\D", "", found[0])
    if len(digits) == 10:
        return ", ".join(map(phone_group, regex.findall(r"\d+", found[0])))
    if len(digits) != 11:
        return ", ".join(map(phone_group, found[0].split("-")))
    groups = [digits[0], digits[1:4], digits[4:7], digits[7:9], digits[9:]]
    return ("плюс " if found[0].startswith("+") else "") + ", ".join(map(phone_group, groups))


_MASCULINE = regex.compile(
    r"(?:П[её]тр|Никола|Александр|Иван|Павл?|Людовик|Генрих|Карл|Филипп|Фридрих|Вильгельм|Георг|Ричард|Эдуард|Иоанн"
    r"|Бенедикт|Франциск|Пи|Наполеон|Рамзес|Васили|Ф[её]дор|Чарльз|Леопольд)(?<end>|а|я|у|ю|ом|ем|е|и|й|ел)"
)
_FEMININE = regex.compile(r"(?:Екатерин|Елизавет|Мари|Анн|Маргарит|Изабелл)(?<end>а|ы|е|у|ой|я|и|ю|ей)")
_MASCULINE_ENDS = {
    "": "n", "й": "n", "ел": "n", "а": "g", "я": "g", "у": "d", "ю": "d", "ом": "i", "ем": "i", "е": "p", "и": "p",
}  # fmt: skip
_FEMININE_ENDS = {"а": "n", "я": "n", "ы": "g", "и": "g", "е": "d", "у": "a", "ю": "a", "ой": "i", "ей": "i"}


def _ruler(found: "regex.Match[str]") -> str | None:
    n, name = value(found["n"]), found["name"]
    for gender, pattern, ends in (("m", _MASCULINE, _MASCULINE_ENDS), ("f", _FEMININE, _FEMININE_ENDS)):
        if n and (ruler := pattern.fullmatch(name)):
            return f"{name} {ordinal(n, Case(ends[ruler['end']]), gender).title()}"
    return None


_ENDS_OF_ORDINALS = (
    (("ая", "а", "я"), Case.NOMINATIVE, "f"), (("ую", "у"), Case.ACCUSATIVE, "f"), (("ой", "ы"), Case.GENITIVE, "f"),
    (("ого",), Case.GENITIVE, "m"), (("ии",), Case.PREPOSITIONAL, "n"),
    (("ом", "е"), Case.PREPOSITIONAL, "m"), (("ий", "ый"), Case.NOMINATIVE, "m"),
    (("ое", "о"), Case.NOMINATIVE, "n"), (("ие", "ые"), Case.NOMINATIVE, "p"), (("их", "ых"), Case.GENITIVE, "p"),
)  # fmt: skip
_NUMBERED_BY_ROMAN = regex.compile(
    r"(?:миров|международн|всероссийск|всемирн|олимпийск|зимн|летн|ежегодн)\p{L}+"
    r"|(?:квартал|полугоди|групп|степен|тур|этап|мест|курс|класс|съезд|фестивал|конкурс)\p{L}{0,2}"
)


def _numbered(found: "regex.Match[str]") -> str | None:
    n, word = value(found["n"]), found["word"]
    if not n or not _NUMBERED_BY_ROMAN.fullmatch(word):
        return None
    for ends, case, gender in _ENDS_OF_ORDINALS:
        if word.endswith(ends):
            is_genitive = word.endswith("а") and word.startswith(("квартал", "тур", "этап", "курс", "съезд", "конкурс"))
            return f"{ordinal(n, Case.GENITIVE, 'm') if is_genitive else ordinal(n, case, gender)} {word}"
    return f"{ordinal(n)} {word}"


def _chapter(found: "regex.Match[str]") -> str | None:
    n = value(found["n"])
    return f"{found['before']} {cardinal(n)}" if n else None
