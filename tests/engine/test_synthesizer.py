"""What a caller of the plain generator relies on."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import qwen_tts
from benchmarks.random_checkpoint import write_checkpoint
from qwen_tts import (
    BadReferenceAudio,
    ClonedVoice,
    DesignedVoice,
    InvalidRequest,
    Limits,
    PresetVoice,
    Sampling,
    SynthesisRequest,
    Synthesizer,
    UnsupportedLanguage,
)
from qwen_tts.api import Audio
from qwen_tts.audio.samples import from_pcm, to_pcm
from qwen_tts.checkpoint.prompt_file import read_prompt
from tests.engine.conftest import Load
from tests.engine.driven import CANNOT_BE_SPOKEN
from tests.golden.cases import BASE, CUSTOM, DESIGN, SMALL_CUSTOM, TRANSCRIPT, reference_audio

SHORT = Limits(max_audio_s=0.48)


@pytest.fixture(scope="module")
def custom(load: Load) -> Synthesizer:
    return Synthesizer(load(CUSTOM))


def request(text: str = "Hello there, world.", **fields: object) -> SynthesisRequest:
    return SynthesisRequest(
        **{"text": text, "voice": PresetVoice("vivian"), "limits": SHORT, "sampling": Sampling(seed=3)} | fields  # type: ignore[arg-type]
    )


def test_the_stream_joined_is_the_whole(custom: Synthesizer) -> None:
    with custom.stream(request()) as speech:
        chunks = list(speech)
    assert [chunk.first_sample for chunk in chunks] == [1920 * index for index in range(len(chunks))]
    assert all((chunk.samples, chunk.sample_rate) == (1920, 24_000) for chunk in chunks)
    whole = custom.synthesize(request())
    assert b"".join(chunk.pcm for chunk in chunks) == whole.pcm
    assert speech.end is not None
    assert speech.end.reason == "limit"
    assert speech.end.synthesis_s > 0
    assert whole.duration_s == pytest.approx(0.48)


def test_a_batch_sounds_as_each_alone(custom: Synthesizer) -> None:
    requests = [
        request(),
        request("Ja.", voice=PresetVoice("ryan"), language="de", limits=Limits(max_audio_s=0.24)),
        request("其实我真的有发现。", voice=PresetVoice("eric"), sampling=Sampling(seed=9, temperature=1.2)),
    ]
    for together, one in zip(custom.synthesize_batch(requests), requests, strict=True):
        samples, alone = from_pcm(together.pcm), from_pcm(custom.synthesize(one).pcm)
        assert np.abs(samples - alone).max() <= 2**-15  # float32 sums in another order, rounded to 16 bits


def test_without_a_seed_every_utterance_is_another(custom: Synthesizer) -> None:
    unseeded = request(sampling=Sampling())
    assert custom.synthesize(unseeded) != custom.synthesize(unseeded)


def test_leaving_the_stream_cancels(custom: Synthesizer) -> None:
    with custom.stream(request()) as speech:
        next(speech)
    assert list(speech) == []
    assert speech.end is None
    speech.cancel()


def test_leading_and_trailing_blanks_are_not_spoken(custom: Synthesizer) -> None:
    for blanks in ("\n ", "\u00a0", "\u3000\u200b"):
        assert custom.synthesize(request(f"{blanks}Hello there, world.{blanks}")) == custom.synthesize(request())


def test_both_text_layouts_speak_and_differ(custom: Synthesizer) -> None:
    whole, streaming = (custom.synthesize(request(text_layout=layout)) for layout in ("whole", "streaming"))
    assert custom.synthesize(request()) == whole != streaming


def test_every_speaker_with_every_language(custom: Synthesizer) -> None:
    """All nine of them, dialects included."""
    one_frame = Limits(max_audio_s=0.08)
    voices, languages = custom.capabilities.voices, (*custom.capabilities.languages, "auto")
    assert (len(voices), len(languages)) == (9, 11)
    batch = [
        request("Ja.", voice=PresetVoice(voice.name.upper()), language=language, limits=one_frame)
        for voice in voices
        for language in languages
    ]
    for start in range(0, len(batch), 64):
        spoken = custom.synthesize_batch(batch[start : start + 64])
        assert all(audio.duration_s == pytest.approx(0.08) for audio in spoken)


@pytest.mark.parametrize(
    ("fields", "error", "param"),
    [*CANNOT_BE_SPOKEN, ({"text": "", "live": True}, InvalidRequest, "live")],
)
def test_what_cannot_be_spoken_is_refused_at_once(
    custom: Synthesizer, fields: dict[str, object], error: type[InvalidRequest], param: str
) -> None:
    with pytest.raises(error) as refused:
        custom.stream(request(**fields))
    assert refused.value.param == param


def test_what_one_checkpoint_cannot_do_another_can(load: Load, custom: Synthesizer) -> None:
    small, design = Synthesizer(load(SMALL_CUSTOM)), Synthesizer(load(DESIGN))
    with pytest.raises(InvalidRequest, match="takes no instruction"):
        small.stream(request(instruct="Angry."))
    custom.stream(request(instruct="Angry."))
    with pytest.raises(InvalidRequest, match="the description is empty"):
        design.stream(request(voice=DesignedVoice(" ")))
    child = design.synthesize(request(voice=DesignedVoice("A child.")))
    assert child != design.synthesize(request(voice=DesignedVoice("An old man.")))
    with pytest.raises(InvalidRequest, match="clones no voices"):
        custom.encode_reference(Audio(pcm=to_pcm(reference_audio()), sample_rate=24_000), None)


def test_a_language_that_the_checkpoint_lacks_is_said(checkpoints: Path, tmp_path: Path) -> None:
    directory = shutil.copytree(checkpoints / DESIGN, tmp_path / "poorer")
    config = json.loads((directory / "config.json").read_text())
    del config["talker_config"]["codec_language_id"]["korean"]
    (directory / "config.json").write_text(json.dumps(config))
    poorer = Synthesizer.from_pretrained(directory, device="cpu")
    assert "ko" not in poorer.capabilities.languages
    with pytest.raises(UnsupportedLanguage, match="does not speak korean"):
        poorer.stream(request(voice=DesignedVoice("A child."), language="ko"))


def test_a_cloned_voice_with_and_without_its_words(load: Load) -> None:
    base = Synthesizer(load(BASE))
    audio = Audio(pcm=to_pcm(reference_audio()), sample_rate=24_000)
    spoken = [
        base.synthesize(request(voice=ClonedVoice(base.encode_reference(audio, transcript))))
        for transcript in (TRANSCRIPT, None)
    ]
    assert spoken[0] != spoken[1]
    for transcript in ("", "word " * 1000):
        with pytest.raises(InvalidRequest) as refused:
            base.encode_reference(audio, transcript)
        assert refused.value.param == "transcript"


def test_a_batch_has_a_size(custom: Synthesizer) -> None:
    for size in (0, 65):
        with pytest.raises(InvalidRequest, match=r"a batch holds 1\.\.64 requests"):
            custom.stream_batch([request()] * size)


def test_the_package_needs_no_torch_until_it_speaks() -> None:
    check = (
        "import sys, qwen_tts; assert not {'torch', 'numpy', 'tokenizers'} & set(sys.modules); "
        "qwen_tts.Synthesizer; assert 'torch' in sys.modules and 'transformers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", check], check=True)
    assert all(hasattr(qwen_tts, name) for name in qwen_tts.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Engines'"):
        _ = qwen_tts.Engines


@pytest.mark.parametrize("frames", [1, 3, 29, 57])
def test_a_limit_in_seconds_is_that_many_frames(frames: int, tmp_path: Path, text_tokenizer_files: Path) -> None:
    """Floating point loses none: 2.32 s are 29 frames."""
    write_checkpoint(CUSTOM, tmp_path, text_tokenizer=text_tokenizer_files, endless=True)
    endless = Synthesizer.from_pretrained(tmp_path, device="cpu")
    spoken = endless.synthesize(request(limits=Limits(max_audio_s=frames * 0.08)))
    assert len(spoken.pcm) == frames * 1920 * 2


def test_words_and_recording_must_be_of_one_length(load: Load) -> None:
    base = Synthesizer(load(BASE))
    audio = Audio(pcm=to_pcm(reference_audio(seconds=31)), sample_rate=24_000)
    with pytest.raises(BadReferenceAudio, match="cut both, or leave the transcript out"):
        base.encode_reference(audio, TRANSCRIPT)
    base.encode_reference(audio, None)


def test_long_silence_before_the_words_is_no_part_of_the_voice(load: Load) -> None:
    base = Synthesizer(load(BASE))
    spoken = to_pcm(reference_audio(seconds=4))
    audio = Audio(pcm=bytes(2 * 24_000 * 35) + spoken + bytes(2 * 24_000 * 20), sample_rate=24_000)
    prompt = read_prompt(base.encode_reference(audio, TRANSCRIPT).data)
    assert prompt.card.transcript == TRANSCRIPT
    assert 4 <= prompt.card.duration_s < 5.1
