"""The engine's options: one definition for its arguments, a settings file and its documentation."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from qwen_tts.api import TextLayout
from qwen_tts.config.expectations import Expectations

Weights = Literal["auto", "bf16", "int8", "int4"]

NICE = 5
"""On a core that it shares with other work, that has three quarters, and speech one (docs/hardware.md)."""

LEAST_POSITIONS = 1_024
"""Of the cache, when it is made smaller to fit: 80 s of speech."""


def _unset_if_empty(value: object) -> object:
    """A settings file has no None."""
    return None if value == "" else value


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class LiveTextConfig(_Section):
    """When text that comes bit by bit is spoken."""

    start_tokens: int = Field(default=8, ge=1, le=64)
    """Speech begins with this many tokens, or with the end of a clause."""
    pause_s: float = Field(default=0.3, ge=0, le=60)
    """After this long without text, a finished sentence is spoken to its end."""
    span_tokens: int = Field(default=160, ge=16, le=4_096)
    """A longer text is spoken in parts of about this many tokens (some 50 s of speech), divided between sentences."""


class GuardConfig(_Section):
    """Against what the model does wrong now and then. Each can be switched off."""

    length_factor: float | None = Field(default=4, ge=0)
    """Speech that does not end is stopped at this many times the length that is expected of its text. 0: never."""
    spare_s: float = Field(default=4.0, ge=0.2)
    """Seconds that a text may take besides."""
    silence_s: float | None = Field(default=4.0, ge=0)
    """A silence, or room tone, of this length after all of the text was read is the end of speech. 0: never."""
    quiet_db: float | None = Field(default=20, ge=0)
    """Room tone is what lies so far below the utterance's own speech; what is below -50 dBFS is silence anyway. 0: that
    alone."""
    retry: bool = True
    """What did not end, or said nothing, is spoken once more with another seed, if nobody has heard it yet."""
    start_frames: int | None = Field(default=None, ge=0, le=25)
    """Frames of noise before the first word that are left out, as long as they are as quiet as the table of
    expectations says; by default as many as it says of the checkpoint. 0: none."""
    expectations: Path | None = None
    """A file that corrects the table of how long speech takes and what is known of each checkpoint, such as
    `qwen3tts-daemon check` writes."""
    reference_tail_s: float = Field(default=0.5, ge=0, le=5)
    """Silence put after a reference audio, so that speech does not begin with an echo of its end."""

    @field_validator("length_factor", "silence_s", "quiet_db")
    @classmethod
    def _zero_is_never(cls, value: float | None) -> float | None:
        return value or None

    @field_validator("start_frames", "expectations", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return _unset_if_empty(value)

    @field_validator("expectations")
    @classmethod
    def _check_expectations(cls, value: Path | None) -> Path | None:
        """A file that cannot be used is told of at once, with its name and field."""
        if value is not None:
            Expectations.read(value)
        return value


class EngineOptions(_Section):
    """How a checkpoint is run."""

    device: str | None = Field(default=None, pattern=r"^(cuda(:[0-9]+)?|mps|cpu)$")
    """cuda, mps or cpu, or one card of several, such as cuda:1; by default the first that is there."""
    dtype: Literal["bfloat16", "float16", "float32"] | None = None
    """Of talker and code predictor; by default bfloat16 where an NVIDIA card has it, else float32. float16 is for cards
    without bfloat16 and little memory: checkpoints of 0.6B have numbers that it cannot hold, and what they say then
    fails. The log warns of those that are known; 1.7B is said to fit."""
    weights: Weights = "auto"
    """Of talker and code predictor. int8 and int4 take a half and a quarter of the memory of 16 bits, and less time to
    read, on a CPU by the package openvino, on an NVIDIA card by kernels of our own; what is said changes, and nobody
    has judged it by ear. bf16: as the release has them, computed in bfloat16: on a card as ever, on a CPU by PyTorch,
    in half the memory of float32. auto: in `dtype`."""
    cache_dir: Path | None = None
    """Where weights of 8 or 4 bits are kept for the next start, as large as they are in memory; by default the daemon's
    own directory, and without a daemon nowhere."""
    threads: int | None = Field(default=None, ge=1)
    """Of the CPU, where the model runs on it; by default one for each fast core that this process may use."""
    nice: int = Field(default=NICE, ge=0, le=19)
    """Where the model runs on the CPU: how far it gives way to other work, from 0, not at all, to 19."""
    rows: int = Field(default=16, ge=1, le=64)
    """Utterances spoken at once."""
    queue: int = Field(default=64, ge=0)
    """Utterances that may wait for a row; those of one client at most half of it."""
    kv_positions: int = Field(default=16_384, ge=64)
    """Positions of the talker's cache, shared by all rows: 112 KiB each in 16 bits, twice that in float32."""
    row_positions: int = Field(default=4_096, ge=64, le=32_768)
    """Positions that one utterance may take: its prompt, then one for each frame of 80 ms."""
    prefix_positions: int = Field(default=4_096, ge=0)
    """Positions of the cache that may keep the beginnings of prompts, for the next utterance of the same voice."""
    attention: Literal["auto", "triton", "flash", "sdpa"] = "auto"
    """triton: kernels of our own, on CUDA; flash: the package flash-attn, on CUDA; sdpa: PyTorch's, anywhere. auto:
    triton where it runs, else flash if it is installed and runs, else sdpa."""
    buckets: tuple[int, ...] | None = None
    """Numbers of rows that a step may have; by default 1, 2, 4, ... and `rows`. The same seed in a step of the same
    number gives the same sound, to the bit."""
    graphs: bool = True
    """Capture a frame as one CUDA graph, on CUDA."""
    pre_tokenizer: Literal["qwen", "mistral"] = "qwen"
    """How texts are cut into tokens; mistral is what the official package does with a local directory."""
    text_layout: TextLayout = "auto"
    """How a text is read if the request does not say: "whole": before its first sound, of a live text each sentence;
    "streaming": a token beside each frame of sound, which in cloned voices is heard as hurried; "auto": whole, and live
    text as it comes."""
    live_text: LiveTextConfig = LiveTextConfig()
    guards: GuardConfig = GuardConfig()

    def smaller(self) -> Self | None:
        """With half of what was not asked for and takes memory; None if there is nothing to save."""
        halves = {"rows": max(1, self.rows // 2), "kv_positions": max(LEAST_POSITIONS, self.kv_positions // 2)}
        asked = self.model_fields_set | ({"rows"} if self.buckets is not None else set())
        changes = {name: half for name, half in halves.items() if name not in asked and half < getattr(self, name)}
        # A plain copy would take the halves for asked for.
        return self.model_construct(self.model_fields_set, **dict(self) | changes) if changes else None

    @field_validator("device", "dtype", "cache_dir", "threads", "buckets", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return _unset_if_empty(value)

    @model_validator(mode="after")
    def _check_buckets(self) -> Self:
        if self.buckets is not None and (min(self.buckets, default=0) < 1 or max(self.buckets) != self.rows):
            raise ValueError(f"buckets must be positive, and the largest must be rows, {self.rows}")
        return self

    @property
    def step_sizes(self) -> tuple[int, ...]:
        """The buckets in order."""
        if self.buckets is not None:
            return tuple(sorted(set(self.buckets)))
        return (*(size for size in (1, 2, 4, 8, 16, 32) if size < self.rows), self.rows)


class EngineConfig(EngineOptions):
    """One checkpoint, and how it is run."""

    checkpoint: Path
    """A checkpoint directory as released."""
