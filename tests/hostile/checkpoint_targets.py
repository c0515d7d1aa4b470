"""Laws of what reads the files of a checkpoint: somebody else made them, and a disk may have bent them."""

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import safetensors
import torch
from safetensors.torch import save
from torch import nn

from qwen3tts_daemon.audio import to_wav
from qwen3tts_daemon.downloads.manifest import NAME, BadManifest, File, Manifest
from qwen_tts.api import Audio
from qwen_tts.audio.sound_file import read_sound
from qwen_tts.checkpoint.packed_file import PackedFile
from qwen_tts.checkpoint.weights import load_weights, plan
from qwen_tts.config.checkpoint import CODEC_DIRECTORY, read_checkpoint_config, read_codec_config
from qwen_tts.config.checkpoint_files import INDEX, check_arrived, size_by_header, weight_files
from qwen_tts.config.generation import GENERATION_CONFIG, read_generation_config
from qwen_tts.errors import BadCheckpoint, BadReferenceAudio
from qwen_tts.modules.weight_formats import QuantisedWeight, quantise
from qwen_tts.text.text_tokenizer import TextTokenizer
from tests.hostile.target import Target, folder

_TINY = Path(__file__).parents[1] / "speaking" / "Qwen3-TTS-12Hz-tiny-Base"
_JSON = (b"{", b"}", b"[", b"]", b'"', b":", b",", b"null", b"true", b"-1", b"0", b"1e999", b"NaN", b"9" * 5_000)
_DEEP = (b"[" * 2_000, b'{"a":' * 2_000)


def _in_a_file(name: str, check: Callable[[Path], object], *beside: str) -> Callable[[bytes], None]:
    """What a directory means that has a file of these bytes, and sound ones beside it; or a BadCheckpoint."""

    def check_bytes(data: bytes) -> None:
        path = folder(f"of {name}") / name
        for other in beside:
            if not (path.parent / other).exists():
                shutil.copy(_TINY / other, path.parent)
        path.write_bytes(data)
        with contextlib.suppress(BadCheckpoint):
            check(path)

    return check_bytes


def _read_index(path: Path) -> None:
    for file in weight_files(path.parent):
        assert file.resolve().is_relative_to(path.parent.resolve()), "a file elsewhere"


def _read_vocabulary(path: Path) -> None:
    tokenizer = TextTokenizer.from_directory(path.parent)
    assert all(0 <= token < tokenizer.vocab_size for token in tokenizer.encode("Hello there, 你好。"))


def _load(path: Path) -> None:
    """What fits is what the library of the format finds, to the bit."""
    check_arrived(path)
    layer = plan(lambda: nn.Linear(2, 3), torch.float32)
    load_weights([path], {"codec_decoder": layer}, torch.device("cpu"))
    found = {name.removeprefix("model."): data for name, data in safetensors.deserialize(path.read_bytes())}
    bits = bytes(found["decoder.weight"]["data"])
    stored = torch.frombuffer(bytearray(bits), dtype=_TYPES[found["decoder.weight"]["dtype"]]).view(3, 2)
    assert torch.equal(layer.weight.nan_to_num(), stored.float().nan_to_num())


_TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "F64": torch.float64}


def check_size(data: bytes) -> None:
    """A size or a ValueError."""
    path = folder("sizes") / "model.safetensors"
    path.write_bytes(data)
    with contextlib.suppress(ValueError):
        assert size_by_header(path) >= 8


def check_packed(data: bytes) -> None:
    """Nothing is taken for what was packed that differs from it in a single bit."""
    file = _packed()
    sound = file.path.read_bytes()
    file.path.write_bytes(data)
    try:
        assert (file.read() is not None) == (data == sound)
    finally:
        file.path.write_bytes(sound)


def _packed() -> PackedFile:
    file = PackedFile(folder("packed") / "layers", {"a": QuantisedWeight.planned(4, 64, 4)}, "some checkpoint")
    if not file.path.exists():
        file.write(lambda _: quantise(torch.linspace(-1, 1, 256).view(4, 64), 4))
    return file


def check_manifest(data: bytes) -> None:
    """No file of it lies elsewhere; what was read can be written, and is the same then."""
    path = folder("manifest")
    (path / NAME).write_bytes(data)
    with contextlib.suppress(BadManifest):
        manifest = Manifest.read(path)
        assert manifest is not None
        for file in manifest.files:
            assert (path / file.path).resolve().is_relative_to(path.resolve())
        manifest.write(path)
        assert Manifest.read(path) == manifest


def check_sound(data: bytes) -> None:
    """Samples that are numbers, or a refusal."""
    path = folder("sounds") / "sound.wav"
    path.write_bytes(data)
    with contextlib.suppress(BadReferenceAudio):
        samples, rate = read_sound(path)
        assert rate > 0
        assert bool((abs(samples) < 1e9).all())


_SOUND = to_wav(Audio(pcm=bytes(range(128)), sample_rate=16_000))
_WEIGHTS = save({"decoder.weight": torch.ones(3, 2), "decoder.bias": torch.ones(3)})
_MANIFEST = Manifest("a/b", "c", (File("model.safetensors", 5, "sha256", "0f" * 32),))
_INDEX = json.dumps({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}).encode()
_HEADER = (*_JSON, b'"dtype"', b'"F32"', b'"shape"', b'"data_offsets"', b'"__metadata__"', b'"model.decoder.weight"')


def _seeds(*names: str) -> tuple[bytes, ...]:
    return tuple((_TINY / name).read_bytes() for name in names)


CHECKPOINT_TARGETS = {
    "config.json": Target(
        _in_a_file("config.json", lambda path: read_checkpoint_config(path.parent)), _seeds("config.json"), _JSON
    ),
    "a codec's config.json": Target(
        _in_a_file("config.json", lambda path: read_codec_config(path.parent)),
        _seeds(f"{CODEC_DIRECTORY}/config.json"),
        _JSON,
    ),
    "generation_config.json": Target(
        _in_a_file(GENERATION_CONFIG, lambda path: read_generation_config(path.parent)),
        _seeds(GENERATION_CONFIG),
        _JSON,
    ),
    "indexes of weights": Target(_in_a_file(INDEX, _read_index), (_INDEX,), (*_JSON, b"../x.safetensors")),
    "weights": Target(_in_a_file("model.safetensors", _load), (_WEIGHTS,), _HEADER),
    "sizes of weights": Target(check_size, (_WEIGHTS,), (*_HEADER, *_DEEP)),
    "packed weights": Target(check_packed, (_packed().path.read_bytes(),)),
    "vocab.json": Target(_in_a_file("vocab.json", _read_vocabulary, "merges.txt"), _seeds("vocab.json"), _JSON),
    "merges.txt": Target(_in_a_file("merges.txt", _read_vocabulary, "vocab.json"), _seeds("merges.txt"), (b"\n", b" ")),
    "tokenizer_config.json": Target(
        _in_a_file("tokenizer_config.json", _read_vocabulary, "vocab.json", "merges.txt"),
        _seeds("tokenizer_config.json"),
        _JSON,
    ),
    "manifests of downloads": Target(check_manifest, (msgspec.json.encode(_MANIFEST),), (*_JSON, *_DEEP, b"../x")),
    "sound files": Target(check_sound, (_SOUND,), (b"RIFF", b"WAVE", b"fmt ", b"data", b"\xff\xff\xff\xff")),
}
