"""Pictures made of characters: emoji, emoticons, kaomoji, drawings in boxes and lines."""

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen_tts.text.sentences import CJK, WIDE_COMMAS, WIDE_STOPS

_EMOJI = regex.compile(
    r" ?(?:(?:[0-9#*]\ufe0f?\u20e3)"
    r"|\p{Regional_Indicator}{1,2}"
    r"|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|\p{Extended_Pictographic}(?=\p{Emoji_Modifier}))"
    r"[\ufe0f\p{Emoji_Modifier}\U000e0020-\U000e007f]*(?:\u200d\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]*)*"
    r"|(?<!^[ \t]*)(?![▲△]\d[\d.,]*(?:[%％円億万]|ポイント))"  # a minus in Japanese tables
    r"[★☆✓✔✗✘✦✧❖♪♫♬►◄▶◀▲△▼▽◆◇●○■□◼◻▪▫➤➔➜※][\ufe0e\ufe0f]?"
    r"|[\ufe0e\ufe0f])",
    regex.M,
)
# An emoticon stands by itself; ":)" may stand behind a word too.
_EMOTICON = regex.compile(
    r"(?<!\S)(?:>?[:;]['’]?[-^o]?[)(\]\[DPpOoSs/\\xX]{1,6}|:-?\*(?!\*)|=[-^]?[)(D]{1,6}|[)(D][-']?[:;]|</3|\^[_.-]?\^['’;]?|-[_.]{1,2}-['’]?"
    r"|[oO][_.][oO]|0_0|T[_.]T|;[_.];|>[_.]+<|[<>]\.[<>]|\\o/|[xX]D{1,6}|<3{1,6})"
    r"(?=[\s.,!?…)]|\Z)"
    r"|(?<=[\p{L}!?.…])[:;]-?[)(D]{1,6}(?=[\s.,!?…]|\Z)"
)
_HEART = regex.compile(
    r"(?i)\b(?:i|we|you|they|ich|wir|du|je|j[’']|yo|te|ti|io|eu|ti|я|love|luv|lieb\w*|kuss|xoxo)\s*\Z"
)
_NO_HEART = regex.compile(
    r"(?i)(?:\b(?:is|are|was|be|ist|sind|war|est|es|son|sono|è|é|unter|under|below|of|bei|at|wert|value|ph)|[\d=:])\s*\Z"
)
_FACE = regex.compile(
    r"[ヽヾ╰٩ᕙ¯]?\\{0,3}_?[(（](?=[^()（）\n]{0,16}[_ω‿∀ᴗ□▽∇ヮᵕ^・°◕ಠツ•́][^()（）\n]{0,16}[)）])"
    r"(?:[^()（）\p{N}\p{L}\n]|[ωoOTuUxಠツдДヮ益ლʘ・ーノ]){1,16}[)）][╯ノﾉ۶ᕗ]?(?:\\?_/¯)?(?:[ ︵]{1,3}┻━┻)?"
)
_BOX_BAR = regex.compile("[│┃║▏▕]")
_TREE = regex.compile(r"(?m)^(?:[│┃║][ \u00a0]+)+(?![^\n]*[│┃║])")
_BOX = regex.compile(r"[\u2500-\u257f\u2580-\u259f\u2800-\u28ff]+")
_BAR_OF_PROGRESS = regex.compile(r"\[[#=*.>_\s-]{4,60}\]")
_WIDE = regex.compile(rf"[{CJK}{WIDE_STOPS}{WIDE_COMMAS}（）「」]")
_LINE = regex.compile(r"(?m)^[^\n]+$")
_STROKES = regex.compile(r"[\\/_|^<>~=#*`'.()-]")
_EMPHASIS = regex.compile(r"[*_~`]\p{L}|\p{L}[*_~`]|^[|>\s]*$")
_WORD = regex.compile(r"[[\p{L}\p{N}]--[oOxXvV]]|\p{L}{2}|^\s*\p{L}", regex.V1)


def without_pictures(text: str) -> str:
    """Words alone: a picture leaves a space, and nothing before a stop."""
    if text.isalnum():
        return text
    text = _FACE.sub(" ", text)
    text = _BOX.sub(" ", _BOX_BAR.sub("|", _TREE.sub("", text)))
    text = _LINE.sub(lambda line: "" if _is_drawing(line[0]) else line[0], _BAR_OF_PROGRESS.sub(" ", text))
    return str(_EMOJI.sub(_without_emoji, _EMOTICON.sub(_without_emoticon, text)))


def _is_drawing(line: str) -> bool:
    """Hardly a letter, and many strokes of several kinds: "/\\_/\\", "> ^ <"."""
    strokes = _STROKES.findall(line)
    if len(strokes) < 3 or len(set(strokes)) < 2 or not set(strokes) & set("/\\()<>") or _WORD.search(line):
        return False
    return 2 * len(strokes) > sum(not char.isspace() for char in line) and not _EMPHASIS.search(line)


def _without_emoticon(found: regex.Match[str]) -> str:
    before, face = found.string[max(0, found.start() - 40) : found.start()], found[0]
    if face.startswith("<3"):
        is_heart = _HEART.search(before) or (_ends_clause(found) and not _NO_HEART.search(before))
        return "" if is_heart else str(face)
    if before[-1:].isalnum() and "(" in before.rpartition("\n")[2] and ")" in face:
        return str(face)  # "(see A:)"
    return ""


def _ends_clause(found: regex.Match[str]) -> bool:
    return found.string[found.end() : found.end() + 4].lstrip(" ")[:1] in (*"\n.,!?…", "")


def _without_emoji(found: regex.Match[str]) -> str:
    """A keycap leaves its digit, a stray selector nothing, a picture a space."""
    picture = found[0]
    if "\u20e3" in picture:
        return str(picture.rstrip("\ufe0f\u20e3"))
    following = found.string[found.end() : found.end() + 1]
    return "" if following in (*".,!?…", "") or _WIDE.match(following) or picture in ("\ufe0e", "\ufe0f") else " "
