"""A voice prompt of the official package (.pt) -> prompt.safetensors: `python -m qwen_tts.convert_prompt FILE.pt`.

Apart from everything that serves: reading a pickle, even with weights alone allowed, has been made to run code before,
and is safe from PyTorch 2.10 on only as far as is known. Convert what you trust.
"""

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from qwen_tts.checkpoint.voice_prompt import ReferenceVoice
from qwen_tts.errors import InvalidRequest

_FRAME_S = 0.08


def convert(path: Path) -> bytes:
    """The first voice of the file. Raises InvalidRequest."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a pickle fails in any way it likes
        raise InvalidRequest(f"{path} is no voice prompt that can be read safely: {error}") from error
    items = content.get("items") if isinstance(content, dict) else None
    if not isinstance(items, list) or not items or not isinstance(items[0], dict):
        raise InvalidRequest(f"{path} holds no voice prompt: there is no list `items` in it")
    return _voice(items[0], hashlib.sha256(path.read_bytes()).hexdigest()).to_bytes()


def _voice(item: dict[str, Any], digest: str) -> ReferenceVoice:
    embedding, codes, words = item.get("ref_spk_embedding"), item.get("ref_code"), item.get("ref_text") or ""
    if not isinstance(embedding, Tensor):
        raise InvalidRequest("the voice prompt has no ref_spk_embedding")
    if item.get("x_vector_only_mode") or not isinstance(codes, Tensor) or not words.strip():
        codes, words = None, ""
    return ReferenceVoice(
        speaker_embedding=embedding.float().flatten(),
        codes=None if codes is None else codes.long(),
        transcript=words,
        source_sha256=digest,
        duration_s=3.0 if codes is None else len(codes) * _FRAME_S,
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m qwen_tts.convert_prompt", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--output", type=Path, help="by default FILE with the ending .safetensors")
    options = parser.parse_args()
    output = options.output or options.file.with_suffix(".safetensors")
    try:
        output.write_bytes(convert(options.file))
    except (InvalidRequest, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201  a program of its own
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
