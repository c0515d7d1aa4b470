"""Talker and code predictor as they are trained: whole sequences at once. Parameters are named as in the release."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from scripts.speaking.dimensions import (
    CODEBOOKS,
    ENTRIES,
    HEAD_DIM,
    HEADS,
    HIDDEN,
    INTERMEDIATE,
    KV_HEADS,
    LAYERS,
    PREDICTOR_HEAD_DIM,
    PREDICTOR_HEADS,
    PREDICTOR_HIDDEN,
    PREDICTOR_INTERMEDIATE,
    PREDICTOR_KV_HEADS,
    PREDICTOR_LAYERS,
    TEXT_VOCAB,
    TEXT_WIDTH,
    VOCAB,
)
from scripts.speaking.layers import GatedMLP, RMSNorm, rope, rotate

_EPS, _THETA = 1e-6, 1_000_000
_TABLES = CODEBOOKS - 1


class _Attention(nn.Module):
    def __init__(self, hidden: int, heads: int, kv_heads: int, head_dim: int) -> None:
        super().__init__()
        self.head_dim = head_dim
        self.q_proj = nn.Linear(hidden, heads * head_dim, bias=False)
        self.k_proj, self.v_proj = (nn.Linear(hidden, kv_heads * head_dim, bias=False) for _ in range(2))
        self.o_proj = nn.Linear(heads * head_dim, hidden, bias=False)
        self.q_norm, self.k_norm = RMSNorm(head_dim, _EPS), RMSNorm(head_dim, _EPS)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        query, key, value = (p(x).unflatten(-1, (-1, self.head_dim)) for p in (self.q_proj, self.k_proj, self.v_proj))
        query, key = self.q_norm(query).transpose(1, 2), self.k_norm(key).transpose(1, 2)
        query, key = rotate(query, cos, sin), rotate(key, cos, sin)
        y = functional.scaled_dot_product_attention(query, key, value.transpose(1, 2), is_causal=True, enable_gqa=True)
        return self.o_proj(y.transpose(1, 2).flatten(2))


class _Layer(nn.Module):
    def __init__(self, hidden: int, intermediate: int, heads: int, kv_heads: int, head_dim: int, drop: float) -> None:
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = RMSNorm(hidden, _EPS), RMSNorm(hidden, _EPS)
        self.self_attn = _Attention(hidden, heads, kv_heads, head_dim)
        self.mlp, self._drop = GatedMLP(hidden, intermediate), drop

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        attended = self.self_attn(self.input_layernorm(x), cos, sin)
        x = x + functional.dropout(attended, self._drop, self.training)
        return x + functional.dropout(self.mlp(self.post_attention_layernorm(x)), self._drop, self.training)


class _Stack(nn.Module):
    def __init__(
        self, layers: int, hidden: int, intermediate: int, heads: int, kv_heads: int, head_dim: int, drop: float
    ) -> None:
        super().__init__()
        each = (hidden, intermediate, heads, kv_heads, head_dim, drop)
        self.layers = nn.ModuleList(_Layer(*each) for _ in range(layers))
        self.norm, self._head_dim = RMSNorm(hidden, _EPS), head_dim
        for layer in self.layers:
            for weight in (layer.self_attn.o_proj.weight, layer.mlp.down_proj.weight):
                weight.data.mul_((2 * layers) ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        cos, sin = rope(x.shape[1], self._head_dim, _THETA, x)
        for layer in self.layers:
            x = layer(x, cos, sin)
        return self.norm(x)


class _TextProjection(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear_fc1 = nn.Linear(TEXT_WIDTH, TEXT_WIDTH)
        self.linear_fc2 = nn.Linear(TEXT_WIDTH, HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear_fc2(functional.silu(self.linear_fc1(x)))


class CodePredictor(nn.Module):
    """Codebooks 1 to 15 of a frame."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        heads = (PREDICTOR_HEADS, PREDICTOR_KV_HEADS, PREDICTOR_HEAD_DIM)
        self.model = _Stack(PREDICTOR_LAYERS, PREDICTOR_HIDDEN, PREDICTOR_INTERMEDIATE, *heads, dropout)
        self.codec_embedding = nn.Parameter(torch.randn(_TABLES * ENTRIES, HIDDEN) * 0.05)
        self.lm_head = nn.Parameter(torch.randn(_TABLES, ENTRIES, PREDICTOR_HIDDEN) * 0.02)
        self.small_to_mtp_projection = nn.Linear(HIDDEN, PREDICTOR_HIDDEN)

    def embed(self, codes: Tensor) -> Tensor:
        """codes [n, tables] -> [n, tables, hidden]"""
        tables = torch.arange(codes.shape[-1], device=codes.device) * ENTRIES
        return functional.embedding(codes + tables, self.codec_embedding)

    def embed_frames(self, codes: Tensor, is_frame: Tensor) -> Tensor:
        """codes [rows, positions, tables] -> their sum [rows, positions, hidden]; zero where there is no frame"""
        # A matrix of ones and zeros: its gradient is a product, where a table's would sort every code.
        tables = torch.arange(codes.shape[-1], device=codes.device) * ENTRIES
        chosen = self.codec_embedding.new_zeros(*codes.shape[:-1], len(self.codec_embedding))
        chosen.scatter_(-1, codes + tables, is_frame[..., None].to(chosen.dtype).expand(codes.shape))
        return chosen @ self.codec_embedding

    def forward(self, hidden: Tensor, first: Tensor, codes: Tensor) -> Tensor:
        """The talker's state and codebook 0's embedding [n, hidden], codes [n, 15] -> logits [n, 15, entries]"""
        x = torch.cat((hidden[:, None], first[:, None], self.embed(codes[:, :-1])), 1)
        x = self.model(self.small_to_mtp_projection(x))[:, 1:]
        return torch.einsum("nth,tvh->ntv", x, self.lm_head)


class Talker(nn.Module):
    """Codebook 0, frame by frame, and the code predictor with it."""

    def __init__(self, dropout: float = 0.05) -> None:
        super().__init__()
        self.model = _Stack(LAYERS, HIDDEN, INTERMEDIATE, HEADS, KV_HEADS, HEAD_DIM, dropout)
        self.model.text_embedding = nn.Embedding(TEXT_VOCAB, TEXT_WIDTH)
        self.model.codec_embedding = nn.Embedding(VOCAB, HIDDEN)
        self.text_projection = _TextProjection()
        self.codec_head = nn.Linear(HIDDEN, VOCAB, bias=False)
        self.code_predictor = CodePredictor(dropout)
        nn.init.normal_(self.model.text_embedding.weight, std=0.5)
        nn.init.normal_(self.model.codec_embedding.weight, std=0.05)
        nn.init.normal_(self.codec_head.weight, std=0.02)

    def inputs(self, batch: Mapping[str, Tensor]) -> Tensor:
        """The sum of both tracks (batches.py) -> [rows, positions, hidden]"""
        x = self.text_projection(self.model.text_embedding(batch["text"]))
        x = x + self.model.codec_embedding(batch["first"]) * batch["has_first"][..., None].to(x.dtype)
        x = x + batch["is_speaker"][..., None].to(x.dtype) * batch["embedding"][:, None].to(x.dtype)
        return x + self.code_predictor.embed_frames(batch["rest"], batch["is_frame"])

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        return self.model(self.inputs(batch))


def release_tensors(talker: Talker) -> dict[str, Tensor]:
    """By the release's names."""
    tensors = {}
    for name, tensor in talker.state_dict().items():
        if name == "code_predictor.codec_embedding":
            for table, rows in enumerate(tensor.split(ENTRIES)):
                tensors[f"talker.code_predictor.model.codec_embedding.{table}.weight"] = rows
        elif name == "code_predictor.lm_head":
            for table, rows in enumerate(tensor):
                tensors[f"talker.code_predictor.lm_head.{table}.weight"] = rows
        else:
            tensors[f"talker.{name}"] = tensor
    return tensors
