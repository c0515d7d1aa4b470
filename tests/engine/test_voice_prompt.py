"""A voice outlives its engine as bytes and as two files; what is none of ours is refused, whoever wrote it."""

import io
import json
import pickle
import re
import resource
import struct
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save
from torch import Tensor

from qwen_tts.api import Audio, ClonedVoice, Limits, Sampling, SynthesisRequest, VoicePrompt
from qwen_tts.audio.samples import to_pcm
from qwen_tts.checkpoint.model import VoiceGeometry
from qwen_tts.checkpoint.voice_prompt import SUMMARY_FILE, TENSORS_FILE, ReferenceVoice
from qwen_tts.errors import InvalidRequest
from qwen_tts.limits import MAX_TRANSCRIPT_CHARS, MAX_VOICE_PROMPT_BYTES
from qwen_tts.offline.synthesizer import Synthesizer
from tests.engine.conftest import Load
from tests.golden.cases import BASE, TRANSCRIPT, random_codes, reference_audio

GEOMETRY: VoiceGeometry = {"hidden_size": 32, "codebooks": 16, "codebook_size": 2048}
FRAMES = 5
EMBEDDING, CODES = torch.linspace(-3, 3, 32), torch.from_numpy(random_codes(FRAMES))
CARD: dict[str, Any] = {
    "format": 1, "kind": "transcribed", "transcript": TRANSCRIPT, "source_sha256": "0f" * 32, "duration_s": 3.2,
}  # fmt: skip
UNSPOKEN = CARD | {"kind": "speaker_embedding", "transcript": ""}


def voice(transcript: str = TRANSCRIPT, *, frames: int = FRAMES, hidden_size: int = 32) -> ReferenceVoice:
    """Without a transcript only a speaker embedding."""
    return ReferenceVoice(
        speaker_embedding=torch.linspace(-3, 3, hidden_size),
        codes=torch.from_numpy(random_codes(frames)) if transcript else None,
        transcript=transcript,
        source_sha256="0f" * 32,
        duration_s=3.2,
    )


def read(data: bytes) -> ReferenceVoice:
    return ReferenceVoice.from_bytes(data, **GEOMETRY)


def load_from(directory: Path) -> ReferenceVoice:
    return ReferenceVoice.load(directory, **GEOMETRY)


def content(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def assert_same(one: ReferenceVoice, other: ReferenceVoice) -> None:
    assert one.speaker_embedding.tolist() == other.speaker_embedding.tolist()
    assert (one.codes is None) == (other.codes is None)
    if one.codes is not None and other.codes is not None:
        assert one.codes.tolist() == other.codes.tolist()
    assert (one.kind, one.transcript, one.source_sha256, one.duration_s) == (
        other.kind, other.transcript, other.source_sha256, other.duration_s
    )  # fmt: skip


@contextmanager
def refused(said: str = "") -> Iterator[None]:
    with pytest.raises(InvalidRequest) as error:
        yield
    assert (type(error.value), error.value.param) == (InvalidRequest, "voice")
    assert said in error.value.message


TRANSCRIPTS = pytest.mark.parametrize("transcript", [TRANSCRIPT, ""], ids=["transcribed", "speaker embedding"])


# -- as bytes ---------------------------------------------------------------------------------------------------------


@TRANSCRIPTS
def test_bytes_are_the_voice(transcript: str) -> None:
    given = voice(transcript)
    found = read(given.to_bytes())
    assert_same(found, given)
    assert found.to_bytes() == given.to_bytes()


@TRANSCRIPTS
def test_the_same_voice_is_the_same_bytes(transcript: str) -> None:
    assert len({voice(transcript).to_bytes() for _ in range(30)}) == 1
    assert voice(transcript, frames=6, hidden_size=33).to_bytes() != voice(transcript).to_bytes()


def test_the_layout_of_a_tensor_does_not_matter() -> None:
    """A speaker embedding may be a column of something larger, codes may be transposed."""
    given = voice()
    assert given.codes is not None
    strided = ReferenceVoice(
        speaker_embedding=given.speaker_embedding[:, None].repeat(1, 2)[:, 0],
        codes=given.codes.T.contiguous().T,
        transcript=given.transcript,
        source_sha256=given.source_sha256,
        duration_s=given.duration_s,
    )
    assert strided.to_bytes() == given.to_bytes()


# -- on disk ----------------------------------------------------------------------------------------------------------


@TRANSCRIPTS
def test_what_was_saved_is_loaded(transcript: str, tmp_path: Path) -> None:
    directory, given = tmp_path / "voices" / "anna", voice(transcript)
    given.save(directory, created_by="tiny")
    assert_same(load_from(directory), given)
    assert content(directory).keys() == {TENSORS_FILE, SUMMARY_FILE}
    assert content(directory)[TENSORS_FILE] == given.to_bytes()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shelf")


@settings(deadline=None, max_examples=15)
@given(transcript=st.text(min_size=1, max_size=80).filter(str.strip), created_by=st.text(max_size=20))
def test_any_words_survive_and_can_be_read(transcript: str, created_by: str, shelf: Path) -> None:
    voice(transcript).save(shelf, created_by=created_by)
    assert load_from(shelf).transcript == transcript
    summary = tomllib.loads((shelf / SUMMARY_FILE).read_text())
    assert summary == CARD | {"transcript": transcript, "frames": FRAMES, "created_by": created_by}


@pytest.mark.parametrize("character", ["a", '"', "\n", "\x7f", "\0", "😀"])
def test_the_longest_voice_fits(character: str, tmp_path: Path) -> None:
    """30 s of the widest model, with the longest transcript."""
    given = voice("." + character * (MAX_TRANSCRIPT_CHARS - 1), frames=375, hidden_size=2048)
    given.save(tmp_path, created_by="tiny")
    found = ReferenceVoice.load(tmp_path, hidden_size=2048, codebooks=16, codebook_size=2048)
    assert_same(found, given)
    assert len(given.to_bytes()) < MAX_VOICE_PROMPT_BYTES


def test_a_later_voice_takes_the_place_of_the_earlier(tmp_path: Path) -> None:
    voice().save(tmp_path, created_by="tiny")
    voice("Good evening.", frames=9).save(tmp_path, created_by="tiny")
    assert_same(load_from(tmp_path), voice("Good evening.", frames=9))
    assert content(tmp_path).keys() == {TENSORS_FILE, SUMMARY_FILE}


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """No file can become larger: writing on is an OSError, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [100, 4_000], ids=["full at the first file", "full at the second file"])
def test_a_full_disk_leaves_what_was_there(size: int, tmp_path: Path) -> None:
    for earlier in (False, True):
        if earlier:
            voice().save(tmp_path, created_by="tiny")
        before = content(tmp_path)
        later = voice("Good evening.")
        assert 100 < len(later.to_bytes()) < 4_000
        with disk_of(size), pytest.raises(OSError, match="File too large"):
            later.save(tmp_path, created_by="x" * 5_000)
        assert content(tmp_path) == before


def test_what_stops_between_the_two_files_is_no_voice(tmp_path: Path) -> None:
    (tmp_path / SUMMARY_FILE).mkdir()
    with pytest.raises(OSError, match=re.escape(SUMMARY_FILE)):
        voice().save(tmp_path, created_by="tiny")
    assert {path.name for path in tmp_path.iterdir()} == {TENSORS_FILE, SUMMARY_FILE}
    with refused(f"{SUMMARY_FILE} cannot be read"):
        load_from(tmp_path)
    (tmp_path / SUMMARY_FILE).rmdir()
    with refused(f"{SUMMARY_FILE} cannot be read"):
        load_from(tmp_path)


def test_files_of_two_voices_are_no_voice(tmp_path: Path) -> None:
    voice("Good evening.").save(tmp_path / "other", created_by="tiny")
    voice().save(tmp_path, created_by="tiny")
    (tmp_path / "other" / SUMMARY_FILE).replace(tmp_path / SUMMARY_FILE)
    with refused("contradicts its prompt.toml in transcript"):
        load_from(tmp_path)


@pytest.mark.parametrize("gone", [TENSORS_FILE, SUMMARY_FILE])
def test_a_missing_file_is_named(gone: str, tmp_path: Path) -> None:
    voice().save(tmp_path, created_by="tiny")
    (tmp_path / gone).unlink()
    with refused(f"is not whole: {tmp_path / gone} cannot be read, No such file"):
        load_from(tmp_path)
    with refused("cannot be read, No such file"):
        load_from(tmp_path / "nowhere")
    with refused("cannot be read, Not a directory"):
        load_from(next(tmp_path.iterdir()))


@pytest.mark.parametrize("line", ["", "#", '{key} = "other"', "{key} = 7", "{key} = {{}}"])
@pytest.mark.parametrize("key", [*CARD, "frames"])
def test_the_summary_must_agree(key: str, line: str, tmp_path: Path) -> None:
    voice().save(tmp_path, created_by="tiny")
    summary = tmp_path / SUMMARY_FILE
    changed = re.sub(rf"^{key} = .*$", line.format(key=key), summary.read_text(), flags=re.M)
    summary.write_text(changed)
    with refused(f"contradicts its {SUMMARY_FILE} in {key}"):
        load_from(tmp_path)


def test_people_may_write_into_the_summary(tmp_path: Path) -> None:
    voice().save(tmp_path, created_by="tiny")
    with (tmp_path / SUMMARY_FILE).open("a") as summary:
        summary.write('# The best of all.\nname = "Anna"\n')
    assert_same(load_from(tmp_path), voice())


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        (b"transcript = ", "has a broken"),
        (b"\xff\xfe", "has a broken"),
        (b"transcript = " + b"[" * 10_000, "has a broken"),
        (b"format = 1\nformat = 1\n", "has a broken"),
        (b"", "contradicts"),
        (b"#" * 20_000, "is larger than 16384 bytes"),
    ],
    ids=["half a line", "no text", "brackets without end", "a key twice", "empty", "a book"],
)
def test_a_broken_summary_is_refused(summary: bytes, said: str, tmp_path: Path) -> None:
    voice().save(tmp_path, created_by="tiny")
    (tmp_path / SUMMARY_FILE).write_bytes(summary)
    with refused(said):
        load_from(tmp_path)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    voice().save(tmp_path, created_by="tiny")
    (tmp_path / TENSORS_FILE).write_bytes(bytes(MAX_VOICE_PROMPT_BYTES + 1))
    with refused(f"{TENSORS_FILE} is larger than {MAX_VOICE_PROMPT_BYTES} bytes"):
        load_from(tmp_path)


# -- what is no voice -------------------------------------------------------------------------------------------------


def written(card: object = CARD, *, key: str = "qwen_tts.voice", **tensors: Tensor | None) -> bytes:
    """A safetensors file as an attacker would write it: a tensor more, another, or, by None, one less."""
    kept = {"speaker_embedding": EMBEDDING, "codes": CODES, **tensors}
    metadata = {key: card if isinstance(card, str) else json.dumps(card)}
    return save({name: tensor for name, tensor in kept.items() if tensor is not None}, metadata=metadata)


def archived() -> bytes:
    file = io.BytesIO()
    torch.save({"speaker_embedding": EMBEDDING}, file)
    return file.getvalue()


def with_value(tensor: Tensor, value: float) -> Tensor:
    tensor = tensor.clone()
    tensor.view(-1)[7] = value
    return tensor


def claiming(true: str, false: str) -> bytes:
    """The header says something else of the same bytes."""
    length = struct.unpack_from("<Q", VALID)[0]
    header = VALID[8 : 8 + length].decode()
    assert true in header, header
    changed = header.replace(true, false).encode()
    return struct.pack("<Q", len(changed)) + changed + VALID[8 + length :]


VALID = voice().to_bytes()
NO_FILE = "is not a safetensors file, and nothing else is read"
HOSTILE = {
    "nothing": (b"", NO_FILE),
    "a ZIP archive of torch": (archived(), NO_FILE),
    "pickle": (pickle.dumps({"speaker_embedding": [0.0] * 32}), NO_FILE),
    "text": (b"Good morning to you, and to you.", NO_FILE),
    "cut in its length": (VALID[:7], NO_FILE),
    "cut in its header": (VALID[:100], NO_FILE),
    "cut in its tensors": (VALID[:-1], NO_FILE),
    "longer than it says": (VALID + bytes(8), NO_FILE),
    "a header of terabytes": ((2**42).to_bytes(8, "little") + VALID[8:], NO_FILE),
    "tensors of terabytes": (claiming("[32]", "[1099511627776]"), NO_FILE),
    "tensors that lie over each other": (claiming('"data_offsets":[0,640]', '"data_offsets":[0,768]'), NO_FILE),
    "tensors of less than nothing": (claiming('"data_offsets":[0,640]', '"data_offsets":[0,-64]'), NO_FILE),
    "a header of brackets": (struct.pack("<Q", 60_000) + b'{"a":' + b"[" * 59_995, NO_FILE),
    "a header that is no text": (struct.pack("<Q", 8) + b'{"\xff":1}', NO_FILE),
    "a header that is a list": (struct.pack("<Q", 2) + b"[]", NO_FILE),
    "0xFF": (b"\xff" * 4_000, NO_FILE),
    "zeros": (bytes(4_000), NO_FILE),
    "too large": (bytes(MAX_VOICE_PROMPT_BYTES + 1), "has 131073 bytes, more than a voice can have (131072)"),
    "no metadata": (save({"speaker_embedding": EMBEDDING}), "was not made by this engine"),
    "another's metadata": (written(key="format"), "was not made by this engine"),
    "metadata that is no JSON": (written("{"), "was not made by this engine"),
    "brackets without end": (written("[" * 50_000), "was not made by this engine"),
    "metadata that is no object": (written([1]), "describes itself wrongly"),
    "a later format": (written(CARD | {"format": 2, "accent": "soft"}), "has format 2, and this version reads 1"),
    "no format": (written({}), "has format None, and this version reads 1"),
    "a field missing": (written({"format": 1}), "describes itself wrongly"),
    "a field more": (written(CARD | {"accent": "soft"}), "describes itself wrongly"),
    "another kind": (written(CARD | {"kind": "sung"}), "describes itself wrongly"),
    "no hash": (written(CARD | {"source_sha256": "0F" * 32}), "describes itself wrongly"),
    "a line after the hash": (written(CARD | {"source_sha256": "0f" * 32 + "\n"}), "describes itself wrongly"),
    "no time": (written(CARD | {"duration_s": 0}), "describes itself wrongly"),
    "time without end": (written(CARD | {"duration_s": float("inf")}), "was not made by this engine"),
    "a novel": (written(CARD | {"transcript": "a" * 2_001}), "describes itself wrongly"),
    "half a surrogate pair": (written(CARD | {"transcript": "\ud800"}), "was not made by this engine"),
    "codes without a transcript": (written(CARD | {"transcript": " \n"}), "has codes without a transcript"),
    "a transcript without codes": (written(UNSPOKEN | {"transcript": "Hi."}, codes=None), "a transcript without codes"),
    "a blank transcript without codes": (
        written(UNSPOKEN | {"transcript": " "}, codes=None), "a transcript without codes"
    ),
    "the kind of another": (written(codes=None), "has the tensors speaker_embedding instead of codes, speaker_emb"),
    "codes that its kind has not": (written(UNSPOKEN), "has the tensors codes, speaker_embedding instead of speaker_e"),
    "no tensor": (written(codes=None, speaker_embedding=None), "has the tensors none instead of codes, speaker_emb"),
    "an unknown tensor": (written(accent=EMBEDDING.clone()), "has the tensors accent, codes, speaker_embedding"),
    "an embedding of halves": (written(speaker_embedding=EMBEDDING.half()), "tensor 'speaker_embedding' of F16 [32]"),
    "an embedding of integers": (written(speaker_embedding=EMBEDDING.long()), "embedding of I64 [32]"),
    "an embedding too wide": (written(speaker_embedding=torch.zeros(33)), "of 33 numbers, and this model takes 32"),
    "an embedding in a batch": (written(speaker_embedding=EMBEDDING[None]), "embedding of F32 [1, 32]"),
    "an embedding of one number": (written(speaker_embedding=torch.tensor(1.0)), "embedding of F32 []"),
    "an empty embedding": (written(speaker_embedding=torch.zeros(0)), "F32 [0], which no voice has"),
    "not a number": (written(speaker_embedding=with_value(EMBEDDING, float("nan"))), "not finite or far out of range"),
    "infinite": (written(speaker_embedding=with_value(EMBEDDING, float("-inf"))), "not finite or far out of range"),
    "beyond half precision": (written(speaker_embedding=with_value(EMBEDDING, 7e4)), "not finite or far out of range"),
    "codes of short integers": (written(codes=CODES.int()), "the tensor 'codes' of I32 [5, 16]"),
    "codes of numbers": (written(codes=CODES.float()), "has codes of F32 [5, 16]"),
    "codes in a batch": (written(codes=CODES[None]), "has codes of I64 [1, 5, 16]"),
    "no frame": (written(codes=CODES[:0]), "I64 [0, 16], which no voice has"),
    "a codebook less": (written(codes=CODES[:, :15].contiguous()), "has 15 codebooks, and this model takes 16"),
    "frames and codebooks exchanged": (written(codes=CODES.T.contiguous()), "has 5 codebooks, and this model takes 16"),
    "a code too high": (written(codes=with_value(CODES, 2_048)), "..2048, and a model's are within 0..2047"),
    "a code of terabytes": (written(codes=with_value(CODES, 2**40)), "..1099511627776, and a model's are within"),
    "the lowest code": (written(codes=with_value(CODES, -(2**63))), "has codes within -9223372036854775808.."),
    "a negative code": (written(codes=with_value(CODES, -1)), "has codes within -1.."),
}  # fmt: skip


def test_what_the_attacks_change_is_a_voice() -> None:
    assert_same(read(written()), voice())
    assert_same(read(written(UNSPOKEN, codes=None)), voice(""))


@pytest.mark.parametrize(("data", "said"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_voice_is_refused(data: bytes, said: str) -> None:
    with refused(said):
        read(data)


def attempt(data: bytes) -> ReferenceVoice | InvalidRequest:
    try:
        return read(data)
    except InvalidRequest as error:
        return error


def assert_voice_or_refused(data: bytes) -> None:
    """And what is taken is what the safetensors library finds in it."""
    found = attempt(data)
    if isinstance(found, InvalidRequest):
        assert found.param == "voice"
        return
    assert found.speaker_embedding.shape == (32,)
    assert found.speaker_embedding.isfinite().all()
    assert (found.codes is None) == (found.transcript == "")
    if found.codes is not None:
        assert found.codes.shape[1] == 16
        assert 0 <= int(found.codes.min()) <= int(found.codes.max()) < 2048
    assert_same(read(found.to_bytes()), found)
    tensors = safetensors.torch.load(data)
    assert tensors["speaker_embedding"].tolist() == found.speaker_embedding.tolist()
    assert (tensors["codes"].tolist() if "codes" in tensors else None) == (
        None if found.codes is None else found.codes.tolist()
    )


@settings(deadline=None, max_examples=400)
@given(
    flips=st.dictionaries(st.integers(0, len(VALID) - 1), st.integers(0, 255), max_size=4),
    length=st.just(len(VALID)) | st.integers(0, len(VALID)),
)
def test_any_bytes_are_a_voice_or_refused(flips: dict[int, int], length: int) -> None:
    data = bytearray(VALID)
    for position, value in flips.items():
        data[position] = value
    assert_voice_or_refused(bytes(data[:length]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, max_examples=200)
@given(
    changed=st.dictionaries(st.sampled_from([*CARD, "accent"]), JSON, max_size=2),
    card=st.sampled_from([CARD, UNSPOKEN]),
)
def test_any_card_is_a_voice_or_refused(changed: dict[str, object], card: dict[str, object]) -> None:
    assert_voice_or_refused(written(card | changed, codes=CODES if card is CARD else None))


# -- spoken -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def synthesizer(load: Load) -> Synthesizer:
    return Synthesizer(load(BASE))


RECORDING = Audio(pcm=to_pcm(reference_audio()), sample_rate=24_000)


def spoken(synthesizer: Synthesizer, prompt: VoicePrompt) -> Audio:
    return synthesizer.synthesize(
        SynthesisRequest(
            text="Hi.",
            voice=ClonedVoice(prompt),
            language="en",
            sampling=Sampling(seed=5),
            limits=Limits(max_audio_s=0.24),
        )
    )


@pytest.mark.parametrize("transcript", [TRANSCRIPT, None])
def test_a_saved_voice_speaks_as_before(transcript: str | None, synthesizer: Synthesizer, tmp_path: Path) -> None:
    prompt = synthesizer.encode_reference(RECORDING, transcript)
    synthesizer.save_voice(prompt, tmp_path)
    loaded = synthesizer.load_voice(tmp_path)
    assert loaded == prompt
    assert spoken(synthesizer, loaded) == spoken(synthesizer, prompt)
    assert spoken(synthesizer, prompt).pcm


def test_another_voice_speaks_otherwise(synthesizer: Synthesizer) -> None:
    prompts = [
        synthesizer.encode_reference(RECORDING, transcript) for transcript in (TRANSCRIPT, "Good evening.", None)
    ]
    assert len({spoken(synthesizer, prompt).pcm for prompt in prompts}) == 3


def test_the_summary_names_the_checkpoint(synthesizer: Synthesizer, tmp_path: Path) -> None:
    synthesizer.save_voice(synthesizer.encode_reference(RECORDING, None), tmp_path)
    summary = tomllib.loads((tmp_path / SUMMARY_FILE).read_text())
    assert (summary["created_by"], summary["kind"], summary["frames"]) == (BASE, "speaker_embedding", 0)


def test_a_broken_prompt_is_not_spoken(synthesizer: Synthesizer, tmp_path: Path) -> None:
    broken = VoicePrompt(VALID[:-1])
    with refused(NO_FILE):
        spoken(synthesizer, broken)
    with refused(NO_FILE):
        synthesizer.save_voice(broken, tmp_path / "voice")
    assert not (tmp_path / "voice").exists()


@pytest.mark.parametrize(
    ("transcript", "said"),
    [
        ("", "leave it out to use the speaker embedding only"),
        (" \n", "leave it out to use the speaker embedding only"),
        ("a" * (MAX_TRANSCRIPT_CHARS + 1), "has 2001 characters"),
        ("Good \ud800 morning.", "half a surrogate pair"),
    ],
    ids=["empty", "blank", "a novel", "half a surrogate pair"],
)
def test_what_cannot_be_spoken_is_no_transcript(transcript: str, said: str, synthesizer: Synthesizer) -> None:
    with pytest.raises(InvalidRequest, match=said) as error:
        synthesizer.encode_reference(RECORDING, transcript)
    assert error.value.param == "transcript"
