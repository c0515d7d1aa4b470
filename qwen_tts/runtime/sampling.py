"""Logits -> codec tokens, every row by its own rules and its own random numbers.

The rules and their order are the release's: repetition penalty, minimum length, suppressed tokens, temperature, top-k,
top-p, softmax, one draw. Greedy is temperature 0.

Random numbers are counter-based (Philox 4x32-10: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC
2011): a draw depends on the row's seed, the frame and the codebook, and on nothing else, so a row draws the same
numbers whoever its batch mates are, on every device.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from qwen_tts.config.checkpoint import TalkerConfig
from qwen_tts.config.generation import SamplingRules, TokenRules

Draw = Callable[[Tensor, int], Tensor]
"""(probabilities [rows, vocab] float32, codebook) -> tokens [rows]."""

MINIMUM_TOKENS = 2
"""Tokens of codebook 0 before the end may be drawn, as in the official package."""

COLDEST = 2.0**-20
"""Lower temperatures count as this one, with which the likeliest token is drawn: a division by less may overflow."""

NOT_FINITE = -1
"""In place of codebook 0: the row's frame came from numbers that are not finite, and is worth nothing."""

_MASK32 = 0xFFFFFFFF
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
_UNIFORM_BITS = 23  # float32 represents u * total < total for every u below 1 - 2^-23


@dataclass(frozen=True)
class Warp:
    """Temperature, top-k and top-p of every row. Written in place when a row gets a new request."""

    temperature: Tensor
    """[rows] float32; 0 is greedy"""
    top_k: Tensor
    """[rows] long"""
    top_p: Tensor
    """[rows] float32"""

    @classmethod
    def allocate(cls, rows: int, device: torch.device) -> "Warp":
        ones = torch.ones(rows, device=device)
        return cls(ones.clone(), ones.long(), ones.clone())

    def set_row(self, row: int, rules: TokenRules) -> None:
        self.temperature[row] = rules.temperature
        self.top_k[row] = rules.top_k
        self.top_p[row] = rules.top_p

    def choose(self, scores: Tensor, draw: Callable[[Tensor], Tensor]) -> Tensor:
        """scores [rows, vocab] float32 -> tokens [rows]."""
        greedy = self.temperature == 0
        scaled = scores / torch.where(greedy, 1.0, self.temperature.clamp(min=COLDEST))[:, None]
        drawn = draw(self._keep_likely(scaled).softmax(dim=-1))
        return torch.where(greedy, scores.argmax(dim=-1), drawn)

    def _keep_likely(self, scores: Tensor) -> Tensor:
        """-inf for what top-k and top-p leave out. Ties with the k-th score stay; the likeliest token always does."""
        if scores.device.type == "cpu" and (self.top_p >= 1).all():
            return self._keep_top_k(scores)
        ascending, order = scores.sort(dim=-1)
        vocab = scores.shape[-1]
        kth = ascending.gather(-1, vocab - self.top_k.clamp(max=vocab)[:, None])
        ascending = ascending.masked_fill(ascending < kth, -torch.inf)
        unlikely = ascending.softmax(dim=-1).cumsum(dim=-1) <= 1 - self.top_p[:, None]
        unlikely[:, -1] = False
        kept = ascending.masked_fill(unlikely, -torch.inf)
        return torch.empty_like(scores).scatter_(-1, order, kept)

    def _keep_top_k(self, scores: Tensor) -> Tensor:
        """The same without top-p, for a host that knows the numbers: on a CPU, sorting takes longer than the rest."""
        top_k = self.top_k.clamp(max=scores.shape[-1])
        likeliest = scores.topk(int(top_k.max()), dim=-1).values
        return scores.masked_fill(scores < likeliest.gather(-1, top_k[:, None] - 1), -torch.inf)


@dataclass(frozen=True)
class SamplerState:
    """What the draws of every row depend on besides the logits. Allocated once, then only written in place."""

    talker: Warp
    code_predictor: Warp
    repetition_penalty: Tensor
    """[rows] float32"""
    spoken: Tensor
    """[rows, vocab] bool: the tokens of codebook 0 that the row has drawn; a reference's codes do not count"""
    frames: Tensor
    """[rows] long: tokens of codebook 0 drawn so far"""
    seeds: Tensor
    """[rows] long"""

    @classmethod
    def allocate(cls, rows: int, vocab_size: int, device: torch.device) -> "SamplerState":
        counts = torch.zeros(rows, dtype=torch.long, device=device)
        spoken = torch.zeros(rows, vocab_size, dtype=torch.bool, device=device)
        warps = Warp.allocate(rows, device), Warp.allocate(rows, device)
        return cls(*warps, torch.ones(rows, device=device), spoken, counts, counts.clone())

    def open_row(self, row: int, rules: SamplingRules, seed: int) -> None:
        """Begin a new utterance."""
        self.talker.set_row(row, rules)
        self.code_predictor.set_row(row, rules.code_predictor)
        self.repetition_penalty[row] = rules.repetition_penalty
        self.spoken[row] = False
        self.frames[row] = 0
        self.seeds[row] = seed


class Random(Protocol):
    """Where draws come from."""

    def frame(self, state: SamplerState) -> Draw:
        """The draws of the next frame of every row."""


class CounterRandom:
    """One counter-based generator a row."""

    def __init__(self, codebooks: int) -> None:
        self._codebooks = codebooks

    def frame(self, state: SamplerState) -> Draw:
        uniforms = uniform(state.seeds, state.frames, self._codebooks)

        def draw(probabilities: Tensor, codebook: int) -> Tensor:
            cumulative = probabilities.cumsum(dim=-1)
            point = uniforms[:, codebook, None] * cumulative[:, -1:]
            return (cumulative <= point).sum(dim=-1)

        return draw


class OfficialRandom:
    """Draws as the official package does after `torch.manual_seed(seed)`: on the CPU, one row, one call a token."""

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)

    def frame(self, state: SamplerState) -> Draw:
        assert state.frames.shape == (1,), "the official draws of several rows depend on each other"
        return lambda probabilities, _: torch.multinomial(probabilities, 1, generator=self._generator)[:, 0]


class Sampler:
    """Chooses the codec tokens of a frame."""

    def __init__(self, config: TalkerConfig, random: Random, device: torch.device) -> None:
        self._eos = config.codec_eos_id
        self._random = random
        # Of the control tokens, codebook 0 may only draw the end.
        self._suppressed = torch.arange(config.vocab_size, device=device) >= config.code_predictor.vocab_size
        self._suppressed[self._eos] = False

    def begin_frame(self, state: SamplerState) -> Draw:
        return self._random.frame(state)

    def choose_first(self, logits: Tensor, state: SamplerState, draw: Draw, active: Tensor) -> Tensor:
        """logits [rows, vocab] float32 -> codebook 0 or eos [rows]; advances the `active` [rows] rows of `state`."""
        penalty = state.repetition_penalty[:, None]
        penalised = torch.where(logits < 0, logits * penalty, logits / penalty)
        scores = torch.where(state.spoken, penalised, logits).masked_fill(self._suppressed, -torch.inf)
        early = state.frames < MINIMUM_TOKENS
        scores[:, self._eos] = scores[:, self._eos].masked_fill(early, -torch.inf)
        token = state.talker.choose(scores, lambda probabilities: draw(probabilities, 0))
        state.spoken.scatter_(1, token[:, None], active[:, None] | state.spoken.gather(1, token[:, None]))
        state.frames.add_(active)
        return token

    def choose_next(self, logits: Tensor, codebook: int, state: SamplerState, draw: Draw) -> Tensor:
        """logits [rows, vocab] float32 -> codec tokens of `codebook` [rows]."""
        return state.code_predictor.choose(logits, lambda probabilities: draw(probabilities, codebook))


def uniform(seeds: Tensor, frames: Tensor, codebooks: int) -> Tensor:
    """seeds [rows] long, frames [rows] long -> numbers in 0 (included) .. 1, [rows, codebooks] float32."""
    low, high = seeds & _MASK32, (seeds >> 32) & _MASK32
    shape = (seeds.shape[0], codebooks)
    index = torch.arange(codebooks, device=seeds.device).expand(shape)
    zero = torch.zeros_like(index)
    counter = (index, frames[:, None].expand(shape) & _MASK32, zero, zero)
    bits = philox(counter, (low[:, None].expand(shape), high[:, None].expand(shape)))[0]
    return (bits >> (32 - _UNIFORM_BITS)).float() * 2.0**-_UNIFORM_BITS


def philox(counter: tuple[Tensor, Tensor, Tensor, Tensor], key: tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
    """Four 32-bit words of counter and two of key, each in a long tensor -> four random 32-bit words."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        high0, low0 = _multiply(c0, _MULTIPLIERS[0])
        high1, low1 = _multiply(c2, _MULTIPLIERS[1])
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + _KEY_STEPS[0]) & _MASK32, (k1 + _KEY_STEPS[1]) & _MASK32
    return c0, c1, c2, c3


def _multiply(x: Tensor, multiplier: int) -> tuple[Tensor, Tensor]:
    """The upper and lower 32 bits of a 32-bit product; a long may wrap, its bits are right all the same."""
    product = x * multiplier
    return (product >> 32) & _MASK32, product & _MASK32
