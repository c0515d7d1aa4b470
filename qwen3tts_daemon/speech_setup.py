"""A Speech as the settings want it, and another engine for it when checkpoints come or were measured.

The choice `auto`, and `qwen` without named checkpoints, means the best of what lies in the models directory; while the
daemon runs that may change. The new engine loads beside the old one, which speaks until the new one can. So it is on
a machine without a card whose speed is not known yet: the preview voice speaks, and the other is measured beside it.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from pathlib import Path

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.hosting.engine_selection import (
    EngineChoice,
    choose_engine,
    kept_measurements,
    manager_config,
    start_engine,
    weights_cache,
)
from qwen3tts_daemon.hosting.measuring import measure
from qwen3tts_daemon.hosting.model_manager import ManagerConfig, ModelManager
from qwen3tts_daemon.hosting.models_directory import ModelsDirectory
from qwen3tts_daemon.hosting.real_time import Unmeasured
from qwen3tts_daemon.hosting.worker_client import EngineSpec
from qwen3tts_daemon.http_engine.options import ServerOptions
from qwen3tts_daemon.settings import Settings, SettingsError
from qwen3tts_daemon.speech.chime import Chimes
from qwen3tts_daemon.speech.engines import Engines
from qwen3tts_daemon.speech.lexicon_file import LexiconFile
from qwen3tts_daemon.speech.loudness import VoiceLoudness
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.phrase_cache import Phrase, PhraseCache, PhraseConfig
from qwen3tts_daemon.speech.phrase_files import PhraseFiles
from qwen3tts_daemon.speech.quota import SpeakingQuota
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import SpeechConfig
from qwen3tts_daemon.text.styles import Styles
from qwen3tts_daemon.voices.aliases import Aliases
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue, VoiceConfig
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.profiles import Profiles
from qwen3tts_daemon.write_threads import in_write_thread
from qwen_tts.bench.figures import MeasureOptions
from qwen_tts.errors import OutOfMemory
from qwen_tts.hosting.lifecycle import load_failure, unforeseen

logger = logging.getLogger(__name__)

_SECRET_BYTES = 32
_DAY_S = 86_400.0


def make_speech(
    settings: Settings,
    choice: EngineChoice,
    models: ModelsDirectory,
    metrics: Metrics | None = None,
    phrases: PhraseCache | None = None,
) -> Speech:
    """The use case on its engine; nothing runs yet: `speech.start` does that. Raises SettingsError.

    `phrases`: where sound is kept; without it, it is not.
    """
    engines = _engines(choice)
    voices = VoiceCatalogue(
        lambda: engines.capabilities, voice_config(settings),
        library=_library(settings.data_path / "voices"), has_stand_in=choice.stand_in is not None,
    )  # fmt: skip
    return Speech(
        engines.engine,
        voices,
        metrics or Metrics(),
        speech_config(settings),
        engines.stand_in,
        checkpoints=models.names,
        loudness=VoiceLoudness(settings.data_path / "loudness.json"),
        lexicon=LexiconFile(settings.lexicon_path, is_named=settings.lexicon.file is not None),
        phrases=phrases,
        chimes=Chimes(settings.speech.chime),
        quota=SpeakingQuota(settings.speech.requests_per_min, settings.speech.chars_per_min),
        made_of=engines.made_of,
    )


def phrase_cache(settings: Settings) -> PhraseCache:
    """In the data directory. Raises SettingsError."""
    directory, key = settings.data_path / "phrases", settings.data_path / "phrases.key"
    try:
        secret = durable_files.read_line(key) or durable_files.claim(key, secrets.token_hex(_SECRET_BYTES))
        return PhraseCache(PhraseFiles(directory, secret.encode()), phrase_config(settings))
    except ValueError as error:
        raise SettingsError(f"data_dir: {error}") from error
    except OSError as error:
        raise SettingsError(f"data_dir: cannot keep phrases in {directory}: {error.strerror}") from error


def phrase_config(settings: Settings) -> PhraseConfig:
    phrases = settings.phrases
    return PhraseConfig(
        phrases.cache, tuple(Phrase(one.text, one.voice or None, one.language) for one in phrases.list),
        most_bytes=phrases.max_mb * 1_000_000, max_age_s=phrases.max_age_days * _DAY_S,
    )  # fmt: skip


def voice_config(settings: Settings) -> VoiceConfig:
    """Raises SettingsError for aliases, profiles and styles that mean nothing, whatever voices there are."""
    voices = settings.voices
    profiles = Profiles(voices.profiles, settings.config)
    return VoiceConfig(
        settings.voice, settings.language, Aliases(voices.aliases), voices.substitute, profiles,
        Styles(settings.speech.styles),
    )  # fmt: skip


def speech_config(settings: Settings) -> SpeechConfig:
    speech = settings.speech
    return SpeechConfig(
        idle_flush_s=speech.idle_flush_ms / 1000,
        lead_silence_s=speech.lead_silence_ms / 1000,
        tail_silence_s=speech.tail_silence_ms / 1000,
        sentence_silence_ms=speech.sentence_silence_ms,
        text_normalization=speech.text_normalization,
        loudness_lufs=speech.loudness_lufs,
        markup=speech.markup,
        log_text=settings.log_text,
    )


def _engines(choice: EngineChoice) -> Engines:
    """The one that stands in is never unloaded: it is for those who cannot wait."""
    stand_in = None
    if (spec := choice.stand_in) is not None:
        stand_in = ModelManager(lambda: start_engine(spec), ManagerConfig())
    manager = ModelManager(lambda: start_engine(choice.spec), choice.config)
    return Engines(manager, stand_in, made_of=_made_of(choice.spec))


def _made_of(spec: EngineSpec | ServerOptions) -> str:
    return f"{spec.factory} {spec.options}" if isinstance(spec, EngineSpec) else repr(spec)


def _library(directory: Path) -> VoiceLibrary:
    try:
        return VoiceLibrary(directory)
    except OSError as error:
        raise SettingsError(f"data_dir: cannot keep voices in {directory}: {error.strerror}") from error


class EngineRenewal:
    """Chooses the engine anew when a checkpoint has come or was measured, and lets Speech change to it."""

    def __init__(
        self, choice: EngineChoice, speech: Speech, models: ModelsDirectory, settings: Settings,
        settings_now: Callable[[], Settings],
    ) -> None:  # fmt: skip
        """`choice`, of `settings`, is what `speech` speaks with; `settings_now`: what was changed since is in them."""
        self.choice = choice
        self._speech = speech
        self._models = models
        self._settings = settings
        self._settings_now = settings_now

    async def run(self) -> None:
        """Until cancelled."""
        if isinstance(self.choice.verdict, Unmeasured):
            if self.choice.preload:
                await self._speech.warm()  # loading beside it would be measured too
            await self._choose_anew()
        async for came, gone in self._models.changes():
            self._speech.models.on_disk = self._models.names
            for name in gone:
                logger.warning("the checkpoint %s is gone from %s; what is loaded goes on", name, self._models.path)
            for name in came:
                logger.info("the checkpoint %s has come into %s", name, self._models.path)
            if self._is_open and (came or self._models.problem):
                await self._choose_anew()

    @property
    def _is_open(self) -> bool:
        """Whether the settings leave it to what lies there."""
        return self._settings.engine in ("auto", "qwen") and not self._settings.qwen.checkpoints

    async def _choose_anew(self) -> None:
        try:
            choice = await self._settled_choice()
            if choice.spec != self.choice.spec:
                await self._make_room_for(choice)
        except Exception as error:
            self._models.problem = str(error if isinstance(error, SettingsError) else load_failure(error))
            logger.error(
                "what has come cannot speak, and what is loaded goes on: %s", error, exc_info=unforeseen(error)
            )
        else:
            self.choice, self._models.problem = choice, ""

    async def _settled_choice(self) -> EngineChoice:
        """What it depends on is measured first."""
        measurements = await asyncio.to_thread(kept_measurements, self._settings)
        while True:
            choice = await asyncio.to_thread(choose_engine, self._settings, measurements)
            verdict = choice.verdict
            if verdict != self._models.verdict:
                logger.info("%s", choice.reason)
                self._models.verdict = verdict
            if not isinstance(verdict, Unmeasured):
                return choice
            checkpoint, way = verdict.checkpoint, verdict.way
            asked = MeasureOptions(
                checkpoint=str(checkpoint.path.absolute()), way=way, threads=self._settings.qwen.threads,
                cache_dir=weights_cache(self._settings),
            )  # fmt: skip
            await in_write_thread(measurements.put, checkpoint, way, await measure(asked))

    async def _make_room_for(self, choice: EngineChoice) -> None:
        """On a card that has no room for both, the engine before goes first, as soon as nobody speaks; who comes in
        between waits, as for one that wakes."""
        try:
            await self._change_to(choice)
        except OutOfMemory:
            if self._speech.capabilities.is_preview or not await self._speech.manager.vacate():
                raise  # nothing of ours is on the card
            logger.info("there was no room for two: the voice before has given its memory back")
            await self._change_to(choice)

    async def _change_to(self, choice: EngineChoice) -> None:
        engines, before = _engines(choice), self._speech.voices
        voices = VoiceCatalogue(
            lambda: engines.capabilities, before.config,
            library=before.library, has_stand_in=choice.stand_in is not None, before=before,
        )  # fmt: skip
        logger.info("another engine is made ready, for %s", ", ".join(self._models.names))
        await self._speech.replace(engines, voices, preload=choice.preload)
        voices.use(voice_config(self._settings_now()))
        engines.engine.use(manager_config(choice, self._settings_now()))
        logger.info("now %s speaks", self._speech.capabilities.engine)
