"""Voice prompts as an engine makes them, without an engine."""

import json
from array import array


def prompt_bytes(
    transcript: str | None, duration_s: float = 3.6, *, hidden_size: int = 8, codebooks: int = 2, frames: int = 3
) -> bytes:
    """A safetensors file; without a transcript there is only a speaker embedding."""
    tensors = {"speaker_embedding": ("F32", [hidden_size], array("f", [0.5] * hidden_size))}
    if transcript:
        tensors["codes"] = ("I64", [frames, codebooks], array("q", range(frames * codebooks)))
    card = {
        "format": 1, "kind": "transcribed" if transcript else "speaker_embedding", "transcript": transcript or "",
        "source_sha256": "0f" * 32, "duration_s": round(duration_s, 3),
    }  # fmt: skip
    return safetensors_of(tensors, {"qwen_tts.voice": json.dumps(card)})


def safetensors_of(tensors: dict[str, tuple[str, list[int], array]], metadata: dict[str, str]) -> bytes:
    """By name: dtype, shape and values."""
    header: dict[str, object] = {"__metadata__": metadata}
    body = b""
    for name, (dtype, shape, values) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(values.tobytes())]}
        body += values.tobytes()
    encoded = json.dumps(header).encode()
    return len(encoded).to_bytes(8, "little") + encoded + body
