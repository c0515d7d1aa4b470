"""The sampling kernels draw what qwen_tts/runtime/sampling.py draws, and hand on what follows from it."""

import struct

import pytest
import torch
from torch import Tensor

from qwen_tts.api import CodePredictorSampling
from qwen_tts.config.generation import SamplingRules
from qwen_tts.kernels.linear import Hidden
from qwen_tts.kernels.sampling import choose_first, choose_next
from qwen_tts.runtime.frame import (
    ACTIVE,
    COLUMNS,
    FRAME,
    NEXT_TEMPERATURE,
    NEXT_TOP_K,
    NEXT_TOP_P,
    PENALTY,
    SEED_HIGH,
    SEED_LOW,
    TEMPERATURE,
    TEXT,
    TOP_K,
    TOP_P,
)
from qwen_tts.runtime.sampling import NOT_FINITE, CounterRandom, Sampler, SamplerState
from tests.engine.tiny import rules, talker_config

VOCAB, CODES, CODEBOOKS, WIDTH, INPUT, EPS = 3072, 2048, 16, 32, 16, 1e-6
GREEDY = CodePredictorSampling(temperature=0)
SAMPLINGS = (
    rules(),
    rules(temperature=0, code_predictor=GREEDY),
    rules(temperature=1.4, top_k=7, top_p=0.6),
    rules(top_p=0.3, repetition_penalty=1.7, code_predictor=CodePredictorSampling(temperature=0.5, top_k=3, top_p=0.5)),
    rules(temperature=5, top_k=10_000, code_predictor=CodePredictorSampling(top_k=10_000, top_p=0.9)),
)
SEEDS = (3, 0, 2**62 + 12345, 2**32 - 1, 2**40)


def bits(number: float) -> int:
    return int(struct.unpack("<i", struct.pack("<f", number))[0])


def low_and_high(seed: int) -> tuple[int, int]:
    low, high = struct.unpack("<ii", struct.pack("<q", seed))
    return int(low), int(high)


def table(device: torch.device) -> Tensor:
    params = torch.zeros(len(SAMPLINGS), COLUMNS, dtype=torch.int32)
    for row, (sampling, seed) in enumerate(zip(SAMPLINGS, SEEDS, strict=True)):
        following = sampling.code_predictor
        values = {
            ACTIVE: 1, TEXT: row + 2, TOP_K: sampling.top_k, NEXT_TOP_K: following.top_k,
            TEMPERATURE: bits(sampling.temperature), TOP_P: bits(sampling.top_p),
            PENALTY: bits(sampling.repetition_penalty), NEXT_TEMPERATURE: bits(following.temperature),
            NEXT_TOP_P: bits(following.top_p),
        }  # fmt: skip
        values[SEED_LOW], values[SEED_HIGH] = low_and_high(seed)
        params[row, list(values)] = torch.tensor(list(values.values()), dtype=torch.int32)
    return params.to(device)


def is_complete(inputs: Hidden, norm: Tensor, tokens: int) -> None:
    """What a product of many tokens reads belongs to what a product of few reads."""
    value = inputs.value[:tokens]
    torch.testing.assert_close(inputs.scaled[:tokens], value * norm)
    torch.testing.assert_close(inputs.squares[:tokens].sum(dim=1), value.square().sum(dim=1))


def test_the_same_draws_and_what_follows_from_them(device: torch.device) -> None:
    config, rows = talker_config(), len(SAMPLINGS)
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator).to(device)

    state = SamplerState.allocate(rows, VOCAB, device)
    for row, (sampling, seed) in enumerate(zip(SAMPLINGS, SEEDS, strict=True)):
        state.open_row(row, sampling, seed)
    sampler = Sampler(config, CounterRandom(CODEBOOKS), device)
    params, active = table(device), torch.ones(rows, dtype=torch.bool, device=device)
    spoken = torch.zeros(rows, VOCAB, dtype=torch.uint8, device=device)
    embedding, projected = random(VOCAB, WIDTH), random(VOCAB, INPUT)
    next_embedding, next_projected = random((CODEBOOKS - 1) * CODES, WIDTH), random((CODEBOOKS - 1) * CODES, INPUT)
    text, bias, norm = random(rows + 2, WIDTH), random(INPUT), random(WIDTH)
    summed, inputs, input_norm = (
        random(rows, WIDTH),
        Hidden.allocate(2 * rows, INPUT, device, torch.float32),
        random(INPUT),
    )
    next_inputs, codes = random(rows, WIDTH), torch.zeros(rows, CODEBOOKS, dtype=torch.int32, device=device)
    for frame in range(2):
        params[:, FRAME] = frame
        logits, hidden = random(rows, VOCAB + INPUT) * 4, random(rows, WIDTH)
        draw = sampler.begin_frame(state)
        first = sampler.choose_first(logits[:, :VOCAB].clone(), state, draw, active)
        choose_first(
            logits, hidden, norm, bias, params, spoken, codes, embedding, projected, summed, inputs,
            input_norm, eos=config.codec_eos_id, eps=EPS, code_vocab=CODES,
        )  # fmt: skip
        assert codes[:, 0].tolist() == first.tolist()
        assert torch.equal(spoken.bool(), state.spoken)
        pair = inputs.value.view(rows, 2, INPUT)
        is_complete(inputs, input_norm, 2 * rows)
        torch.testing.assert_close(pair[:, 0], logits[:, VOCAB:] + bias)
        assert torch.equal(pair[:, 1], projected[first])
        heard = embedding[first]
        for codebook in range(1, CODEBOOKS):
            logits = random(rows, CODES) * 4
            token = sampler.choose_next(logits, codebook, state, draw)
            choose_next(
                logits, params, codes, next_embedding, next_projected, text, summed, inputs, input_norm,
                next_inputs, codebook=codebook,
            )  # fmt: skip
            assert codes[:, codebook].tolist() == token.tolist(), (frame, codebook)
            entry = (codebook - 1) * CODES + token
            heard = heard + next_embedding[entry]
            if codebook < CODEBOOKS - 1:
                assert torch.equal(inputs.value[:rows], next_projected[entry])
                is_complete(inputs, input_norm, rows)
        torch.testing.assert_close(next_inputs, heard + text[2:])


def test_without_a_projection_the_normalised_state_is_handed_on(device: torch.device) -> None:
    config = talker_config()
    logits, hidden, norm = (torch.randn(shape, device=device) for shape in ((5, VOCAB), (5, WIDTH), (WIDTH,)))
    embedding, summed = torch.randn(VOCAB, WIDTH, device=device), torch.empty(5, WIDTH, device=device)
    inputs = Hidden.allocate(10, WIDTH, device, torch.float32)
    choose_first(
        logits, hidden, norm, None, table(device), torch.zeros(5, VOCAB, dtype=torch.uint8, device=device),
        torch.zeros(5, CODEBOOKS, dtype=torch.int32, device=device), embedding, embedding, summed, inputs,
        norm, eos=config.codec_eos_id, eps=EPS, code_vocab=CODES,
    )  # fmt: skip
    normalised = hidden * torch.rsqrt(hidden.square().mean(-1, keepdim=True) + EPS) * norm
    torch.testing.assert_close(inputs.value.view(5, 2, WIDTH)[:, 0], normalised)


def test_an_inactive_row_remembers_nothing(device: torch.device) -> None:
    config, params = talker_config(), table(device)
    params[1, ACTIVE] = 0
    spoken = torch.zeros(5, VOCAB, dtype=torch.uint8, device=device)
    codes = torch.zeros(5, CODEBOOKS, dtype=torch.int32, device=device)
    embedding, following = torch.randn(VOCAB, WIDTH, device=device), torch.randn(15 * CODES, WIDTH, device=device)
    summed, inputs = torch.zeros(5, WIDTH, device=device), Hidden.allocate(10, WIDTH, device, torch.float32)
    norm = torch.ones(WIDTH, device=device)
    next_inputs = torch.zeros(5, WIDTH, device=device)
    choose_first(
        torch.randn(5, VOCAB, device=device), embedding[:5].clone(), embedding[0], None, params, spoken, codes,
        embedding, embedding, summed, inputs, norm, eos=config.codec_eos_id, eps=EPS, code_vocab=CODES,
    )  # fmt: skip
    choose_next(
        torch.randn(5, CODES, device=device), params, codes, following, following, torch.zeros(9, WIDTH, device=device),
        summed, inputs, norm, next_inputs, codebook=CODEBOOKS - 1,
    )  # fmt: skip
    assert spoken.sum(dim=1).tolist() == [1, 0, 1, 1, 1]
    assert next_inputs.abs().sum(dim=1).ne(0).tolist() == [True, False, True, True, True]


class Draws:
    """The kernels' tensors for five rows; the same numbers each time."""

    def __init__(self, device: torch.device) -> None:
        self.config, self.params = talker_config(), table(device)
        random = torch.Generator().manual_seed(1)
        self._first = (torch.randn(5, VOCAB, generator=random) * 4).to(device)
        self._next = (torch.randn(5, CODES, generator=random) * 4).to(device)
        self.spoken = torch.zeros(5, VOCAB, dtype=torch.uint8, device=device)
        self.codes = torch.zeros(5, CODEBOOKS, dtype=torch.int32, device=device)
        self._embedding = torch.randn(VOCAB, WIDTH, generator=random).to(device)
        self._following = torch.randn(15 * CODES, WIDTH, generator=random).to(device)
        self.summed, self._norm = torch.zeros(5, WIDTH, device=device), torch.ones(WIDTH, device=device)
        self.inputs = Hidden.allocate(10, WIDTH, device, torch.float32)

    def first(self, *broken: tuple[int, int | slice, float]) -> None:
        """(row, where, number) of logits that are not what they were."""
        choose_first(
            _with(self._first, broken), self._embedding[:5].clone(), self._norm, None, self.params, self.spoken,
            self.codes, self._embedding, self._embedding, self.summed, self.inputs, self._norm,
            eos=self.config.codec_eos_id, eps=EPS, code_vocab=CODES,
        )  # fmt: skip

    def next(self, *broken: tuple[int, int | slice, float], codebook: int = 1) -> None:
        choose_next(
            _with(self._next, broken), self.params, self.codes, self._following, self._following,
            torch.zeros(9, WIDTH, device=self.codes.device), self.summed, self.inputs, self._norm,
            torch.zeros_like(self.summed), codebook=codebook,
        )  # fmt: skip


def _with(logits: Tensor, broken: tuple[tuple[int, int | slice, float], ...]) -> Tensor:
    changed = logits.clone()
    for row, where, number in broken:
        changed[row, where] = number
    return changed


@pytest.mark.parametrize("number", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("where", [0, CODES - 1, slice(None)])
def test_rows_that_are_not_finite_are_marked_and_no_others(
    device: torch.device, number: float, where: int | slice
) -> None:
    healthy, broken = Draws(device), Draws(device)
    healthy.first()
    broken.first((1, where, number), (2, VOCAB - 1, number))
    assert broken.codes[[1, 2], 0].tolist() == [NOT_FINITE] * 2
    healthy.next()
    broken.next((3, where, number))
    assert broken.codes[[1, 2, 3], 0].tolist() == [NOT_FINITE] * 3
    assert broken.codes[[0, 4]].tolist() == healthy.codes[[0, 4]].tolist()
    assert torch.equal(broken.summed[[0, 4]], healthy.summed[[0, 4]])
    # What was drawn means nothing, and lies within the tables.
    assert ((broken.codes[:, 1] >= 0) & (broken.codes[:, 1] < CODES)).all()
    assert broken.spoken.sum(dim=1).tolist() == [1] * 5
    assert broken.summed.isfinite().all()
    assert broken.inputs.value.isfinite().all()


def test_after_the_end_of_speech_nothing_counts(device: torch.device) -> None:
    draws = Draws(device)
    draws.codes[0, 0] = draws.config.codec_eos_id
    draws.next((0, 0, torch.nan))
    assert draws.codes[0, 0] == draws.config.codec_eos_id


@pytest.mark.parametrize(
    "sampling",
    [
        rules(temperature=1e-45, top_p=1e-45, code_predictor=CodePredictorSampling(temperature=1e-38)),
        rules(temperature=1e-3, top_k=10_000, repetition_penalty=5),
        rules(temperature=1e-30, top_k=1, code_predictor=CodePredictorSampling(temperature=5e-324, top_p=5e-324)),
    ],
)
def test_settings_at_their_bounds_draw_what_pytorch_draws(device: torch.device, sampling: SamplingRules) -> None:
    draws, state = Draws(device), SamplerState.allocate(5, VOCAB, device)
    for row, seed in enumerate(SEEDS):
        state.open_row(row, sampling, seed)
    following = sampling.code_predictor
    draws.params[:, TEMPERATURE], draws.params[:, TOP_P] = bits(sampling.temperature), bits(sampling.top_p)
    draws.params[:, NEXT_TEMPERATURE], draws.params[:, NEXT_TOP_P] = bits(following.temperature), bits(following.top_p)
    draws.params[:, TOP_K], draws.params[:, NEXT_TOP_K] = sampling.top_k, following.top_k
    draws.params[:, PENALTY] = bits(sampling.repetition_penalty)
    sampler = Sampler(draws.config, CounterRandom(CODEBOOKS), device)
    draw = sampler.begin_frame(state)
    active = torch.ones(5, dtype=torch.bool, device=device)
    draws.first()
    assert draws.codes[:, 0].tolist() == sampler.choose_first(draws._first, state, draw, active).tolist()
    draws.next()
    assert draws.codes[:, 1].tolist() == sampler.choose_next(draws._next, 1, state, draw).tolist()
