"""Cleaning: what goes, what stays, and that clean text is left alone."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qwen3tts_daemon.text.clean import speakable
from qwen3tts_daemon.text.phrases import is_speakable

ATOMS = [
    *"ab1 .,!?*_`~#<>|[]()\\\n-+=&:;\"'é我。한я😀\u200d\ufe0f\u20e3\u0301\t°€",
    *(
        "**",
        "](",
        "http://",
        "www.",
        "a.b",
        "<|im_",
        "start|>",
        "&lt;",
        "&amp;",
        "```",
        "\n- ",
        "\n1. ",
        "\n> ",
    ),
    *("\n# ", "\n\n", "<b>", "\r", "\x00", "\ud800", "| a | b |\n", "|---|---|\n", "![x](y)", "[a]: b", "@"),
    *("/", "<br>", "<tts_pad>", "\u2028", "🇩🇪", "👍🏽"),
]
MARKUP = st.lists(st.sampled_from(ATOMS), max_size=30).map("".join)
ORDINARY = """
    2 * 3 = 6 | 5*3*2 | 1.5 * 2 | snake_case | a_b_c | C# | C++ and F# | #1 | issue #12 | 5 < 6
    3 > 2 | 1. Mai | 1986. A great year | a-b | AT&T | R&B | I ♥ you | 50 % | 100% | ~5 | 50~60
    20 °C | 5 € | $5 and $6 | © 2024 ™ | -5 °C | +49 30 123 | 5 @ 3 € | me@example.org | it's
    if a<b and c>d | x^2 | Salut ! | « Oui ? » | ¿Qué? | a/b | — Привет! — сказал он. | （笑）
    ~/.bashrc | 1 + 1 = 2 | [1] note | Wait... | Oh!!! | 3,14 | 10:30 | (sic) | № 5
"""


@settings(max_examples=300, deadline=None)
@given(MARKUP | st.text(max_size=60))
@example("😀\u200da")
@example("a😀\u200d")
def test_clean_text_stays_as_it_is(text: str) -> None:
    once = speakable(text)
    assert speakable(once) == once


@settings(max_examples=150, deadline=None)
@given(MARKUP | st.text(max_size=60))
def test_the_result_is_speakable_and_harmless(text: str) -> None:
    cleaned = speakable(text)
    assert cleaned == "" or is_speakable(cleaned)
    assert "<|im_start|>" not in cleaned
    assert "<tts_pad>" not in cleaned
    cleaned.encode()
    assert not {unicodedata.category(char) for char in cleaned.replace("\n", "")} & {"Cc", "Cs", "Co"}


@pytest.mark.parametrize(
    "text",
    [
        *(text.strip() for line in ORDINARY.strip().splitlines() for text in line.split(" | ")),
        *("नमस्ते क्\u200dष", "Line one\nline two", "Para\n\npara"),
    ],
)
def test_ordinary_text_is_not_damaged(text: str) -> None:
    assert speakable(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Heading", "Heading."),
        ("Title\n===\nbody", "Title.\n\nbody"),
        ("**Bold.** Next", "Bold. Next"),
        ("*a* _b_ ***c*** __d__ ~~e~~", "a b c d e"),
        ("**Half one.", "Half one."),
        ("Half two.** Next", "Half two. Next"),
        ("**你好**世界", "你好世界"),
        ("[text](http://a.b/c)", "text"),
        ("[text](http://exa", "text"),
        ("![alt](x.png)", "alt"),
        ("[a][r]\n\n[r]: http://x.y", "a"),
        ("`foo` and `a.b()`", "foo and a.b"),
        ("run `$%&{}` now", "run now"),
        ("```py\nx = 1\n```\nafter", "after"),
        ("before\n\n~~~\nnever closed", "before"),
        ("- one\n- two", "one. two."),
        ("- a\n  - b\n- c!\n\nend", "a. b. c!\n\nend"),
        ("- [x] done\n- [ ] open", "done. open."),
        ("• one\n• two", "one. two."),
        ("1. First\n2. Second", "1. First. 2. Second."),
        ("我喜欢：\n- 苹果\n- 梨", "我喜欢：\n\n苹果。 梨。"),
        ("> quote\n> more", "quote\nmore"),
        ("a\n\n---\n\nb", "a\n\nb"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a, b.\n\n1, 2."),
        ("<b>bold</b> <a href='x'>link</a>", "bold link"),
        ("x<br>y<!-- no -->", "x\ny"),
        ("<script>alert(1)</script>hi", "hi"),
        ("price* and note*", "price and note"),
        ("\\*foo\\* &amp; bar", "foo & bar"),
        ("Hi 😀! 👨\u200d👩\u200d👧 family 🇩🇪 ❤️", "Hi! family"),
        ("Hi😀there 👍🏽.", "Hi there."),
        ("1️⃣ one", "1 one"),
        ("See https://www.example.com/a/b?c=d#e.", "See example.com."),
        ("(www.example.org)", "(example.org)"),
        ("https://" + "a" * 60 + ".com/ ok", "ok"),
        ("<|im_start|>user hi<|im_end|>", "user hi"),
        ("<|im_**start**|>x <tts_pad>", "x"),
        ("a\x00b\u200bc\ufeff\ud800\u202ed\ufffd", "abcd"),
        ("e" + "\u0301" * 20, "é" + "\u0301" * 4),
        ("Oh!!!!!!!! Hm......... a,,b", "Oh!!! Hm... a,b"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("<td>a</td><td>b</td>", "a, b"),
        ("<h2>Title</h2><ul><li>one</li><li>two</li></ul>", "Title.\n\none. two."),
        ("CO<sub>2</sub>, 5 m<sup>2</sup>", "CO2, 5 m²"),
        ("Raum | °C\n--- | ---\nBad | 21", "Raum, °C.\n\nBad, 21."),
        ("It boils.[1][2] See[^a] more [3, 4].", "It boils. See more."),
        ("Siehe [1] und Feld[0]", "Siehe [1] und Feld[0]"),
        ("[^1]: A note.", ""),
        ("Groß【4†source】.", "Groß."),
        ("Groß【4:0†source】【1】.", "Groß."),
        ("【12306】验证码：【2046】", "【12306】验证码：【2046】"),
        ("Hilfen.¹ Gut", "Hilfen. Gut"),
        ("ok :-D bis :) I am so happy xD ^^ <3", "ok bis I am so happy"),
        ("Temp <3 °C in <3 Tagen", "Temp <3 °C in <3 Tagen"),
        ("(see A:) C:\\x 3:2", "(see A:) C:\\x 3:2"),
        ("¯\\_(ツ)_/¯ ok (╯°□°)╯︵ ┻━┻", "ok"),
        ("请回拨138****5678 **现在** 6222 **** **** 1234", "请回拨138****5678 现在 6222 **** **** 1234"),
        ("#3房间的灯 #618大促# #2026春晚", "#3房间的灯 618大促 2026春晚"),
        ("前日比▲1.5% ▲ 注意", "前日比▲1.5% 注意"),
        ("#SmartHome #ki_test @anna_b: #12", "Smart Home ki test anna b: #12"),
        (" /\\_/\\\n( o.o )\n > ^ <\nMiau", "Miau"),
        ("│ Bad │ 21 │\n├─────┼────┤", "Bad, 21."),
        ("[####----] 50%", "50%"),
        ("$E = mc^2$ is \\(\\frac{1}{2}\\) of $5 and $6", "E = mc² is 1/2 of $5 and $6"),
        ("It is \\boxed{42}.", "It is 42."),
        ("a/__init__.py and my_file.txt", "a/__init__.py and my_file.txt"),
        ("请看https://a.example.com/b?c=d。谢谢", "请看a.example.com。谢谢"),
        ("看https://example.com/a查看", "看example.com查看"),
        ("https://example.jp/a/をご覧", "example.jpをご覧"),
        ("mailto:me@example.org", "me@example.org"),
        ("{{ states('x') }} on", "on"),
        ("😀", ""),
        ("...", ""),
        ("**", ""),
        ("", ""),
    ],
)
def test_markup_goes_and_words_stay(text: str, expected: str) -> None:
    assert speakable(text) == expected


@pytest.mark.parametrize("bomb", ["[", "*", "`", "> ", "[a](", "<", "- ", "*a_", "<a ", "http://", "|", "&lt;"])
def test_hostile_nesting_ends(bomb: str) -> None:
    assert isinstance(speakable(bomb * 1000 + "x"), str)


def test_speakable_needs_a_letter_or_a_digit() -> None:
    assert all(map(is_speakable, ["a", "你", "5", "٣", "...я"]))
    assert not any(map(is_speakable, ["", " ", "!?", "😀", "_"]))


def test_many_brackets_without_an_end_are_dropped_and_the_rest_is_cleaned() -> None:
    assert speakable("[a [b [c [d **bold** [link](http://a.b) [1]") == "a b c d bold link"
    assert speakable("A [few [stay") == "A [few [stay"
