"""When a writer pauses: what is spoken without waiting for the next word, on a clock of its own."""

import asyncio

import pytest

from qwen3tts_daemon.speech.incoming_text import IncomingText
from qwen3tts_daemon.text.segments import LiveSegmenter
from tests.text.hostile import HOSTILE, hostile_text, steps

pytestmark = pytest.mark.virtual_time


async def spoken_after(pieces: list[str], pause_s: float) -> list[str]:
    """The segments at the end of the last pause; one follows each piece."""
    incoming = IncomingText("sentence", idle_flush_s=0.3)
    for piece in pieces:
        incoming.feed(piece)
        await asyncio.sleep(pause_s)
    return [segment.text for segment in incoming.segments]


FINISHED = ["It is done.", "Really?", "你好。", "Es sind 20 °C.", "Done. ", "It is 21. ", "I have 3!"]
UNSURE = [
    "It is 21.",
    "I live in the U.",
    "Go to www.",
    "See www.example.",
    "Write to me@mail.",
    "Version 2.1.",
    "We leave at 5 p.m.",
    "Äpfel usw.",
    "Noch 5 Min.",
    "See https://example.",
]


@pytest.mark.parametrize("text", FINISHED)
async def test_a_finished_sentence_is_spoken_after_the_usual_pause(text: str) -> None:
    assert await spoken_after([text], 0.29) == []
    assert await spoken_after([text], 0.31) == [text.strip()]


@pytest.mark.parametrize("text", UNSURE)
async def test_a_stop_that_may_stand_inside_a_number_waits_longer(text: str) -> None:
    assert await spoken_after([text], 1.19) == []
    assert len(await spoken_after([text], 1.21)) == 1


@pytest.mark.parametrize(
    "pieces",
    [
        ["It is 21", ".", "5 °C here."],
        ["The U.", " S.", " Army came there."],
        ["Go to www.", "example.", "com/a now, please."],
        ["Version 2.", "1.", "3 is ready now."],
        ["Um 18.", "30 Uhr geht es weiter."],
        ["Am 24.", "12.", " um 18 Uhr kommen wir."],
        ["Ask Dr.", " Miller about it now."],
    ],
)
async def test_a_pause_between_tokens_cuts_no_number(pieces: list[str]) -> None:
    assert len(await spoken_after(pieces[:-1], 1.0)) == 0
    assert len(await spoken_after(pieces, 1.0)) == 1


@pytest.mark.parametrize("atom", HOSTILE)
async def test_whether_a_writer_pauses_is_not_asked_with_every_piece(atom: str) -> None:
    text = hostile_text(atom)
    incoming = IncomingText("sentence", idle_flush_s=0.3)
    assert steps(text, 1, incoming) < steps(text, 1, LiveSegmenter()) + 10 * len(text)


async def test_the_last_of_many_pieces_is_waited_for() -> None:
    incoming = IncomingText("sentence", idle_flush_s=0.3)
    for piece in ("It ", "is ", "done", "."):
        incoming.feed(piece)
        await asyncio.sleep(0.2)
    await asyncio.sleep(0.09)
    assert incoming.segments == []
    await asyncio.sleep(0.02)
    assert [segment.text for segment in incoming.segments] == ["It is done."]
