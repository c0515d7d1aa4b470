"""Laws of sampling: known random words, the release's rules, rows that do not know each other."""

import pytest
import torch

from qwen_tts.api import CodePredictorSampling
from qwen_tts.config.checkpoint import TalkerConfig
from qwen_tts.config.generation import SamplingRules
from qwen_tts.runtime.sampling import (
    MINIMUM_TOKENS,
    CounterRandom,
    OfficialRandom,
    Sampler,
    SamplerState,
    Warp,
    philox,
    uniform,
)
from tests.engine.tiny import rules, talker_config

VOCAB = 3072
CPU = torch.device("cpu")


@pytest.fixture
def config() -> TalkerConfig:
    return talker_config()


def state_of(*samplings: SamplingRules, seeds: list[int] | None = None) -> SamplerState:
    state = SamplerState.allocate(len(samplings), VOCAB, CPU)
    for row, sampling in enumerate(samplings):
        state.open_row(row, sampling, seeds[row] if seeds else row)
    return state


def logits(rows: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, VOCAB, generator=torch.Generator().manual_seed(seed)) * 3


def everyone(rows: int) -> torch.Tensor:
    return torch.ones(rows, dtype=torch.bool)


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_philox_gives_the_words_that_its_authors_published(
    counter: tuple[int, ...], key: tuple[int, ...], words: str
) -> None:
    c0, c1, c2, c3 = (torch.tensor([word]) for word in counter)
    k0, k1 = (torch.tensor([word]) for word in key)
    assert " ".join(f"{int(word):08x}" for word in philox((c0, c1, c2, c3), (k0, k1))) == words


def test_uniforms_differ_by_seed_frame_and_codebook_and_fill_the_unit_interval() -> None:
    seeds = torch.tensor([0, 1, 1 << 40]).repeat_interleave(100)
    numbers = uniform(seeds, torch.arange(100).repeat(3), 16)
    assert numbers.shape == (300, 16)
    assert numbers.unique().numel() > 4790
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert abs(numbers.mean() - 0.5) < 0.02


def test_draws_follow_the_probabilities(config: TalkerConfig) -> None:
    """20,000 rows of the same three probabilities."""
    rows = 20_000
    state = state_of(*[rules()] * rows)
    probabilities = torch.zeros(rows, VOCAB)
    probabilities[:, [5, 700, 2047]] = torch.tensor([0.2, 0.5, 0.3])
    tokens = CounterRandom(config.codebooks).frame(state)(probabilities, 0)
    counts = torch.bincount(tokens, minlength=VOCAB) / rows
    torch.testing.assert_close(counts[[5, 700, 2047]], torch.tensor([0.2, 0.5, 0.3]), atol=0.02, rtol=0)
    assert counts.sum() == counts[[5, 700, 2047]].sum()


def test_greedy_takes_the_likeliest(config: TalkerConfig) -> None:
    sampler = Sampler(config, CounterRandom(config.codebooks), CPU)
    state = state_of(rules(temperature=0, repetition_penalty=1))
    scores = logits(1)
    token = sampler.choose_first(scores, state, sampler.begin_frame(state), everyone(1))
    assert token == scores[:, :2048].argmax()


def test_the_end_waits_for_the_minimum_and_other_control_tokens_are_never_drawn(config: TalkerConfig) -> None:
    sampler = Sampler(config, CounterRandom(config.codebooks), CPU)
    state = state_of(rules(temperature=0))
    scores = logits(1)
    scores[:, 2048:] = 50
    drawn = []
    for _ in range(MINIMUM_TOKENS + 1):
        drawn += sampler.choose_first(scores, state, sampler.begin_frame(state), everyone(1)).tolist()
    assert all(token < 2048 for token in drawn[:MINIMUM_TOKENS])
    assert drawn[MINIMUM_TOKENS] == config.codec_eos_id


def test_repetition_penalty_counts_a_token_once_and_works_on_both_signs(config: TalkerConfig) -> None:
    sampler = Sampler(config, CounterRandom(config.codebooks), CPU)
    state = state_of(rules(temperature=0, repetition_penalty=2))
    scores = torch.full((1, VOCAB), -100.0)
    scores[0, 10], scores[0, 11], scores[0, 12] = 10.0, 6.0, 4.0
    tokens = [int(sampler.choose_first(scores, state, sampler.begin_frame(state), everyone(1))) for _ in range(4)]
    assert tokens == [10, 11, 10, 10]  # 10 -> 5, 11 -> 3, then 5 > 4 > 3 again and again
    scores = torch.full((1, VOCAB), -3.0)
    scores[0, 10] = -2.0
    assert int(sampler.choose_first(scores, state, sampler.begin_frame(state), everyone(1))) != 10


def test_an_inactive_row_remembers_nothing(config: TalkerConfig) -> None:
    sampler = Sampler(config, CounterRandom(config.codebooks), CPU)
    state = state_of(rules(), rules())
    sampler.choose_first(logits(2), state, sampler.begin_frame(state), torch.tensor([True, False]))
    assert state.frames.tolist() == [1, 0]
    assert state.spoken.sum(dim=1).tolist() == [1, 0]


def test_top_k_and_top_p_keep_what_they_should() -> None:
    scores = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    for top_k, top_p, kept in ((2, 1.0, 2), (1, 1.0, 1), (9, 1.0, 4), (4, 0.79, 2), (4, 0.81, 3), (4, 1e-6, 1)):
        warp = Warp.allocate(1, CPU)
        warp.set_row(0, rules(temperature=1, top_k=top_k, top_p=top_p))
        seen: list[torch.Tensor] = []

        def draw(probabilities: torch.Tensor, seen: list[torch.Tensor] = seen) -> torch.Tensor:
            seen.append(probabilities)
            return probabilities.argmax(dim=-1)

        warp.choose(scores, draw)
        assert int((seen[0] > 0).sum()) == kept, (top_k, top_p)
        torch.testing.assert_close(seen[0].sum(), torch.tensor(1.0))


def test_batched_equals_alone(config: TalkerConfig) -> None:
    """Rows with rules and seeds of their own, over several frames."""
    samplings = [
        rules(),
        rules(temperature=0, repetition_penalty=1.5),
        rules(temperature=1.4, top_k=7, top_p=0.6),
        rules(top_p=0.3, code_predictor=CodePredictorSampling(temperature=0.2, top_k=3, top_p=0.5)),
    ]
    seeds = [3, 3, 2**62 + 5, 0]

    def run(rows: list[int]) -> list[list[list[int]]]:
        sampler = Sampler(config, CounterRandom(config.codebooks), CPU)
        state = state_of(*(samplings[row] for row in rows), seeds=[seeds[row] for row in rows])
        tokens: list[list[list[int]]] = [[] for _ in rows]
        for frame in range(5):
            draw = sampler.begin_frame(state)
            first = sampler.choose_first(logits(4, frame)[rows], state, draw, everyone(len(rows)))
            second = sampler.choose_next(logits(4, 99 + frame)[rows], 1, state, draw)
            for index in range(len(rows)):
                tokens[index].append([int(first[index]), int(second[index])])
        return tokens

    together = run([0, 1, 2, 3])
    assert [run([row])[0] for row in range(4)] == together


def test_a_reopened_row_equals_a_fresh_one(config: TalkerConfig) -> None:
    sampler = Sampler(config, CounterRandom(config.codebooks), CPU)
    state = state_of(rules(repetition_penalty=1.5))

    def speak() -> list[int]:
        state.open_row(0, rules(repetition_penalty=1.5), seed=42)
        return [
            int(sampler.choose_first(logits(1, frame), state, sampler.begin_frame(state), everyone(1)))
            for frame in range(6)
        ]

    assert speak() == speak()


def test_official_draws_are_torchs(config: TalkerConfig) -> None:
    state = state_of(rules())
    probabilities = logits(1).softmax(dim=-1)
    random = OfficialRandom(seed=5)
    ours = [int(random.frame(state)(probabilities, 0)) for _ in range(10)]
    torch.manual_seed(5)
    assert ours == [int(torch.multinomial(probabilities, 1)) for _ in range(10)]
