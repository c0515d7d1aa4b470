"""Russian units, currencies and short forms."""

from qwen3tts_daemon.reading.language import Currency
from qwen3tts_daemon.reading.russian_grammar import Noun, feminine, irregular, masculine, unchanged

_HOUR, _MINUTE = masculine("час", per="в"), feminine("минут", per="в")
_SECOND, _DAY = (
    feminine("секунд", per="в"),
    irregular("m", "день дня дню день днём дне", "дни дней дням дни днями днях", "в"),
)
_PER_HOUR, _PER_SECOND, _PER_MINUTE = "в час", "в секунду", "в минуту"


def _zero_plural(stem: str, tail: str = "") -> Noun:
    """Counted without an ending: пять ватт."""
    return masculine(stem, many=stem, tail=tail)


def _prefixed(symbols: str, names: str, base: str, tail: str = "") -> dict[str, Noun]:
    """Of bits and bytes, watts and hertz: the symbols and the words with their prefixes."""
    return {
        symbol: _zero_plural(f"{name}{base}", tail) for symbol, name in zip(symbols.split(), names.split(), strict=True)
    }


_KILOGRAM, _GRAM = masculine("килограмм"), masculine("грамм")
_LITRE, _MILLILITRE = masculine("литр"), masculine("миллилитр")
_METRE, _KILOMETRE = masculine("метр"), masculine("километр")
_SQUARE, _CUBIC = masculine("метр", adjective="квадратн"), masculine("метр", adjective="кубическ")
_KWH = masculine("киловатт-час")
_CUBIC_DUST = masculine("микрограмм", tail="на кубический метр")
_MMHG = masculine("миллиметр", tail="ртутного столба")
_PPM = feminine("часть", tail="на миллион")
_WATT, _KILOWATT, _VOLT = _zero_plural("ватт"), _zero_plural("киловатт"), _zero_plural("вольт")
_AMPERE, _MILLIAMPERE = _zero_plural("ампер"), _zero_plural("миллиампер")
_HECTOPASCAL, _DECIBEL, _LUX = masculine("гектопаскаль"), _zero_plural("децибел"), unchanged("люкс")
_KMH, _MS = masculine("километр", tail=_PER_HOUR), masculine("метр", tail=_PER_SECOND)

MAGNITUDES = {
    "тысяч": feminine("тысяч"), "миллион": masculine("миллион"), "миллиард": masculine("миллиард"),
    "триллион": masculine("триллион"),
}  # fmt: skip
_THOUSAND, _MILLION, _BILLION = (MAGNITUDES[name] for name in ("тысяч", "миллион", "миллиард"))

UNITS = {
    "%": masculine("процент"), "‰": unchanged("промилле"),
    "°C": masculine("градус", tail="Цельсия"), "°С": masculine("градус", tail="Цельсия"),
    "°F": masculine("градус", tail="Фаренгейта"), "°": masculine("градус"), "º": masculine("градус"),
    "К": masculine("кельвин"),
    "ч": _HOUR, "час": _HOUR, "h": _HOUR, "мин": _MINUTE, "min": _MINUTE, "сек": _SECOND, "sec": _SECOND,
    "мс": feminine("миллисекунд"), "ms": feminine("миллисекунд"), "дн": _DAY, "сут": unchanged("суток"),
    "нед": irregular(
        "f", "неделя недели неделе неделю неделей неделе", "недели недель неделям недели неделями неделях", "в"
    ),
    "мес": masculine("месяц", many="месяцев"),
    "км/ч": _KMH, "km/h": _KMH, "м/с": _MS, "m/s": _MS, "км": _KILOMETRE, "km": _KILOMETRE, "м": _METRE,
    "см": masculine("сантиметр"), "cm": masculine("сантиметр"), "мм": masculine("миллиметр"),
    "mm": masculine("миллиметр"), "мкм": masculine("микрометр"), "м²": _SQUARE, "м2": _SQUARE, "m²": _SQUARE,
    "кв. м": _SQUARE, "кв.м": _SQUARE, "км²": masculine("километр", adjective="квадратн"),
    "см²": masculine("сантиметр", adjective="квадратн"), "м³": _CUBIC, "м3": _CUBIC, "m³": _CUBIC, "куб. м": _CUBIC,
    "га": masculine("гектар"), "мм рт.ст": _MMHG, "мм рт. ст": _MMHG,
    "кг": _KILOGRAM, "kg": _KILOGRAM, "г": _GRAM, "гр": _GRAM, "мг": masculine("миллиграмм"), "т": feminine("тонн"),
    "мкг": masculine("микрограмм"), "µg": masculine("микрограмм"), "мкг/м³": _CUBIC_DUST, "мкг/м3": _CUBIC_DUST,
    "µg/m³": _CUBIC_DUST, "мг/м³": masculine("миллиграмм", tail="на кубический метр"),
    "л": _LITRE, "l": _LITRE, "мл": _MILLILITRE, "ml": _MILLILITRE,
    "ст. л": feminine("ложк", many="ложек", adjective="столов"),
    "ч. л": feminine("ложк", many="ложек", adjective="чайн"), "шт": feminine("штук"),
    "чел": masculine("человек", many="человек"),
    "экз": masculine("экземпляр"), "уп": feminine("упаковк", many="упаковок"),
    "Вт": _WATT, "W": _WATT, "кВт": _KILOWATT, "kW": _KILOWATT, "МВт": _zero_plural("мегаватт"),
    "мВт": _zero_plural("милливатт"),
    "Вт·ч": masculine("ватт-час"), "Вт⋅ч": masculine("ватт-час"), "Wh": masculine("ватт-час"),
    "кВт·ч": _KWH, "кВт⋅ч": _KWH, "кВт*ч": _KWH, "кВт-ч": _KWH, "кВтч": _KWH, "кВт ч": _KWH, "kWh": _KWH,
    "МВт·ч": masculine("мегаватт-час"), "В": _VOLT, "V": _VOLT, "мВ": _zero_plural("милливольт"),
    "кВ": _zero_plural("киловольт"),
    "А": _AMPERE, "A": _AMPERE, "мА": _MILLIAMPERE, "mA": _MILLIAMPERE,
    "А·ч": masculine("ампер-час"), "мА·ч": masculine("миллиампер-час"), "мАч": masculine("миллиампер-час"),
    "mAh": masculine("миллиампер-час"),
    "Ом": _zero_plural("ом"), "Дж": masculine("джоуль"), "ккал": irregular(
        "f", "килокалория килокалории килокалории килокалорию килокалорией килокалории",
        "килокалории килокалорий килокалориям килокалории килокалориями килокалориях",
    ),
    "гПа": _HECTOPASCAL, "hPa": _HECTOPASCAL, "кПа": masculine("килопаскаль"), "Па": masculine("паскаль"),
    "бар": masculine("бар"),
    "дБ": _DECIBEL, "dB": _DECIBEL, "лк": _LUX, "lx": _LUX, "лм": masculine("люмен"), "ppm": _PPM,
    **_prefixed("Гц кГц МГц ГГц", "герц килогерц мегагерц гигагерц", ""),
    **_prefixed("Hz kHz MHz GHz", "герц килогерц мегагерц гигагерц", ""),
    **_prefixed("КБ МБ ГБ ТБ", "кило мега гига тера", "байт"),
    **_prefixed("Кб Мб Гб Тб", "кило мега гига тера", "байт"),
    **_prefixed("KB MB GB TB", "кило мега гига тера", "байт"),
    **_prefixed("КБ/с МБ/с ГБ/с", "кило мега гига", "байт", _PER_SECOND),
    **_prefixed("MB/s GB/s", "мега гига", "байт", _PER_SECOND),
    **_prefixed("бит/с Кбит/с Мбит/с Гбит/с", "бит килобит мегабит гигабит", "", _PER_SECOND),
    **_prefixed("Mbit/s Gbit/s Mbps Gbps", "мега гига мега гига", "бит", _PER_SECOND),
    "об/мин": masculine("оборот", tail=_PER_MINUTE), "уд/мин": masculine("удар", tail=_PER_MINUTE),
    "fps": masculine("кадр", tail=_PER_SECOND),
    "тыс": _THOUSAND, "млн": _MILLION, "млрд": _BILLION, "трлн": MAGNITUDES["триллион"],
    "Mpx": masculine("мегапиксель"), "Мп": masculine("мегапиксель"), "px": masculine("пиксель"),
    "пикс": masculine("пиксель"),
    "in": masculine("дюйм"), "″": masculine("дюйм"),
}  # fmt: skip

_ROUBLE = Currency(masculine("рубль"), feminine("копейк", many="копеек"))
_DOLLAR = Currency(masculine("доллар"), masculine("цент"))
_EURO = Currency(unchanged("евро"), masculine("цент"))
_POUND = Currency(masculine("фунт"), masculine("пенс"))
_HRYVNIA = Currency(feminine("гривн", many="гривен"), feminine("копейк", many="копеек"))
CURRENCIES = {
    "₽": _ROUBLE, "руб": _ROUBLE, "р": _ROUBLE, "RUB": _ROUBLE, "коп": Currency(feminine("копейк", many="копеек")),
    "$": _DOLLAR, "US$": _DOLLAR, "USD": _DOLLAR, "€": _EURO, "EUR": _EURO, "£": _POUND, "GBP": _POUND, "₴": _HRYVNIA,
    "грн": _HRYVNIA,
    "¥": Currency(feminine("иен")), "JPY": Currency(feminine("иен")), "₩": Currency(feminine("вон")),
    "CHF": Currency(masculine("франк")),
    "₸": Currency(unchanged("тенге")), "₺": Currency(feminine("лир")), "₿": Currency(masculine("биткоин")),
    "CNY": Currency(masculine("юань")),
}  # fmt: skip

ABBREVIATIONS = {
    "т. д.": "так далее", "т. п.": "тому подобное", "т. е.": "то есть", "т. к.": "так как", "т. н.": "так называемый",
    "т. ч.": "том числе", "т. о.": "таким образом", "и др.": "и другие", "и пр.": "и прочее", "н. э.": "нашей эры",
    "напр.": "например", "прим.": "примечание", "прибл.": "приблизительно",
    "г-н": "господин", "г-на": "господина", "г-ну": "господину", "г-жа": "госпожа", "г-жи": "госпожи",
    "г-же": "госпоже",
    "д-р": "доктор", "д-ра": "доктора", "д-ру": "доктору",
    "проф.": "профессор", "акад.": "академик", "доц.": "доцент",
    "пр-т": "проспект", "пр-та": "проспекта", "пр-ту": "проспекту", "пр-те": "проспекте",
    "просп.": "проспект", "наб.": "набережная", "бул.": "бульвар", "б-р": "бульвар",
    "пер.": "переулок",
    "обл.": "область", "р-н": "район", "р-не": "районе", "р-на": "района",
    "мин-во": "министерство", "вкл.": "включено", "выкл.": "выключено",
    "доп.": "дополнительно", "ж/д": "железнодорожный", "с/х": "сельскохозяйственный", "кол-во": "количество",
    "к-рый": "который",
    "пл.": "площадь", "пос.": "посёлок", "дер.": "деревня", "ст. м.": "станция метро",
    "ред.": "редактор",
    "э/э": "электроэнергия",
}  # fmt: skip
