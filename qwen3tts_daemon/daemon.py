"""Puts the parts together: what starts when, who is told to stop in which order, and the signals.

Start: the engine's process (it says at once what it can do; one that dies before that is started again) -> HTTP, which
shows that the voice is loading -> the voice is warm -> Wyoming -> the announcement. Stop: goodbye -> new work refused,
running sentences end -> the ports close -> the engine's process ends.
"""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from qwen3tts_daemon import __version__
from qwen3tts_daemon.access.auth import Auth
from qwen3tts_daemon.access.invitations import FIRST_INVITATION_S, Invitations
from qwen3tts_daemon.access.lan_addresses import lan_addresses, page_from_here
from qwen3tts_daemon.access.sessions import Sessions
from qwen3tts_daemon.access.token_file import TokenFile
from qwen3tts_daemon.data_dir import format as data_format
from qwen3tts_daemon.downloads.background import Downloads
from qwen3tts_daemon.failures import storage_failed
from qwen3tts_daemon.garbage import spare_what_is_here
from qwen3tts_daemon.hosting.checkpoints import DOWNLOAD_QWEN
from qwen3tts_daemon.hosting.engine_selection import EngineChoice, choose_engine, manager_config, obstacle_of
from qwen3tts_daemon.hosting.models_directory import ModelsDirectory
from qwen3tts_daemon.hosting.speech_server import where_text_goes
from qwen3tts_daemon.live_settings import LiveSettings
from qwen3tts_daemon.log_lines import write_log
from qwen3tts_daemon.own_command import own_command
from qwen3tts_daemon.protocols.discovery import Discovery, voice_service, wyoming_service
from qwen3tts_daemon.protocols.elevenlabs.sockets import ElevenLabsSockets
from qwen3tts_daemon.protocols.http.app import build_app
from qwen3tts_daemon.protocols.http.server import HttpServer, ServerConfig
from qwen3tts_daemon.protocols.voice_v1.sockets import Sockets
from qwen3tts_daemon.protocols.wyoming import WyomingServer
from qwen3tts_daemon.reading import reader
from qwen3tts_daemon.settings import HttpSettings, Settings, SettingsError, placed
from qwen3tts_daemon.sparing_log import SparingFilter
from qwen3tts_daemon.speech.clips import Clips
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.phrase_making import PhraseMaker
from qwen3tts_daemon.speech.spare_time import SpareTime
from qwen3tts_daemon.speech.voice_samples import VoiceSamples
from qwen3tts_daemon.speech_setup import (
    EngineRenewal,
    make_speech,
    phrase_cache,
    phrase_config,
    speech_config,
    voice_config,
)
from qwen3tts_daemon.text import languages
from qwen3tts_daemon.tls.certificate import files_of
from qwen3tts_daemon.tls.server_tls import ServerTls
from qwen3tts_daemon.voices.sample_files import SampleFiles
from qwen_tts import safeguards
from qwen_tts.errors import SynthesisError

logger = logging.getLogger(__name__)

_TOLD_SPARINGLY = ("asyncio", "qwen3tts_daemon.failures")
"""Loggers with a traceback for each connection that cannot be accepted, and for each request that finds a fault."""

_THREADS = min(32, (os.cpu_count() or 1) + 4)
"""As many as asyncio takes by itself"""

_NOT_TOLD = ("python_multipart",)
"""Libraries that warn of each request that is none; whoever sent it is told."""


class Daemon:
    """Everything that runs, from start to stop."""

    def __init__(self, settings: Settings, choice: EngineChoice | None = None, arguments: Sequence[str] = ()) -> None:
        """`arguments`: the command line that the settings are of. Raises SettingsError for what cannot be used."""
        self._settings = settings
        is_default = settings.models.dir is None and settings.data_dir is None
        self._models = ModelsDirectory(
            settings.models_path, obstacle=lambda: obstacle_of(settings, self._models.verdict), is_default=is_default
        )
        self._downloads = Downloads(settings.models_path, offline=settings.models.offline)
        self._choice = choice or choose_engine(settings)
        self._models.verdict = self._choice.verdict
        if self._choice.reason:
            logger.info("%s", self._choice.reason)
        self._data_lock = data_format.prepare(settings.data_path)
        data = settings.data_path
        self._token = _token_file(data)
        self._invitations = Invitations()
        self._auth = self._make_auth(_sessions(self._token.token, data))
        metrics = Metrics()
        self._speech = make_speech(settings, self._choice, self._models, metrics, phrase_cache(settings))
        self._renewal = EngineRenewal(
            self._choice, self._speech, self._models, settings, lambda: self._live_settings.settings
        )
        self._renewing: asyncio.Task[None] | None = None
        self._watching: list[asyncio.Task[None]] = []
        self._speech.on_state.append(lambda state: metrics.engine_ready.set(state == "ready"))
        self._spare_time = SpareTime(self._speech)
        self._phrases = PhraseMaker(self._speech, self._spare_time)
        self._samples = self._voice_samples(settings, self._spare_time)
        self._making_ahead: asyncio.Task[None] | None = None
        self._sockets = Sockets(
            self._speech, settings.websocket, self._models, self._downloads, self._samples, version=__version__
        )
        self._clips = Clips(settings.clips)
        self._live_settings = LiveSettings(settings, arguments, check=self._check, use=self._use)
        tls_files = files_of(settings.http, data) if settings.http.enabled else None
        self._tls = ServerTls(tls_files, lan_addresses) if tls_files else None
        self._http = self._make_http(metrics) if settings.http.enabled else None
        self._wyoming: WyomingServer | None = None
        if settings.wyoming.enabled:
            self._wyoming = WyomingServer(self._speech, settings.wyoming, version=__version__)
        self._discovery = Discovery(settings.zeroconf)

    def _voice_samples(self, settings: Settings, spare_time: SpareTime) -> VoiceSamples:
        directory = settings.data_path / "samples"
        try:
            samples = VoiceSamples(self._speech, SampleFiles(directory), spare_time)
        except OSError as error:
            raise SettingsError(f"data_dir: cannot keep samples in {directory}: {error.strerror}") from error
        samples.is_making = settings.voices.samples
        return samples

    def _make_auth(self, sessions: Sessions) -> Auth:
        http = self._settings.http
        return Auth(
            self._settings.auth, self._token.token,
            allowed_hosts=http.allowed_hosts, allowed_origins=http.allowed_origins,
            trusted_proxies=http.trusted_proxies, invitations=self._invitations, sessions=sessions,
        )  # fmt: skip

    def _change_token(self, token: str) -> None:
        self._auth.change_token(token)
        self._sockets.revoke(("token", "pairing"))

    def _make_http(self, metrics: Metrics) -> HttpServer:
        settings = self._settings
        app = build_app(
            speech=self._speech, metrics=metrics, auth=self._auth, sockets=self._sockets,
            elevenlabs_sockets=ElevenLabsSockets(self._sockets, self._speech),
            kept_clips=self._clips, models=self._models, downloads=self._downloads, samples=self._samples,
            live_settings=self._live_settings, config=settings.http, version=__version__,
            pair_command=_pair_command(settings),
        )  # fmt: skip
        limits = ServerConfig(
            message_bytes=settings.websocket.message_bytes, max_connections=settings.http.max_connections,
            max_connections_per_address=settings.http.max_connections_per_address,
            trusted_proxies=settings.http.trusted_proxies, dead_peer_s=settings.http.dead_peer_s,
        )  # fmt: skip
        return HttpServer(app, settings.http.host, settings.http.port, limits, self._tls)

    def _check(self, settings: Settings) -> None:
        """Raises SettingsError for settings that cannot be used."""
        self._speech.voices.check_change(voice_config(settings))
        self._speech.chimes.check_change(settings.speech.chime)

    def _use(self, settings: Settings) -> None:
        """What is marked `OnPage` in the settings, as far as it can be used at once."""
        self._speech.voices.use(voice_config(settings))
        self._speech.config = speech_config(settings)
        self._speech.chimes.use(settings.speech.chime)
        self._speech.phrases.use(phrase_config(settings))
        self._speech.manager.use(manager_config(self._renewal.choice, settings))
        self._samples.is_making = settings.voices.samples
        self._clips.config = settings.clips

    async def serve(self) -> None:
        """Open HTTP at once and the other port when the voice is warm; serve until cancelled.

        Raises SettingsError for a port that cannot be opened, ModelUnavailable if the engine says why it cannot.
        """
        await self._speech.start(preload=self._choice.preload)
        self._phrases.check()
        self._renewing = asyncio.create_task(self._renewal.run())
        watched = [self._speech.lexicon.watch(), self._token.watch(self._change_token)]
        watched += [self._tls.watch()] if self._tls is not None else []
        self._watching = [asyncio.create_task(watching) for watching in watched]
        if self._http is not None:
            await _listen(self._http.start(), "http", self._settings.http.port)
        self._greet()
        # The first text whose language is not given would load the language model on the event loop.
        await asyncio.to_thread(languages.warm)
        await asyncio.to_thread(reader.load, self._settings.language)
        spare_what_is_here()
        if self._choice.preload:
            await self._speech.warm()
        if self._wyoming is not None:
            await _listen(self._wyoming.start(), "wyoming", self._settings.wyoming.port)
        self._announce()
        logger.info("ready")
        making = self._spare_time.share(self._phrases.make_one, self._samples.make_one)
        self._making_ahead = asyncio.create_task(making)
        await asyncio.Event().wait()

    def _announce(self) -> None:
        if self._wyoming is not None:
            addresses, port = self._wyoming.addresses, self._wyoming.port
            self._discovery.announce(wyoming_service(addresses, port, version=__version__))
        if self._http is not None:
            hosts, port, auth = self._settings.http.host, self._http.port, self._settings.auth
            is_secure = self._tls is not None
            self._discovery.announce(voice_service(hosts, port, version=__version__, auth=auth, is_secure=is_secure))

    async def stop(self) -> None:
        """Goodbye, drain, close; `drain_s` and two seconds at most, whoever stalls."""
        limit_s = self._settings.drain_s
        if self._making_ahead is not None:
            self._making_ahead.cancel()
        for watching in self._watching:
            watching.cancel()
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)
        await self._downloads.cancel()
        if self._wyoming is not None:
            await self._wyoming.drain()
        await asyncio.gather(self._discovery.stop(), self._speech.drain(limit_s), self._sockets.drain(limit_s))
        closing = [server.close() for server in (self._wyoming, self._http) if server is not None]
        await asyncio.gather(*closing, self._speech.close(), self._speech.phrases.close())
        self._data_lock.close()

    def _greet(self) -> None:
        """Who speaks, and where the page is: with a link that pairs the browser of whoever administers."""
        if where := where_text_goes(self._settings):
            logger.warning("%s", where)
        capabilities = self._speech.capabilities
        spoken = " ".join(self._speech.voices.languages)
        if capabilities.is_preview:
            way = "" if self._choice.reason else f"; Qwen3-TTS: {DOWNLOAD_QWEN}"
            logger.info("speaking with the embedded preview voice (%s)%s", spoken, way)
        else:
            logger.info("speaking with %s (%s)", capabilities.engine, spoken)
        if self._http is not None and sys.stderr.isatty():
            # For a person; logs that are kept somewhere get no code.
            code = self._invitations.issue(FIRST_INVITATION_S, has_letters=False).link_code
            is_secure = self._tls is not None
            page = page_from_here(self._settings.http.host, self._http.port, is_secure=is_secure)
            print(f"\n  Hear it: {page}#code={code}", file=sys.stderr)
            print(f"  (good once, within an hour; for a phone: {_pair_command(self._settings)})\n", file=sys.stderr)


def _token_file(data: Path) -> TokenFile:
    try:
        return TokenFile(data / "token")
    except OSError as error:
        raise SettingsError(f"the token: {storage_failed(data, error)}") from error
    except ValueError as error:
        raise SettingsError(f"the token: {error}") from error


def _pair_command(settings: Settings) -> str:
    """What lets a browser in, typed on this machine; by its options it finds this daemon, however that got its own."""
    options = [] if settings.data_dir is None else ["--data-dir", str(settings.data_dir.absolute())]
    if settings.http.port not in (0, HttpSettings().port):
        options += ["--http.port", str(settings.http.port)]
    return own_command("pair", *options)


def _sessions(token: str, data: Path) -> Sessions:
    try:
        return Sessions(token, data / "sessions")
    except OSError as error:
        raise SettingsError(f"the sessions of paired browsers: {storage_failed(data, error)}") from error
    except ValueError as error:
        raise SettingsError(f"the sessions of paired browsers: {error}") from error


async def _listen(opening: Awaitable[None], section: str, port: int) -> None:
    """Raises SettingsError if the port cannot be had."""
    try:
        await opening
    except OSError as error:
        reason = error.strerror or error
        raise SettingsError(f"{section}.host, {section}.port: cannot listen on port {port}: {reason}") from error


def run(settings: Settings, choice: EngineChoice | None = None, arguments: Sequence[str] = ()) -> int:
    """Serve until SIGTERM, SIGINT or SIGHUP; a second one of the first two stops now. Returns the exit code.

    `arguments`: the command line that the settings are of.
    """
    safeguards.write_no_core()
    safeguards.refuse_pickles()
    write_log(settings.log_level, quotes=settings.log_text)
    for name in _NOT_TOLD:
        logging.getLogger(name).setLevel(logging.ERROR)
    for name in _TOLD_SPARINGLY:
        logging.getLogger(name).addFilter(SparingFilter())
    try:
        asyncio.run(_serve(settings, choice, arguments))
    except SettingsError as error:
        logger.error("cannot start: %s", placed(str(error), settings, list(arguments)))
        return 1
    except SynthesisError as error:
        logger.error("cannot start: %s", error)
        return 1
    return 0


async def _serve(settings: Settings, choice: EngineChoice | None, arguments: Sequence[str]) -> None:
    stop = asyncio.Event()
    _on_signals(stop)
    asyncio.get_running_loop().set_default_executor(_started_threads())
    daemon = Daemon(settings, choice, arguments)
    serving = asyncio.create_task(daemon.serve())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await daemon.stop()
        logger.info("stopped")


def _started_threads() -> ThreadPoolExecutor:
    """For `asyncio.to_thread`, all there from the beginning: later the system may have no room for another one.

    Raises SettingsError.
    """
    threads, all_there = ThreadPoolExecutor(_THREADS, "daemon"), threading.Barrier(_THREADS)
    try:
        for _ in range(_THREADS):
            threads.submit(all_there.wait)
    except RuntimeError as error:
        all_there.abort()
        raise SettingsError(
            f"this system gives no more threads ({error}): raise its limit, as ulimit -u says"
        ) from error
    return threads


def _on_signals(stop: asyncio.Event) -> None:
    def handle() -> None:
        if stop.is_set():
            logger.warning("stopping now")
            # The workers see their sockets close and end by themselves.
            os._exit(1)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, handle)
    # nohup has it ignored. A terminal that closes sends two, and systemd may send one behind SIGTERM: no impatience.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, stop.set)
