"""What nobody should hear: where one inference of a real voice ends and the next begins.

The bounds are what was measured, with room: see docs/performance.md.
"""

import numpy as np
import pytest

from benchmarks.seams import TEXT, sentences, speak
from qwen3tts_daemon.embedded.cancellation import Cancellation
from qwen3tts_daemon.embedded.chunker import units
from qwen3tts_daemon.embedded.engine import EmbeddedEngine
from qwen3tts_daemon.embedded.shaping import SAMPLE_RATE
from qwen3tts_daemon.embedded.synthesizer import EmbeddedSynthesizer
from qwen3tts_daemon.embedded.voices import VOICES, EmbeddedVoice
from qwen_tts.api import PresetVoice, SynthesisRequest
from qwen_tts.audio.samples import to_pcm
from qwen_tts.check.measures.seams import Seam, find_seams
from qwen_tts.text.sentences import Ending

BY_NAME = {voice.name: voice for voice in VOICES}
SILENCE_MS = {
    Ending.WORD: (60, 220),
    Ending.CLAUSE: (160, 340),
    Ending.SENTENCE: (340, 580),
    Ending.PARAGRAPH: (580, 820),
}
GREATEST_STEP_DB = 3.0
GREATEST_JUMP = 0.01

TEXTS = {
    "a clause": ("heart", "He walks the last part, because he fell there once. He has not forgotten it."),
    "a word": ("heart", "She waited for a long while at the old station and then she went home alone."),
    "a long sentence": (
        "heart",
        "In winter the old wooden ruts fill slowly with the brown water of the long rain that comes down from the high "
        "hills behind the mill and the church and freeze well before breakfast time every single day of the month.",
    ),
    "short ones": ("heart", "Yes. No! Really? I do not know, ask the man who mended the clock."),
    "a voice that breathes": ("im_nicola", "La casa è vecchia. Chi ha chiuso la porta?\n\nPiove da questa mattina."),
}  # fmt: skip


def check(seam: Seam, ending: Ending) -> None:
    least, most = SILENCE_MS[ending]
    assert least <= seam.silence_ms <= most, (seam, ending)
    assert abs(seam.step_db) <= GREATEST_STEP_DB, seam
    assert seam.jump <= GREATEST_JUMP, seam
    assert not seam.has_click, seam


def seams_within(voices: EmbeddedSynthesizer, voice: EmbeddedVoice, text: str) -> list[Seam]:
    blocks = list(voices.speak(text, voice, Cancellation(), is_first=True, is_last=True))
    starts = np.cumsum([len(block) for block in blocks])[:-1].tolist()
    return find_seams(to_pcm(np.concatenate(blocks)), SAMPLE_RATE, starts)


@pytest.mark.parametrize("case", TEXTS)
def test_units_of_a_text_meet_unheard(voices: EmbeddedSynthesizer, case: str) -> None:
    name, text = TEXTS[case]
    endings = [unit.ending for unit in units(text, BY_NAME[name].language, early=True)][:-1]
    for seam, ending in zip(seams_within(voices, BY_NAME[name], text), endings, strict=True):
        check(seam, ending)


async def test_sentences_and_paragraphs_of_a_live_text_meet_unheard(voices: EmbeddedSynthesizer) -> None:
    pieces = sentences("\n\n".join(TEXT.read_text("utf-8").split("\n\n")[:3]))
    assert len(pieces) > 10
    engine = EmbeddedEngine(voices, [BY_NAME["heart"]], max_streams=1, warm_languages=())
    await engine.load()
    spoken = await speak(engine, SynthesisRequest(voice=PresetVoice("heart"), live=True), pieces)
    await engine.close()
    assert list(spoken.starts) == list(range(len(pieces)))
    seams = find_seams(spoken.pcm, SAMPLE_RATE, list(spoken.starts.values())[1:])
    for seam, piece in zip(seams, pieces, strict=False):
        check(seam, Ending.PARAGRAPH if piece.endswith("\n") else Ending.SENTENCE)
