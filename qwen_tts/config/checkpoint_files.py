"""Which files of a directory hold the weights, and which the text tokenizer."""

from pathlib import Path, PurePosixPath

import msgspec

from qwen_tts.config.json_file import read_object
from qwen_tts.errors import BadCheckpoint
from qwen_tts.json_decoding import decode_json

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
"""Of several files, read where there is no WEIGHTS, as transformers does: {"weight_map": {tensor: file}}"""
TOKENIZER = "tokenizer.json"
"""All of the text tokenizer, as transformers saves it; read before the two of the release, as transformers does"""
VOCABULARY, MERGES = "vocab.json", "merges.txt"
ADAPTER = ("adapter_model.safetensors", "adapter_config.json")
"""Of a fine-tune by PEFT: what is added to another checkpoint's weights"""


def weight_files(directory: Path) -> tuple[Path, ...]:
    """The safetensors files of a checkpoint or codec directory, all of which are there. Raises BadCheckpoint."""
    if _is_there(directory / WEIGHTS):
        return (directory / WEIGHTS,)
    index = directory / INDEX
    if not _is_there(index):
        raise BadCheckpoint(f"{directory} lacks {WEIGHTS}, and {INDEX} too; {_way_out(directory)}")
    names = _shards(index)
    if missing := [name for name in names if not _is_there(directory / name)]:
        raise BadCheckpoint(
            f"{directory} lacks {', '.join(missing)}, which {INDEX} names; the download may not have ended"
        )
    return tuple(directory / name for name in names)


class _Tensor(msgspec.Struct):
    """An entry of the header; the one for metadata has no bytes."""

    data_offsets: tuple[int, int] = (0, 0)


def size_by_header(path: Path) -> int:
    """Bytes that a safetensors file has when it is whole. Raises OSError, and ValueError if it has no header.

    safetensors: the header's length in 8 bytes, little-endian; the header, JSON; the tensors' bytes.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = file.read(min(length, path.stat().st_size))
    tensors: dict[str, _Tensor] = decode_json(header, dict[str, _Tensor])
    return 8 + length + max((tensor.data_offsets[1] for tensor in tensors.values()), default=0)


def check_arrived(path: Path) -> None:
    """Raises BadCheckpoint for a safetensors file of which only the beginning is there."""
    try:
        size, expected = path.stat().st_size, size_by_header(path)
    except (OSError, ValueError):
        return  # whoever loads it says what is wrong
    if size < expected:
        raise BadCheckpoint(f"{path} has {size} bytes of {expected}; the download or copy may not have ended")


def _way_out(directory: Path) -> str:
    if any(map(_is_there, (directory / name for name in ADAPTER))):
        return "this is an adapter: merge it into its base, and save the whole"
    if pickles := sorted(path.name for path in directory.glob("pytorch_model*.bin")):
        return f"{pickles[0]} could run code and is never read: save it as safetensors"
    return "the download may not have ended"


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:  # a name that is too long, a folder that nobody may enter
        raise BadCheckpoint(f"{path.parent}: {path.name[:80]!r} cannot be looked for: {error.strerror}") from error


def text_tokenizer_files(directory: Path) -> tuple[Path, ...]:
    """TOKENIZER, or VOCABULARY and MERGES, all of which are there. Raises BadCheckpoint."""
    if _is_there(directory / TOKENIZER):
        return (directory / TOKENIZER,)
    if missing := [name for name in (VOCABULARY, MERGES) if not _is_there(directory / name)]:
        raise BadCheckpoint(f"{directory} lacks {', '.join(missing)}; the download may not have ended")
    return directory / VOCABULARY, directory / MERGES


def _shards(index: Path) -> list[str]:
    files = read_object(index).get("weight_map")
    if not isinstance(files, dict) or not files:
        raise BadCheckpoint(f"{index}: weight_map must name the file of each tensor")
    for name in files.values():
        if not isinstance(name, str) or not _stays_inside(name):
            raise BadCheckpoint(f"{index}: weight_map has {name!r}, which is no safetensors file in this directory")
    return sorted(set(files.values()))


def _stays_inside(name: str) -> bool:
    """Links are followed: caches of downloads keep the bytes elsewhere."""
    path = PurePosixPath(name)
    return path.suffix == ".safetensors" and not path.is_absolute() and ".." not in path.parts and "\\" not in name
