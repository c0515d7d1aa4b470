"""The figures of a check as plain values; what stands here is the report file's JSON.

Nothing in it is private: texts go by their names, voices by the release's names, checkpoints by their folder's.
"""

from typing import Any, Literal

import msgspec

from qwen_tts.api import SettledLayout
from qwen_tts.check.measures.codes import Parting
from qwen_tts.check.measures.first_frames import FirstFrame
from qwen_tts.check.measures.recognition import ErrorRates
from qwen_tts.check.measures.seams import Seam
from qwen_tts.check.measures.sound import Level, Silences

Mode = Literal["whole", "live"]


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What it ran on."""

    system: str
    cpu: str
    cores: int
    card: str | None
    card_memory_mib: int | None
    versions: dict[str, str]


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Which checkpoint it is."""

    name: str
    kind: str
    size: str
    config_sha256: str
    file_bytes: dict[str, int]


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """One text, spoken once."""

    language: str
    text: str
    """Its name"""
    mode: Mode
    voice: str
    seed: int
    end: str
    """complete, limit, or the code of an error"""
    guards: tuple[str, ...] = ()
    """Those that had to act: length, silence, retry, start"""
    parts: int = 0
    audio_s: float = 0.0
    expected_s: float = 0.0
    seconds_per_character: float = 0.0
    synthesis_s: float = 0.0
    level: Level | None = None
    silences: Silences | None = None

    @property
    def name(self) -> str:
        return f"{self.language}/{self.text}/{self.mode}"

    @property
    def spoken_s(self) -> float:
        """Without the silence before and after."""
        quiet = self.silences
        return self.audio_s if quiet is None else max(0.0, self.audio_s - quiet.start_s - quiet.end_s)


class Recognised(msgspec.Struct, frozen=True, kw_only=True):
    """What a recogniser made of an utterance."""

    utterance: str
    rates: ErrorRates


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """What utterances of one voice begin with."""

    voice: str
    utterances: int
    frames: list[FirstFrame]
    start_frames: int
    """That could be dropped"""


class SeamsOf(msgspec.Struct, frozen=True, kw_only=True):
    """Where the parts of a long text meet."""

    utterance: str
    seams: list[Seam]


class Precision(msgspec.Struct, frozen=True, kw_only=True):
    """The checkpoint in one dtype, in plain PyTorch, greedy."""

    dtype: str
    missing: str = ""
    """Why it could not be tried"""
    is_finite: bool = True
    largest: float | None = None
    """Of all inputs and outputs of its layers; None: not finite"""
    where: str = ""
    """The layer that has it, or the first that is not finite"""
    frames: int = 0
    """That float32 has; 0: there is nothing to compare with"""
    same_frames: int = 0
    """As float32 has them, before they part"""


class CodecFidelity(msgspec.Struct, frozen=True, kw_only=True):
    """The sound that was played beside float32's of the same codes."""

    utterances: int
    seconds: float
    least_snr_db: float
    median_snr_db: float


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """Cosines of the checkpoint's own speaker embeddings."""

    reference: str
    """Where the voice comes from"""
    to_reference: float
    to_other: float
    """Somebody else"""


class OfficialCase(msgspec.Struct, frozen=True, kw_only=True):
    """Greedy codes of one text, beside those of the official package."""

    language: str
    text: str
    layout: SettledLayout
    frames: int
    parting: Parting | None


class Official(msgspec.Struct, frozen=True, kw_only=True):
    """The official package, in float32 on the same device."""

    missing: str = ""
    versions: dict[str, str] = {}
    cases: list[OfficialCase] = []


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something is wrong."""

    code: str
    message: str
    where: tuple[str, ...] = ()


class CheckpointReport(msgspec.Struct, kw_only=True):
    """All figures of one checkpoint; filled stage by stage."""

    identity: Identity
    device: str = ""
    dtype: str = ""
    load_s: float | None = None
    utterances: list[Utterance] = []
    starts: list[Start] = []
    seams: list[SeamsOf] = []
    fidelity: CodecFidelity | None = None
    likeness: Likeness | None = None
    precisions: list[Precision] = []
    official: Official | None = None
    recognised: list[Recognised] = []
    not_measured: list[str] = []
    """What, and why"""
    failures: list[Problem] = []
    """Stages that failed"""
    problems: list[Problem] = []

    @property
    def type_name(self) -> str:
        """As the table of expectations calls it: size and type."""
        return f"{self.identity.size}-{self.identity.kind}"


class Report(msgspec.Struct, kw_only=True):
    """A whole check."""

    format: int = 1
    date: str
    is_whole: bool = False
    """False: it was interrupted"""
    is_quick: bool = False
    machine: Machine
    checkpoints: list[CheckpointReport] = []
    refused: list[Problem] = []
    """Checkpoints that could not be checked"""

    @property
    def problems(self) -> list[Problem]:
        return [*self.refused, *(problem for one in self.checkpoints for problem in one.problems)]

    @property
    def has_spoken(self) -> bool:
        """Anything at all."""
        return any(utterance.audio_s for one in self.checkpoints for utterance in one.utterances)


def to_json(report: Report) -> bytes:
    """For people to read, too."""
    return msgspec.json.format(msgspec.json.encode(_rounded(msgspec.to_builtins(report))), indent=1) + b"\n"


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return round(value, 4) if abs(value) < 1000 else round(value, 1)
        case dict():
            return {key: _rounded(one) for key, one in value.items()}
        case list() | tuple():
            return [_rounded(one) for one in value]
    return value
