"""A checkpoint directory: what is missing, broken or contradicts another file is named; every fine-tune speaks."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers.pre_tokenizers import ByteLevel
from torch import Tensor
from torch.nn import functional

from qwen_tts.api import Audio, Limits, PresetVoice, Sampling, SynthesisRequest
from qwen_tts.checkpoint.model import Model, load_codec, load_model
from qwen_tts.checkpoint.weights import TEXT_EMBEDDING
from qwen_tts.config.checkpoint import CODEC_DIRECTORY
from qwen_tts.config.checkpoint_files import WEIGHTS
from qwen_tts.errors import BadCheckpoint
from qwen_tts.offline.synthesizer import Synthesizer
from qwen_tts.text.text_tokenizer import TextTokenizer
from tests.engine.saved_anew import with_tensors
from tests.golden.cases import BASE, CUSTOM, SMALL_BASE

CPU = torch.device("cpu")
Copy = Callable[[str], Path]

VOCAB = {character: token for token, character in enumerate(sorted(ByteLevel.alphabet()))} | {
    "us": 256, "er": 257, "user": 258,
}  # fmt: skip
MERGES = ["#version: 0.2", "u s", "e r", "us er"]


def write_text_tokenizer(directory: Path, vocab: object = VOCAB, merges: list[str] = MERGES) -> Path:
    """The smallest that a prompt can be made with."""
    (directory / "vocab.json").write_text(json.dumps(vocab))
    (directory / "merges.txt").write_text("\n".join([*merges, ""]))
    return directory


@pytest.fixture
def copy(checkpoints: Path, tmp_path: Path) -> Copy:
    """A checkpoint of one's own, with a small text tokenizer."""

    def copied(name: str) -> Path:
        directory = tmp_path / f"{name}-{len(list(tmp_path.iterdir()))}"
        shutil.copytree(checkpoints / name, directory, ignore=shutil.ignore_patterns("vocab.json", "merges.txt"))
        return write_text_tokenizer(directory)

    return copied


def loaded(directory: Path, dtype: torch.dtype = torch.float32) -> Model:
    return load_model(directory, CPU, dtype)


def refusal(load: Callable[[Path], object], directory: Path) -> str:
    """Why `load` does not take `directory`."""
    with pytest.raises(BadCheckpoint) as error:
        load(directory)
    assert str(directory) in error.value.message
    return error.value.message


def edit_config(directory: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    path = directory / "config.json"
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def edit_weights(directory: Path, edit: Callable[[str, Tensor], Tensor | None]) -> None:
    """Change every tensor, or drop it by None."""
    edited = {name: edit(name, tensor) for name, tensor in load_file(directory / WEIGHTS).items()}
    save_file({name: tensor for name, tensor in edited.items() if tensor is not None}, directory / WEIGHTS)


# -- the directory ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file",
    ["config.json", "vocab.json", "merges.txt", WEIGHTS]
    + [f"{CODEC_DIRECTORY}/{file}" for file in ("config.json", WEIGHTS)],
)
def test_a_missing_file_is_named(file: str, copy: Copy) -> None:
    directory = copy(CUSTOM)
    path = directory / file
    path.unlink()
    assert str(path) in (said := refusal(loaded, directory)) or f"{path.parent} lacks {path.name}" in said


def test_a_codec_alone_cannot_speak(copy: Copy) -> None:
    assert "is a codec without a talker" in refusal(loaded, copy(CUSTOM) / CODEC_DIRECTORY)


def test_a_directory_without_a_codec_has_none(tmp_path: Path) -> None:
    assert "config.json cannot be read" in refusal(load_codec_here, tmp_path)
    (tmp_path / "config.json").write_text("{}")
    assert f"{CODEC_DIRECTORY}/config.json cannot be read" in refusal(load_codec_here, tmp_path)


def load_codec_here(directory: Path) -> object:
    return load_codec(directory, CPU)


@pytest.mark.parametrize(
    "content", [b"", b'{"\xff": 1}', b'{"a": "\xff"}', b"[" * 100_000, b'{"a":' * 100_000],
    ids=["empty", "bytes in a name", "bytes in a value", "deep list", "deep object"],
)  # fmt: skip
def test_a_config_that_is_no_json_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(content)
    assert str(tmp_path / "config.json") in refusal(loaded, tmp_path)


@pytest.mark.parametrize(
    ("field", "size"), [("text_vocab_size", 10**18), ("text_vocab_size", 10**30), ("text_hidden_size", 10**6)]
)
def test_a_size_beyond_any_memory_is_refused(field: str, size: int, copy: Copy) -> None:
    directory = copy(CUSTOM)
    edit_config(directory, lambda config: config["talker_config"].update({field: size}))
    assert "text_" in refusal(loaded, directory)


# -- files that contradict each other -----------------------------------------------------------------------------


def test_a_talker_of_fewer_codebooks_than_the_codec_is_refused(copy: Copy) -> None:
    def shorten(config: dict[str, Any]) -> None:
        config["talker_config"]["num_code_groups"] = 8
        config["talker_config"]["code_predictor_config"]["num_code_groups"] = 8

    directory = copy(CUSTOM)
    edit_config(directory, shorten)
    beyond = tuple(f"{tables}.{table}.weight" for tables in ("codec_embedding", "lm_head") for table in range(7, 15))
    edit_weights(directory, lambda name, tensor: None if name.endswith(beyond) else tensor)
    assert "8" in refusal(loaded, directory)


def test_a_code_predictor_of_more_tokens_than_the_codec_is_refused(copy: Copy) -> None:
    directory, tables = copy(CUSTOM), ("code_predictor.model.codec_embedding.", "code_predictor.lm_head.")
    edit_config(directory, lambda config: config["talker_config"]["code_predictor_config"].update(vocab_size=4096))
    edit_weights(
        directory, lambda name, tensor: tensor.repeat(2, 1) if any(table in name for table in tables) else tensor
    )
    assert "4096" in refusal(loaded, directory)


def test_a_text_token_beyond_the_talkers_vocabulary_is_refused(copy: Copy) -> None:
    directory = write_text_tokenizer(copy(CUSTOM), VOCAB | {"useruser": 151_936}, [*MERGES, "user user"])
    assert "151936" in refusal(loaded, directory)


# -- the text tokenizer's files -----------------------------------------------------------------------------------


def test_the_smallest_text_tokenizer_is_taken(tmp_path: Path) -> None:
    """What the tests below break."""
    tokenizer = TextTokenizer.from_directory(write_text_tokenizer(tmp_path))
    assert tokenizer.encode("user") == [tokenizer.user_id] == [258]


@pytest.mark.parametrize("file", ["vocab.json", "merges.txt"])
def test_a_missing_text_tokenizer_file_is_named(file: str, tmp_path: Path) -> None:
    (write_text_tokenizer(tmp_path) / file).unlink()
    assert refusal(TextTokenizer.from_directory, tmp_path) == (
        f"{tmp_path} lacks {file}; the download may not have ended"
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"7", b'{"a": "1"}', b'{"a": 1.5}', b'{"\xff": 1}', b"\xef\xbb\xbf{}", b"[" * 100_000],
    ids=["empty", "half", "list", "number", "text id", "float id", "bytes", "byte order mark", "deep"],
)
def test_a_broken_vocabulary_is_named(content: bytes, tmp_path: Path) -> None:
    (write_text_tokenizer(tmp_path) / "vocab.json").write_bytes(content)
    said = refusal(TextTokenizer.from_directory, tmp_path)
    assert said.startswith(f"{tmp_path / 'vocab.json'} is not a table of token ids")


@pytest.mark.parametrize("token", [-1, 2**32, 2**70])
def test_a_token_id_of_more_than_32_bits_is_named(token: int, tmp_path: Path) -> None:
    write_text_tokenizer(tmp_path, VOCAB | {"more": token})
    assert str(tmp_path / "vocab.json") in refusal(TextTokenizer.from_directory, tmp_path)


@pytest.mark.parametrize(("gone", "count"), [("a", 1), ("aĀÿ", 3)])
def test_every_byte_needs_a_token(gone: str, count: int, tmp_path: Path) -> None:
    write_text_tokenizer(tmp_path, {text: token for text, token in VOCAB.items() if text not in gone})
    said = refusal(TextTokenizer.from_directory, tmp_path)
    assert said == f"{tmp_path / 'vocab.json'} has no token for {count} of the 256 bytes"


@pytest.mark.parametrize("merge", ["u x", "us us", "u ser", "use r", "user", "u s er", "us  er", " ", "\ufffd \ufffd"])
def test_a_merge_of_unknown_parts_is_named(merge: str, tmp_path: Path) -> None:
    write_text_tokenizer(tmp_path, merges=[*MERGES, merge])
    said = refusal(TextTokenizer.from_directory, tmp_path)
    first, _, second = merge.partition(" ")
    assert said.startswith(f"{tmp_path / 'merges.txt'} has the merge of {first!r} and {second!r}, ")


@pytest.mark.parametrize("merges", [[], MERGES[:-1]], ids=["no merge", "one too few"])
def test_user_needs_a_token_of_its_own(merges: list[str], tmp_path: Path) -> None:
    write_text_tokenizer(tmp_path, merges=merges)
    assert "no single token for 'user'" in refusal(TextTokenizer.from_directory, tmp_path)


# -- what is loaded -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_only_what_speaks_computes_in_the_dtype(dtype: torch.dtype, copy: Copy) -> None:
    directory = copy(BASE)
    model, stored = loaded(directory, dtype), load_file(directory / WEIGHTS)
    assert model.speaker_encoder is not None
    speaking, listening = (
        {tensor.dtype for module in modules for tensor in (*module.parameters(), *module.buffers())}
        for modules in (
            (model.talker, model.code_predictor),
            (model.codec.decoder, model.codec.encoder, model.speaker_encoder),
        )
    )
    tables = model.code_predictor.codec_embedding
    assert speaking == {dtype, tables.weight.dtype}
    assert listening == {torch.float32}
    assert torch.equal(model.talker.codec_head.weight, stored["talker.codec_head.weight"].to(dtype))
    first = stored["talker.code_predictor.model.codec_embedding.0.weight"]
    assert tables.weight.dtype == (first.dtype if dtype == torch.float32 else dtype), "the file has as many digits"
    assert torch.equal(tables.table(0), first.to(tables.weight.dtype))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_a_text_is_read_from_the_file(dtype: torch.dtype, copy: Copy) -> None:
    """Its embedding takes no memory, and the numbers are those of an embedding that does."""
    directory, ids = copy(CUSTOM), [258, 0, 7, 7, 151_000]
    model = loaded(directory, dtype)
    assert all(len(tensor) < model.config.talker.text_vocab_size for tensor in model.talker.parameters())
    table = load_file(directory / WEIGHTS)[TEXT_EMBEDDING].to(dtype)
    with torch.inference_mode():
        expected = model.talker.text_projection(functional.embedding(torch.tensor(ids), table))
        assert torch.equal(model.prompts.embed_tokens(ids), expected)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda table: None, "missing: {name}"),
        (lambda table: table[1:].clone(), "wrong shape: {name} [151935, 16] instead of [151936, 16]"),
        (lambda table: table.to(torch.int8), "not floating point: {name} I8"),
    ],
)
def test_a_text_embedding_that_cannot_be_read_is_named(
    edit: Callable[[Tensor], Tensor | None], said: str, copy: Copy
) -> None:
    directory = copy(CUSTOM)
    edit_weights(directory, lambda name, tensor: edit(tensor) if name == TEXT_EMBEDDING else tensor)
    assert said.format(name=TEXT_EMBEDDING) in refusal(loaded, directory)


def test_a_text_embedding_with_scales_is_not_taken_for_plain_numbers(copy: Copy) -> None:
    directory = copy(CUSTOM)
    with_tensors(directory, {f"{TEXT_EMBEDDING}_scale_inv": torch.ones(3)})
    assert f"quantised, which is not computed here: {TEXT_EMBEDDING}_scale_inv" in refusal(loaded, directory)


def test_progress_goes_through_both_files_to_their_ends(copy: Copy) -> None:
    directory = copy(BASE)
    seen: list[tuple[str, int, int]] = []
    load_model(directory, CPU, torch.float32, progress=lambda *step: seen.append(step))
    files = [WEIGHTS, f"{CODEC_DIRECTORY}/{WEIGHTS}"]
    assert list(dict.fromkeys(file for file, _, _ in seen)) == files
    for file in files:
        steps = [(done, total) for name, done, total in seen if name == file]
        assert len(steps) > 1
        assert steps == sorted(steps)
        assert steps[-1][0] == steps[-1][1] == steps[0][1]
        assert 0 < steps[-1][1] <= (directory / file).stat().st_size


# -- fine-tuned checkpoints ---------------------------------------------------------------------------------------


def name_speakers(directory: Path, speakers: dict[str, int]) -> Path:
    """As the release's fine-tuning script does."""

    def edit(config: dict[str, Any]) -> None:
        config["tts_model_type"] = "custom_voice"
        config["talker_config"] |= {"spk_id": speakers, "spk_is_dialect": dict.fromkeys(speakers, False)}

    edit_config(directory, edit)
    return directory


def say(synthesizer: Synthesizer, speaker: str) -> Audio:
    return synthesizer.synthesize(
        SynthesisRequest(
            text="user", voice=PresetVoice(speaker), sampling=Sampling(seed=1), limits=Limits(max_audio_s=0.24)
        )
    )


@pytest.mark.parametrize("name", [BASE, SMALL_BASE])
def test_a_fine_tuned_base_speaks_with_its_one_voice(name: str, copy: Copy) -> None:
    """It keeps the speaker encoder's config, but not its weights."""
    directory = name_speakers(copy(name), {"speaker_test": 3000})
    edit_weights(directory, lambda key, tensor: None if key.startswith("speaker_encoder.") else tensor)
    synthesizer = Synthesizer.from_pretrained(directory, device="cpu")
    assert synthesizer.capabilities.voice_kinds == ("preset",)
    assert [voice.name for voice in synthesizer.capabilities.voices] == ["speaker_test"]
    assert say(synthesizer, "speaker_test").duration_s > 0


@pytest.mark.parametrize(
    "speakers",
    [{"grandma": 3000}, {"奶奶": 3000, "großmutter 2": 3001}, {f"voice_{n}": 2200 + n for n in range(40)}, {"Anna": 1}],
    ids=["one", "letters", "many", "capital"],
)
def test_every_voice_that_a_fine_tune_names_can_be_spoken(speakers: dict[str, int], copy: Copy) -> None:
    synthesizer = Synthesizer.from_pretrained(name_speakers(copy(CUSTOM), speakers), device="cpu")
    voices = [voice.name for voice in synthesizer.capabilities.voices]
    assert voices == list(speakers)
    for voice in {voices[0], voices[-1]}:
        assert say(synthesizer, voice).duration_s > 0


def test_a_voice_is_its_token_whatever_its_name(copy: Copy) -> None:
    release = Synthesizer.from_pretrained(copy(CUSTOM), device="cpu")
    tuned = Synthesizer.from_pretrained(name_speakers(copy(CUSTOM), {"grandma": 3066, "ryan": 3065}), device="cpu")
    assert say(tuned, "grandma") == say(release, "serena")
    assert say(tuned, "ryan") == say(release, "vivian")
    assert say(tuned, "grandma") != say(tuned, "ryan")
