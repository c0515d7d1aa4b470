"""New voices: cloned from a recording, described in words, kept from a take, made of another voice, imported."""

import asyncio
import datetime
from dataclasses import dataclass

import msgspec

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.text.languages import parse_language
from qwen3tts_daemon.voices.archive import unpack
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.stored_voice import StoredVoice, field_of
from qwen3tts_daemon.voices.voice_id import slug
from qwen3tts_daemon.write_threads import in_write_thread
from qwen_tts.api import AUTO, Audio, TextLayout
from qwen_tts.audio.reference_audio import check_reference
from qwen_tts.checkpoint.prompt_file import read_prompt
from qwen_tts.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class About:
    """What a person says of a voice, whatever it is made of."""

    name: str
    description: str = ""
    gender: str = ""
    language: str = ""
    consent: bool = False
    source: str = ""
    text_layout: TextLayout | None = None
    text_normalization: bool | None = None
    instruct: str = ""
    speed: float = 1.0
    gain_db: float = 0.0
    seed: int | None = None

    def check_consent(self) -> None:
        """Raises Refusal: nobody's voice is cloned without."""
        if not self.consent:
            raise Refusal("bad_field", "consent: the speaker must agree; say so with consent=true", param="consent")


class VoiceMaker:
    """Makes voices and keeps them. Every one is offered at once, everywhere."""

    def __init__(self, speech: Speech, library: VoiceLibrary) -> None:
        self._speech = speech
        self.library = library
        self._adding = asyncio.Lock()
        """Two of one name get an id each"""

    async def clone(self, about: About, recording: Audio, transcript: str | None) -> StoredVoice:
        """Of 3 s of sound or more; without a transcript only its speaker embedding counts.

        Raises Refusal without consent, and what `encode_reference` raises.
        """
        about.check_consent()
        prompt = await self._speech.encode_reference(recording, transcript)
        family = self._speech.capabilities.voice_prompts
        voice = self._voice(about, "cloned", transcript=transcript or "", prompt_family=family)
        return await self._add(voice, recording, prompt.data)

    async def design(self, about: About, design: str) -> StoredVoice:
        """Described in words: it sounds a little different each time, unless a take of it is kept."""
        if not design.strip():
            raise Refusal("bad_field", "design: say in words how the voice sounds", param="design")
        return await self._add(self._voice(about, "designed", design=design))

    async def keep(self, about: About, take_id: str) -> StoredVoice:
        """A take of a designed voice becomes the reference audio of a voice that stays the same."""
        if about.instruct:
            raise Refusal("bad_field", "instruct: a voice of a recording takes none", param="instruct")
        take = self._speech.takes.get(take_id)
        prompt, family = None, ""
        if "cloned" in self._speech.capabilities.voice_kinds:
            prompt = (await self._speech.encode_reference(take.audio, take.text)).data
            family = self._speech.capabilities.voice_prompts
        else:
            check_reference(take.audio, take.text)  # whoever will speak with it later
        voice = self._voice(
            about, "cloned", transcript=take.text, prompt_family=family, design=take.description,
            source=f"a take of a described voice, {take_id}", language=about.language or take.language, consent=True,
        )  # fmt: skip
        return await self._add(voice, take.audio, prompt)

    def has_take(self, take_id: str) -> bool:
        """Whether it is still remembered; only the last few are."""
        return self._speech.takes.has(take_id)

    async def take_in(self, about: About, prompt: bytes) -> StoredVoice:
        """A voice prompt alone becomes a voice, for the checkpoints that it was made for.

        Raises Refusal without consent, InvalidRequest for what is no prompt or was made for other checkpoints.
        """
        about.check_consent()
        content = read_prompt(prompt)
        family = self._speech.capabilities.voice_prompts
        if not content.suits(family):
            raise InvalidRequest(
                f"this voice prompt is for checkpoints of {content.family}, and of what is loaded it is {family}; "
                "clone the voice here from its recording",
                param="voice_prompt",
            )
        voice = self._voice(about, "cloned", transcript=content.card.transcript, prompt_family=family or content.family)
        return await self._add(voice, None, prompt)

    async def profile(self, about: About, base: str) -> StoredVoice:
        """Another voice with settings of its own. Raises UnknownVoice, and Refusal for one that is not kept itself."""
        known = self._speech.voices.find(base)
        choice = self._speech.voices.check(base, about.language or None)
        self._speech.voices.check_instruct(choice.voice, about.instruct)
        voice = self._voice(about, "profile", base=known.name, language=choice.language)
        if not self._speech.voices.can_speak(voice):
            reason = "is not kept, or a profile of too many others; keep it, or name the one below"
            raise Refusal("bad_field", f"voice {base[:64]!r} {reason}", param="voice")
        return await self._add(voice)

    async def reference(self, recording: Audio, transcript: str | None) -> str:
        """A voice to try, which is not kept: its name."""
        prompt = await self._speech.encode_reference(recording, transcript)
        return self._speech.voices.references.add(prompt, self._speech.capabilities.voice_prompts)

    async def bring_in(self, packed: bytes) -> StoredVoice:
        """What another daemon exported, under an id that is free here. Raises Refusal for what could not speak."""
        voice, reference, prompt = await unpack(packed)
        self._speech.voices.check_stored(voice)
        return await self._add(voice, reference, prompt)

    def _voice(self, about: About, kind: str, **fields: object) -> StoredVoice:
        """Its id is given when it is added."""
        known = {
            "id": slug(about.name), "name": about.name.strip(), "kind": kind, "source": about.source[:200],
            "description": about.description, "gender": about.gender, "consent": about.consent,
            "language": about.language, "instruct": about.instruct, "speed": about.speed,
            "gain_db": about.gain_db, "seed": about.seed, "text_layout": about.text_layout,
            "text_normalization": about.text_normalization,
            "created_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        } | fields  # fmt: skip
        language = parse_language(str(known["language"]))
        known["language"] = "" if language == AUTO else language
        try:
            return msgspec.convert(known, StoredVoice)
        except msgspec.ValidationError as error:
            raise Refusal("bad_field", str(error), param=field_of(error)) from None

    def _free_id(self, name: str) -> str:
        """No preset and no profile of the settings has it either, and no path beside /v1/audio/voices/{id}."""
        presets = (info.name.lower() for info in self._speech.capabilities.voices)
        profiles = (voice.id for voice in self._speech.voices.config.profiles)
        return self.library.free_id(name, frozenset((*presets, *profiles, "import")))

    async def _add(
        self, voice: StoredVoice, reference: Audio | None = None, prompt: bytes | None = None
    ) -> StoredVoice:
        """Under an id that is free."""
        async with self._adding:
            voice = msgspec.structs.replace(voice, id=self._free_id(voice.name))
            return await in_write_thread(self.library.add, voice, reference, prompt)
