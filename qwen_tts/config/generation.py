"""A checkpoint's generation_config.json: how tokens are drawn where a request does not say.

What a request leaves open is this file's, what the file leaves open is the official package's, for each number alone.
The release's names are translated here, once: `subtalker_*` is about the code predictor, `do_sample` false is a
temperature of 0.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)

from qwen_tts.api import Sampling
from qwen_tts.config.json_file import read_object
from qwen_tts.errors import BadCheckpoint
from qwen_tts.limits import REPETITION_PENALTY, TEMPERATURE, TOP_K, TOP_P, Range

GENERATION_CONFIG = "generation_config.json"

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRules:
    """How a token is drawn; temperature 0 is greedy."""

    temperature: float
    top_k: int
    top_p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingRules(TokenRules):
    """How an utterance's codec tokens are drawn: a request's Sampling, with every number decided."""

    repetition_penalty: float
    code_predictor: TokenRules
    """Codebooks 1.."""

    @property
    def is_greedy(self) -> bool:
        """Nothing is drawn: no seed changes what is said."""
        return self.temperature == 0 and self.code_predictor.temperature == 0


def _within(bounds: Range) -> AfterValidator:
    def check(number: float) -> float:
        if number not in bounds:
            raise ValueError(f"must be {bounds}")
        return number

    return AfterValidator(check)


_Temperature = Annotated[float, _within(TEMPERATURE)]
_TopP = Annotated[float, _within(TOP_P)]
_ALL = int(TOP_K.high)
"""More than any vocabulary has"""
_TopK = Annotated[int, AfterValidator(lambda count: min(count or _ALL, _ALL)), _within(TOP_K)]
"""0 keeps all, and so does more than all"""


class GenerationConfig(BaseModel):
    """See the module. The defaults are those of the official package for a file that lacks a key."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    do_sample: bool = True
    temperature: _Temperature = 0.9
    top_k: _TopK = 50
    top_p: _TopP = 1.0
    repetition_penalty: Annotated[float, _within(REPETITION_PENALTY)] = 1.05
    subtalker_dosample: bool = True
    subtalker_temperature: _Temperature = 0.9
    subtalker_top_k: _TopK = 50
    subtalker_top_p: _TopP = 1.0
    max_new_tokens: Annotated[int, Field(ge=2)] | None = None
    """Of one sequence, its end among them"""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, values: Any) -> Any:
        return {key: value for key, value in values.items() if value is not None}

    @field_validator("temperature", "top_k", "top_p", mode="wrap")
    @classmethod
    def _if_sampled(cls, value: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        return cls._checked(value, check, info, by="do_sample")

    @field_validator("subtalker_temperature", "subtalker_top_k", "subtalker_top_p", mode="wrap")
    @classmethod
    def _if_subtalker_samples(cls, value: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        return cls._checked(value, check, info, by="subtalker_dosample")

    @classmethod
    def _checked(cls, value: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo, by: str) -> Any:
        """Greedy reads none of them: a wrong one is then as if it were left out."""
        try:
            return check(value)
        except ValidationError:
            if info.data.get(by, True):
                raise
            return cls.model_fields[str(info.field_name)].default

    def max_frames(self, room: int) -> int:
        """Of a sequence for which there is room for so many."""
        return room if self.max_new_tokens is None else min(room, self.max_new_tokens - 1)

    def rules(self, asked: Sampling) -> SamplingRules:
        """What the request names, and for the rest what the checkpoint says."""
        following = asked.code_predictor
        return SamplingRules(
            temperature=_or(asked.temperature, self.temperature if self.do_sample else 0.0),
            top_k=_or(asked.top_k, self.top_k),
            top_p=_or(asked.top_p, self.top_p),
            repetition_penalty=_or(asked.repetition_penalty, self.repetition_penalty),
            code_predictor=TokenRules(
                temperature=_or(following.temperature, self.subtalker_temperature if self.subtalker_dosample else 0.0),
                top_k=_or(following.top_k, self.subtalker_top_k),
                top_p=_or(following.top_p, self.subtalker_top_p),
            ),
        )


def _or(asked: _Number | None, own: _Number) -> _Number:
    return own if asked is None else asked


def read_generation_config(directory: Path) -> GenerationConfig:
    """Of a checkpoint directory; without the file, the official package's numbers. Raises BadCheckpoint naming the file
    and the field."""
    path = directory / GENERATION_CONFIG
    if not path.exists():
        return GenerationConfig()
    try:
        return GenerationConfig.model_validate(read_object(path))
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}, got {e['input']!r}" for e in error.errors())
        raise BadCheckpoint(f"{path}: {'; '.join(problems)}") from error
