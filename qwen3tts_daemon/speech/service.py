"""The use case: text and a voice in, sound out, measured and logged. Protocols call only this."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from qwen3tts_daemon.bounded_dict import BoundedDict
from qwen3tts_daemon.failures import Refusal, draining
from qwen3tts_daemon.hosting.checkpoints import DOWNLOAD_QWEN, way_to_voices
from qwen3tts_daemon.hosting.model_manager import ModelManager
from qwen3tts_daemon.hosting.model_names import ModelNames
from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.speech.chime import Chimes
from qwen3tts_daemon.speech.engines import Engines
from qwen3tts_daemon.speech.hourly_count import HourlyCount
from qwen3tts_daemon.speech.lexicon_file import LexiconFile
from qwen3tts_daemon.speech.loudness import VoiceLoudness
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.phrase_cache import PhraseCache
from qwen3tts_daemon.speech.quota import SpeakingQuota
from qwen3tts_daemon.speech.report import Report
from qwen3tts_daemon.speech.request import Caller, Order
from qwen3tts_daemon.speech.utterance import SpeechConfig, Utterance
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen3tts_daemon.voices.recent_takes import RecentTakes
from qwen_tts.api import Audio, Capabilities, ModelState, VoiceKind, VoicePrompt
from qwen_tts.errors import InvalidRequest
from qwen_tts.stream import SpeechEngine

logger = logging.getLogger(__name__)

LONGEST_DECODED_S = 600
"""Of sound from codec tokens: a worker's answer is one message, and a larger one would end the worker."""

_MOST_REPORTS = 256


class Speech:
    """Opens utterances, knows which are open and tells how each went; and asks the engine for what is no utterance."""

    def __init__(
        self,
        manager: ModelManager,
        voices: VoiceCatalogue,
        metrics: Metrics,
        config: SpeechConfig,
        stand_in: ModelManager | None = None,
        *,
        checkpoints: Sequence[str] = (),
        loudness: VoiceLoudness | None = None,
        lexicon: LexiconFile | None = None,
        phrases: PhraseCache | None = None,
        chimes: Chimes | None = None,
        quota: SpeakingQuota | None = None,
        made_of: str = "",
    ) -> None:
        """`stand_in` speaks while the engine is loaded; `checkpoints` lie on the disk, whether or not it has them;
        `made_of`: see Engines."""
        self.models = ModelNames(lambda: (model.name for model in self.manager.status.models), checkpoints)
        self._engines = Engines(manager, stand_in, made_of=made_of)
        self._former: list[Engines] = []
        """For those who were promised them"""
        self.voices = voices
        """Another one after each `replace`"""
        self.on_state: list[Callable[[ModelState], None]] = []
        """Called after every change of the engine's state, from the loop"""
        manager.on_state.append(self._state_changed)
        self.config = config
        self._loudness = loudness or VoiceLoudness()
        self.lexicon = lexicon or LexiconFile()
        self.phrases = phrases or PhraseCache()
        self.chimes = chimes or Chimes()
        self._quota = quota
        self._metrics = metrics
        self.takes = RecentTakes()
        self.reports = BoundedDict[Report](_MOST_REPORTS)
        """Of the last utterances, by request id: what a stream's headers could not say yet."""
        self._last_hour = HourlyCount()
        self.on_busy: list[Callable[[], None]] = []
        """Called when somebody wants the engine, before it is asked, from the loop."""
        self._open: set[Utterance] = set()
        self._none_open = asyncio.Event()
        self._none_open.set()
        self._draining = False

    async def start(self, *, preload: bool) -> None:
        """See ModelManager.start. Raises SettingsError for a voice of the settings that there is not, and for a chime
        that cannot be read."""
        await self.chimes.load()
        await self._engines.start(preload=preload)
        if self.capabilities.knows_voices:
            self.voices.check_settings()
        else:
            self.on_state.append(self._check_settings_later)
        await self._engines.start_stand_in()

    def _check_settings_later(self, state: ModelState) -> None:
        """Once the voices are known. Whoever asks for one that there is not is told; the log tells it now."""
        if state == "ready":
            try:
                self.voices.check_settings()
            except SettingsError as error:
                logger.warning("%s", error)

    async def warm(self) -> None:
        """Wait until somebody can speak."""
        await self._engines.warm()

    async def replace(self, engines: Engines, voices: VoiceCatalogue, *, preload: bool) -> None:
        """Let these speak from now on; with `preload` once they are ready, and the ones before until then.

        What was begun keeps the engine that it was begun with, which ends when nobody speaks with it. Raises what makes
        the new engine fail, and SettingsError for a voice of the settings that it has not: nothing has changed then.
        """
        try:
            await engines.start(preload=preload)
            if engines.capabilities.knows_voices:
                voices.check_settings()
            await engines.start_stand_in()
            if preload:
                await engines.engine.ready()
        except BaseException:
            await engines.close()
            raise
        before, self._engines, self.voices = self._engines, engines, voices
        before.engine.on_state.remove(self._state_changed)
        before.retire()
        self._former.append(before)
        self.manager.on_state.append(self._state_changed)
        self._state_changed(self.manager.state)

    def _state_changed(self, state: ModelState) -> None:
        for listener in self.on_state:
            listener(state)

    async def close(self) -> None:
        """See ModelManager.close."""
        await asyncio.gather(*(engines.close() for engines in (self._engines, *self._former)))

    @property
    def manager(self) -> ModelManager:
        """Of the engine that speaks from now on."""
        return self._engines.engine

    @property
    def capabilities(self) -> Capabilities:
        return self._engines.capabilities

    def model_for(self, kind: VoiceKind) -> str:
        """See Engines."""
        return self._engines.model_for(kind)

    @property
    def is_draining(self) -> bool:
        return self._draining

    @property
    def active(self) -> int:
        return len(self._open)

    @property
    def last_hour(self) -> int:
        """Utterances that were begun."""
        return self._last_hour.total

    @property
    def stands_in(self) -> bool:
        """See Engines."""
        return self._engines.stands_in

    def utterance(self, order: Order, caller: Caller | None = None, *, is_live: bool = True) -> Utterance:
        """`is_live`: somebody is still writing its text. Raises InvalidRequest for what cannot be spoken, Refusal while
        draining and for one too many of a client."""
        self._check_not_draining()
        caller = caller or Caller()
        if self._quota is not None:
            self._quota.begin(caller.address)
        return self._make(order, caller, is_live=is_live, on_begin=self._began, on_end=self._ended, quota=self._quota)

    def whole_utterance(self, order: Order, text: str, caller: Caller | None = None) -> Utterance:
        """One whose text is all there. Raises what `utterance` and `feed` raise, and TextEmpty."""
        utterance = self.utterance(order, caller, is_live=False)
        utterance.feed(text)
        utterance.check_text()
        utterance.end_text()
        return utterance

    def unlisted_utterance(self, order: Order, text: str) -> Utterance:
        """One for the daemon itself: it is not counted, reported or logged, and gives way to everybody else."""
        utterance = self._make(order, Caller(), is_live=False, on_begin=lambda _: None, on_end=lambda _: None)
        utterance.feed(text)
        utterance.end_text()
        return utterance

    def _make(
        self, order: Order, caller: Caller, *, is_live: bool,
        on_begin: Callable[[Utterance], None], on_end: Callable[[Utterance], None],
        quota: SpeakingQuota | None = None,
    ) -> Utterance:  # fmt: skip
        return Utterance(
            order, caller, self.voices, self._engines, self.config,
            loudness=self._loudness, lexicon=self.lexicon.lexicon, phrases=self.phrases, chimes=self.chimes,
            is_live=is_live, on_begin=on_begin, on_end=on_end, quota=quota,
        )  # fmt: skip

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        """See SpeechEngine; an engine that is not up is loaded first."""
        async with self._engine_for("cloned") as engine:
            return await engine.encode_reference(audio, transcript)

    async def encode(self, audio: Audio) -> list[list[int]]:
        """See SpeechEngine."""
        async with self._engine_for(None) as engine:
            return await engine.encode(audio)

    async def decode(self, codes: list[list[int]]) -> Audio:
        """See SpeechEngine. Raises Refusal for more than its answer could carry."""
        most = LONGEST_DECODED_S * self.capabilities.sample_rate // self.capabilities.samples_per_frame
        if len(codes) > most:
            raise Refusal("too_large", f"{len(codes)} frames, and at most {most} are decoded at once", param="codes")
        async with self._engine_for(None) as engine:
            return await engine.decode(codes)

    def _engine_for(self, kind: VoiceKind | None) -> AbstractAsyncContextManager[SpeechEngine]:
        """Raises InvalidRequest if no engine of ours does this, Refusal while draining."""
        self._check_not_draining()
        if kind is not None:
            self.check_kind(kind)
        if self.capabilities.is_preview:
            raise InvalidRequest(f"the preview voice has no codec; {DOWNLOAD_QWEN}", param="codes")
        self._tell_busy()
        return self.manager.lease()

    def check_kind(self, kind: VoiceKind) -> None:
        """Raises InvalidRequest, with the way out, if no engine of ours speaks such voices."""
        if kind not in self.capabilities.voice_kinds:
            way_out = way_to_voices(self.capabilities)
            raise InvalidRequest(f"nothing that is loaded makes {kind} voices; {way_out}", param="voice")

    def _check_not_draining(self) -> None:
        if self._draining:
            raise draining()

    async def quiet(self) -> None:
        """Until no utterance is open."""
        await self._none_open.wait()

    async def drain(self, limit_s: float) -> None:
        """Refuse new utterances, let the running ones end, cancel those that have not after `limit_s`."""
        self._draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self.quiet()
        for utterance in list(self._open):
            utterance.cancel()

    def _tell_busy(self) -> None:
        for listener in self.on_busy:
            listener()

    def _began(self, utterance: Utterance) -> None:
        self._tell_busy()
        self._open.add(utterance)
        self._last_hour.add()
        self._none_open.clear()
        self._metrics.rows_active.set(len(self._open))

    def _ended(self, utterance: Utterance) -> None:
        self._open.discard(utterance)
        if not self._open:
            self._none_open.set()
        self._metrics.rows_active.set(len(self._open))
        self._tell(utterance.report)
        if self.config.log_text and not utterance.order.private:
            logger.info("speech id=%s text=%r", utterance.caller.request_id, utterance.text)
        if (take := utterance.take) and not utterance.order.private:
            self.takes.add(utterance.caller.request_id, take)

    def _tell(self, report: Report) -> None:
        self.reports[report.request_id] = report
        self._metrics.count(report)
        logger.info("%s", report)
