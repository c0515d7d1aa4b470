"""A golden case spoken by our generator, and how close it must be to what was recorded from the official package."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qwen_tts.api import (
    ClonedVoice,
    CodePredictorSampling,
    DesignedVoice,
    PresetVoice,
    Sampling,
    SynthesisRequest,
    Voice,
    VoicePrompt,
)
from qwen_tts.audio.reference_audio import ReferenceAudio
from qwen_tts.checkpoint.model import Model
from qwen_tts.checkpoint.prompt import Prompt
from qwen_tts.checkpoint.voice_prompt import ReferenceVoice
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.offline.generator import Generator
from qwen_tts.runtime.sampling import OfficialRandom
from tests.golden.cases import FRAMES, REFERENCE_RATE, Case, reference_audio

GOLDEN = Path(__file__).parents[1] / "golden"
ISO = {one.release_name: one.code for one in LANGUAGES.values()} | {"auto": "auto"}


def reference(rate: int = REFERENCE_RATE) -> ReferenceAudio:
    return ReferenceAudio.from_samples(reference_audio(rate=rate), rate)


def reference_voice(model: Model, transcript: str | None) -> ReferenceVoice:
    audio, embed = reference(), model.embed_speaker
    assert embed is not None
    return ReferenceVoice(
        speaker_embedding=embed(audio),
        codes=None if transcript is None else model.codec.encode(audio.samples),
        transcript=transcript or "",
        source_sha256=audio.source_sha256,
        duration_s=audio.duration_s,
    )


def voice_of(case: Case, row: int, model: Model) -> tuple[Voice, ReferenceVoice | None]:
    if case.speakers:
        return PresetVoice(case.speakers[row]), None
    if case.checkpoint.endswith("VoiceDesign"):
        return DesignedVoice(case.instructs[row]), None
    voice = reference_voice(model, case.transcript)
    return ClonedVoice(VoicePrompt(voice.to_bytes())), voice


def sampling_of(case: Case) -> Sampling:
    if case.seed is None:
        return Sampling(temperature=0, code_predictor=CodePredictorSampling(temperature=0))
    own = {key: value for key, value in case.sampling.items() if not key.startswith("subtalker_")}
    predictor = {key.removeprefix("subtalker_"): value for key, value in case.sampling.items() if key not in own}
    return Sampling(**own, code_predictor=CodePredictorSampling(**predictor))


@torch.inference_mode()
def prompts_of(case: Case, model: Model) -> Iterator[Prompt]:
    for row, text in enumerate(case.texts):
        voice, reference = voice_of(case, row, model)
        instruct = case.instructs[row] if case.speakers and case.instructs else ""
        request = SynthesisRequest(text=text, voice=voice, language=ISO[case.languages[row].lower()], instruct=instruct)
        prefix = model.prompts.prefix(request, reference)
        yield model.prompts.prompt(prefix, model.tokenizer.encode(text), case.text_layout)


class Speaking:
    """A case spoken by our generator, with what went through the talker's head."""

    def __init__(self, case: Case, model: Model, asked: Sampling | None = None) -> None:
        """`asked`: what a request names of sampling, instead of what the case does."""
        rules = model.generation.rules(asked or sampling_of(case))
        self.prompts = list(prompts_of(case, model))
        rows = len(self.prompts)
        self.codes: dict[int, list[Tensor]] = defaultdict(list)
        self.samples: dict[int, list[Tensor]] = defaultdict(list)
        self.hidden: list[Tensor] = []
        self.logits: list[Tensor] = []
        head = model.talker.codec_head.register_forward_hook(self._note)
        random = None if case.seed is None else OfficialRandom(case.seed)
        generator = Generator(model, rows, positions=128, random=random)
        sequences = [generator.open(row, prompt, rules, 0, FRAMES) for row, prompt in enumerate(self.prompts)]
        while not all(sequence.end for sequence in sequences):
            for frame in generator.step():
                self.codes[frame.row].append(frame.codes)
                self.samples[frame.row].append(frame.samples)
        head.remove()

    def _note(self, _: object, inputs: tuple[Tensor], logits: Tensor) -> None:
        self.hidden.append(inputs[0])
        self.logits.append(logits)


def close(ours: Tensor, official: NDArray[np.float32], tolerance: float = 1e-5) -> None:
    torch.testing.assert_close(ours.float(), torch.from_numpy(official.copy()), atol=tolerance, rtol=tolerance)


def close_wave(ours: Tensor, official: NDArray[np.float32]) -> None:
    """The official package cuts the reference off by a rounded share of the whole, which can leave a sample of it."""
    surplus = len(official) - len(ours)
    assert surplus in (0, 1)
    close(ours, official[surplus:])
