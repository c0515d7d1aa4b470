"""Stage: codes and texts -> the talker with its code predictor, in talker.pt: the average with the best validation.

The rate of learning stays high until the last part of the time, `settle`, in which it falls and the weights are rounded
as they will be stored. Without such a part the result is for going on from: an existing talker.pt is where it begins.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from scripts.speaking.batches import IGNORED, Batches
from scripts.speaking.dimensions import ENTRIES, EOS
from scripts.speaking.encoded_corpus import EncodedCorpus, Runs
from scripts.speaking.log import say
from scripts.speaking.recorded_step import Batch, RecordedStep
from scripts.speaking.stages import Clock, compiled, default_device
from scripts.speaking.talker import Talker
from scripts.speaking.text_tokens import tokenize
from scripts.speaking.weights import TrainedWeights, half, save

VARIANTS = 5
"""Of every text: one as the engine cuts it, the others with dropout"""
_PEAK, _LEAST = 1.5e-3, 0.02
_WARM_STEPS = 300
_LONG, _LONGEST = 0.4, (96, 640)
"""Of the steps have texts of several sentences; of up to so many positions"""
_BY_EMBEDDING = 0.35
"""Of the rows of named voices get a speaker embedding, as all others do"""
_PREDICTED = 8  # positions of a batch to one frame for the code predictor
_REST_WEIGHT, _NORMALISER_WEIGHT = 0.1, 5e-3
_NOISE = 0.15  # of what a row hears is wrong, at most
_VALIDATED = 512


def train_talker(work: Path, texts: list[str], seconds: float, *, settle: float, positions: int) -> None:
    """`settle` is a share of the time; a batch has about `positions` positions. Waits for the first codes."""
    device, clock = default_device(), Clock(seconds)
    torch.manual_seed(2)
    talker = _begin(work / "talker.pt", device)
    weights = TrainedWeights([talker], torch.bfloat16 if device.type == "cuda" else torch.float32)

    def learn(batch: Batch) -> Tensor:
        """Leaves gradients -> losses of codebook 0 and of the others"""
        losses = losses_of(talker, batch, _NOISE)
        loss = losses.first + _REST_WEIGHT * losses.rest.sum() + _NORMALISER_WEIGHT * losses.normaliser
        loss.backward()
        weights.gather_gradients()
        return torch.stack((losses.first.detach(), losses.rest.detach().mean()))

    learn_from: Callable[[Batch], Tensor] = learn
    if device.type == "cuda":
        torch.cuda.set_stream(torch.cuda.Stream())  # the default one cannot be recorded
        _compile_layers(talker, device)
        learn_from = RecordedStep(learn)
    tokenized = tokenize(texts, work / "tokenizer", VARIANTS)
    corpus = EncodedCorpus(work / "codes", torch.from_numpy(tokenized.counts).to(device))
    batches = Batches(corpus, tokenized, work / "tokenizer")
    _wait_for_codes(corpus, clock)
    optimizer = torch.optim.AdamW(weights.groups(0.05), betas=(0.9, 0.96), fused=device.type == "cuda")
    say("talker", parameters=sum(p.numel() for p in weights.masters), utterances=len(corpus.rows))
    step, best, recent = 0, math.inf, torch.zeros(2, device=device)
    while (done := clock.done) < 1:
        if clock.is_due("refresh", 20):
            corpus.refresh()
        settling = max(0.0, (done - (1 - settle)) / settle) if settle else 0.0
        rate = _PEAK * min(1, (step + 1) / _WARM_STEPS) * _settled(settling)
        for group in optimizer.param_groups:
            group["lr"] = rate
        weights.publish(as_stored=settling > 0)
        recent.lerp_(learn_from(draw_batch(corpus, batches, positions)), 0.02)
        weights.clip_gradients(1.0)
        optimizer.step()
        weights.update_average()
        step += 1
        if clock.is_due("validate", 45) or clock.done >= 1:
            first, rest = (recent / (1 - 0.98**step)).tolist()
            say("talker", seconds=clock.elapsed, step=step, rate=f"{rate:.5f}", hours=corpus.hours)
            say("  losses in training", first=first, rest=rest)
            best = _validate_and_keep(corpus, batches, talker, weights, best, work / "talker.pt")
    say("talker trained", steps=step, best=best)


def _begin(path: Path, device: torch.device) -> Talker:
    """A new talker, or the one that is there already."""
    talker = Talker()
    if path.exists():
        state = torch.load(path, map_location="cpu")
        talker.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    return talker.to(device)


def _wait_for_codes(corpus: EncodedCorpus, clock: Clock) -> None:
    """Raises SystemExit if none come in time."""
    while not corpus.has_begun:
        clock.wait(1.0)
        corpus.refresh()
        if clock.done >= 1:
            raise SystemExit(f"no codes in {corpus.folder}: encode some sound first")


def _validate_and_keep(
    corpus: EncodedCorpus, batches: Batches, talker: Talker, weights: TrainedWeights, best: float, path: Path
) -> float:
    """Write the average if it is better than the `best` -> the best"""
    weights.publish(as_stored=True, average=True)
    figures = validate(corpus, batches, talker.eval())
    say("  in validation", **figures)
    if figures["score"] < best:
        best = figures["score"]
        weights.publish(as_stored=False, average=True)
        save(path, half(talker))
    talker.train()
    return best


def _settled(share: float) -> float:
    """The rate of learning, 1 at first."""
    return _LEAST + (1 - _LEAST) * (1 + math.cos(math.pi * share)) / 2


def _compile_layers(talker: Talker, device: torch.device) -> None:
    x = torch.randn(4, 64, talker.model.norm.weight.shape[0], device=device, dtype=torch.bfloat16, requires_grad=True)
    angles = torch.randn(64, talker.model._head_dim, device=device, dtype=torch.bfloat16)
    layer = talker.model.layers[0]
    plain = type(layer).forward
    fast = compiled(plain, layer, x, angles, angles)
    talker.zero_grad(set_to_none=True)
    # Validation is rare: it is not worth another minute of the compiler.
    type(layer).forward = lambda self, *inputs: (fast if self.training else plain)(self, *inputs)


def draw_batch(corpus: EncodedCorpus, batches: Batches, positions: int) -> Batch:
    """Of single sentences or of several, both layouts and every kind of voice mixed."""
    if torch.rand(()) < _LONG:
        runs = corpus.draw_runs(positions, most=int(torch.randint(*_LONGEST, ())))
    else:
        runs = corpus.draw_sentences(positions)
    streaming, unnamed, embedded = torch.rand(3, len(runs.first), device=corpus.device)
    return batches.lay_out(
        runs, streaming=streaming < 0.5, unnamed_language=unnamed < 0.5, by_embedding=embedded < _BY_EMBEDDING,
        learning=True,
    )  # fmt: skip


class Losses(NamedTuple):
    """Of a batch."""

    first: Tensor
    """Of codebook 0"""
    rest: Tensor
    """[15], of the others"""
    normaliser: Tensor
    """How far it is from one"""
    ends: Tensor
    """The share of them that were said"""


def losses_of(talker: Talker, batch: Batch, noise: float, most_predicted: int | None = None) -> Losses:
    """`noise`: the share of the history that is wrong, at most. Some of the frames go through the code predictor."""
    target, speaks = batch["target"].flatten(), batch["speaks"].flatten()
    hidden = talker(_misheard(batch, noise) if noise else batch).flatten(0, 1)
    # Nothing here depends on how many there are: the device is not waited for, and every step is like every other one.
    count = min(len(speaks), most_predicted or max(64, len(speaks) // _PREDICTED))
    where = (torch.rand(speaks.shape, device=speaks.device) + speaks).topk(count, sorted=False).indices
    codes = batch["target_rest"].flatten(0, 1)[where]
    first = talker.model.codec_embedding(target[where].clamp(min=0))
    said = talker.code_predictor(hidden.index_select(0, where), first, _wrong(codes, 0.02) if noise else codes).float()
    rest = functional.cross_entropy(said.flatten(0, 1), codes.flatten(), reduction="none").view(codes.shape)
    logits = talker.codec_head(hidden).float()
    ends = target == EOS
    # The normaliser is drawn to one: scores are log-probabilities then, which a repetition penalty hardly moves.
    return Losses(
        functional.cross_entropy(logits, target, ignore_index=IGNORED), _mean(rest, speaks[where][:, None]),
        _mean(logits.logsumexp(-1).square(), target >= 0), _mean((logits.argmax(-1) == EOS).float(), ends),
    )  # fmt: skip


def _mean(x: Tensor, of: Tensor) -> Tensor:
    """Over the first dimension, of those that a mask chooses."""
    return (x * of).sum(0) / of.sum(0).clamp(min=1)


def _misheard(batch: Batch, most: float) -> Batch:
    """A history that is a little wrong, as a talker's own is: each row at a level of its own."""
    level = torch.rand(len(batch["first"]), 1, device=batch["first"].device) * most
    first = torch.where(batch["is_frame"], _wrong(batch["first"], level / 2), batch["first"])
    return batch | {"first": first, "rest": _wrong(batch["rest"], level[..., None])}


def _wrong(codes: Tensor, share: float | Tensor) -> Tensor:
    return torch.where(torch.rand(codes.shape, device=codes.device) < share, torch.randint_like(codes, ENTRIES), codes)


@torch.no_grad()
def validate(corpus: EncodedCorpus, batches: Batches, talker: Talker) -> dict[str, float]:
    """On texts that are never learned from: single ones in both layouts, and long ones."""
    held = corpus.held_out[:_VALIDATED]
    figures: dict[str, float] = {}
    for name, streaming, most in (("whole", False, 0), ("live", True, 0), ("long", True, 480)):
        runs = corpus.longest_runs(held[::8], most) if most else Runs(held, torch.ones_like(held))
        even = torch.arange(len(runs.first), device=corpus.device) % 2 == 0
        batch = batches.lay_out(
            runs, streaming=torch.full_like(even, streaming), unnamed_language=even, by_embedding=even, learning=False
        )
        losses = losses_of(talker, batch, 0.0, most_predicted=8192)
        figures[name], figures[f"{name} rest"] = losses.first.item(), losses.rest.mean().item()
        figures[f"{name} ends"] = losses.ends.item()
    figures["score"] = sum(figures[name] + figures[f"{name} rest"] for name in ("whole", "live", "long"))
    return figures
