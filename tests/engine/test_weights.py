"""Weights: the names are the release's, every tensor lands in its place, and what does not fit is listed by name."""

import gzip
import json
import pickle
import re
import struct
import zipfile
from collections.abc import Callable, Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from benchmarks.random_checkpoint import NAMES, checkpoint_config, codec_config, codec_shapes_of, shapes_of
from qwen_tts.checkpoint import tensor_file
from qwen_tts.checkpoint.model import Model
from qwen_tts.checkpoint.weights import UNUSED, Progress, load_weights, official_tensors, plan
from qwen_tts.config.checkpoint import CODEC_DIRECTORY, CheckpointConfig, CodecConfig
from qwen_tts.config.checkpoint_files import INDEX, WEIGHTS, weight_files
from qwen_tts.errors import BadCheckpoint
from qwen_tts.models.codec_decoder import CodecDecoder
from qwen_tts.models.codec_encoder import CodecEncoder
from qwen_tts.models.speaker_encoder import SpeakerEncoder
from qwen_tts.modules.quantizer import Codebooks
from qwen_tts.modules.snake import SnakeBeta
from tests.engine.conftest import Load
from tests.engine.saved_anew import shard, write_index
from tests.engine.tiny import config_of
from tests.golden.cases import BASE, CHECKPOINTS, CUSTOM

Tensors = dict[str, Tensor]

OFFICIAL: dict[str, dict[str, dict[str, list[int]]]] = json.loads(
    gzip.decompress((Path(__file__).parents[1] / "golden" / "tensors.json.gz").read_bytes())
)
"""Names and shapes in a release's two files, as the official classes make them."""


# -- names and shapes of the true sizes ---------------------------------------------------------------------------


def lists(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, list[int]]:
    return {name: list(shape) for name, shape in shapes.items()}


@pytest.mark.parametrize("name", NAMES)
def test_every_release_has_the_official_names_and_shapes(name: str) -> None:
    config = CheckpointConfig.model_validate(checkpoint_config(name))
    assert lists(shapes_of(config)) == OFFICIAL[f"Qwen3-TTS-12Hz-{name}"]["model"]


@pytest.mark.parametrize("name", NAMES)
def test_the_codec_has_the_official_names_and_shapes(name: str) -> None:
    config = CodecConfig.model_validate(codec_config(tiny=False))
    assert lists(codec_shapes_of(config)) == OFFICIAL[f"Qwen3-TTS-12Hz-{name}"]["speech_tokenizer"]


def test_what_the_codec_file_holds_is_loaded_or_known_to_be_unused() -> None:
    config = CodecConfig.model_validate(codec_config(tiny=False))
    official = OFFICIAL["Qwen3-TTS-12Hz-1.7B-Base"]["speech_tokenizer"]
    with torch.device("meta"):
        decoder, encoder = CodecDecoder(config.decoder), CodecEncoder(config.encoder, config.codebooks)
    loaded = official_tensors("codec_decoder", decoder) | official_tensors("codec_encoder", encoder)
    unused = {name for name in official if any(re.search(pattern, name) for pattern in UNUSED)}
    assert loaded.keys() | unused == official.keys()
    assert {name: official[name] for name in loaded} == {name: list(place.shape) for name, place in loaded.items()}


# -- every tensor lands -------------------------------------------------------------------------------------------


def parts_of(model: Model) -> dict[str, dict[str, nn.Module]]:
    """The networks by the file that fills them."""
    speech: dict[str, nn.Module] = {"talker": model.talker, "code_predictor": model.code_predictor}
    if model.speaker_encoder is not None:
        speech["speaker_encoder"] = model.speaker_encoder
    codec: dict[str, nn.Module] = {"codec_decoder": model.codec.decoder, "codec_encoder": model.codec.encoder}
    return {WEIGHTS: speech, f"{CODEC_DIRECTORY}/{WEIGHTS}": codec}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_every_tensor_lands_in_its_place(name: str, load: Load, checkpoints: Path) -> None:
    for file, parts in parts_of(load(name)).items():
        stored, landed = load_file(checkpoints / name / file), 0
        for part, module in parts.items():
            for tensor, place in official_tensors(part, module).items():
                assert torch.equal(place, stored[tensor].to(place.dtype)), tensor
                landed += place.numel()
        # Together with the equality above: no parameter is left as it was allocated.
        assert landed == sum(parameter.numel() for module in parts.values() for parameter in module.parameters())


def test_fused_tensors_are_stacked_in_their_order(load: Load, checkpoints: Path) -> None:
    stored, model = load_file(checkpoints / CUSTOM / WEIGHTS), load(CUSTOM)
    layer = "talker.model.layers.1"
    stacks = [stored[f"{layer}.self_attn.{part}_proj.weight"] for part in "qkv"]
    fused = dict(model.talker.named_parameters())
    assert torch.equal(fused["transformer.layers.1.attention.qkv_proj.weight"], torch.cat(stacks).float())
    stacks = [stored[f"{layer}.mlp.{part}_proj.weight"] for part in ("gate", "up")]
    assert torch.equal(fused["transformer.layers.1.mlp.gate_up_proj.weight"], torch.cat(stacks).float())
    tables = [stored[f"talker.code_predictor.model.codec_embedding.{table}.weight"] for table in range(15)]
    assert torch.equal(model.code_predictor.codec_embedding.weight, torch.cat(tables).float())


DECODER = "decoder.quantizer.rvq_{}.vq.layers.{}._codebook"
ENCODER = "encoder.quantizer.{}_residual_vector_quantizer.layers.{}.codebook"


def stacked(codebooks: Codebooks) -> list[Tensor]:
    return list(codebooks.entries.split(codebooks.size))


def levels(quantizer: Any) -> list[Tensor]:
    return [level.codebook.embed for level in quantizer.layers]


@pytest.mark.parametrize("part", ["first", "rest", "semantic", "acoustic"])
def test_a_codebook_entry_is_the_mean_of_what_fell_to_it(part: str, load: Load, checkpoints: Path) -> None:
    stored = load_file(checkpoints / BASE / CODEC_DIRECTORY / WEIGHTS)
    codec = load(BASE).codec
    ours, mimi = codec.decoder.quantizer, codec.encoder._built().quantizer
    codebooks, names, total = {
        "first": (stacked(ours.rvq_first.codebooks), DECODER, "embedding_sum"),
        "rest": (stacked(ours.rvq_rest.codebooks), DECODER, "embedding_sum"),
        "semantic": (levels(mimi.semantic_residual_vector_quantizer), ENCODER, "embed_sum"),
        "acoustic": (levels(mimi.acoustic_residual_vector_quantizer), ENCODER, "embed_sum"),
    }[part]
    assert len(codebooks) == (1 if part in ("first", "semantic") else 15)
    for index, entries in enumerate(codebooks):
        codebook = names.format(part, index)
        usage = stored[f"{codebook}.cluster_usage"]
        assert (usage == 0).any(), "an entry that nothing fell to is among them"
        torch.testing.assert_close(entries, stored[f"{codebook}.{total}"] / usage.clamp(min=1e-5)[:, None])


def test_snakes_have_their_frequency_and_amplitude(load: Load) -> None:
    snakes = [module for module in load(BASE).codec.decoder.modules() if isinstance(module, SnakeBeta)]
    assert len(snakes) == 4 * (1 + 3 * 2) + 1
    for snake in snakes:
        torch.testing.assert_close(snake.frequency[:, 0], snake.alpha.exp())
        torch.testing.assert_close(snake.amplitude[:, 0], 1 / (snake.beta.exp() + 1e-9))


# -- one small file: the speaker encoder's ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored(checkpoints: Path) -> Tensors:
    tensors = load_file(checkpoints / BASE / WEIGHTS)
    return {name: tensor for name, tensor in tensors.items() if name.startswith("speaker_encoder.")}


def read(path: Path, progress: Progress | None = None) -> Tensors:
    """What a speaker encoder holds after it was filled from a file, or from what a directory has."""
    config = config_of(BASE).speaker_encoder
    assert config is not None
    encoder = plan(lambda: SpeakerEncoder(config), torch.float32)
    load_weights(
        weight_files(path) if path.is_dir() else [path], {"speaker_encoder": encoder}, torch.device("cpu"), progress
    )
    return official_tensors("speaker_encoder", encoder)


def written(directory: Path, tensors: Tensors) -> Path:
    save_file(tensors, directory / WEIGHTS)
    return directory / WEIGHTS


@pytest.mark.parametrize("piece_bytes", [8, 700, 10_000, 2**24])
def test_pieces_of_any_size_give_the_same_weights(
    piece_bytes: int, stored: Tensors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensor_file, "PIECE_BYTES", piece_bytes)
    seen: list[tuple[int, int]] = []
    places = read(written(tmp_path, stored), lambda done, total: seen.append((done, total)))
    assert places.keys() == stored.keys()
    assert all(torch.equal(places[name], stored[name].float()) for name in stored)
    total = sum(tensor.nbytes for tensor in stored.values())
    steps = [after - before for (before, _), (after, _) in zip([(0, 0), *seen], seen, strict=False)]
    assert {of for _, of in seen} == {total}
    assert seen[-1][0] == total
    assert all(step > 0 for step in steps)
    assert all(step <= piece_bytes for step in steps)


DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2]


@pytest.mark.parametrize("dtypes", [*([dtype] for dtype in DTYPES), DTYPES], ids=str)
def test_any_floating_point_is_read(dtypes: list[torch.dtype], stored: Tensors, tmp_path: Path) -> None:
    """Also several in one file; 8 bits as plain numbers."""
    kinds = cycle(dtypes)
    tensors = {name: tensor.to(next(kinds)) for name, tensor in stored.items()}
    places = read(written(tmp_path, tensors))
    assert all(torch.equal(places[name], tensors[name].float()) for name in tensors)


OTHERS = {"talker.codec_head.weight": torch.ones(3, 3), "speaker_encoder.fc.scale": torch.ones(3, dtype=torch.int64)}


def test_tensors_of_no_network_are_left_aside_and_named_once(
    stored: Tensors, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        places = read(written(tmp_path, stored | OTHERS))
    assert places.keys() == stored.keys()
    (line,) = (record.getMessage() for record in caplog.records if record.name == "qwen_tts.checkpoint.weights")
    assert all(name in line for name in OTHERS)
    with caplog.at_level("INFO"):
        caplog.clear()
        read(written(tmp_path, stored))
    assert not caplog.records


# -- several files ------------------------------------------------------------------------------------------------


def test_shards_are_one_checkpoint(stored: Tensors, tmp_path: Path) -> None:
    shard(tmp_path, stored)
    seen: list[tuple[int, int]] = []
    places = read(tmp_path, lambda done, total: seen.append((done, total)))
    assert all(torch.equal(places[name], stored[name].float()) for name in stored)
    total = sum(tensor.nbytes for tensor in stored.values())
    assert seen[-1] == (total, total)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_shards_may_lie_in_folders_below(stored: Tensors, tmp_path: Path) -> None:
    files = shard(tmp_path, stored)
    (tmp_path / "shards").mkdir()
    for file in set(files.values()):
        (tmp_path / file).rename(tmp_path / "shards" / file)
    write_index(tmp_path, {name: f"shards/{file}" for name, file in files.items()})
    assert read(tmp_path).keys() == stored.keys()


def test_one_file_is_read_before_shards(stored: Tensors, tmp_path: Path) -> None:
    """As transformers does: an index may be left over."""
    write_index(tmp_path, {"a": "nowhere.safetensors"})
    written(tmp_path, stored)
    assert read(tmp_path).keys() == stored.keys()


@pytest.mark.parametrize(
    ("weight_map", "said"),
    [
        ({"a": "nowhere.safetensors"}, f"lacks nowhere.safetensors, which {INDEX} names; the download may not have"),
        ({"a": "../other/model-1.safetensors"}, "'../other/model-1.safetensors', which is no safetensors file in this"),
        ({"a": "/etc/model.safetensors"}, "'/etc/model.safetensors', which is no safetensors file in this directory"),
        ({"a": "deep/../../model.safetensors"}, "which is no safetensors file in this directory"),
        ({"a": "..\\model.safetensors"}, "which is no safetensors file in this directory"),
        ({"a": "pytorch_model.bin"}, "'pytorch_model.bin', which is no safetensors file in this directory"),
        ({"a": f"{5000 * 'x'}.safetensors"}, "'" + 80 * "x" + "' cannot be looked for: File name too long"),
        ({"a": 7}, "weight_map has 7, which is no safetensors file"),
        ({"a": ["x.safetensors"]}, "which is no safetensors file"),
        ({}, "weight_map must name the file of each tensor"),
        (["model.safetensors"], "weight_map must name the file of each tensor"),
        (None, "weight_map must name the file of each tensor"),
    ],
)
def test_an_index_that_leads_nowhere_is_refused(weight_map: object, said: str, tmp_path: Path) -> None:
    write_index(tmp_path, weight_map)
    assert said in refusal(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", "", "null"])
def test_an_index_that_is_none_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / INDEX).write_text(content)
    assert str(tmp_path / INDEX) in refusal(tmp_path)


def test_a_tensor_in_two_shards_is_refused(stored: Tensors, tmp_path: Path) -> None:
    files = shard(tmp_path, stored)
    other = next(file for file in files.values() if file != files[ENTRY])
    path = tmp_path / other
    tensors = load_file(path) | {ENTRY: stored[ENTRY]}
    path.unlink()
    save_file(tensors, path)
    said = refusal(tmp_path)
    assert f"{ENTRY} is in " in said
    assert other in said
    assert files[ENTRY] in said


def test_a_tensor_that_no_shard_has_is_missing(stored: Tensors, tmp_path: Path) -> None:
    shard(tmp_path, {name: tensor for name, tensor in stored.items() if name != PROJECTION})
    index = json.loads((tmp_path / INDEX).read_text())
    write_index(tmp_path, index["weight_map"] | {PROJECTION: index["weight_map"][ENTRY]})
    assert refusal(tmp_path).endswith(f"does not fit its config.json; missing: {PROJECTION}")


def test_a_shard_that_breaks_off_is_named(stored: Tensors, tmp_path: Path) -> None:
    path = tmp_path / shard(tmp_path, stored)[ENTRY]
    path.write_bytes(path.read_bytes()[:-1])
    assert f"{path} is not a readable safetensors file" in refusal(tmp_path)


# -- what does not fit --------------------------------------------------------------------------------------------

PROJECTION = "speaker_encoder.fc.weight"
ENTRY = "speaker_encoder.blocks.0.conv.bias"
QUANTISED = "quantised, which is not computed here"


def refusal(path: Path) -> str:
    """Why `path` is not read."""
    with pytest.raises(BadCheckpoint) as error:
        read(path)
    assert str(path) in error.value.message
    return error.value.message


@pytest.mark.parametrize(
    ("name", "tensor", "said"),
    [
        (PROJECTION, None, f"missing: {PROJECTION}"),
        (f"{PROJECTION}_scale_inv", torch.ones(3), f"{QUANTISED}: {PROJECTION}_scale_inv"),
        (f"{PROJECTION}.absmax", torch.ones(3), f"{QUANTISED}: {PROJECTION}.absmax"),
        (ENTRY, torch.ones(31), f"wrong shape: {ENTRY} [31] instead of [32]"),
        (ENTRY, torch.ones(32, 1), f"wrong shape: {ENTRY} [32, 1] instead of [32]"),
        (ENTRY, torch.tensor(1.0), f"wrong shape: {ENTRY} [] instead of [32]"),
        (ENTRY, torch.ones(32, dtype=torch.int64), f"not floating point: {ENTRY} I64"),
        (ENTRY, torch.ones(32, dtype=torch.uint8), f"not floating point: {ENTRY} U8"),
        (ENTRY, torch.ones(32, dtype=torch.bool), f"not floating point: {ENTRY} BOOL"),
    ],
)
def test_what_does_not_fit_is_named(
    name: str, tensor: Tensor | None, said: str, stored: Tensors, tmp_path: Path
) -> None:
    tensors = {key: value for key, value in (stored | {name: tensor}).items() if value is not None}
    assert refusal(written(tmp_path, tensors)).endswith(f"does not fit its config.json; {said}")


def test_all_problems_are_named_at_once(stored: Tensors, tmp_path: Path) -> None:
    tensors = stored | {ENTRY: torch.ones(31, dtype=torch.int64), f"{PROJECTION}_scale": torch.ones(1)}
    del tensors[PROJECTION]
    said = refusal(written(tmp_path, tensors))
    assert f"missing: {PROJECTION}; {QUANTISED}: {PROJECTION}_scale; " in said
    assert said.endswith(f"wrong shape: {ENTRY} [31] instead of [32]; not floating point: {ENTRY} I64")


@pytest.mark.parametrize(("count", "rest"), [(8, ""), (9, " and 1 more"), (30, " and 22 more")])
def test_a_long_list_is_shortened(count: int, rest: str, stored: Tensors, tmp_path: Path) -> None:
    gone = list(stored)[:count]
    said = refusal(written(tmp_path, {name: tensor for name, tensor in stored.items() if name not in gone}))
    names = said.partition("missing: ")[2].removesuffix(rest).split(", ")
    assert len(names) == 8
    assert set(names) <= set(gone)
    assert said.endswith(names[-1] + rest)


# -- files that are broken, or something else ---------------------------------------------------------------------


def header_bytes(content: bytes) -> int:
    (length,) = struct.unpack_from("<Q", content)
    return 8 + int(length)


@pytest.mark.parametrize(
    "cut",
    [
        lambda content: 0,
        lambda content: 7,
        lambda content: 8,
        lambda content: header_bytes(content) // 2,
        lambda content: header_bytes(content) - 1,
        header_bytes,
        lambda content: (header_bytes(content) + len(content)) // 2,
        lambda content: len(content) - 1,
    ],
    ids=["empty", "in the length", "no header", "half a header", "no brace", "no data", "half", "a byte short"],
)
def test_a_file_that_breaks_off_is_not_read(cut: Callable[[bytes], int], stored: Tensors, tmp_path: Path) -> None:
    path = written(tmp_path, stored)
    content = path.read_bytes()
    path.write_bytes(content[: cut(content)])
    assert "is not a readable safetensors file" in refusal(path)


@pytest.mark.parametrize("length", [0, 1, 10**8, 2**40, 2**63, 2**64 - 1])
def test_a_header_of_the_wrong_length_is_not_read(length: int, stored: Tensors, tmp_path: Path) -> None:
    path = written(tmp_path, stored)
    path.write_bytes(struct.pack("<Q", length) + path.read_bytes()[8:])
    assert "is not a readable safetensors file" in refusal(path)


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "Q99"},
        {"shape": [2**40, 2**40]},
        {"shape": [-1]},
        {"data_offsets": [0, 2**62]},
        {"data_offsets": [64, 0]},
        {"data_offsets": "0:64"},
    ],
    ids=str,
)
def test_a_header_that_lies_is_not_read(change: dict[str, Any], stored: Tensors, tmp_path: Path) -> None:
    path = written(tmp_path, stored)
    content = path.read_bytes()
    end = header_bytes(content)
    header = json.loads(content[8:end])
    header[ENTRY] |= change
    lying = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(lying)) + lying + content[end:])
    assert "is not a readable safetensors file" in refusal(path)


class Trap:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Path]]:
        return Path.touch, (self.mark,)


def write_zip(path: Path, trap: Trap) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(trap))


@pytest.mark.parametrize(
    "write",
    [
        lambda path, trap: path.write_bytes(pickle.dumps(trap)),
        lambda path, trap: path.write_bytes(struct.pack("<Q", len(pickle.dumps(trap))) + pickle.dumps(trap)),
        lambda path, trap: torch.save({"weight": trap}, path),
        write_zip,
    ],
    ids=["pickle", "pickle as header", "torch", "zip"],
)
def test_nothing_in_a_file_is_executed(write: Callable[[Path, Trap], object], tmp_path: Path) -> None:
    trap = Trap(tmp_path / "mark")
    pickle.loads(pickle.dumps(trap))  # noqa: S301  our own
    assert trap.mark.exists(), "the trap works"
    trap.mark.unlink()
    write(tmp_path / WEIGHTS, trap)
    assert "is not a readable safetensors file" in refusal(tmp_path / WEIGHTS)
    assert not trap.mark.exists()


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / WEIGHTS)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert "No such file" in refusal(tmp_path / "link")
    (tmp_path / WEIGHTS).mkdir()
    assert f"lacks {WEIGHTS}" in refusal(tmp_path / WEIGHTS)
