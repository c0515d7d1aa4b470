"""Synthesizer: text in, audio chunks out, with the plain generator. One caller at a time.

```python
synthesizer = Synthesizer.from_pretrained("models/Qwen3-TTS-12Hz-1.7B-CustomVoice")
with synthesizer.stream(SynthesisRequest(text="Good evening.", voice=PresetVoice("vivian"), language="en")) as speech:
    for chunk in speech:
        play(chunk.pcm)
```
"""

import secrets
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch

from qwen_tts.api import (
    Audio,
    AudioChunk,
    Capabilities,
    ClonedVoice,
    Guard,
    StreamEnd,
    SynthesisRequest,
    VoicePrompt,
)
from qwen_tts.audio.samples import to_pcm
from qwen_tts.checkpoint.capabilities import checkpoint_capabilities
from qwen_tts.checkpoint.clone import clone_voice
from qwen_tts.checkpoint.codec import Codec
from qwen_tts.checkpoint.model import LoadProgress, Model, default_device, default_dtype, load_model
from qwen_tts.checkpoint.precision import not_finite, warn_if_too_small
from qwen_tts.checkpoint.prompt import Prompt
from qwen_tts.checkpoint.voice_prompt import ReferenceVoice
from qwen_tts.config.engine import GuardConfig
from qwen_tts.config.expectations import Expectations
from qwen_tts.engine.expected_length import ExpectedLength
from qwen_tts.engine.listener import ListenerOptions, Pcm, SequenceListener, SpeechLevel, faded_out
from qwen_tts.errors import InvalidRequest, OutOfMemory, TextTooLong
from qwen_tts.offline.generator import GeneratedFrame, Generator, GeneratorRow
from qwen_tts.text.blanks import BLANKS
from qwen_tts.text.text_tokenizer import PreTokenizer

MAX_POSITIONS = 4096
"""Positions that one utterance may take: the prompt, then a frame each; about five minutes."""

MAX_BATCH = 64
"""Requests of one batch."""


class Synthesizer:
    """One checkpoint, ready to speak."""

    def __init__(self, model: Model, guards: GuardConfig | None = None) -> None:
        """`guards` against what the model does wrong, as the engine's, but for the second try."""
        self._model = model
        self._guards = guards or GuardConfig()

    @classmethod
    def from_pretrained(
        cls,
        directory: str | Path,
        *,
        device: str | torch.device | None = None,
        dtype: torch.dtype | None = None,
        pre_tokenizer: PreTokenizer = "qwen",
        guards: GuardConfig | None = None,
        progress: LoadProgress | None = None,
    ) -> Self:
        """Load a checkpoint directory as released.

        `device` defaults to CUDA, then MPS, then the CPU; `dtype` to bfloat16 where a CUDA card has it, else float32.
        Raises BadCheckpoint.
        """
        where = default_device() if device is None else torch.device(device)
        computes_in = dtype or default_dtype(where)
        model = load_model(Path(directory), where, computes_in, pre_tokenizer=pre_tokenizer, progress=progress)
        guards = guards or GuardConfig()
        warn_if_too_small(computes_in, model.config, Expectations.read(guards.expectations))
        return cls(model, guards)

    @property
    def codec(self) -> Codec:
        """Sound to codes and back."""
        return self._model.codec

    @property
    def capabilities(self) -> Capabilities:
        config, codec = self._model.config, self._model.codec.config
        return checkpoint_capabilities(config, codec, rows=MAX_BATCH, live_text="sentences")

    # -- speaking ---------------------------------------------------------------------------------------------------

    def stream(self, request: SynthesisRequest) -> "SynthesisStream":
        """Speak one request; nothing is computed until the first chunk is asked for. Raises InvalidRequest at once."""
        return SynthesisStream(self.stream_batch([request]))

    def stream_batch(self, requests: Sequence[SynthesisRequest]) -> "BatchSynthesisStream":
        """Speak several requests together, a frame of each at a time; every row sounds as if it were alone."""
        if not 1 <= len(requests) <= MAX_BATCH:
            raise InvalidRequest(f"a batch holds 1..{MAX_BATCH} requests, got {len(requests)}", param="requests")
        prompts = [self._prompt(request) for request in requests]
        return BatchSynthesisStream(self._model, requests, prompts, self._guards)

    def synthesize(self, request: SynthesisRequest) -> Audio:
        """The whole utterance."""
        return self.synthesize_batch([request])[0]

    def synthesize_batch(self, requests: Sequence[SynthesisRequest]) -> list[Audio]:
        """The whole utterances, in the order of the requests."""
        pieces: list[list[bytes]] = [[] for _ in requests]
        with self.stream_batch(requests) as speech:
            for index, chunk in speech:
                pieces[index].append(chunk.pcm)
        rate = self._model.codec.config.output_sample_rate
        return [Audio(pcm=b"".join(chunks), sample_rate=rate) for chunks in pieces]

    @torch.inference_mode()
    def _prompt(self, request: SynthesisRequest) -> Prompt:
        if request.live:
            raise InvalidRequest("the plain generator speaks whole text; leave live unset", param="live")
        reference = self._reference(request.voice.prompt) if isinstance(request.voice, ClonedVoice) else None
        prefix = self._model.prompts.prefix(request, reference)
        tokens = self._model.tokenizer.encode(request.text.strip(BLANKS))
        prompt = self._model.prompts.prompt(prefix, tokens, request.layout())
        if prompt.embeddings.shape[0] > MAX_POSITIONS:
            raise TextTooLong(
                f"text, instruction and reference take {prompt.embeddings.shape[0]} positions of {MAX_POSITIONS}",
                param="text",
            )
        return prompt

    # -- voices and codes -------------------------------------------------------------------------------------------

    def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        """The voice of 3 s or more of audio; without transcript only its speaker embedding.

        Raises BadReferenceAudio, and InvalidRequest if this checkpoint clones no voices or the transcript is no words.
        """
        return clone_voice(self._model, audio, transcript)

    def save_voice(self, prompt: VoicePrompt, directory: Path) -> None:
        """Keep a voice as prompt.safetensors and prompt.toml. Raises InvalidRequest, OSError."""
        self._reference(prompt).save(directory, created_by=self._model.name)

    def load_voice(self, directory: Path) -> VoicePrompt:
        """A voice that `save_voice` kept. Raises InvalidRequest if it is broken or of another size of model."""
        return VoicePrompt(ReferenceVoice.load(directory, **self._model.voice_geometry).to_bytes())

    def _reference(self, prompt: VoicePrompt) -> ReferenceVoice:
        return ReferenceVoice.from_bytes(prompt.data, **self._model.voice_geometry)


class BatchSynthesisStream:
    """Several utterances on their way: (index of the request, chunk), a chunk for each frame.

    Nothing is computed until the first chunk is asked for, and never more than the frames of one step ahead. Leaving
    the `with` block cancels. Where the numbers of an utterance are not finite it ends; SynthesisFailed is raised when
    the others have ended.
    """

    def __init__(
        self, model: Model, requests: Sequence[SynthesisRequest], prompts: Sequence[Prompt], guards: GuardConfig
    ) -> None:  # fmt: skip
        self._model = model
        codec, expectations = model.codec.config, Expectations.read(guards.expectations)
        frame_s = codec.samples_per_frame / codec.output_sample_rate
        self._length = ExpectedLength(expectations, guards, frame_s)
        listens_for = ListenerOptions.of(guards, expectations, model.config, frame_s)
        self._listeners = [SequenceListener(self._speech(request), listens_for) for request in requests]
        self._requests, self._prompts = requests, prompts
        self._generator: Generator | None = None
        self._sequences: list[GeneratorRow] = []
        self._ready: deque[GeneratedFrame] = deque()
        self._given = [0] * len(requests)
        self._is_cancelled = False
        self._synthesis_s = 0.0

    @property
    def ends(self) -> list[StreamEnd | None]:
        """How each utterance ended; None as long as it has not, and for one that failed."""
        return [self._end_of(row) for row in range(len(self._requests))]

    def _end_of(self, row: int) -> StreamEnd | None:
        reason = self._sequences[row].end if self._sequences else None
        if reason is None or reason == "failed":
            return None
        return StreamEnd(reason=reason, guards=self._guards_of(row), synthesis_s=self._synthesis_s)

    def _guards_of(self, row: int) -> dict[Guard, int]:
        """What they did."""
        sequence, listener = self._sequences[row], self._listeners[row]
        did: dict[Guard, bool] = {
            "length": sequence.end == "limit" and sequence.frames == self._text_frames(self._requests[row]),
            "silence": sequence.end == "complete" and listener.has_fallen_silent,
            "start": listener.dropped_frames > 0,
        }
        return {guard: 1 for guard, acted in did.items() if acted}

    def cancel(self) -> None:
        """End the work now: no further chunk. Idempotent."""
        self._is_cancelled = True
        self._ready.clear()
        self._generator = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.cancel()

    def __iter__(self) -> Iterator[tuple[int, AudioChunk]]:
        return self

    def __next__(self) -> tuple[int, AudioChunk]:
        while True:
            frame = self._next_frame()
            if (heard := self._listen(frame)) is not None:
                return frame.row, self._chunk(frame.row, heard)

    def _next_frame(self) -> GeneratedFrame:
        """Raises StopIteration after the last one, or why an utterance failed."""
        while not self._ready:
            if self._is_cancelled or (self._sequences and all(sequence.end for sequence in self._sequences)):
                self._raise_failure()
                raise StopIteration
            started = time.perf_counter()
            self._advance()
            self._synthesis_s += time.perf_counter() - started
        return self._ready.popleft()

    def _listen(self, frame: GeneratedFrame) -> Pcm | None:
        """What of it is heard. A sequence that has fallen silent ends here."""
        assert self._generator is not None
        sequence, listener = self._sequences[frame.row], self._listeners[frame.row]
        pcm = np.frombuffer(to_pcm(frame.samples.numpy()), np.int16)
        heard = listener.hear(pcm, text_is_read=sequence.has_read_its_text)
        if sequence.end is None and listener.has_fallen_silent:
            sequence.end = "complete"
            self._generator.close(frame.row)
        return heard if heard is None or sequence.end is None else faded_out(heard)

    def _raise_failure(self) -> None:
        if not self._is_cancelled and any(sequence.end == "failed" for sequence in self._sequences):
            raise not_finite(self._model.talker.dtype)

    def _advance(self) -> None:
        try:
            if self._generator is None:
                self._generator = self._open()
            self._ready.extend(self._generator.step())
        except torch.OutOfMemoryError as error:
            raise OutOfMemory(
                f"{len(self._requests)} utterances do not fit into the device's memory; speak fewer at once, or limit "
                "their length with limits.max_audio_s"
            ) from error

    def _open(self) -> Generator:
        limits = [self._max_frames(request) for request in self._requests]
        longest = max(prompt.embeddings.shape[0] + limit for prompt, limit in zip(self._prompts, limits, strict=True))
        generator = Generator(self._model, len(self._requests), min(longest, MAX_POSITIONS))
        for row, (request, prompt, limit) in enumerate(zip(self._requests, self._prompts, limits, strict=True)):
            seed = request.sampling.seed
            seed = secrets.randbits(63) if seed is None else seed
            rules = self._model.generation.rules(request.sampling)
            self._sequences.append(generator.open(row, prompt, rules, seed, limit))
        return generator

    def _speech(self, request: SynthesisRequest) -> SpeechLevel:
        speech = SpeechLevel()
        speech.expect(self._length.frames(request.text, request.language))
        return speech

    def _text_frames(self, request: SynthesisRequest) -> int:
        """That its text and the checkpoint allow."""
        tokens = len(self._model.tokenizer.encode(request.text.strip(BLANKS)))
        room = self._model.generation.max_frames(MAX_POSITIONS)
        return self._length.most(self._length.frames(request.text, request.language), tokens, room)

    def _max_frames(self, request: SynthesisRequest) -> int:
        most, length_s, codec = self._text_frames(request), request.limits.max_audio_s, self._model.codec.config
        if length_s is None:
            return most
        return max(1, min(most, round(length_s * codec.output_sample_rate) // codec.samples_per_frame))

    def _chunk(self, row: int, pcm: Pcm) -> AudioChunk:
        first = self._given[row]
        self._given[row] += len(pcm)
        rate = self._model.codec.config.output_sample_rate
        return AudioChunk(pcm=pcm.tobytes(), first_sample=first, sample_rate=rate)


class SynthesisStream:
    """One utterance on its way; see BatchSynthesisStream."""

    def __init__(self, batch: BatchSynthesisStream) -> None:
        self._batch = batch

    @property
    def end(self) -> StreamEnd | None:
        """Set once the utterance has ended by itself."""
        return self._batch.ends[0]

    def cancel(self) -> None:
        """End the work now: no further chunk. Idempotent."""
        self._batch.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.cancel()

    def __iter__(self) -> Iterator[AudioChunk]:
        return self

    def __next__(self) -> AudioChunk:
        return next(self._batch)[1]
