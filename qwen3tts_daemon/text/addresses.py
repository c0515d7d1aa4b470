"""Addresses of the web -> their hosts; @names and #tags -> their words. E-mail addresses, hosts and files stay."""

from urllib.parse import urlsplit

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen_tts.text.sentences import CJK

_ENDS = r"\s<>\"'«»„“”。，、；：！？）】」》"
# Chinese, Japanese and Korean words stand right beside an address; a path may have them behind a slash or a sign.
_URL = regex.compile(
    rf"(?<![[\w@]--[{CJK}]])(?:mailto:[^{_ENDS}?{CJK}]+|(?:https?://|ftp://|www\.)"
    rf"(?:[^{_ENDS}/?#{CJK}]+|[^{_ENDS}/?#]+(?=[/?#]))(?:[/?#](?:[^{_ENDS}{CJK}]|(?<=wiki/|[=_%&-])[{CJK}]+)*+)?)(?:\?[^{_ENDS}{CJK}]*)?",
    regex.I | regex.V1,
)
_LONGEST_HOST = 40
_TRAILING = regex.compile(r"[.,;:!?…)\]}*_~]+$")
_NAME = regex.compile(rf"(?<![[\w@.+-]--[{CJK}]])[@＠](?P<name>[\p{{L}}_][\w.-]{{0,38}}\w)(?![\w@])", regex.V1)
_NUMBERED = r"(?!20\d\d)\d+(?![年月日])[\p{Han}\p{Hiragana}\p{Katakana}]\w*+(?!#)"  # "#3房间" is room 3
_HASHTAG = regex.compile(
    rf"(?<![[\w&/#.]--[{CJK}]])[#＃](?!{_NUMBERED})(?P<name>[\w]{{0,60}}\p{{L}}\w{{0,60}})#?(?![\w])", regex.V1
)
_COLOUR = regex.compile(r"(?=.*\d)(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_HUMP = regex.compile(r"(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|(?<=\p{L}{2})(?=\p{Nd}{2})")


def with_spoken_addresses(text: str) -> str:
    """ "See https://www.example.com/a, @anna_b #SmartHome" -> "See example.com, anna b Smart Home"."""
    if "://" in text or "www." in text.lower() or "mailto:" in text.lower():
        text = _URL.sub(_spoken_url, text)
    if "@" in text or "＠" in text:
        text = _NAME.sub(lambda found: _words(found["name"]), text)
    if "#" in text or "＃" in text:
        text = _HASHTAG.sub(_spoken_tag, text)
    return text


def _spoken_url(found: regex.Match[str]) -> str:
    """ "https://www.example.com/a/b." -> "example.com."; a host too long to be heard is dropped."""
    url = found[0]
    trailing = _TRAILING.search(url)
    end = trailing[0] if trailing else ""
    url = url.removesuffix(end)
    if url.lower().startswith("mailto:"):
        return str(url[len("mailto:") :] + end)
    host = _host(url if "://" in url else f"//{url}")
    return (host if len(host) <= _LONGEST_HOST else "") + str(end).replace("(", "")


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _spoken_tag(found: regex.Match[str]) -> str:
    return found[0] if _COLOUR.fullmatch(found["name"]) else _words(found["name"])


def _words(name: str) -> str:
    return " ".join(_HUMP.sub(" ", name).replace("_", " ").split())
