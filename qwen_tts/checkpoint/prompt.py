"""A request -> the talker's input: what it reads before the first frame and what it reads beside each frame.

```
            instruct | role | codec header                          | layout
text track  ids      | ids  | pad ...                  pad      bos | see below
codec track          |      | language tag, speaker?,  pad          | see below

whole               text track: text, eos, pad          codec track: pad ..., pad, bos
streaming           text track: first token             codec track: bos          the rest goes beside the frames
with a reference    text track: transcript, text, eos   codec track: bos, the reference's frames
                    (whole: one after the other; streaming: side by side, the longer text goes on beside the frames)
```
Both tracks are embeddings of the talker's width, and every position is their sum. What comes before the text is the
same for every text of a voice: `Prompt.prefix`.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from qwen_tts.api import (
    AUTO,
    ClonedVoice,
    DesignedVoice,
    PresetVoice,
    SettledLayout,
    SynthesisRequest,
    Voice,
    VoicePrompt,
)
from qwen_tts.checkpoint.mapped_table import MappedTable
from qwen_tts.checkpoint.voice_prompt import ReferenceVoice
from qwen_tts.config.checkpoint import CheckpointConfig
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import InvalidRequest, TextEmpty, UnknownLanguage, UnknownVoice, UnsupportedLanguage
from qwen_tts.models.code_predictor import CodePredictor
from qwen_tts.models.frame_embedding import embed_frames
from qwen_tts.models.talker import Talker
from qwen_tts.modules.upload import upload
from qwen_tts.text.blanks import BLANKS
from qwen_tts.text.text_tokenizer import TextTokenizer


@dataclass(frozen=True)
class Prefix:
    """The part of a prompt that voice, language and instruct decide alone."""

    embeddings: Tensor
    """[positions, hidden]"""
    transcript: Tensor
    """[tokens, hidden]: the words of the reference, not yet placed"""
    reference: Tensor
    """[frames, hidden]: the frames of the reference, not yet placed"""
    reference_codes: Tensor | None
    """[frames, codebooks]: what the codec decoder must have decoded before the first frame"""


@dataclass(frozen=True)
class Prompt:
    """What the talker reads."""

    embeddings: Tensor
    """[positions, hidden]: the prefill"""
    prefix_positions: int
    """How many of them are the same for every text"""
    trailing: Tensor
    """[tokens, hidden]: text beside frame 0, 1, ...; beside later frames the talker reads `PromptBuilder.pad`"""
    reference_codes: Tensor | None
    """As in Prefix"""


class PromptBuilder:
    """Builds the prompts of one checkpoint."""

    def __init__(
        self, config: CheckpointConfig, tokenizer: TextTokenizer, text_embedding: MappedTable, talker: Talker,
        code_predictor: CodePredictor,
    ) -> None:  # fmt: skip
        self._config = config
        self._tokenizer = tokenizer
        self._text_embedding = text_embedding
        self._talker = talker
        self._code_predictor = code_predictor
        self._codec_pad, self._codec_bos = (
            self._codec(token) for token in (config.talker.codec_pad_id, config.talker.codec_bos_id)
        )

    # -- what a request means to this checkpoint -------------------------------------------------------------------

    def check(self, request: SynthesisRequest) -> None:
        """Raises InvalidRequest if this checkpoint cannot speak `request`."""
        self._speaker(request.voice)
        self._language_token(request)
        self._instruct(request)
        if not request.live and not request.text.strip(BLANKS):
            raise TextEmpty("text has nothing to speak", param="text")

    def any_voice(self) -> Voice:
        """One that this checkpoint can speak with, for speech that nobody hears."""
        match self._config.voice_kind:
            case "preset":
                return PresetVoice(next(iter(self._config.talker.speakers)))
            case "designed":
                return DesignedVoice("A calm voice.")
            case "cloned":
                return ClonedVoice(VoicePrompt(ReferenceVoice.nobody(self._config.talker.hidden_size).to_bytes()))

    def _speaker(self, voice: Voice) -> str | None:
        if voice.kind != (own := self._config.voice_kind):
            raise InvalidRequest(
                f"this checkpoint ({self._config.kind}) speaks with {own} voices, not with {voice.kind} ones",
                param="voice",
            )
        if not isinstance(voice, PresetVoice):
            return None
        speakers = self._config.talker.speakers
        if voice.name in speakers:
            return voice.name
        speaker = next((name for name in speakers if name.casefold() == voice.name.casefold()), None)
        if speaker is None:
            known = ", ".join(sorted(speakers))
            raise UnknownVoice(f"no voice {voice.name!r}; this checkpoint has {known}", param="voice")
        return speaker

    def _language_token(self, request: SynthesisRequest) -> int | None:
        talker, language = self._config.talker, request.language
        if language != AUTO and language not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            raise UnknownLanguage(f"no language {language!r}; use {AUTO} or one of {known}", param="language")
        speaker = self._speaker(request.voice)
        dialect = talker.dialect_of(speaker) if speaker else None
        if dialect and language in (AUTO, "zh"):
            return talker.languages[dialect]
        if language == AUTO:
            return None
        name = LANGUAGES[language].release_name
        if name not in talker.languages:
            raise UnsupportedLanguage(f"this checkpoint does not speak {name}", param="language")
        return talker.languages[name]

    def _instruct(self, request: SynthesisRequest) -> str:
        """A designed voice *is* an instruction; one for the utterance follows it."""
        if request.instruct and not self._config.takes_instruct:
            raise InvalidRequest(
                f"this checkpoint ({self._config.kind}, {self._config.size}) takes no instruction; leave it empty",
                param="instruct",
            )
        if isinstance(request.voice, DesignedVoice):
            if not request.voice.description.strip():
                raise InvalidRequest("the description is empty; say in words what the voice is like", param="voice")
            return f"{request.voice.description} {request.instruct}".strip()
        return request.instruct

    # -- embeddings -------------------------------------------------------------------------------------------------

    @property
    def pad(self) -> Tensor:
        """[1, hidden]: of the text, as `bos` and `eos`"""
        return self._control[:1]

    @property
    def bos(self) -> Tensor:
        return self._control[1:2]

    @property
    def eos(self) -> Tensor:
        return self._control[2:]

    @cached_property
    def _control(self) -> Tensor:
        """Made when it is first asked for: what projects it is not there before the talker runs."""
        config = self._config
        with torch.inference_mode():
            return self._text((config.tts_pad_token_id, config.tts_bos_token_id, config.tts_eos_token_id))

    def _text(self, ids: list[int] | tuple[int, ...]) -> Tensor:
        """[tokens, hidden]"""
        return self._talker.project_text(self._text_embedding.look_up(ids))

    def embed_tokens(self, ids: list[int]) -> Tensor:
        """Tokens of the text -> [tokens, hidden]: what live text adds beside the frames."""
        return self._text(ids)

    def _codec(self, *ids: int) -> Tensor:
        """[tokens, hidden]"""
        return self._talker.codec_embedding(upload(ids, self._talker.device, torch.long))

    # -- the parts --------------------------------------------------------------------------------------------------

    def prefix(self, request: SynthesisRequest, reference: ReferenceVoice | None) -> Prefix:
        """The constant part; `reference` is the content of a cloned voice's prompt."""
        self.check(request)
        embeddings = [self._instruction(request), self._role(), self._header(request, reference)]
        hidden = self.pad.shape[-1]
        if reference is None or reference.codes is None:
            nothing = self.pad.new_zeros(0, hidden)
            return Prefix(torch.cat(embeddings), nothing, nothing, None)
        codes = reference.codes.to(self._talker.device)
        return Prefix(
            torch.cat(embeddings),
            self._text(self._tokenizer.encode(reference.transcript)),
            embed_frames(self._talker, self._code_predictor, codes),
            codes,
        )

    def _instruction(self, request: SynthesisRequest) -> Tensor:
        instruct = self._instruct(request)
        if not instruct:
            return self.pad[:0]
        config, tokenizer = self._config, self._tokenizer
        start = [config.im_start_token_id, tokenizer.user_id, tokenizer.newline_id]
        return self._text([*start, *tokenizer.encode(instruct), config.im_end_token_id, tokenizer.newline_id])

    def _role(self) -> Tensor:
        config = self._config
        return self._text([config.im_start_token_id, config.assistant_token_id, self._tokenizer.newline_id])

    def _header(self, request: SynthesisRequest, reference: ReferenceVoice | None) -> Tensor:
        """Language tag, speaker if there is one, pad; beside them pads and, last, the beginning of text."""
        talker, language = self._config.talker, self._language_token(request)
        if language is None:
            tag = [talker.codec_nothink_id, talker.codec_think_bos_id, talker.codec_think_eos_id]
        else:
            tag = [talker.codec_think_id, talker.codec_think_bos_id, language, talker.codec_think_eos_id]
        speaker, voice = self._speaker(request.voice), self.pad[:0]
        if speaker is not None:
            voice = self._codec(talker.speakers[speaker])
        elif reference is not None:
            voice = reference.speaker_embedding.to(self.pad)[None]
        codec = torch.cat((self._codec(*tag), voice, self._codec_pad))
        text = torch.cat((self.pad.expand(codec.shape[0] - 1, -1), self.bos))
        return text + codec

    def prompt(self, prefix: Prefix, tokens: list[int], layout: SettledLayout) -> Prompt:
        """`tokens` of the whole text in one of the two layouts. A live text starts with the tokens it has."""
        if not tokens:
            raise TextEmpty("text has nothing to speak", param="text")
        text, constant = self._text(tokens), 0
        if prefix.reference_codes is not None:
            placed, trailing = self._beside_reference(prefix, text, layout)
            constant = min(prefix.transcript.shape[0], placed.shape[0])
        elif layout == "streaming":
            placed, trailing = text[:1] + self._codec_bos, torch.cat((text[1:], self.eos))
        else:
            placed, trailing = self._before_frames(torch.cat((text, self.eos)), self.pad[:0]), self.pad[:0]
        embeddings = torch.cat((prefix.embeddings, placed))
        return Prompt(embeddings, prefix.embeddings.shape[0] + constant, trailing, prefix.reference_codes)

    def _before_frames(self, text: Tensor, reference: Tensor) -> Tensor:
        """The whole text beside codec pads, then the beginning of speech and the reference beside text pads."""
        return torch.cat((text + self._codec_pad, torch.cat((self._codec_bos, reference)) + self.pad))

    def _beside_reference(self, prefix: Prefix, text: Tensor, layout: SettledLayout) -> tuple[Tensor, Tensor]:
        """The text goes on where the transcript ends, the speech where the reference ends."""
        text = torch.cat((prefix.transcript, text, self.eos))
        if layout == "whole":
            return self._before_frames(text, prefix.reference), self.pad[:0]
        codec = torch.cat((self._codec_bos, prefix.reference))
        missing = codec.shape[0] - text.shape[0]
        if missing > 0:
            return torch.cat((text, self.pad.expand(missing, -1))) + codec, self.pad[:0]
        return text[: codec.shape[0]] + codec, text[codec.shape[0] :]
