"""One checkpoint, stage after stage: a stage that fails is told, what was measured stays, and the next one runs."""

import asyncio
import logging
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import get_args

import torch

from qwen_tts.api import PCM_BYTES, Audio, Capabilities, ClonedVoice, SettledLayout, SynthesisRequest, VoicePrompt
from qwen_tts.audio.bounds import LONGEST_S, SHORTEST_S
from qwen_tts.audio.sound_file import write_sound
from qwen_tts.check.identity import identity
from qwen_tts.check.options import CheckOptions
from qwen_tts.check.privacy import told
from qwen_tts.check.progress import Work
from qwen_tts.check.report import CheckpointReport, Likeness, Problem, Recognised
from qwen_tts.check.sentences import QUICK, sentences
from qwen_tts.check.stages import takes as figures
from qwen_tts.check.stages.fidelity import Sample, codec_fidelity
from qwen_tts.check.stages.likeness import cosine, embedding, somebody_else
from qwen_tts.check.stages.official import Case, beside_official
from qwen_tts.check.stages.plain import Text
from qwen_tts.check.stages.plan import Planned, plan
from qwen_tts.check.stages.precision import DTYPES, precisions
from qwen_tts.check.stages.recogniser import NotHeard, Recogniser
from qwen_tts.check.stages.speaking import RecordedEngine, Take, recorded_engine
from qwen_tts.check.stages.voices import Recording, Speaker, speakers
from qwen_tts.checkpoint.capabilities import checkpoint_capabilities
from qwen_tts.checkpoint.model import load_codec, load_model
from qwen_tts.checkpoint.voice_prompt import ReferenceVoice
from qwen_tts.config.checkpoint import CODEC_DIRECTORY, read_checkpoint_config, read_codec_config
from qwen_tts.config.engine import EngineConfig
from qwen_tts.config.expectations import Expectations
from qwen_tts.errors import SynthesisError
from qwen_tts.runtime.backends import device_and_dtype
from qwen_tts.stream import SpeechEngine

logger = logging.getLogger(__name__)

_KV_POSITIONS = 8_192
"""Of the cache where the settings name none: one text at a time is spoken."""
_FRAMES, _QUICK_FRAMES = 50, 12
"""Of a text that is spoken in plain PyTorch"""
_COMPARED = 8
"""Utterances whose sound is compared with float32's"""
_MOST_UNHEARD = 3
"""Failures of a recogniser, one after the other, after which it is not asked again"""
_FRAME_S = 0.08
_LAYOUTS: tuple[SettledLayout, ...] = get_args(SettledLayout)


class CheckpointCheck:
    """Fills `report`."""

    recording: Recording | None = None
    """Whose voice it clones, if it does"""
    other: Audio | None = None
    """Somebody else; None: the recording played faster"""

    def __init__(self, directory: Path, options: CheckOptions, table: Expectations) -> None:
        """Raises BadCheckpoint."""
        self.report = CheckpointReport(identity=identity(directory))
        self._directory, self._options, self._table = directory, options, table
        self._config = read_checkpoint_config(directory)
        self._codec = read_codec_config(directory / CODEC_DIRECTORY)
        self._rate = self._codec.output_sample_rate
        asked = {"kv_positions": _KV_POSITIONS, **options.engine, "rows": 1, "buckets": None}
        self._engine = EngineConfig(checkpoint=directory, **asked)
        self._device, dtype = device_and_dtype(self._engine)
        self.report.device, self.report.dtype = self._device.type, str(dtype).removeprefix("torch.")
        self._takes: list[Take] = []
        self._prompt: VoicePrompt | None = None
        self._embedding_prompt: VoicePrompt | None = None

    # -- what there is to do ----------------------------------------------------------------------------------------

    @property
    def capabilities(self) -> Capabilities:
        return checkpoint_capabilities(self._config, self._codec, rows=1, live_text="words")

    @property
    def clones(self) -> bool:
        return self._config.voice_kind == "cloned"

    @cached_property
    def planned(self) -> list[Planned]:
        return plan(self._options, self.capabilities.languages)

    @property
    def work(self) -> float:
        """In seconds of speech."""
        plain_s = self._plain_frames * _FRAME_S * len(self._plain_names)
        listening_s = len(self.planned) if self._options.recogniser else 0
        official_s = 2 * plain_s if self._options.official else 0
        return sum(map(self._expected_s, self.planned)) + plain_s * len(DTYPES) + official_s + listening_s

    def _expected_s(self, planned: Planned) -> float:
        return self._table.seconds(planned.text, planned.language)

    # -- the stages -------------------------------------------------------------------------------------------------

    def run(self, work: Work) -> None:
        """All stages. KeyboardInterrupt ends it with what there is."""
        name = self.report.identity.name
        try:
            with self._stage(work, f"{name}: speaking"):
                asyncio.run(self._speak(work))
        finally:
            with self._stage(work, f"{name}: measuring"):
                self._measure_takes()
        if not self._takes:
            return
        with self._stage(work, f"{name}: sound beside float32"):
            self._compare_sound()
        with self._stage(work, f"{name}: dtypes"):
            self._try_dtypes(work)
        if self._options.official is not None:
            with self._stage(work, f"{name}: official package"):
                self._ask_official(Path(self._options.official), work)
        if self._options.recogniser is not None:
            with self._stage(work, f"{name}: recogniser"):
                self._listen(Recogniser(self._options.recogniser), work)

    @contextmanager
    def _stage(self, work: Work, what: str) -> Iterator[None]:
        work.begin(what)
        try:
            yield
        except Exception as error:  # the edge of a stage: the others run all the same
            logger.log(logging.DEBUG if isinstance(error, SynthesisError) else logging.ERROR, "%s", what, exc_info=True)
            code = error.code if isinstance(error, SynthesisError) else "failed"
            stage = what.rpartition(": ")[2]
            message = f"{stage} failed: {told(error, self._directory)}"
            self.report.failures.append(Problem(code=code, message=message))

    async def _speak(self, work: Work) -> None:
        started = time.perf_counter()
        async with recorded_engine(self._engine) as recorded:
            self.report.load_s = time.perf_counter() - started
            await self._clone(recorded.engine)
            for planned in self.planned:
                await self._speak_one(recorded, planned, work)
            if self.clones and self.recording is not None:
                self.report.likeness = await self._likeness(recorded.engine, self.recording)

    async def _clone(self, engine: SpeechEngine) -> None:
        if self.clones and self.recording is not None:
            audio, transcript, _ = self.recording
            self._embedding_prompt = await engine.encode_reference(audio, None)
            self._prompt = self._embedding_prompt
            if transcript is not None:
                self._prompt = await engine.encode_reference(audio, transcript)

    @cached_property
    def _speakers(self) -> dict[str, Speaker]:
        """By language."""
        return speakers(self.capabilities, self.capabilities.languages, self._prompt)

    async def _speak_one(self, recorded: RecordedEngine, planned: Planned, work: Work) -> None:
        expected_s, speaker = self._expected_s(planned), self._speakers[planned.language]
        take = await recorded.speak(planned, speaker.voice, expected_s)
        self._takes.append(take)
        self.report.utterances.append(figures.utterance(take, speaker.label, expected_s, self._rate))
        work.done(expected_s)

    async def _likeness(self, engine: SpeechEngine, recording: Recording) -> Likeness | None:
        pcm = b"".join(take.pcm for take in self._takes if take.planned.mode == "whole")
        spoken = Audio(pcm=pcm[: round(LONGEST_S * self._rate) * PCM_BYTES], sample_rate=self._rate)
        if spoken.duration_s < SHORTEST_S:
            self.report.not_measured.append(f"likeness of the cloned voice: only {spoken.duration_s:.1f} s were spoken")
            return None
        other = self.other or somebody_else(recording.audio)
        size = self._codec.decoder.codebook_size
        voices = [await embedding(engine, audio, size) for audio in (spoken, recording.audio, other)]
        return Likeness(
            reference=recording.source, to_reference=cosine(voices[0], voices[1]), to_other=cosine(voices[0], voices[2])
        )

    def _measure_takes(self) -> None:
        whole = [take for take in self._takes if take.planned.mode == "whole"]
        for label in sorted({speaker.label for speaker in self._speakers.values()} if whole else ()):
            own = [take for take in whole if self._speakers[take.planned.language].label == label]
            self.report.starts.append(figures.start(own, label, self._codec.samples_per_frame))
        for take in self._takes:
            if (found := figures.seams(take, "/".join(take.planned), self._rate)) is not None:
                self.report.seams.append(found)

    def _compare_sound(self) -> None:
        reference = self._reference(self._prompt)
        codes = None if reference is None else reference.codes
        parts = [part for take in self._takes for part in take.parts[:1] if part.codes]
        step = max(1, len(parts) // _COMPARED)
        codec = load_codec(self._directory, self._device)
        found = codec_fidelity(codec, [Sample(part, codes) for part in parts[::step][:_COMPARED]])
        self.report.fidelity = found
        if found is None:
            self.report.not_measured.append("sound beside float32: nothing was spoken")

    def _try_dtypes(self, work: Work) -> None:
        texts = [self._plain_text(name, self._prompt) for name in self._plain_names]
        for found in precisions(self._directory, self._device, texts, self._plain_frames):
            self.report.precisions.append(found)
            work.done(self._plain_frames * _FRAME_S * len(texts))

    def _ask_official(self, python: Path, work: Work) -> None:
        # With a directory of its own, the official package cuts texts as mistral does.
        model = load_model(self._directory, self._device, torch.float32, pre_tokenizer="mistral")
        texts = [self._plain_text(name, self._embedding_prompt) for name in self._plain_names]
        cases = [Case(text, layout, self._plain_frames) for text in texts for layout in _LAYOUTS]
        with tempfile.TemporaryDirectory() as folder:
            wav = Path(folder) / "reference.wav"
            if self.recording is not None:
                write_sound(wav, self.recording.audio.pcm, self.recording.audio.sample_rate)
            found = beside_official(python, self._directory, model, cases, str(wav))
        self.report.official = found
        if found.missing:
            self.report.failures.append(Problem(code="official", message=f"the official package: {found.missing}"))
        work.done(self._plain_frames * _FRAME_S * len(cases))

    def _listen(self, recogniser: Recogniser, work: Work) -> None:
        unheard: list[str] = []
        for take, spoken in zip(self._takes, self.report.utterances, strict=False):
            work.done(1)
            if not take.pcm or len(unheard) >= _MOST_UNHEARD:
                continue
            try:
                rates = recogniser.error_rates(take.pcm, self._rate, take.planned.text, take.planned.language)
            except NotHeard as error:
                unheard.append(str(error))
            else:
                unheard.clear()
                self.report.recognised.append(Recognised(utterance=spoken.name, rates=rates))
        if unheard:
            self.report.failures.append(Problem(code="recogniser", message=f"the recogniser {unheard[-1]}"))

    # -- what the stages share --------------------------------------------------------------------------------------

    @property
    def _plain_frames(self) -> int:
        return _QUICK_FRAMES if self._options.quick else _FRAMES

    @property
    def _plain_names(self) -> Sequence[str]:
        """Texts that are spoken in plain PyTorch."""
        return QUICK[:1] if self._options.quick else QUICK

    def _plain_text(self, name: str, prompt: VoicePrompt | None) -> Text:
        """In the first language that was spoken."""
        language = self.planned[0].language
        voice = ClonedVoice(prompt) if prompt is not None else self._speakers[language].voice
        request = SynthesisRequest(text=sentences()[language][name], voice=voice, language=language)
        return Text(name, request, self._reference(prompt))

    def _reference(self, prompt: VoicePrompt | None) -> ReferenceVoice | None:
        if prompt is None:
            return None
        talker = self._config.talker
        return ReferenceVoice.from_bytes(
            prompt.data, hidden_size=talker.hidden_size, codebooks=talker.codebooks,
            codebook_size=self._codec.decoder.codebook_size,
        )  # fmt: skip

    def spoken_recording(self) -> Recording | None:
        """Of what was spoken, for a checkpoint that clones: texts of one voice, until they are long enough."""
        pcm, words = b"", []
        for take in (take for take in self._takes if take.is_complete):
            if take.planned.mode == "whole" and take.planned.language == self.planned[0].language:
                pcm += take.pcm
                words.append(take.planned.text)
            audio = Audio(pcm=pcm, sample_rate=self._rate)
            if audio.duration_s >= SHORTEST_S:
                return Recording(audio, " ".join(words), "another checkpoint") if audio.duration_s < LONGEST_S else None
        return None
