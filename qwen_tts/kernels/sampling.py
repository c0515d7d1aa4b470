"""Logits -> codec token -> the input that follows from it, one program a row.

The rules are those of qwen_tts/runtime/sampling.py, their reference. The k-th largest score is found by halving the
range of the scores' bit patterns; equal scores stay together in top-k and top-p.
"""

import triton
import triton.language as tl
from torch import Tensor

from qwen_tts.kernels.chain import launch, wait
from qwen_tts.kernels.linear import MAX_PARTS, Hidden

_MINIMUM_TOKENS = tl.constexpr(2)
_NOT_FINITE = tl.constexpr(-1)
_COLDEST = tl.constexpr(2.0**-20)
_PARTS = tl.constexpr(MAX_PARTS)
_UNIFORM_SHIFT, _UNIFORM_STEP = tl.constexpr(9), tl.constexpr(2.0**-23)


@triton.jit
def _order(scores):
    """Integers in the order of the scores."""
    bits = scores.to(tl.int32, bitcast=True)
    return bits ^ ((bits >> 31) & 0x7FFFFFFF)


@triton.jit
def _finite_or_zero(logits, inside):
    """Whether all logits `inside` are finite; if not, zeros stand for them: what is drawn is a token all the same."""
    exponents = logits.to(tl.int32, bitcast=True) & 0x7F800000
    is_finite = tl.max(tl.where(inside, exponents, 0)) != 0x7F800000
    return is_finite, tl.where(inside & (is_finite == 0), 0.0, logits)


@triton.jit
def _draw(scores, temperature, top_k, top_p, uniform, v, VOCAB: tl.constexpr):
    """scores [VOCAB] -> the token that `uniform`, within 0..1, falls on."""
    best = tl.argmax(scores, axis=0)
    token = best
    if temperature > 0:
        scores /= tl.maximum(temperature, _COLDEST)
        order = _order(scores)
        # The largest value that at least top_k scores reach.
        low, high = tl.min(order), tl.max(order)
        reached = VOCAB
        while (low < high) & (reached != top_k):
            middle = (low & high) + ((low ^ high) >> 1)
            middle += ((low ^ high) & 1).to(tl.int32)  # rounded up
            count = tl.sum((order >= middle).to(tl.int32))
            if count >= top_k:
                low = middle
                reached = count
            else:
                high = middle - 1
        odds = tl.where(order >= low, tl.exp(scores - tl.max(scores)), 0.0)
        if top_p < 1.0:
            # The smallest value for which those up to it weigh more than what may be left out.
            spare = (1.0 - top_p) * tl.sum(odds)
            low, high = tl.min(order), tl.max(order)
            while low < high:
                middle = (low & high) + ((low ^ high) >> 1)
                if tl.sum(tl.where(order <= middle, odds, 0.0)) > spare:
                    high = middle
                else:
                    low = middle + 1
            odds = tl.where(order >= low, odds, 0.0)
        sums = tl.cumsum(odds, axis=0)
        token = tl.sum((sums <= uniform * tl.max(sums)).to(tl.int32))
    return tl.minimum(token, VOCAB - 1)


@triton.jit
def _uniform(params, codebook):
    """The row's number for this frame and codebook: Philox 4x32-10."""
    low = tl.load(params + 4).to(tl.uint32, bitcast=True).to(tl.uint64)
    high = tl.load(params + 5).to(tl.uint32, bitcast=True).to(tl.uint64)
    frame = tl.load(params + 2).to(tl.uint32, bitcast=True)
    zero = frame * 0
    word, _, _, _ = tl.philox((high << 32) | low, zero + codebook, frame, zero, zero)
    return (word.to(tl.uint32, bitcast=True) >> _UNIFORM_SHIFT).to(tl.float32) * _UNIFORM_STEP


@triton.jit
def _number(params, column):
    return tl.load(params + column).to(tl.float32, bitcast=True)


@triton.jit
def _put(inputs, token, next_norm, value, scaled, squares, INPUT: tl.constexpr, BLOCK: tl.constexpr):
    """What a token reads, as Hidden has it."""
    i, p = tl.arange(0, BLOCK), tl.arange(0, _PARTS)
    inside = i < INPUT
    tl.store(value + token * INPUT + i, inputs, mask=inside)
    weighted = inputs * tl.load(next_norm + i, mask=inside, other=0.0).to(tl.float32)
    tl.store(scaled + token * INPUT + i, weighted.to(scaled.dtype.element_ty), mask=inside)
    sums = tl.sum(tl.where(inside, inputs * inputs, 0.0))
    tl.store(squares + token * _PARTS + p, tl.where(p == 0, sums, 0.0))


@triton.jit
def _choose_first(
    logits, hidden, final_norm, bias, row_params, spoken, codes, embedding, projected, summed,
    next_norm, value, scaled, squares, eos, eps, stride,
    VOCAB: tl.constexpr, CODES: tl.constexpr, CODEBOOKS: tl.constexpr, WIDTH: tl.constexpr,
    INPUT: tl.constexpr, BLOCK_V: tl.constexpr, BLOCK_W: tl.constexpr, BLOCK_I: tl.constexpr,
    PROJECTED: tl.constexpr, CHAINED: tl.constexpr,
):  # fmt: skip
    """Codebook 0, and the two inputs that the code predictor's frame begins with."""
    row = tl.program_id(0).to(tl.int64)
    params = row_params + row * 16
    v, w, i = tl.arange(0, BLOCK_V), tl.arange(0, BLOCK_W), tl.arange(0, BLOCK_I)
    wait(CHAINED)
    scores = tl.load(logits + row * stride + v, mask=v < VOCAB, other=-float("inf"))
    is_finite, scores = _finite_or_zero(scores, v < VOCAB)
    said = tl.load(spoken + row * VOCAB + v, mask=v < VOCAB, other=0) != 0
    penalty = _number(params, 10)
    scores = tl.where(said, tl.where(scores < 0, scores * penalty, scores / penalty), scores)
    early = tl.load(params + 2) < _MINIMUM_TOKENS
    allowed = (v < CODES) | ((v == eos) & (early == 0))
    scores = tl.where(allowed, scores, -float("inf"))
    uniform = _uniform(params, 0)
    token = _draw(scores, _number(params, 8), tl.load(params + 6), _number(params, 9), uniform, v, BLOCK_V)
    tl.store(codes + row * CODEBOOKS, tl.where(is_finite, token, _NOT_FINITE))
    if tl.load(params) != 0:
        tl.store(spoken + row * VOCAB + token, 1)
    # What was drawn, for the sum that the talker will hear and for the code predictor.
    wide = tl.load(embedding + token * WIDTH + w, mask=w < WIDTH, other=0.0).to(tl.float32)
    tl.store(summed + row * WIDTH + w, wide, mask=w < WIDTH)
    second = tl.load(projected + token * INPUT + i, mask=i < INPUT, other=0.0).to(tl.float32)
    _put(second, row * 2 + 1, next_norm, value, scaled, squares, INPUT, BLOCK_I)
    # The talker's state: projected beside the logits, or as it is.
    if PROJECTED:
        first = tl.load(logits + row * stride + VOCAB + i, mask=i < INPUT, other=0.0)
        first += tl.load(bias + i, mask=i < INPUT, other=0.0).to(tl.float32)
    else:
        first = tl.load(hidden + row * INPUT + i, mask=i < INPUT, other=0.0)
        first *= tl.rsqrt(tl.sum(first * first) / INPUT + eps)
        first *= tl.load(final_norm + i, mask=i < INPUT, other=0.0).to(tl.float32)
    _put(first, row * 2, next_norm, value, scaled, squares, INPUT, BLOCK_I)


@triton.jit(do_not_specialize=["codebook"])
def _choose_next(
    logits, row_params, codes, embedding, projected, text, summed, next_norm, value, scaled, squares, next_inputs,
    codebook,
    VOCAB: tl.constexpr, CODEBOOKS: tl.constexpr, WIDTH: tl.constexpr, INPUT: tl.constexpr, BLOCK_V: tl.constexpr,
    BLOCK_W: tl.constexpr, BLOCK_I: tl.constexpr, LAST: tl.constexpr, CHAINED: tl.constexpr,
):  # fmt: skip
    """Codebook `codebook`; its embedding becomes the code predictor's next input, or with LAST the talker's."""
    row = tl.program_id(0).to(tl.int64)
    params = row_params + row * 16
    v, w, i = tl.arange(0, BLOCK_V), tl.arange(0, BLOCK_W), tl.arange(0, BLOCK_I)
    wait(CHAINED)
    scores = tl.load(logits + row * VOCAB + v, mask=v < VOCAB, other=-float("inf"))
    is_finite, scores = _finite_or_zero(scores, v < VOCAB)
    uniform = _uniform(params, codebook)
    token = _draw(scores, _number(params, 11), tl.load(params + 7), _number(params, 12), uniform, v, BLOCK_V)
    tl.store(codes + row * CODEBOOKS + codebook, token)
    is_over = tl.load(codes + row * CODEBOOKS) >= VOCAB  # the end of speech, after which nothing counts
    tl.store(codes + row * CODEBOOKS, _NOT_FINITE, mask=(is_finite == 0) & (is_over == 0))
    entry = (codebook - 1) * VOCAB + token
    wide = tl.load(embedding + entry.to(tl.int64) * WIDTH + w, mask=w < WIDTH, other=0.0).to(tl.float32)
    wide += tl.load(summed + row * WIDTH + w, mask=w < WIDTH, other=0.0)
    if LAST:
        wide += tl.load(text + tl.load(params + 3).to(tl.int64) * WIDTH + w, mask=w < WIDTH, other=0.0).to(tl.float32)
        if tl.load(params) != 0:
            tl.store(next_inputs + row * WIDTH + w, wide, mask=w < WIDTH)
    else:
        tl.store(summed + row * WIDTH + w, wide, mask=w < WIDTH)
        narrow = tl.load(projected + entry.to(tl.int64) * INPUT + i, mask=i < INPUT, other=0.0).to(tl.float32)
        _put(narrow, row, next_norm, value, scaled, squares, INPUT, BLOCK_I)


def choose_first(
    logits: Tensor, hidden: Tensor, final_norm: Tensor, bias: Tensor | None, row_params: Tensor, spoken: Tensor,
    codes: Tensor, embedding: Tensor, projected: Tensor, summed: Tensor, inputs: Hidden, next_norm: Tensor,
    *, eos: int, eps: float, code_vocab: int, chained: bool = False,
) -> None:  # fmt: skip
    """Draws codes[:, 0]; NOT_FINITE for a row whose logits are not.

    logits [rows, vocab (+ inputs)] float32, the projected state behind the logits if there is a `bias`; hidden [rows,
    width] float32 before the final norm; row_params [rows, COLUMNS] int32; spoken [rows, vocab] uint8; codes [rows,
    codebooks] int32; embedding [vocab, width]; projected [vocab, input]; writes summed [rows, width] float32 and inputs
    [2 * rows, input], which `next_norm` [input] comes after.
    """
    vocab, width = embedding.shape
    narrow = projected.shape[1]
    launch(
        _choose_first, (len(logits),),
        logits, hidden, final_norm, bias if bias is not None else final_norm, row_params, spoken, codes, embedding,
        projected, summed, next_norm, inputs.value, inputs.scaled, inputs.squares, eos, eps, logits.stride(0),
        VOCAB=vocab, CODES=code_vocab, CODEBOOKS=codes.shape[1],
        WIDTH=width, INPUT=narrow, BLOCK_V=triton.next_power_of_2(vocab), BLOCK_W=triton.next_power_of_2(width),
        BLOCK_I=triton.next_power_of_2(narrow), PROJECTED=bias is not None, chained=chained, num_warps=8,
    )  # fmt: skip


def choose_next(
    logits: Tensor, row_params: Tensor, codes: Tensor, embedding: Tensor, projected: Tensor, text: Tensor,
    summed: Tensor, inputs: Hidden, next_norm: Tensor, next_inputs: Tensor, *, codebook: int, chained: bool = False,
) -> None:  # fmt: skip
    """Draws codes[:, codebook]; of a row whose logits are not finite, codes[:, 0] becomes NOT_FINITE unless it
    is the end of speech.

    logits [rows, vocab] float32; embedding [(codebooks - 1) * vocab, width] and projected [.., input] of the codebooks
    after the first; text [slots, width]; adds to summed; writes inputs [rows, input], which `next_norm` [input]
    comes after, or after the last codebook next_inputs [rows, width] float32 of the active rows.
    """
    vocab, codebooks = logits.shape[1], codes.shape[1]
    width, narrow = embedding.shape[1], projected.shape[1]
    launch(
        _choose_next, (len(logits),),
        logits, row_params, codes, embedding, projected, text, summed, next_norm, inputs.value, inputs.scaled,
        inputs.squares, next_inputs, codebook, VOCAB=vocab,
        CODEBOOKS=codebooks, WIDTH=width, INPUT=narrow, BLOCK_V=triton.next_power_of_2(vocab),
        BLOCK_W=triton.next_power_of_2(width), BLOCK_I=triton.next_power_of_2(narrow), LAST=codebook == codebooks - 1,
        chained=chained, num_warps=8,
    )  # fmt: skip
