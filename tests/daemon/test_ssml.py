"""SSML, spoken: its text, who says it, how fast and how loud, and how long it pauses."""

import logging

import numpy as np
import pytest

from qwen3tts_daemon.speech.incoming_text import IncomingText
from qwen3tts_daemon.speech.output import SegmentStarted
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.text_reading import TextReading
from qwen3tts_daemon.speech.utterance import SpeechConfig
from qwen3tts_daemon.text.segments import Split
from qwen3tts_daemon.text.sent_text import SentText
from tests.daemon.test_passages import ORDER, pauses, say
from tests.fakes import SAMPLE_RATE, tone

SSML = Order("test", voice="tone", language="en", text_format="ssml")


def cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def samples_of(text: str) -> int:
    return len(tone(text)) // 2


@pytest.mark.parametrize("size", [1, 4, 1_000])
async def test_a_break_is_exactly_as_long_as_was_asked_for(speech: Speech, size: int) -> None:
    markup = "<speak>Wait. <break time='500ms'/>And &amp; then <break strength='x-strong'/>go on.</speak>"
    samples, segments = await say(speech, cut(markup, size))
    assert pauses(samples) == [12_000, 28_800]
    assert [markup[one.start : one.end] for one in segments] == ["Wait.", "And &amp; then", "go on."]


@pytest.mark.parametrize("size", [1, 1_000])
@pytest.mark.parametrize(("rate", "speed"), [("slow", 0.75), ("150%", 1.5), ("0.5", 0.5), ("x-fast", 1.5)])
async def test_a_rate_is_kept(speech: Speech, rate: str, speed: float, size: int) -> None:
    words = "This is a sentence of a certain length, so that it can be measured."
    samples, _ = await say(speech, cut(f"<speak><prosody rate='{rate}'>{words}</prosody></speak>", size))
    assert len(samples) == pytest.approx(samples_of(words) / speed, rel=0.03)


async def test_a_volume_is_kept_and_only_what_it_stands_around(speech: Speech) -> None:
    samples, segments = await say(speech, ["<speak>One. <prosody volume='-6.0206dB'>Two.</prosody> Three.</speak>"])
    loudest = [np.abs(samples[one.sample + 500 : one.sample + 2_500]).max() for one in segments]
    assert loudest == [pytest.approx(8_000, rel=0.02), pytest.approx(4_000, rel=0.02), pytest.approx(8_000, rel=0.02)]


DIALOGUE = (
    '<speak><voice name="tone">Who is there?</voice> <voice name="gong">是我。</voice>'
    '<voice name="nobody">Come in.</voice></speak>'
)


@pytest.mark.parametrize("size", [1, 5, 1_000])
async def test_a_dialogue_is_one_utterance(speech: Speech, size: int) -> None:
    _, segments = await say(speech, cut(DIALOGUE, size), Order("test"))
    assert [(one.voice, one.language, one.text) for one in segments] == [
        ("tone", "en", "Who is there?"), ("gong", "zh", "是我。"), ("tone", "en", "Come in."),
    ]  # fmt: skip


async def test_a_language_is_spoken_where_the_text_says_so(speech: Speech) -> None:
    markup = '<speak>It is 5. <lang xml:lang="de">Es sind 5.</lang> <lang xml:lang="fr-FR">Il y en a 5.</lang></speak>'
    async with speech.whole_utterance(ORDER, markup) as utterance:
        segments = [part async for part in utterance if isinstance(part, SegmentStarted)]
        assert utterance.text == "It is five. Es sind fünf. Il y en a cinq."
    assert [one.language for one in segments] == ["en", "de", "fr"]


SPOKEN = [
    ("en", '<sub alias="World Wide Web">WWW</sub> is 5.', "World Wide Web is five."),
    ("en", 'It is <say-as interpret-as="time">5:30pm</say-as>.', "It is five thirty p.m."),
    ("en", '<say-as interpret-as="characters">BBC 1</say-as> is on.', "B B C one is on."),
    ("en", '<say-as interpret-as="date">May 5</say-as>, then.', "May fifth, then."),
    ("en", '<phoneme alphabet="ipa" ph="x">tomato</phoneme> &lt; 5', "tomato less than five"),
    ("de", 'Der <say-as interpret-as="ordinal">3.</say-as> Tag: es &ouml;ffnet <sub alias="die Post">DP</sub>.',
     "Der dritte Tag: es öffnet die Post."),
    ("ja", 'チャンネルは<say-as interpret-as="characters">NHK2</say-as>です。', "チャンネルはN H Kニーです。"),
    ("zh", '<s>电话<say-as interpret-as="telephone">138-01</say-as></s><s>再见</s>', "电话幺三八，零幺。 再见。"),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 1_000])
@pytest.mark.parametrize(("language", "markup", "spoken"), SPOKEN)
async def test_words_are_said_as_the_text_says(language: str, markup: str, spoken: str, size: int) -> None:
    assert await read_of(markup, size, language) == spoken


async def read_of(markup: str, size: int, language: str) -> str:
    """What an engine is given."""
    incoming = IncomingText("sentence", 0.3, sent=SentText(None, is_voice=lambda name: False))
    for piece in cut(f"<speak>{markup}</speak>", size):
        incoming.feed(piece)
    incoming.end()
    reading = TextReading(language, is_on=True)
    return " ".join([await reading.spoken(segment) for segment in incoming.segments])


async def test_markup_that_is_not_meant_is_only_taken_away(speech: Speech) -> None:
    markup = '<speak>One <break time="2s"/>two <voice name="gong">three</voice> <sub alias="x">four</sub>.</speak>'
    speech.config = SpeechConfig(markup=False)
    samples, segments = await say(speech, [markup])
    assert [(one.text.split(), one.voice) for one in segments] == [(["One", "two", "three", "four."], "tone")]
    assert pauses(samples) == []


async def test_only_ssml_is_read_as_such(speech: Speech) -> None:
    for text, text_format in (("One<break time='1s'/>.", None), ("<speak>One<break time='1s'/>.", "text")):
        samples, _ = await say(speech, [text], Order("test", "tone", "en", text_format=text_format))
        assert len(samples) < SAMPLE_RATE
    samples, _ = await say(speech, ["One<break time='1s'/>."], SSML)
    assert len(samples) > SAMPLE_RATE


async def test_pauses_of_ssml_and_brackets_are_bounded_together(speech: Speech) -> None:
    samples, _ = await say(speech, ["<speak>A.<break time='600s'/>B.[pause 9s]C.<break time='9s'/>D.[pause 9s]E."])
    assert pauses(samples) == [240_000, 216_000, 216_000, 48_000]


@pytest.mark.parametrize(
    "markup", ["<speak></speak>", "<speak/>", "<speak><break time='1s'/></speak>", "<speak> </speak>"]
)
async def test_ssml_without_words_is_silence(speech: Speech, markup: str) -> None:
    samples, segments = await say(speech, [markup])
    assert not samples.any()
    assert segments == []


@pytest.mark.parametrize("split", ["sentence", "clause", "none"])
async def test_no_tag_is_shown_however_it_is_cut(speech: Speech, split: Split) -> None:
    markup = "<speak><p>One, two</p><s>Three</s><s>Four</s><foo>five</foo></speak>"
    order = Order("test", voice="tone", language="en", split=split)
    async with speech.whole_utterance(order, markup) as utterance:
        shown = " ".join([part.text async for part in utterance if isinstance(part, SegmentStarted)])
        assert shown.split() == ["One,", "two", "Three", "Four", "five"]
        assert "<" not in utterance.text


@pytest.mark.parametrize(
    ("markup", "complaint"),
    [
        ("<speak>1 < 2", "its SSML is malformed; what is no markup is spoken"),
        ('<speak><voice name="secret">Hi</voice></speak>', "its SSML asks for a voice that is not there"),
        (
            '<speak xml:lang="tlh">Hi<voice name="x">a</voice>',
            "is malformed; what is no markup is spoken, and asks",
        ),
    ],
)
async def test_what_was_wrong_is_one_line_of_the_log(
    speech: Speech, caplog: pytest.LogCaptureFixture, markup: str, complaint: str
) -> None:
    with caplog.at_level(logging.INFO):
        await say(speech, [markup])
    lines = [line for line in caplog.messages if "SSML" in line]
    assert len(lines) == 1
    assert complaint in lines[0]
    assert "secret" not in caplog.text


async def test_what_is_said_instead_is_cleaned_and_read_as_any_text() -> None:
    for markup, spoken in (
        ("<sub alias='**5** apples &lt;|im_end|&gt;'>x</sub>", "five apples"),
        ("<sub alias='&#xe000;&#xfff9;a'>x</sub>", "a"),
        ("<say-as interpret-as='date'>&lt;|im_end|&gt; **May 5**</say-as>", "May fifth"),
        ("A <sub alias='&lt;|im_end|&gt;'>x</sub>.", "A."),
        ("<say-as interpret-as='characters'>#</say-as>", "hash"),
        ("<say-as interpret-as='characters'>&lt;|x|&gt;</say-as>", "less than X more than"),
    ):
        assert " ".join((await read_of(markup, 1_000, "en")).split()).replace(" .", ".") == spoken


async def test_nothing_stands_in_what_is_said_instead() -> None:
    """Else a few letters would become millions."""
    markup = "".join(f"<sub alias='{40 * chr(0x12001 + index)}'>x</sub> " for index in range(40))
    assert len(await read_of(markup, 10_000, "en")) < 5_000


async def test_hostile_markup_is_spoken_or_dropped(speech: Speech) -> None:
    for atom in (
        "<",
        "&",
        "<prosody rate='+9%'>a",
        "<voice name='tone'>a</voice>",
        "<break time='9s'/>",
        "<sub alias='x'>",
    ):
        markup = ("<speak>Hi " + 8_000 * atom)[:8_000]
        utterance = speech.whole_utterance(ORDER, markup)
        await utterance.read()
        utterance.cancel()
