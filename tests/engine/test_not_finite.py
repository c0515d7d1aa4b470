"""Numbers that are not finite end the utterance that they belong to, by name, and nobody else hears of it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from qwen_tts.api import Audio, PresetVoice, SynthesisRequest
from qwen_tts.audio.samples import to_pcm
from qwen_tts.checkpoint.clone import clone_voice
from qwen_tts.checkpoint.model import Model, load_model
from qwen_tts.errors import SynthesisFailed
from qwen_tts.offline.synthesizer import BatchSynthesisStream, Synthesizer
from tests.bent import (
    CODE_PREDICTOR_OVERFLOW,
    OVERFLOWING_SPEAKER,
    SPEAKER_OVERFLOW,
    TALKER_OVERFLOW,
    Changes,
    bend,
    damaged,
)
from tests.engine.driven import CPU, Driven, Heard, at_most, endless, live, request
from tests.golden.cases import BASE, CUSTOM, TRANSCRIPT, random_codes, reference_audio

Bent = Callable[[Changes, torch.dtype], Model]

PREDICTOR = "talker.code_predictor"
OVERFLOWS = {"talker": TALKER_OVERFLOW, "code predictor": CODE_PREDICTOR_OVERFLOW}
DAMAGES = {
    "talker": "talker.codec_head.weight",
    "second codebook": f"{PREDICTOR}.lm_head.0.weight",
    "last codebook": f"{PREDICTOR}.lm_head.14.weight",
    "codec": "decoder.decoder.6.conv.bias",
}
BATCH = 3
EVERY_ROW = {"rows": BATCH, "buckets": (BATCH,)}
"""The same sums whoever speaks, as long as nobody is longer"""


@pytest.fixture(scope="module")
def bent(checkpoints: Path, tmp_path_factory: pytest.TempPathFactory) -> Bent:
    """A preset checkpoint with these changes, in this dtype."""
    directories: list[tuple[Changes, Path]] = []

    def directory(changes: Changes) -> Path:
        for known, path in directories:
            if known is changes:
                return path
        directories.append((changes, bend(checkpoints / CUSTOM, tmp_path_factory.mktemp("bent") / "tiny", changes)))
        return directories[-1][1]

    return lambda changes, dtype: load_model(directory(changes), CPU, dtype)


def spoken(model: Model, *requests: SynthesisRequest) -> list[Heard]:
    driven = Driven(model)
    heard = driven.speak(*requests)
    assert driven.nothing_is_left
    return heard


def failure(heard: Heard) -> str:
    assert isinstance(heard.outcome, SynthesisFailed)
    assert heard.outcome.code == "generation_failed"
    assert heard.frames == 0
    return heard.outcome.message


def others() -> Sequence[SynthesisRequest]:
    """Of the same length, so that the same positions are read whoever of them speaks."""
    return [request(voice=PresetVoice(name), limits=at_most(6)) for name in ("vivian", "ryan")]


def broken(text: str = "Hello.") -> SynthesisRequest:
    return request(text, voice=PresetVoice(OVERFLOWING_SPEAKER))


# -- who fails --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", OVERFLOWS.values(), ids=OVERFLOWS)
@pytest.mark.parametrize("is_live", [False, True])
async def test_what_float16_cannot_hold_fails_and_names_what_can(bent: Bent, changes: Changes, is_live: bool) -> None:
    driven = Driven(bent(changes, torch.float16))
    heard = driven.open(live() if is_live else request())
    if is_live:
        heard.feed("Hello there, ", "world.")
        heard.end_text()
    driven.run()
    assert "float16" in failure(heard)
    assert "set dtype to float32" in failure(heard)
    assert driven.nothing_is_left


@pytest.mark.parametrize("changes", OVERFLOWS.values(), ids=OVERFLOWS)
async def test_float32_speaks_as_if_nothing_was_bent(bent: Bent, changes: Changes) -> None:
    (heard,), (unbent,) = (spoken(bent(one, torch.float32), request(limits=at_most(4))) for one in (changes, {}))
    assert heard.frames
    assert heard.sound.tobytes() == unbent.sound.tobytes()


@pytest.mark.parametrize("name", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
async def test_a_damaged_checkpoint_fails_in_every_dtype(bent: Bent, name: str, dtype: torch.dtype) -> None:
    heard, *_ = spoken(bent(damaged(name), dtype), request())
    assert str(dtype).removeprefix("torch.") in failure(heard)
    assert "models verify" in failure(heard)


# -- who does not -----------------------------------------------------------------------------------------------------


async def test_others_sound_as_they_do_alone_to_the_bit(bent: Bent) -> None:
    model = endless(bent(SPEAKER_OVERFLOW, torch.float16))
    together = Driven(model, **EVERY_ROW).speak(others()[0], broken(), others()[1])
    failure(together[1])
    for heard in together[::2]:
        alone = Driven(model, **EVERY_ROW).speak(heard.stream.request)[0]
        assert heard.reason == alone.reason == "limit"
        assert heard.sound.tobytes() == alone.sound.tobytes()


async def test_who_fails_leaves_nothing_in_its_row_and_pages(bent: Bent) -> None:
    """There are pages for two: the next sequence gets those of the one that failed, begun or not."""
    model = endless(bent(SPEAKER_OVERFLOW, torch.float16))
    fresh = Driven(model, **EVERY_ROW).speak(others()[0])[0]
    driven = Driven(model, **EVERY_ROW, kv_positions=128, prefix_positions=32)
    for _ in range(3):
        stays = driven.open(request("And so it went on.", limits=at_most(12)))
        driven.step(2)
        fails, leaves = driven.open(broken("Good evening. " * 3)), driven.open(broken("Good evening. " * 2))
        driven.step()
        leaves.cancel()
        driven.run()
        failure(fails)
        again = driven.speak(others()[0])[0]
        assert again.sound.tobytes() == fresh.sound.tobytes()
        assert stays.frames == 12
    assert driven.nothing_is_left


async def test_the_beginning_of_a_prompt_that_failed_is_not_kept(bent: Bent) -> None:
    driven = Driven(bent(SPEAKER_OVERFLOW, torch.float16))
    failure(driven.speak(broken())[0])
    assert driven.loop._memory.prefixes.held == 0
    driven.speak(others()[0])
    assert driven.loop._memory.prefixes.held > 0


# -- without an engine ------------------------------------------------------------------------------------------------


def test_the_plain_generator_fails_when_the_others_have_ended(bent: Bent) -> None:
    synthesizer = Synthesizer(bent(SPEAKER_OVERFLOW, torch.float16))
    pieces: dict[int, bytes] = {}

    def listen(speech: BatchSynthesisStream) -> None:
        for index, chunk in speech:
            pieces[index] = pieces.get(index, b"") + chunk.pcm

    speech = synthesizer.stream_batch([others()[0], broken(), others()[1]])
    with pytest.raises(SynthesisFailed, match=r"not finite in float16.*float32"):
        listen(speech)
    assert [end is None for end in speech.ends] == [False, True, False]
    assert list(pieces) == [0, 2]
    for index, one in zip((0, 2), others(), strict=True):
        alone = synthesizer.synthesize(one).pcm
        ours, theirs = (np.frombuffer(pcm, np.int16).astype(int) for pcm in (pieces[index], alone))
        assert np.abs(ours - theirs).max() <= 300  # float16 sums of other batches


@pytest.mark.parametrize("name", DAMAGES.values(), ids=DAMAGES)
def test_the_plain_generator_speaks_no_damage(bent: Bent, name: str) -> None:
    with pytest.raises(SynthesisFailed, match="models verify"):
        Synthesizer(bent(damaged(name), torch.float32)).synthesize(request())


def test_codes_of_a_damaged_codec_are_no_sound(bent: Bent) -> None:
    codec = bent(damaged(DAMAGES["codec"]), torch.float32).codec
    with pytest.raises(SynthesisFailed, match="not finite in float32"):
        codec.decode_audio(random_codes(3).tolist())


@pytest.mark.parametrize("name", ["speaker_encoder.fc.bias", "encoder.downsample.conv.weight"])
def test_no_voice_is_made_of_what_is_not_finite(checkpoints: Path, tmp_path: Path, name: str) -> None:
    model = load_model(bend(checkpoints / BASE, tmp_path / "bent", damaged(name)), CPU, torch.float32)
    audio = Audio(pcm=to_pcm(reference_audio()), sample_rate=24_000)
    with pytest.raises(SynthesisFailed, match="models verify"):
        clone_voice(model, audio, TRANSCRIPT)
