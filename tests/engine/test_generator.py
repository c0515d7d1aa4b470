"""Laws of the plain generator: rows that do not know each other, frames one at a time, nothing left behind."""

from collections import defaultdict
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from qwen_tts.api import CodePredictorSampling, PresetVoice, SynthesisRequest
from qwen_tts.checkpoint.model import Model
from qwen_tts.checkpoint.prompt import Prompt
from qwen_tts.offline.generator import GeneratedFrame, Generator
from tests.engine.conftest import Load
from tests.engine.tiny import rules
from tests.golden.cases import CUSTOM

POSITIONS = 96
FRAMES = 10
# (text, speaker, language, instruct, layout, sampling, seed): everything differs from row to row
UTTERANCES = (
    ("Hello there, world.", "vivian", "en", "Very happy.", "whole", rules(), 3),
    ("其实我真的有发现。", "eric", "auto", "", "streaming", rules(temperature=1.3, top_k=30, top_p=0.8), 3),
    ("Ja.", "ryan", "de", "", "whole", rules(temperature=0, code_predictor=CodePredictorSampling(temperature=0)), 0),
    ("C'est l'été, n'est-ce pas ?", "sohee", "fr", "", "streaming", rules(repetition_penalty=1.5), 2**62 + 1),
)


@pytest.fixture(scope="module")
def model(load: Load) -> Model:
    return load(CUSTOM)


def prompt_of(model: Model, utterance: int) -> Prompt:
    text, speaker, language, instruct, layout, _, _ = UTTERANCES[utterance]
    request = SynthesisRequest(text=text, voice=PresetVoice(speaker), language=language, instruct=instruct)
    with torch.inference_mode():
        prefix = model.prompts.prefix(request, None)
        return model.prompts.prompt(prefix, model.tokenizer.encode(text), layout)


def start(generator: Generator, model: Model, row: int, utterance: int, max_frames: int = FRAMES) -> None:
    generator.open(row, prompt_of(model, utterance), *UTTERANCES[utterance][-2:], max_frames)


def joined(frames: Sequence[GeneratedFrame]) -> tuple[list[list[int]], Tensor]:
    return torch.stack([frame.codes for frame in frames]).tolist(), torch.cat([frame.samples for frame in frames])


def speak(generator: Generator) -> dict[int, list[GeneratedFrame]]:
    spoken: dict[int, list[GeneratedFrame]] = defaultdict(list)
    while frames := generator.step():
        for frame in frames:
            spoken[frame.row].append(frame)
    return spoken


def alone(model: Model, utterance: int, max_frames: int = FRAMES) -> tuple[list[list[int]], Tensor]:
    generator = Generator(model, 1, POSITIONS)
    start(generator, model, 0, utterance, max_frames)
    return joined(speak(generator)[0])


def same(ours: tuple[list[list[int]], Tensor], theirs: tuple[list[list[int]], Tensor]) -> None:
    assert ours[0] == theirs[0]
    torch.testing.assert_close(ours[1], theirs[1], atol=1e-5, rtol=0)


def test_batched_equals_alone(model: Model) -> None:
    generator = Generator(model, len(UTTERANCES), POSITIONS)
    for row in range(len(UTTERANCES)):
        start(generator, model, row, row)
    spoken = speak(generator)
    for row in range(len(UTTERANCES)):
        same(joined(spoken[row]), alone(model, row))


def test_rows_join_and_leave_while_others_speak(model: Model) -> None:
    generator = Generator(model, 2, POSITIONS)
    spoken: dict[int, list[GeneratedFrame]] = {1: [], 2: [], 3: []}
    start(generator, model, 0, 1)
    spoken[1] += generator.step()
    start(generator, model, 1, 2, max_frames=2)
    for _ in range(2):
        for frame in generator.step():
            spoken[1 + frame.row].append(frame)
    start(generator, model, 1, 3, max_frames=4)  # the row that utterance 2 gave back
    for row, frames in speak(generator).items():
        spoken[3 if row else 1] += frames
    for utterance, max_frames in ((1, FRAMES), (2, 2), (3, 4)):
        same(joined(spoken[utterance]), alone(model, utterance, max_frames))


def test_a_cancelled_row_leaves_nothing_behind(model: Model) -> None:
    generator = Generator(model, 1, POSITIONS)
    start(generator, model, 0, 0)
    generator.step()
    generator.step()
    generator.close(0)
    assert generator.step() == []
    start(generator, model, 0, 3)
    same(joined(speak(generator)[0]), alone(model, 3))


def test_the_same_seed_speaks_the_same_and_another_does_not(model: Model) -> None:
    def codes(seed: int) -> list[list[int]]:
        generator = Generator(model, 1, POSITIONS)
        generator.open(0, prompt_of(model, 0), rules(), seed, FRAMES)
        return joined(speak(generator)[0])[0]

    assert codes(1) == codes(1)
    assert codes(1) != codes(2)


def test_a_frame_is_there_before_the_next_is_computed(model: Model) -> None:
    """The talker has read one position less than it would need for another frame."""
    calls: list[int] = []
    hook = model.talker.transformer.register_forward_hook(lambda _, inputs, __: calls.append(inputs[0].shape[1]))
    generator = Generator(model, 1, POSITIONS)
    start(generator, model, 0, 0)
    prefill = list(calls)
    first = generator.step()
    hook.remove()
    assert first[0].samples.shape == (1920,)
    assert len(prefill) == 1
    assert calls == prefill


def test_streamed_is_what_the_codec_makes_of_the_codes(model: Model) -> None:
    codes, samples = alone(model, 1)
    whole = model.codec.decode(torch.tensor(codes))
    torch.testing.assert_close(samples, torch.from_numpy(whole), atol=1e-5, rtol=0)


@pytest.mark.parametrize("max_frames", [1, 2, 5])
def test_the_limit_is_kept_and_said(model: Model, max_frames: int) -> None:
    generator = Generator(model, 1, POSITIONS)
    sequence = generator.open(0, prompt_of(model, 2), *UTTERANCES[2][-2:], max_frames)
    assert len(speak(generator)[0]) == max_frames
    assert sequence.end == "limit"


def test_a_full_cache_is_a_limit(model: Model) -> None:
    prompt = prompt_of(model, 2)
    generator = Generator(model, 1, len(prompt.embeddings) + 3)
    sequence = generator.open(0, prompt, *UTTERANCES[2][-2:], 1000)
    assert len(speak(generator)[0]) == 4  # the last frame is not read
    assert sequence.end == "limit"


def test_the_end_of_speech_ends_the_sequence(model: Model) -> None:
    generator = Generator(model, 1, 400)
    sequence = generator.open(0, prompt_of(model, 0), rules(), 3, 300)
    frames = speak(generator)[0]
    assert 2 <= len(frames) < 300
    assert sequence.end == "complete"
