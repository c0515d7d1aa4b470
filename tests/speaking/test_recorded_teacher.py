"""What is recorded is what the teacher says, and speech that says something else is noticed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.words import SENTENCES
from qwen_tts.api import PresetVoice
from qwen_tts.audio.samples import Samples, from_pcm
from qwen_tts.checkpoint.model import Model, load_model
from qwen_tts.checkpoint.weights import TEXT_EMBEDDING
from qwen_tts.offline.synthesizer import Synthesizer
from scripts.speaking.corpus import UNSEEN
from scripts.speaking.teacher import NAMED, Teacher
from tests.bent import bend
from tests.speaking.record import say, texts
from tests.speaking.recorded_teacher import LONG, RECORDED, TEXTS, RecordedTeacher, could_be_heard
from tests.speaking.speaker import request

FRAME = 1_920
FEW = TEXTS[4:7]


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    return Teacher()


def test_no_checkpoint_is_taught_with_the_texts() -> None:
    assert set(UNSEEN.read_text("utf-8").splitlines()).issuperset([*TEXTS, *SENTENCES.read_text("utf-8").splitlines()])


def refused(recorded: RecordedTeacher, said: str, sound: Samples) -> bool:
    try:
        recorded.assert_said([said], [sound])
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("voice", NAMED)
def test_the_teacher_says_what_was_recorded(teacher: Teacher, voice: str) -> None:
    recorded = RecordedTeacher.of(voice)
    assert list(recorded.cepstra) == texts()
    said = [*FEW, LONG]
    assert all(recorded.likeness(say(teacher, voice, text), text).own < 1 for text in said)
    assert {path.stem for path in RECORDED.glob("*.npz")} == set(NAMED)


@pytest.mark.parametrize("text", [*FEW, LONG])
def test_a_text_that_is_not_quite_the_same_is_refused(teacher: Teacher, text: str) -> None:
    recorded = RecordedTeacher.of("heart")
    others = [other for other in could_be_heard(text) if other != text]
    assert all(refused(recorded, text, say(teacher, "heart", other)) for other in others)


@pytest.mark.parametrize("fault", ["frames from back to front", "frames exchanged in pairs", "noise"])
def test_frames_in_disorder_are_refused(teacher: Teacher, fault: str) -> None:
    for text in FEW:
        sound = say(teacher, "heart", text)
        frames = sound[: len(sound) // (2 * FRAME) * 2 * FRAME].reshape(-1, FRAME)
        broken = {
            "frames from back to front": frames[::-1],
            "frames exchanged in pairs": frames.reshape(-1, 2, FRAME)[:, ::-1],
            "noise": np.random.default_rng(0).standard_normal(frames.shape),
        }[fault]
        assert refused(RecordedTeacher.of("heart"), text, broken.ravel())


CPU = torch.device("cpu")


def other_tokens(checkpoint: Path, folder: Path) -> Model:
    """Every token reads its neighbour's embedding."""
    bent = bend(checkpoint, folder / "bent", {TEXT_EMBEDDING: lambda table: table.roll(1, 0)})
    return load_model(bent, CPU, torch.float32)


def exchanged_codebooks(checkpoint: Path, _: Path) -> Model:
    """The codec decoder takes its first two codebooks for each other."""
    model = load_model(checkpoint, CPU, torch.float32)
    quantizer = model.codec.decoder.quantizer
    books = quantizer.rvq_first.codebooks, quantizer.rvq_rest.codebooks
    first, second = (book.entries[: book.size] for book in books)
    kept = first.clone()
    first.copy_(second)
    second.copy_(kept)
    return model


@pytest.mark.parametrize("bent", [other_tokens, exchanged_codebooks])
def test_a_checkpoint_that_is_bent_is_refused(
    custom_voice: Path, teachers: dict[str, RecordedTeacher], tmp_path: Path, bent: Callable[[Path, Path], Model]
) -> None:
    name, recorded = next(iter(teachers.items()))
    model = bent(custom_voice, tmp_path)
    requests = [request(text, PresetVoice(name)) for text in FEW[:2]]
    sounds = [from_pcm(sound.pcm) for sound in Synthesizer(model).synthesize_batch(requests)]
    with pytest.raises(AssertionError):
        recorded.assert_said(FEW[:2], sounds)
