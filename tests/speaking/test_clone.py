"""A checkpoint that clones: the codec keeps the words of a recording, and speech in its voice the voice."""

from collections.abc import AsyncIterator
from itertools import permutations
from pathlib import Path

import pytest
import torch

from qwen_tts.api import Audio, ClonedVoice
from qwen_tts.audio.samples import Samples, from_pcm, to_pcm
from qwen_tts.checkpoint.clone import clone_voice
from qwen_tts.checkpoint.model import Model, load_model
from qwen_tts.checkpoint.voice_prompt import ReferenceVoice
from qwen_tts.engine.engine import Engine, create
from scripts.speaking.teacher import Teacher
from tests.speaking.record import say
from tests.speaking.recorded_teacher import LONG, RECORDED, SENTENCES, RecordedTeacher
from tests.speaking.speaker import Speaker

NAMES = sorted(path.stem for path in RECORDED.glob("*.npz"))
RATE = 24_000


@pytest.fixture(scope="module")
def recordings(base: Path) -> dict[str, Audio]:
    """LONG in each voice of the teacher."""
    teacher = Teacher()
    return {name: Audio(pcm=to_pcm(say(teacher, name, LONG)), sample_rate=RATE) for name in NAMES}


@pytest.fixture(scope="module")
def model(base: Path) -> Model:
    return load_model(base, torch.device("cpu"), torch.float32)


@pytest.fixture
async def engine(base: Path) -> AsyncIterator[Engine]:
    engine = create(checkpoint=base, device="cpu", threads=1, rows=2, kv_positions=2_048, row_positions=512)
    await engine.load()
    yield engine
    await engine.close()


def embedding(model: Model, sound: Samples) -> torch.Tensor:
    """As the checkpoint's own speaker encoder hears it."""
    prompt = clone_voice(model, Audio(pcm=to_pcm(sound), sample_rate=RATE), None)
    return ReferenceVoice.from_bytes(prompt.data, **model.voice_geometry).speaker_embedding


@pytest.mark.parametrize("name", NAMES)
async def test_the_codec_keeps_the_words(engine: Engine, recordings: dict[str, Audio], name: str) -> None:
    sound = await engine.decode(await engine.encode(recordings[name]))
    RecordedTeacher.of(name).assert_said([LONG], [from_pcm(sound.pcm)])


@pytest.mark.parametrize("transcript", [None, LONG], ids=["embedding", "transcript"])
async def test_a_clone_says_its_text_in_its_own_voice(
    engine: Engine, model: Model, recordings: dict[str, Audio], transcript: str | None
) -> None:
    references = {name: embedding(model, from_pcm(audio.pcm)) for name, audio in recordings.items()}
    spoken = {}
    for name, recording in recordings.items():
        speaker = Speaker(engine, ClonedVoice(await engine.encode_reference(recording, transcript)))
        sentences = await speaker.say_sentences(SENTENCES)
        RecordedTeacher.of(name).assert_said(SENTENCES, sentences)
        spoken[name] = embedding(model, from_pcm(b"".join(map(to_pcm, sentences))))
    for name, other in permutations(references, 2):
        own, its = (torch.cosine_similarity(spoken[name], references[one], dim=0) for one in (name, other))
        assert own > its, (name, other)
