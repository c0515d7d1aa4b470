"""What is left of LaTeX in a text -> its signs and words."""

import regex  # type: ignore[import-untyped,unused-ignore]

_SUBSCRIPT = regex.compile(r"(?<=\p{Lu}\p{Ll}?)~(\d{1,2})~")  # "H~2~O"
_MAYBE_FORMULA = regex.compile(r"\$|\\[(\[a-zA-Z]")
_DISPLAYED = regex.compile(r"\$\$([^$]{1,400})\$\$|\\\[(.{1,400}?)\\\]|\\\((.{1,200}?)\\\)", regex.S)
_BETWEEN_DOLLARS = regex.compile(r"(?<![\w$\\])\$(?=[^\s$])([^$\n]{1,120})(?<![\s\\])\$(?![\w$])")
_IS_FORMULA = regex.compile(r"\p{L}|(?=\D).*[\\^_=+].*|.*\\.*")
_NAMES = (
    "times cdot div pm le leq ge geq ne neq approx to rightarrow degree circ percent infty ldots dots sum euro"
    " alpha beta gamma delta Delta lambda mu pi sigma omega Omega"
)
_SIGNS = dict(zip(_NAMES.split(), "×·÷±≤≤≥≥≠≠≈→→°°%∞……Σ€αβγδΔλµπσωΩ", strict=True))
_BRACED = r"\{([^{}\\]{0,120})\}"
_FRACTION = regex.compile(rf"\\[dt]?frac\s?{_BRACED}\s?{_BRACED}")
_ROOT = regex.compile(rf"\\sqrt\s?{_BRACED}")
_TEXT = regex.compile(
    rf"\\(?:text|mathrm|mathbf|mathit|textbf|textit|emph|boxed|operatorname|ce|bar|vec|hat)\s?{_BRACED}"
)
_RAISED_SIGN = regex.compile(r"\s?\^\s?\{?\s?\\(?:circ|degree)\s?\}?")
_RAISED = regex.compile(r"\^(?:\{([0-9]{1,4})\}|([0-9]))(?!\w)")
_LOWERED = regex.compile(r"_(?:\{(\w{1,20})\}|(\w))(?!\w)")
_COMMAND = regex.compile(r"\\([a-zA-Z]{1,20})\*?")
_SPACE = regex.compile(r"(?:\\[,;:!\\ ]|\s)+")
_ESCAPED = regex.compile(r"\\(?=[%&#_{}$])|[{}]")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def without_latex(text: str) -> str:
    """ "$E = mc^2$" -> "E = mc²", "\\(21\\,^\\circ\\text{C}\\)" -> "21°C"."""
    if "~" in text:
        text = _SUBSCRIPT.sub(r"\1", text)
    if not _MAYBE_FORMULA.search(text):
        return text
    text = _DISPLAYED.sub(lambda found: f" {_plain(found[1] or found[2] or found[3])} ", text)
    return str(_TEXT.sub(r"\1", _BETWEEN_DOLLARS.sub(_inline, text)))


def _inline(found: regex.Match[str]) -> str:
    """Between dollars stands a formula if it is one letter or has a sign; "$5 and $6" are prices."""
    return _plain(found[1]) if _IS_FORMULA.fullmatch(found[1]) else str(found[0])


def _plain(formula: str) -> str:
    text = _RAISED_SIGN.sub("°", formula)
    for _ in range(3):  # one in another
        text = _TEXT.sub(r"\1", _ROOT.sub(r"√\1", _FRACTION.sub(r"\1/\2", text)))
    text = _RAISED.sub(lambda found: (found[1] or found[2]).translate(_SUPERSCRIPTS), text)
    text = _LOWERED.sub(lambda found: found[1] or found[2], text)
    text = _COMMAND.sub(lambda found: _SIGNS.get(found[1], " "), text)
    return str(_ESCAPED.sub("", _SPACE.sub(" ", text))).strip()
