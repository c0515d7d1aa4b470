"""The model on CUDA computes what it computes on the CPU."""

import logging
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks.random_checkpoint import write_checkpoint
from qwen_tts import PresetVoice, Sampling, SynthesisRequest, Synthesizer
from qwen_tts.api import Limits
from qwen_tts.audio.samples import from_pcm
from qwen_tts.checkpoint.model import Model, load_model
from qwen_tts.models.frame_embedding import embed_frames
from tests.engine.official import GOLDEN, Speaking, close
from tests.golden.cases import CASES, CUSTOM, Case, random_codes

logger = logging.getLogger(__name__)
pytestmark = pytest.mark.gpu

GREEDY = [case for case in CASES if case.seed is None]


@pytest.mark.parametrize("case", GREEDY, ids=lambda case: case.name)
def test_the_official_codes_come_out(case: Case, checkpoints: Path) -> None:
    official = np.load(GOLDEN / f"{case.name}.npz")
    model = load_model(checkpoints / case.checkpoint, torch.device("cuda"), torch.float32, pre_tokenizer="mistral")
    speaking = Speaking(case, model)
    for row, prompt in enumerate(speaking.prompts):
        close(prompt.embeddings.cpu(), official[f"prompt_{row}"], 1e-4)
        assert torch.stack(speaking.codes[row]).tolist() == official[f"codes_{row}"].tolist()
        wave = torch.cat(speaking.samples[row])
        close(wave, official[f"wave_{row}"][-len(wave) :], 1e-4)


@pytest.mark.parametrize("seed", [0, 1, 2**62])
def test_a_seed_sounds_the_same_as_on_the_cpu(seed: int, checkpoints: Path) -> None:
    request = SynthesisRequest(
        text="Hello there, world.",
        voice=PresetVoice("vivian"),
        sampling=Sampling(seed=seed),
        limits=Limits(max_audio_s=0.8),
    )
    spoken = [
        from_pcm(
            Synthesizer.from_pretrained(checkpoints / CUSTOM, device=device, dtype=torch.float32)
            .synthesize(request)
            .pcm
        )
        for device in ("cuda", "cpu")
    ]
    assert len(spoken[0]) == len(spoken[1])
    assert np.abs(spoken[0] - spoken[1]).max() < 1e-3


@pytest.fixture(scope="module")
def true_size(text_tokenizer_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("true_size") / "1.7B-CustomVoice"
    write_checkpoint("1.7B-CustomVoice", directory, device="cuda", text_tokenizer=text_tokenizer_files)
    return directory


@torch.inference_mode()
def hidden_states(model: Model) -> Tensor:
    """Of the talker over a prompt and 16 given frames, [positions, hidden] float32."""
    request = SynthesisRequest(text="", live=True, voice=PresetVoice("ryan"), language="en", instruct="Happy.")
    prefix = model.prompts.prefix(request, None)
    prompt = model.prompts.prompt(prefix, model.tokenizer.encode("She said she would be here by noon."), "whole")
    codes = torch.from_numpy(random_codes(16)).to(model.talker.device)
    frames = embed_frames(model.talker, model.code_predictor, codes) + model.prompts.pad
    inputs = torch.cat((prompt.embeddings, frames))
    count = torch.tensor([len(inputs)], device=inputs.device)
    cache = model.talker.init_cache(1, len(inputs))
    return model.talker(inputs[None], cache, count, span=len(inputs))[0].float().cpu()


@pytest.mark.timeout(500)
def test_a_word_is_the_same_whatever_comes_with_it(true_size: Path) -> None:
    """Live texts of several listeners are projected together."""
    prompts = load_model(true_size, torch.device("cuda"), torch.bfloat16).prompts
    ids = [(7919 * number) % 151_936 for number in range(200)]
    with torch.inference_mode():
        together = prompts.embed_tokens(ids)
        for count in (1, 2, 15, 64, 100):
            for start in (0, 1, 70):
                some = slice(start, start + count)
                assert torch.equal(prompts.embed_tokens(ids[some]), together[some])


@pytest.mark.timeout(500)
def test_bfloat16_stays_close_to_float32(true_size: Path) -> None:
    """1.7B with random weights through 28 layers, bfloat16 on CUDA against float32 on the CPU."""

    @cache
    def computed(device: str, dtype: torch.dtype) -> Tensor:
        return hidden_states(load_model(true_size, torch.device(device), dtype))

    exact = computed("cpu", torch.float32)
    for device, dtype, bound in (("cuda", torch.float32, 1e-4), ("cuda", torch.bfloat16, 0.05)):
        error = (computed(device, dtype) - exact).norm(dim=-1) / exact.norm(dim=-1)
        logger.info(
            "%s %s: relative error of hidden states %.1e, at most %.1e", device, dtype, error.mean(), error.max()
        )
        assert error.max() < bound
