"""Laws of the live segmenter; the traps of each language stand in test_segments_languages.py."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3tts_daemon.text.clean import speakable
from qwen3tts_daemon.text.phrases import ended, is_speakable
from qwen3tts_daemon.text.segments import MAX_CHARS, LiveSegmenter, Segment, Split
from tests.text.hostile import HOSTILE, hostile_text, steps

ATOMS = [
    *"aB1.!?…,;:-–*_`~#>|[]()\"'«»“„ \n\n  é我。！？「」가.я—😀\t0",
    *(
        "Hello",
        "world",
        "Dr.",
        "z. B.",
        "e.g.",
        "U.S.",
        "No.",
        "am 3.",
        "Oktober",
        "1.",
        "2026",
        "The",
        "und",
    ),
    *(
        "J.",
        "г.",
        "\n- ",
        "\n1. ",
        "\n2) ",
        "\n# ",
        "\n> ",
        "\n```\n",
        "\n~~~",
        "\n---\n",
        "\n| a | b |\n",
        "|---|",
    ),
    *(
        "\n\n",
        ". ",
        "! ",
        "**",
        "[a](http://b.c/d)",
        "`a. b`",
        "https://www.example.com/a?b=c.",
        "a@b.cd",
        "\r\n",
    ),
    *("\u200b", "\x00", "...", "?!", " | ", "✅ ", "\n│ a │", "¹", "@a_b", "#aB"),
]
DROPPED_ATOMS = [
    *("<think>", "</think>", "<|channel|>analysis<|message|>", "<|end|>", "[THINK]", "[/THINK]", "<!--", "-->"),
    *("<p>", "</p>", "<b>", "</b>", "<li>", "</li>", "<br>", "<td>", "</td>", "<a href='b. C'>", "<i", ">"),
    *("[^1]", "[1]", "\n[^a]: ", "\n[a]: http://b.c", "[a][b]", '\n{"a": ', '"b"}', "}", "【1†a】", "\ue200", "\ue201"),
    *(
        "$",
        "$$",
        "\\(",
        "\\)",
        "\\[",
        "\\frac{a}{b}",
        "^",
        "__init__.py",
        "/\\_/\\\n",
        "<pre>",
        "</pre>",
        "[TOOL_CALLS]",
        ":-D ",
    ),
]
TEXTS = st.lists(st.sampled_from([*ATOMS, *DROPPED_ATOMS]), max_size=40).map("".join)
# Without what is dropped with its letters: code, tags, tokens of the model, emoticons, and some addresses.
KEPT_ATOMS = [atom for atom in ATOMS if not set(atom) & set("`~<:;") and atom not in "[]" and "http" not in atom]
KEPT_TEXTS = st.lists(st.sampled_from(KEPT_ATOMS), max_size=40).map("".join)
SPLITS = st.sampled_from(["sentence", "clause", "none"])


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    places = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    return [text[start:end] for start, end in pairwise(places)]


def whole(text: str, split: Split = "sentence") -> list[Segment]:
    segmenter = LiveSegmenter(split=split)
    return segmenter.feed(text) + segmenter.end()


def has_letters(text: str) -> bool:
    return any(map(str.isalpha, text))


def raws(segments: list[Segment]) -> list[str]:
    return [segment.raw for segment in segments]


def texts(segments: list[Segment]) -> list[str]:
    return [segment.text for segment in segments]


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.lists(st.integers(0, 500), max_size=12), SPLITS)
def test_the_way_a_text_is_cut_does_not_show(text: str, cuts: list[int], split: Split) -> None:
    segmenter = LiveSegmenter(split=split)
    fed = [segment for piece in pieces_of(text, cuts) for segment in segmenter.feed(piece)]
    assert fed + segmenter.end() == whole(text, split)


@settings(max_examples=80, deadline=None)
@given(TEXTS, SPLITS)
def test_one_character_at_a_time_is_the_same(text: str, split: Split) -> None:
    segmenter = LiveSegmenter(split=split)
    fed = [segment for char in text for segment in segmenter.feed(char)]
    assert fed + segmenter.end() == whole(text, split)


@settings(max_examples=150, deadline=None)
@given(KEPT_TEXTS, st.lists(st.sampled_from(["feed", "idle", "flush"]), max_size=12), SPLITS)
def test_segments_are_verbatim_in_order_and_miss_no_words(text: str, actions: list[str], split: Split) -> None:
    segmenter = LiveSegmenter(split=split)
    segments: list[Segment] = []
    step = len(text) // (len(actions) + 1) + 1
    for number, action in enumerate([*actions, "feed"]):
        segments += segmenter.feed(text[number * step : (number + 1) * step])
        segments += {"feed": list, "idle": segmenter.idle, "flush": segmenter.flush}[action]()
    segments += segmenter.end()
    end = 0
    for segment in segments:
        assert not has_letters(text[end : segment.start])
        assert text[segment.start : segment.end] == segment.raw == segment.raw.strip()
        assert segment.text in (speakable(segment.raw), ended(speakable(segment.raw)))
        assert segment.start >= end
        assert len(segment.raw) <= MAX_CHARS
        end = segment.end
    assert not has_letters(text[end:])


@settings(max_examples=100, deadline=None)
@given(TEXTS, SPLITS)
def test_nothing_finished_is_left_after_idle(text: str, split: Split) -> None:
    segmenter = LiveSegmenter(split=split)
    segmenter.feed(text)
    promised = segmenter.has_finished_text
    assert segmenter.has_finished_text == promised
    released = segmenter.idle()
    assert promised or not released
    assert not segmenter.has_finished_text
    assert segmenter.idle() == []


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_every_segment_can_be_spoken(text: str) -> None:
    for segment in whole(text):
        assert is_speakable(segment.text)
        assert "<|" not in segment.text or "|>" not in segment.text
        assert "```" not in segment.text


@pytest.mark.parametrize(
    ("text", "released", "kept"),
    [
        ("It is done.", ["It is done."], []),
        ("It is done. ", ["It is done."], []),
        ("Really?", ["Really?"], []),
        ("Wait...", ["Wait..."], []),
        ("你好。", ["你好。"], []),
        ("No.", ["No."], []),
        ("I have 3.", ["I have 3."], []),
        ("Es ist am 3.", [], ["Es ist am 3."]),
        ("Ask Dr.", [], ["Ask Dr."]),
        ("Tiere, z.", [], ["Tiere, z."]),
        ("Not yet", [], ["Not yet"]),
        ("- done.", ["done."], []),
        ("- not yet", [], ["not yet"]),
        ("A [stray. Bracket.", ["A [stray. Bracket."], []),
        ("1.", [], ["1."]),
        ("```\ncode. Code.", [], []),
    ],
)
def test_idle_speaks_what_is_finished_and_keeps_the_rest(text: str, released: list[str], kept: list[str]) -> None:
    segmenter = LiveSegmenter()
    segmenter.feed(text)
    assert segmenter.has_finished_text == bool(released)
    assert " ".join(texts(segmenter.idle())) == " ".join(released)
    assert [text.rstrip(".") for text in texts(segmenter.end())] == [text.rstrip(".") for text in kept]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- one\n- two\n", ["one.", "two."]),
        ("- one. More\n* two!\n+ three", ["one.", "More.", "two!", "three."]),
        ("1. First\n2. Second\n3) Third", ["1. First.", "2. Second.", "3) Third"]),
        ("Buy:\n- milk\n- eggs\n\nThen go.", ["Buy:", "milk.", "eggs.", "Then go."]),
        ("Buy:\n  - milk\n    - fresh\n", ["Buy:", "milk.", "fresh."]),
        ("Wir kommen am\n3. Oktober an. Gut.", ["Wir kommen am\n3. Oktober an.", "Gut."]),
        ("# Title\nText. More", ["Title.", "Text.", "More"]),
        ("Intro\n## Title\n\nText", ["Intro", "Title.", "Text"]),
        ("Title\n=====\nText", ["Title", "Text"]),
        ("One\n\nTwo\n \nThree", ["One", "Two", "Three"]),
        ("One line\ngoes on here. Next.", ["One line\ngoes on here.", "Next."]),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n", ["a, b.", "1, 2."]),
        ("Intro\n| a | b |\nText goes on", ["Intro", "a, b.", "Text goes on"]),
        ("Buy\n1. Milk\n2. Eggs", ["Buy", "1. Milk.", "2. Eggs"]),
        ("Buy:\n2. Milk", ["Buy:", "2. Milk"]),
        ("Run:\n```sh\nrm -rf /. Now\n```\nDone.", ["Run:", "Done."]),
        ("~~~\ncode\n```\ncode. Code\n~~~\nDone.", ["Done."]),
        ("Text.\n```py\nnever closed. Code", ["Text."]),
        ("```word``` is inline. Yes.", ["word is inline.", "Yes."]),
        ("See [the. Docs](http://a.b/c.d). Next.", ["See the. Docs.", "Next."]),
        ("Use `a. B` here. Next.", ["Use a. B here.", "Next."]),
        ("**Bold.** Next. **Two. Three.** Four.", ["Bold.", "Next.", "Two.", "Three.", "Four."]),
        ("Great! 😀 Next. 👍", ["Great!", "Next."]),
        ("> Quoted. Text.\n\nAfter.", ["Quoted.", "Text.", "After."]),
        ("A\n---\nB", ["A", "B"]),
        ("Go to https://example.com/a.b?c=d. Then stop.", ["Go to example.com.", "Then stop."]),
        ("<|im_start|>Hi. <|im_end|>Bye.", ["Hi.", "Bye."]),
        ("<think>Hm. <think>No. So</think> Well.</think>\n\nYes. It is.", ["Yes.", "It is."]),
        ("Yes.\n<reasoning>Never closed. It goes on", ["Yes."]),
        ("One. [THINK]a. B[/THINK]Two", ["One.", "Two"]),
        ("<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes.", ["Yes."]),
        ('<tool_call>{"a": "b. C"}</tool_call>Done.', ["Done."]),
        ("Use `<think>` here. Next.", ["Use think here.", "Next."]),
        ("Is 3 < 5? Yes. <5 and a<b too.", ["Is 3 < 5?", "Yes.", "<5 and a<b too."]),
        ("<p>One.</p><p>Two</p><ul><li>a<li>b</ul>", ["One.", "Two", "a.", "b"]),
        ('<b class="x. Y">Bold.</b> Next', ["Bold.", "Next"]),
        ("Raum | °C\n--- | ---\nBad | 21\nGut", ["Raum, °C.", "Bad, 21.", "Gut"]),
        ("| Lun. | Mín. |\n", ["Lun., Mín."]),
        ("It boils.[1] It is hot.[^2]\n\n[^2]: A note. Long.\nEnd", ["It boils.", "It is hot.", "End"]),
        ('{"a": {"b": "c. D"}}\nDone.', ["Done."]),
        ("✅ Light on\n✅ Heating off", ["Light on.", "Heating off"]),
        ("•Milk\n•Bread", ["Milk.", "Bread."]),
        ("- one. Two\nthree", ["one.", "Two.", "three"]),
        (" ", []),
        ("...", []),
        ("", []),
    ],
)
def test_lines_and_markup(text: str, expected: list[str]) -> None:
    assert texts(whole(text)) == expected


def test_feed_returns_a_sentence_as_soon_as_the_next_one_begins() -> None:
    segmenter = LiveSegmenter()
    assert segmenter.feed("Hello there.") == []
    assert segmenter.feed(" ") == []
    assert texts(segmenter.feed("H")) == ["Hello there."]
    assert texts(segmenter.feed("ow are you?\n\n")) == ["How are you?"]
    assert texts(segmenter.feed("- item\n")) == ["item."]


def test_ranges_count_all_characters_fed() -> None:
    segmenter = LiveSegmenter()
    text = "  **One.** Two.\n\n```\ncode\n```\n- three\n"
    segments = segmenter.feed(text) + segmenter.end()
    assert [(text[s.start : s.end], s.text, s.ending) for s in segments] == [
        ("**One.**", "One.", "sentence"),
        ("Two.", "Two.", "paragraph"),
        ("- three", "three.", "sentence"),
    ]


def test_flush_leaves_the_context_open() -> None:
    segmenter = LiveSegmenter()
    segmenter.feed("Now spe")
    assert [(s.text, s.ending) for s in segmenter.flush()] == [("Now spe", "clause")]
    segmenter.feed("ak")
    assert [(s.text, s.start, s.ending) for s in segmenter.end()] == [("ak", 7, "sentence")]


def test_a_fence_stays_open_over_a_flush() -> None:
    segmenter = LiveSegmenter()
    assert segmenter.feed("```\ncode") + segmenter.flush() + segmenter.feed(" more. Code\n```\nText") == []
    assert texts(segmenter.end()) == ["Text"]


def test_thinking_goes_on_over_a_flush() -> None:
    segmenter = LiveSegmenter()
    assert segmenter.feed("<think>Hm. ") + segmenter.flush() + segmenter.feed("No. So</think>Yes. It") != []
    assert texts(segmenter.end()) == ["It"]


def test_a_fence_may_close_in_two_pieces() -> None:
    segmenter = LiveSegmenter()
    assert segmenter.feed("```\ncode. Code\n``") + segmenter.feed("`\nText. More") != []
    assert texts(segmenter.end()) == ["More"]


@pytest.mark.parametrize("pieces", [["[text](http://exa", "mple.com) is"], ["[te", "xt](http://example.com) is"]])
def test_a_link_over_two_feeds_is_one_link(pieces: list[str]) -> None:
    segmenter = LiveSegmenter()
    assert [segment for piece in pieces for segment in segmenter.feed(piece)] == []
    assert texts(segmenter.end()) == ["text is"]


def test_clauses_end_segments_only_when_asked_and_long_enough() -> None:
    text = "Well, this is a rather long clause, and here is another one. Ja"
    assert texts(whole(text)) == ["Well, this is a rather long clause, and here is another one.", "Ja"]
    clauses = whole(text, "clause")
    assert texts(clauses) == ["Well, this is a rather long clause,", "and here is another one.", "Ja"]
    assert [segment.ending for segment in clauses] == ["clause", "sentence", "sentence"]
    chinese = ["今天的天气真的非常好，", "我们去公园吧。", "好"]
    assert texts(whole("".join(chinese), "clause")) == chinese


def test_unsplit_text_is_one_segment() -> None:
    text = "One. Two.\n\nThree:\n- four\n- five"
    assert raws(whole(text, "none")) == [text]


def test_unsplit_text_is_released_in_sentences_when_idle() -> None:
    segmenter = LiveSegmenter(split="none")
    segmenter.feed("One. Two. Thr")
    assert segmenter.has_finished_text
    assert raws(segmenter.idle()) == ["One. Two."]
    assert raws(segmenter.end()) == ["Thr"]


@pytest.mark.parametrize("split", ["sentence", "clause", "none"])
@pytest.mark.parametrize("text", ["word " * 300, "a" * 1000, "a, b; c " * 90, "我" * 900, "[x " * 400, "!" * 900 + "a"])
def test_no_segment_is_longer_than_the_limit(text: str, split: Split) -> None:
    segments = whole(text, split)
    assert all(len(segment.raw) <= MAX_CHARS for segment in segments)
    assert sum(map(str.isalnum, "".join(raws(segments)))) == sum(map(str.isalnum, text))


def test_a_long_text_is_cut_at_a_clause_or_a_word() -> None:
    first, *_ = whole("some words, " * 100)
    assert first.text.endswith("words,")
    first, *_ = whole("word " * 200)
    assert first.text.endswith("word")
    first, *_ = whole("Short sentence. " * 100, "none")
    assert (first.text[-9:], first.ending) == ("sentence.", "sentence")


@pytest.mark.parametrize("size", [2000, 1])
@pytest.mark.parametrize("atom", HOSTILE)
def test_hostile_text_is_no_more_than_a_hundred_steps_a_character(atom: str, size: int) -> None:
    text = hostile_text(atom)
    assert steps(text, size, LiveSegmenter()) < 100 * len(text)


def test_nothing_may_be_fed_after_the_end() -> None:
    segmenter = LiveSegmenter()
    segmenter.end()
    with pytest.raises(AssertionError):
        segmenter.feed("x")
