"""What signs and letters are called where a text is spelled."""

from collections.abc import Mapping


def _named(signs: str, names: str) -> Mapping[str, str]:
    """A name each, in their order."""
    return dict(zip(signs, map(str.strip, names.split(",")), strict=True))


_SIGNS = ".,;:!?'\"()/\\-_+=*#@&%$€"
_NAMES = {
    "en": "dot, comma, semicolon, colon, exclamation mark, question mark, apostrophe, quote, open parenthesis,"
          " close parenthesis, slash, backslash, dash, underscore, plus, equals, star, hash, at, and, percent, dollar,"
          " euro",
    "de": "Punkt, Komma, Semikolon, Doppelpunkt, Ausrufezeichen, Fragezeichen, Apostroph, Anführungszeichen,"
          " Klammer auf, Klammer zu, Schrägstrich, Backslash, Minus, Unterstrich, plus, gleich, Stern, Raute, at, und,"
          " Prozent, Dollar, Euro",
    "fr": "point, virgule, point-virgule, deux-points, point d'exclamation, point d'interrogation, apostrophe,"
          " guillemet, parenthèse ouvrante, parenthèse fermante, slash, antislash, tiret, tiret bas, plus, égale,"
          " étoile, dièse, arobase, et, pour cent, dollar, euro",
    "es": "punto, coma, punto y coma, dos puntos, signo de exclamación, signo de interrogación, apóstrofo, comillas,"
          " abre paréntesis, cierra paréntesis, barra, barra invertida, guion, guion bajo, más, igual, asterisco,"
          " almohadilla, arroba, y, por ciento, dólar, euro",
    "it": "punto, virgola, punto e virgola, due punti, punto esclamativo, punto interrogativo, apostrofo, virgolette,"
          " aperta parentesi, chiusa parentesi, barra, barra rovesciata, trattino, trattino basso, più, uguale,"
          " asterisco, cancelletto, chiocciola, e, per cento, dollaro, euro",
    "pt": "ponto, vírgula, ponto e vírgula, dois pontos, ponto de exclamação, ponto de interrogação, apóstrofo, aspas,"
          " abre parênteses, fecha parênteses, barra, barra invertida, hífen, underline, mais, igual, asterisco,"
          " cerquilha, arroba, e, por cento, dólar, euro",
    "ru": "точка, запятая, точка с запятой, двоеточие, восклицательный знак, вопросительный знак, апостроф, кавычка,"
          " скобка открывается, скобка закрывается, слэш, обратный слэш, дефис, нижнее подчёркивание, плюс, равно,"
          " звёздочка, решётка, собака, и, процент, доллар, евро",
    "zh": "点, 逗号, 分号, 冒号, 感叹号, 问号, 撇号, 引号, 左括号, 右括号, 斜杠, 反斜杠, 杠, 下划线,"
          " 加, 等于, 星号, 井号, 艾特, 和, 百分号, 美元, 欧元",
    "ja": "ドット, カンマ, セミコロン, コロン, 感嘆符, 疑問符, アポストロフィ, 引用符, かっこ, かっこ閉じ,"
          " スラッシュ, バックスラッシュ, ハイフン, アンダーバー, プラス, イコール, アスタリスク, シャープ,"
          " アットマーク, アンド, パーセント, ドル, ユーロ",
    "ko": "점, 쉼표, 세미콜론, 콜론, 느낌표, 물음표, 아포스트로피, 따옴표, 괄호 열고, 괄호 닫고,"
          " 슬래시, 역슬래시, 대시, 언더바, 플러스, 이퀄, 별표, 샵, 골뱅이, 앤드, 퍼센트, 달러, 유로",
}  # fmt: skip
SIGN_NAMES: Mapping[str, Mapping[str, str]] = {code: _named(_SIGNS, names) for code, names in _NAMES.items()}
"""By language"""
LETTER_NAMES: Mapping[str, Mapping[str, str]] = {
    "es": {"Y": "i griega"},
    "fr": {"Y": "i grec"},
    "pt": {"E": "é", "O": "ó", "Y": "ípsilon"},
    "ru": _named(
        "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ",
        "а, бэ, вэ, гэ, дэ, е, ё, жэ, зэ, и, и краткое, ка, эль, эм, эн, о, пэ, эр, эс, тэ, у, эф, ха, цэ, че, ша, ща,"
        " твёрдый знак, ы, мягкий знак, э, ю, я",
    ),
}  # fmt: skip
"""Of those letters that are a word where they stand alone"""
