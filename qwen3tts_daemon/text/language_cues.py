"""What gives a language away in a few words: its function words, and letters and endings that the others lack.

A language model knows too little of three words ("La cena está lista."), which these decide. Languages that their
script gives away are not here.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

# Of texts of one to three words, which the house's language does not outweigh.
_GREETINGS = {
    "de": "hallo ja nein bitte danke tschüss licht guten gute",
    "en": "hello hi yes please thanks bye good weather",
    "es": "hola sí adiós buenos buenas gracias",
    "fr": "oui merci salut bonjour bonsoir",
    "it": "ciao grazie prego buongiorno buonasera buona",
    "pt": "olá oi sim não bom boa obrigado obrigada",
}
# And a few of the home that its neighbours write otherwise.
_FUNCTION_WORDS = {
    "de": "der die das den dem des ein eine einen einem einer ist sind war hat habe haben wird werden wurde kann "
          "soll nicht kein keine und oder aber im am an auf aus ab zu zum zur mit von vom für bei beim nach um vor "
          "über es ich du er sie wir ihr dein deine mein meine jetzt heute noch was wer wann wo wie alle alles ja "
          "nein licht tür fenster küche garten haus auto wecker fertig abgelaufen offen zimmer nacht abend",
    "en": "the is are was were be been has have had do does did not no a an and or but of to in on at for with from "
          "by it its this that there your you my me we they he she i will would can could should what when who "
          "where how off up out down some all now yes good weather light door window kitchen garden house room "
          "alarm ready done finished night evening",
    "es": "el la los las un una unos de del al y o pero en con por para no es son está están ha han he hay fue se "
          "su sus tu tus mi te me lo le que qué quién cómo dónde más muy hoy ahora esta este todo todos sin sí "
          "puerta ventana cocina jardín casa coche alarma listo lista encendida apagada habitación noche tarde va "
          "algo",
    "fr": "le la les un une des du de au aux est sont a ont été ne pas plus et ou mais dans sur en à pour avec par "
          "il elle je tu nous vous votre ton ta mon ma ce cette ces qui que quoi où se sa son y tout toutes dehors "
          "oui non porte fenêtre cuisine jardin maison voiture réveil prêt prête chambre minuteur nuit soir va bien",
    "it": "il lo la i gli le un una uno di del della dei delle al alla allo e ed o ma in nel nella con per da dal "
          "dalla non è sono ha hanno ho hai si tuo tua mio mia mi ti che chi cosa come dove più molto ora oggi "
          "questo questa tutto tutti sì porta finestra cucina giardino casa auto sveglia pronto pronta accesa "
          "spenta camera timer notte sera va bene",
    "pt": "o a os as um uma de do da dos das no na nos nas e ou mas em com por para não é são está estão tem há foi "
          "se seu sua seus suas meu minha ao à às que quem como onde mais muito agora hoje você esta este tudo "
          "todos sem sim bom boa porta janela cozinha jardim casa carro alarme pronto pronta acesa ligado desligado "
          "quarto temporizador noite tarde vai algo",
}  # fmt: skip
_SPELLINGS = {
    "de": "[äöüß] sch ch(?:t|en)?\\b ck tz ung\\b ei(?=[nlst]) (?:en|er|el|em|st|ft|rt|t)\\b \\bge\\w+t\\b z k w pf",
    "en": "th sh wh ck ght ing\\b oo ee ea w (?:ed|ly|y|er)\\b '(?:s|t|ll|re|ve|m|d)\\b k",
    "es": "[ñ¿¡] [ñ¿¡] ci[oó]n(?:es)?\\b dad\\b [íó] ll ie ue \\w(?:ado|ada|ido|ida)s?\\b "
          "(?:or|ar|er|ir|ón|al|el)\\b j \\bh y\\b",
    "fr": "[èêçœûîëâù] eau eux ou oi ai au \\b[cdjlmnst]' qu' \\w(?:ée?|ez|er|es|ent|eur|euse|tion)s?\\b ette ss "
          "[mtlr]e\\b",
    "it": "[èìòù]\\b zion gli cch gg tt zz cc pp ss ll' \\b(?:c|d|l|un)' \\w(?:ato|ata|ati|ate|ito|ita|uto|uta)\\b "
          "(?:are|ere|ire|mente|ione|ore)\\b \\w{3}[oaei]\\b gi",
    "pt": "[ãõ] [ãõ] [çêôâ] nh lh ões\\b (?:eir|inh)[oa]s?\\b \\w(?:ado|ada|ido|ida)s?\\b "
          "(?:ou|em|am|im|om|um|ar|el|eu|iu)\\b ss ei ou j [ae]ix \\wx",
}  # fmt: skip
_FOREIGN_SPELLINGS = {
    "de": "[àáâãçèêëìíîïñòóôõùúûœ] \\w[aiou]\\b",
    "en": "[à-öø-ÿœ] \\w[iou]\\b",
    "es": "[çãõàèêôäöüß] ss k w th \\w[^aeiouáéíóúyndlrsz\\W\\d_]\\b",
    "fr": "[ñãõáíóúäöß] k w \\w[ao]\\b",
    "it": "[jkwxyñçãõáíóúêôâäöüß] \\w[^aeiouàèéìòùnl\\W\\d_]\\b",
    "pt": "[ñèìòùäöß] ll k w th \\w[^aeiouáéíóúãêômlrsz\\W\\d_]\\b",
}  # fmt: skip
"""What its words do not have"""
LATIN = tuple(_FUNCTION_WORDS)
"""The languages that need it"""
WORD = re.compile(r"[^\W\d_]+")
_GREETED = {word: code for code, words in _GREETINGS.items() for word in words.split()}
_WORDS = {code: frozenset(words.split()) for code, words in _FUNCTION_WORDS.items()}


def _compiled(spellings: Mapping[str, str]) -> dict[str, list[re.Pattern[str]]]:
    return {code: [re.compile(spelling) for spelling in of.split()] for code, of in spellings.items()}


_OWN, _FOREIGN = _compiled(_SPELLINGS), _compiled(_FOREIGN_SPELLINGS)


class Cues(NamedTuple):
    """How many there are in a text, of one language."""

    function_words: int
    spellings: int
    foreign_spellings: int


def greeting_of(text: str) -> str | None:
    """The language of a greeting or an answer of up to three words."""
    words = WORD.findall(text.casefold())
    greeted = {_GREETED[word] for word in words[:4] if word in _GREETED}
    return greeted.pop() if len(words) <= 3 and len(greeted) == 1 else None


def cues_of(text: str) -> dict[str, Cues]:
    """By language, of LATIN."""
    text = text.casefold().replace("’", "'")
    words = WORD.findall(text)
    return {
        code: Cues(
            sum(word in _WORDS[code] for word in words),
            _count(_OWN[code], text),
            _count(_FOREIGN[code], text),
        )
        for code in LATIN
    }


def _count(spellings: list[re.Pattern[str]], text: str) -> int:
    return sum(len(spelling.findall(text)) for spelling in spellings)
