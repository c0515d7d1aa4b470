"""The frame in hand-written kernels: about five launches a layer, for CUDA."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from qwen_tts.config.checkpoint import TransformerConfig
from qwen_tts.kernels.attention import MAX_SPLITS, Rope, attend, attend_in_frame, attention_workspace, write_cache
from qwen_tts.kernels.linear import MAX_TOKENS, Hidden, add, enter, product_workspace, project
from qwen_tts.kernels.sampling import choose_first, choose_next
from qwen_tts.kernels.weights import PackedWeight, Weight
from qwen_tts.models.code_predictor import CodePredictor
from qwen_tts.models.talker import Talker
from qwen_tts.modules.linear import QuantisedLinear
from qwen_tts.modules.transformer import Layer, Transformer
from qwen_tts.modules.upload import upload
from qwen_tts.runtime.cuda_graphs import Graphs
from qwen_tts.runtime.frame import POSITION, PromptPart, RowTensors

PROMPT_TOKENS = (16, 32, 64, 128)
"""Prompt positions of one launch."""

_PROGRAMS = 512
"""Programs that the attention of a frame's rows is shared among, at most: about four for each multiprocessor."""


class _Scratch:
    """What flows between the kernels of a stack of layers, for `tokens` tokens."""

    def __init__(self, config: TransformerConfig, tokens: int, device: torch.device, dtype: torch.dtype) -> None:
        heads = (config.heads + 2 * config.kv_heads) * config.head_dim
        self.qkv = torch.empty(tokens, heads, device=device, dtype=dtype)
        self.attended = torch.empty(tokens, config.heads * config.head_dim, device=device, dtype=dtype)
        self.gated = torch.empty(tokens, config.intermediate_size, device=device, dtype=dtype)
        self.hidden = Hidden.allocate(tokens, config.hidden_size, device, dtype)


class TritonFrame:
    """See FrameBackend."""

    def __init__(
        self, talker: Talker, predictor: CodePredictor, state: RowTensors, graphs: Graphs, *, chained: bool
    ) -> None:
        config = talker.config
        device, dtype = talker.device, talker.dtype
        self._talker, self._predictor, self._state = talker, predictor, state
        self._config, self._graphs, self._chained = config, graphs, chained
        self.spans = (state.most_positions,)
        rows = len(state.params)
        self._group = config.heads // config.kv_heads
        self._scratch = _Scratch(config, MAX_TOKENS, device, dtype)
        self._predictor_scratch = _Scratch(predictor.config, 2 * rows, device, dtype)
        self._predictor_hidden = Hidden.allocate(2 * rows, predictor.config.hidden_size, device, dtype)
        self._norms, self._predictor_norms = _norms(talker.transformer), _norms(predictor.transformer)
        self._attention_workspace = attention_workspace(
            MAX_TOKENS, _PROGRAMS, config.heads, config.kv_heads, config.head_dim, device
        )
        workspace = product_workspace(device)
        self._project = partial(project, workspace=workspace, chained=chained)
        self._add = partial(add, workspace=workspace, chained=chained)
        self._prompt_inputs = torch.zeros(MAX_TOKENS, config.hidden_size, device=device)
        self._prompt_where = torch.zeros(2, MAX_TOKENS, device=device, dtype=torch.int32)
        self._prompt_where[0] = len(state.pages) - 1
        self._rope = Rope(state.most_positions, config.head_dim, config.rope_theta, device)
        own = predictor.config
        self._predictor_rope = Rope(own.codebooks, own.head_dim, own.rope_theta, device)
        shape = (own.layers, rows, 2, own.kv_heads, _power_of_two(own.codebooks), own.head_dim)
        self._predictor_cache = torch.zeros(shape, device=device, dtype=dtype)
        self._summed = torch.empty(rows, config.hidden_size, device=device)
        self._every_row = torch.arange(rows, device=device, dtype=torch.int32)
        self._head, self._bias = _head(talker, predictor)
        self._next_heads = [_weight(layer) for layer in predictor.lm_head]
        self._logits = torch.empty(rows, self._head.shape[0], device=device)
        self._predictor_logits = torch.empty(rows, own.vocab_size, device=device)
        with torch.inference_mode():
            self._first_projected = predictor.projection(talker.codec_embedding.weight).contiguous()
            self._next_projected = predictor.projection(predictor.codec_embedding.weight).contiguous()

    def prefill(self, parts: Sequence[PromptPart]) -> None:
        inputs = torch.cat([part.inputs for part in parts])
        rows = [part.row for part in parts for _ in part.inputs]
        positions = [part.start + offset for part in parts for offset in range(len(part.inputs))]
        for start in range(0, len(rows), MAX_TOKENS):
            some = slice(start, start + MAX_TOKENS)
            self._prefill_chunk(inputs[some], rows[some], positions[some])

    def _prefill_chunk(self, inputs: Tensor, rows: list[int], positions: list[int]) -> None:
        """As many tokens as a graph has; those that fill it up belong to the row without pages."""
        tokens = next(size for size in PROMPT_TOKENS if size >= len(rows))
        spare = tokens - len(rows)
        where = [rows + [len(self._state.pages) - 1] * spare, positions + [0] * spare]
        self._prompt_inputs[: len(rows)] = inputs
        self._prompt_where[:, :tokens] = upload(where, self._prompt_where.device, torch.int32)
        self._graphs.run(("prompt", tokens), lambda: self._run_prefill(tokens))

    def prepare_prefill(self) -> None:
        for tokens in PROMPT_TOKENS:
            self._graphs.capture(("prompt", tokens), partial(self._run_prefill, tokens))

    def _run_prefill(self, tokens: int) -> None:
        rows, positions = self._prompt_where[:, :tokens]
        self._run_talker(self._prompt_inputs[:tokens], rows, positions, fresh=False)

    def frame(self, rows: int, span: int) -> None:
        state, eps = self._state, self._config.rms_norm_eps
        hidden = self._run_talker(
            state.inputs[:rows], self._every_row[:rows], state.params[:rows, POSITION], fresh=True
        )
        norm, logits = self._talker.transformer.norm.weight, self._logits[:rows]
        self._project(hidden, norm, self._head, logits, eps=eps)
        choose_first(
            logits, hidden.value, norm, self._bias, state.params, state.spoken, state.codes,
            self._talker.codec_embedding.weight, self._first_projected, self._summed, self._predictor_hidden,
            self._predictor_norms[0], eos=self._config.codec_eos_id, eps=eps,
            code_vocab=self._predictor.config.vocab_size, chained=self._chained,
        )  # fmt: skip
        for codebook in range(1, self._config.codebooks):
            self._draw_codebook(codebook, rows)

    def _run_talker(self, inputs: Tensor, rows: Tensor, positions: Tensor, *, fresh: bool) -> Hidden:
        """The talker over tokens -> its state before the final norm."""
        tokens, state, scratch = len(inputs), self._state, self._scratch
        eps, chained, group = self._config.rms_norm_eps, self._chained, self._group
        qkv, attended, hidden = scratch.qkv[:tokens], scratch.attended[:tokens], scratch.hidden.first(tokens)
        # A prompt's sums must not depend on how many tokens are read beside it.
        splits = max(1, min(MAX_SPLITS, _PROGRAMS // _power_of_two(tokens * self._config.kv_heads))) if fresh else 1
        tiled_for = None if fresh else PROMPT_TOKENS[0]
        where = (self._rope, state.cache, state.pages, rows, positions)
        enter(inputs, self._norms[0], hidden, chained=chained)
        for index, layer in enumerate(self._talker.transformer.layers):
            own = layer.attention
            self._project(hidden, self._norms[index], _weight(own.qkv_proj), qkv, eps=eps, tiled_for=tiled_for)
            if not fresh:
                write_cache(qkv, own.k_norm.weight, *where, layer=index, group=group, eps=eps, chained=chained)
            attend(
                qkv, own.q_norm.weight, own.k_norm.weight, *where, attended, self._attention_workspace, layer=index,
                group=group, eps=eps, fresh=fresh, splits=splits, chained=chained,
            )  # fmt: skip
            self._finish_layer(layer, scratch, attended, hidden, self._norms[index + 1], eps, tiled_for)
        return hidden

    def _finish_layer(
        self, layer: Layer, scratch: _Scratch, attended: Tensor, hidden: Hidden, next_norm: Tensor, eps: float,
        tiled_for: int | None = None,
    ) -> None:  # fmt: skip
        """What comes after the attention; `next_norm` begins the next layer."""
        gated, norm = scratch.gated[: len(attended)], layer.mlp_norm.weight
        self._add(attended, _weight(layer.attention.o_proj), hidden.value, hidden, norm, tiled_for=tiled_for)
        gate_up, down = _weight(layer.mlp.gate_up_proj), _weight(layer.mlp.down_proj)
        self._project(hidden, norm, gate_up, gated, eps=eps, gated=True, tiled_for=tiled_for)
        self._add(gated, down, hidden.value, hidden, next_norm, tiled_for=tiled_for)

    def _draw_codebook(self, codebook: int, rows: int) -> None:
        """Draw one of the codebooks after the first; the code predictor reads two tokens before the first of them."""
        state, scratch, config = self._state, self._predictor_scratch, self._predictor.config
        layers, eps, chained = self._predictor.transformer.layers, config.rms_norm_eps, self._chained
        tokens = 2 if codebook == 1 else 1
        position = 0 if codebook == 1 else codebook
        count, norms = rows * tokens, self._predictor_norms
        qkv, attended, hidden = scratch.qkv[:count], scratch.attended[:count], self._predictor_hidden.first(count)
        for index, layer in enumerate(layers):
            own = layer.attention
            self._project(hidden, norms[index], _weight(own.qkv_proj), qkv, eps=eps)
            attend_in_frame(
                qkv, own.q_norm.weight, own.k_norm.weight, self._predictor_rope, self._predictor_cache[index],
                attended, position=position, group=config.heads // config.kv_heads, eps=eps, tokens=tokens,
                chained=chained,
            )  # fmt: skip
            self._finish_layer(layer, scratch, attended, hidden, norms[index + 1], eps)
        logits, last = self._predictor_logits[:rows], hidden[slice(tokens - 1, None, tokens)]
        self._project(last, norms[-1], self._next_heads[codebook - 1], logits, eps=eps)
        choose_next(
            logits, state.params, state.codes, self._predictor.codec_embedding.weight, self._next_projected, state.text,
            self._summed, self._predictor_hidden, norms[0], state.inputs, codebook=codebook, chained=chained,
        )  # fmt: skip


def _norms(transformer: Transformer) -> list[Tensor]:
    """The norm that begins each layer, and the one after the last."""
    return [*(layer.attention_norm.weight for layer in transformer.layers), transformer.norm.weight]


def _weight(layer: nn.Module) -> Weight:
    """What a layer without bias multiplies with."""
    if isinstance(layer, QuantisedLinear):
        kept = layer.kept
        return PackedWeight(kept.stored, kept.scales.squeeze(-1), kept.zeros.squeeze(-1))
    assert isinstance(layer.weight, Tensor)
    return layer.weight


def _head(talker: Talker, predictor: CodePredictor) -> tuple[Weight, Tensor | None]:
    """What the talker's state is multiplied with at the end: the head, and the way into the code predictor if any."""
    head, projection = talker.codec_head, predictor.projection
    if isinstance(projection, nn.Identity):
        return _weight(head), None
    # One product more would cost more than a head in full.
    whole = head.kept.dequantised().to(talker.dtype) if isinstance(head, QuantisedLinear) else head.weight
    return torch.cat((whole, projection.weight)), projection.bias


def _power_of_two(n: int) -> int:
    return 1 << (n - 1).bit_length()
