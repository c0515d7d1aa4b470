"""A small SSML: what it says of how a text is spoken, wherever its pieces are cut, and whatever it costs to write."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3tts_daemon.text.directions import GainChange, LanguageChange, Pause, SpeedChange, VoiceChange
from qwen3tts_daemon.text.live_markup import LONGEST_UNHEARD
from qwen3tts_daemon.text.pronunciations import Pronunciation
from qwen3tts_daemon.text.segments import LiveSegmenter, Segment
from qwen3tts_daemon.text.sent_text import Piece, SentText, is_ssml
from qwen3tts_daemon.text.ssml import SsmlPiece, SsmlReader
from tests.text.hostile import calls_of

_TAGS = "\n\n", "</li>"
"""What the segmenter is told instead of those that end something"""


def is_voice(name: str) -> bool:
    return name in ("anna", "bob", "Uncle Fritz")


def read(*pieces: str) -> tuple[list[SsmlPiece], SsmlReader]:
    reader = SsmlReader(is_voice)
    return [piece for markup in pieces for piece in reader.feed(markup)] + reader.rest(), reader


def said(markup: str) -> list[Piece]:
    """Pieces of text joined, words without blanks around them."""
    together: list[Piece] = []
    for one in read(markup)[0]:
        if isinstance(one.piece, str) and together and isinstance(together[-1], str):
            together[-1] += one.piece
        else:
            together.append(one.piece)
    stripped = (one.strip() if isinstance(one, str) else one for one in together)
    return [one for one in stripped if one != ""]


def words(markup: str) -> str:
    """All that is spoken of it."""
    pieces = (one.written if isinstance(one, Pronunciation) else one for one in said(markup))
    text = " ".join(one for one in pieces if isinstance(one, str))
    return " ".join(text.replace("</li>", " ").split())


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("Wait. <break time='500ms'/> Go.", ["Wait.", Pause(0.5), "Go."]),
        ('Wait.<break time="1.5s"/>Go.', ["Wait.", Pause(1.5), "Go."]),
        ('<break time="2 s"></break>Go.', [Pause(2), "Go."]),
        ("A.<break/>B.", ["A.", Pause(0.5), "B."]),
        ('A.<break strength="none"/>B.<break time="0ms"/>', ["A.B."]),
        ('A.<break strength="x-weak"/>B.', ["A.", Pause(0.1), "B."]),
        ('A.<BREAK STRENGTH="X-Strong">B.', ["A.", Pause(1.2), "B."]),
        ('<sub alias="World Wide Web">WWW</sub>', [Pronunciation("WWW", "text", "World Wide Web")]),
        ('<sub alias="hello"/> you', ["hello you"]),
        ("<sub>WWW</sub>", ["WWW"]),
        ("""<sub alias="the 'net'">WWW</sub>""", [Pronunciation("WWW", "text", "the 'net'")]),
        (f"a<!-- {500 * '<p>'} -->b<?{500 * 'x '}?>", ["ab"]),
        ('<say-as interpret-as="characters">BBC</say-as>', [Pronunciation("BBC", "characters", "BBC")]),
        ('<say-as interpret-as="spell-out"> BBC </say-as>', [Pronunciation("BBC", "characters", "BBC")]),
        (
            '<say-as interpret-as="date" format="DMY">3.4.</say-as>',
            [Pronunciation("3.4.", "date", "3.4.", "dmy")],
        ),
        ('<say-as interpret-as="unheard-of">BBC</say-as>', ["BBC"]),
        ('<phoneme alphabet="ipa" ph="təˈmeɪtoʊ">tomato</phoneme>', [Pronunciation("tomato", "ipa", "təˈmeɪtoʊ")]),
        ('<phoneme alphabet="x-pinyin" ph="xing2">行</phoneme>', [Pronunciation("行", "pinyin", "xing2")]),
        ('<phoneme alphabet="x-sampa" ph="t@meItoU">tomato</phoneme>', ["tomato"]),
        (
            'A <prosody rate="slow">b</prosody> c',
            ["A", SpeedChange(0.75), "b", SpeedChange(1), "c"],
        ),
        ('<prosody rate="80%">a</prosody>', [SpeedChange(0.8), "a"]),
        ('<prosody rate="1.5">a</prosody>', [SpeedChange(1.5), "a"]),
        ('<prosody rate="120">a</prosody>', [SpeedChange(1.2), "a"]),
        ('<prosody rate="9000%" pitch="+20%">a</prosody>', [SpeedChange(4), "a"]),
        (
            '<prosody rate="50%"><prosody rate="+20%">a</prosody>b</prosody>',
            [SpeedChange(0.6), "a", SpeedChange(0.5), "b"],
        ),
        ('<prosody volume="-6dB">a</prosody>', [GainChange(-6), "a"]),
        ('<prosody volume="x-soft">a</prosody>b', [GainChange(-12), "a", GainChange(0), "b"]),
        ('<prosody volume="+6dB">a</prosody> <prosody volume="x-loud">b</prosody>', ["a b"]),
        ('<prosody volume="silent">a</prosody>', [GainChange(-40), "a"]),
        ('<lang xml:lang="fr">Bonjour</lang> Bob', [LanguageChange("fr"), "Bonjour", LanguageChange(""), "Bob"]),
        ('<speak xml:lang="zh-CN">你好</speak>', [LanguageChange("zh"), "你好"]),
        (
            '<voice name="anna">Hi.</voice> <voice name="bob">Ho.</voice>',
            [VoiceChange("anna"), "Hi.", VoiceChange("bob"), "Ho."],
        ),
        ('<voice name="Uncle Fritz">Hi.</voice>', [VoiceChange("Uncle Fritz"), "Hi."]),
        ('<voice name="nobody bob">Hi.</voice>', [VoiceChange("bob"), "Hi."]),
        ("<p>Eins</p><s>Zwei</s>", ["Eins\n\n</li>Zwei</li>"]),
        ("<emphasis level='strong'>so</emphasis> <foo:bar x='1'>it</foo:bar> is", ["so it is"]),
        ("a<mark name='x'/>b<w>c</w>", ["abc"]),
        ('<audio src="bell.mp3"><desc>a bell</desc>ding</audio>dong', ["ding dong"]),
        ("<desc>a<break/><sub alias='b'/><sub alias='c'>d</sub></desc>Hi", ["Hi"]),
        ("<metadata><rdf>Author</rdf></metadata><meta name='x' content='y'>Hi", ["Hi"]),
        ("<lexicon uri='x'/><lexicon><lexeme>a</lexeme></lexicon>Hi", ["Hi"]),
        ("1 &lt; 2 &amp; &#x41;&#66; &eacute;&nbsp;x", ["1 < 2 & AB é\xa0x"]),
        ("<!-- a > b --><?pi x?><![CDATA[1 < 2 <b>]]>", ["1 < 2 <b>"]),
        ('<?xml version="1.0"?><!DOCTYPE speak [ <!ENTITY a "b"> ]><ssml:speak>Hi &a;</ssml:speak>', ["Hi &a;"]),
    ],
)
def test_what_is_obeyed_and_what_is_spoken(markup: str, expected: list[Piece]) -> None:
    assert said(markup) == expected


@pytest.mark.parametrize(
    ("markup", "spoken"),
    [
        ("<speak>Hello there", "Hello there"),
        ("Hello</s> there</speak>", "Hello there"),
        ("<speak>Hello <emphasis>there</speak></emphasis>", "Hello there"),
        ("Hello <break time=", "Hello"),
        ("Hello <break ti", "Hello"),
        ("Hello <brea", "Hello"),
        ("Hello </", "Hello"),
        ('Hello <break time="500ms/> "there"', 'Hello "there"'),
        ("Hello <break strong> there", "Hello there"),
        ("Hello <!-- there", "Hello there"),
        (f"Hello <!-- {400 * 'there '}", f"Hello{400 * ' there'}"),
        ("Hello <? there", "Hello there"),
        ("Hello <![CDATA[there", "Hello there"),
        ("I <3 it: 1 < 2", "I <3 it: 1 < 2"),
        ("if a <b and c> d", "if a <b and c> d"),
        ("AT&T & Co", "AT&T & Co"),
        ("x &unheard; y &amp", "x &unheard; y &amp"),
        ('<sub alias="x">never closed', "never closed"),
        ('<p><say-as interpret-as="date">crossed</p></say-as>', "crossed"),
    ],
)
def test_what_is_malformed_is_spoken_as_its_text_and_told(markup: str, spoken: str) -> None:
    assert words(markup) == spoken
    assert read(markup)[1].is_malformed


@pytest.mark.parametrize("markup", ["Hi.", "<speak>Hi <break/> <p>you</p></speak>", "a<br/>b<hr>&amp;"])
def test_what_is_well_formed_is_not_told(markup: str) -> None:
    assert not read(markup)[1].is_malformed


def test_who_and_what_is_not_there_is_not_obeyed_and_told() -> None:
    pieces, reader = read('<voice name="nobody">Hi.</voice><lang xml:lang="tlh">nuqneH</lang>')
    assert [one.piece for one in pieces] == ["Hi.", "nuqneH"]
    assert reader.unmet == {"voice", "language"}


def test_a_tag_that_is_never_closed_holds_nothing_up() -> None:
    reader = SsmlReader()
    assert reader.feed('<sub alias="x">' + 60 * "word ")
    assert reader.feed("1 <2 ")
    assert reader.feed("a <b and")


def _range(segment: Segment) -> tuple[int, int]:
    return segment.start, segment.end


# -- laws ----------------------------------------------------------------------------------------------------

_ATOMS = (
    "<speak xml:lang='de'>", "</speak>", "<break time='1s'/>", "<break>", "<prosody rate='slow' volume=\"-3dB\">",
    "</prosody>", "<voice name='anna'>", "</voice>", "<sub alias='x y'>", "</sub>", "<say-as interpret-as='time'>",
    "</say-as>", "<p>", "</p>", "<s>", "</s>", "<desc>", "</desc>", "<!-- ", "-->", "<![CDATA[", "]]>", "<?a ", "?>",
    "<!DOCTYPE x [", "]>", "&amp;", "&#65;", "&", "<", ">", "'", '"', "/", "=", "<foo bar='", "a <b c", "Hello there. ",
    "今日は。", "Grüße 3.", " ", "\n", "x",
)  # fmt: skip
MARKUPS = st.lists(st.sampled_from(_ATOMS), max_size=25).map("".join)


def merged(pieces: Sequence[SsmlPiece], markup: str) -> list[SsmlPiece]:
    """Text as it was sent, where it was cut, is one again."""
    together: list[SsmlPiece] = []
    for one in pieces:
        last = together[-1] if together else None
        if last and last.end == one.start and is_verbatim(one, markup) and is_verbatim(last, markup):
            together[-1] = SsmlPiece(f"{last.piece}{one.piece}", last.start, one.end)
        else:
            together.append(one)
    return together


def is_verbatim(one: SsmlPiece, markup: str) -> bool:
    return isinstance(one.piece, str) and one.piece != "" and in_a_line(markup[one.start : one.end]) == one.piece


def in_a_line(markup: str) -> str:
    return markup.translate(str.maketrans("\n\t\r", "   "))


@given(MARKUPS, st.lists(st.integers(0, 300), max_size=12))
def test_where_it_is_cut_does_not_show(markup: str, cuts: list[int]) -> None:
    edges = pairwise([0, *sorted(min(cut, len(markup)) for cut in cuts), len(markup)])
    in_pieces, by_pieces = read(*(markup[start:end] for start, end in edges))
    whole, reader = read(markup)
    assert merged(in_pieces, markup) == merged(whole, markup)
    assert (by_pieces.is_malformed, by_pieces.unmet) == (reader.is_malformed, reader.unmet)


@given(MARKUPS)
def test_pieces_stand_where_they_say(markup: str) -> None:
    end = 0
    for one in read(markup)[0]:
        assert end <= one.start <= one.end <= len(markup)
        end = one.end
        if isinstance(one.piece, str) and len(one.piece) == one.end - one.start and one.piece not in _TAGS:
            sent = in_a_line(markup[one.start : one.end])
            assert one.piece == sent or (one.piece == " " and sent.isspace())


@given(MARKUPS)
def test_no_tag_of_ours_is_ever_spoken(markup: str) -> None:
    sent, segmenter = SentText("ssml", is_voice=is_voice), LiveSegmenter()
    pieces = [*sent.feed(markup), *sent.rest()]
    segments = [*(one for piece in pieces for one in segmenter.feed(piece)), *segmenter.end()]
    for segment in segments:
        start, end = _range(sent.as_sent(segment))
        assert 0 <= start < end <= len(markup)
        assert not any(tag in segment.text for tag in ("<break", "<prosody", "<voice", "<p>", "</", "<speak", "alias"))


@pytest.mark.parametrize(
    "atom",
    [
        *(
            "<",
            "&",
            "</",
            "<!",
            "<?",
            "<!--",
            "<![CDATA[",
            "<a ",
            "<a b='",
            "<a b=c ",
            "&a",
            "&#",
            "&amp;",
            "<a>",
            "</a>",
        ),
        *(
            "<prosody rate='+1%'>",
            "<sub alias='x'>",
            "<sub alias='x'>a</sub>",
            "<break ",
            "<break/>",
            "<p>",
            "a <b c=",
            "]]",
        ),
        *("<!DOCTYPE [", "<say-as interpret-as='date'>a", "<desc>", "<voice name='anna'>a", "<x><y></x>"),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 10**9])
def test_twice_as_much_costs_twice_as_much(atom: str, size: int) -> None:
    def cost(chars: int) -> int:
        text = (atom * (chars // len(atom) + 1))[:chars]

        def work() -> None:
            reader = SsmlReader(is_voice)
            for start in range(0, len(text), size):
                reader.feed(text[start : start + size])
                assert len(reader._markup._held) <= LONGEST_UNHEARD
            reader.rest()

        return calls_of(work)

    assert cost(8_000) < 2.5 * cost(4_000) + 1_000


def test_many_thousands_of_them_are_read() -> None:
    """The deepest nesting too."""
    for markup in (100_000 * "<", 100_000 * "&", 20_000 * "<a>", 20_000 * "<prosody rate='+1%'>" + 20_000 * "</b>"):
        assert read(markup)[1].is_malformed


# -- whether it is SSML ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "<speak>Hi", "<SPEAK version='1.1'>", " \n<speak/>", "\ufeff<speak>", '<?xml version="1.0"?>\n<speak>',
        "<!DOCTYPE speak>\n<speak>", "<!-- a --><ssml:speak>",
    ],
)  # fmt: skip
def test_a_text_that_says_speak_first_is_ssml(text: str) -> None:
    for end in range(len(text)):
        assert is_ssml(text[:end], final=False) is not False, text[:end]
    assert is_ssml(text, final=True)


@pytest.mark.parametrize("text", ["", "Hi <speak>", "<speaker>", "<p>Hi</p>", "<speak", "< speak>", "<spe", "<3"])
def test_any_other_text_is_none(text: str) -> None:
    assert is_ssml(text, final=True) is False


@pytest.mark.parametrize("text", ["H", "<3", "<speaking ", "<p>", "5"])
def test_other_text_is_told_at_once(text: str) -> None:
    assert is_ssml(text, final=False) is False


# -- places in the text as it was sent -----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3, 10_000])
@pytest.mark.parametrize("is_obeyed", [True, False])
def test_segments_stand_in_the_text_as_it_was_sent(size: int, is_obeyed: bool) -> None:
    markup = (
        "<speak>Tom &amp; <sub alias='Missus'>Mrs</sub> Miller<break/> went <emphasis>away</emphasis>."
        "<p>她说“<say-as interpret-as='characters'>OK</say-as>”。</p><s>Tschüß &#33;</s></speak>"
    )
    sent, segmenter, segments = SentText(None, is_voice=is_voice, is_obeyed=is_obeyed), LiveSegmenter(), []
    for start in range(0, len(markup), size):
        for piece in sent.feed(markup[start : start + size]):
            segments += segmenter.feed(piece)
    for piece in sent.rest():
        segments += segmenter.feed(piece)
    segments += segmenter.end()
    places = [markup[slice(*_range(sent.as_sent(one)))] for one in segments]
    first, second = "Tom &amp; <sub alias='Missus'>Mrs</sub> Miller", "went <emphasis>away</emphasis>."
    assert places == [
        *([first, second] if is_obeyed else [f"{first}<break/> {second}"]),
        "她说“<say-as interpret-as='characters'>OK</say-as>”。",
        "Tschüß &#33;",
    ]


def test_without_obedience_only_the_words_are_left() -> None:
    sent = SentText("ssml", is_voice=is_voice, is_obeyed=False)
    markup = "<prosody rate='slow'>a</prosody><break/>b <sub alias='x'>c</sub><voice name='anna'>d</voice>"
    assert "".join(map(str, [*sent.feed(markup), *sent.rest()])) == "a b cd"


def test_where_lines_end_means_nothing() -> None:
    markup = (
        "<speak>\n\n    The washing\n\n# machine\r\n<emphasis>\n- is\n</emphasis> done.\n\n<p>\n  Bye.</p>\n</speak>"
    )
    sent, segmenter = SentText(None, is_voice=is_voice), LiveSegmenter()
    segments = [one for piece in [*sent.feed(markup), *sent.rest()] for one in segmenter.feed(piece)] + segmenter.end()
    assert [" ".join(one.text.split()) for one in segments] == ["The washing # machine - is done.", "Bye."]


def test_plain_text_is_left_as_it_is() -> None:
    for text_format in ("text", None):
        sent = SentText(text_format, is_voice=is_voice)
        assert "".join(map(str, [*sent.feed("1 <"), *sent.feed("b> &amp;"), *sent.rest()])) == "1 <b> &amp;"
        (segment,) = [*(segmenter := LiveSegmenter()).feed("1 <b> &amp;"), *segmenter.end()]
        assert sent.as_sent(segment) is segment
        assert sent.complaint == ""
