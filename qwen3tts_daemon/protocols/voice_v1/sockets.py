"""All voice.v1 sockets of the daemon: who gets one, what all are told, and how they end.

Who may come at all (address, origin, token) is decided before.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Collection

from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from qwen3tts_daemon.access.auth import Claim
from qwen3tts_daemon.downloads.background import Downloads
from qwen3tts_daemon.failures import Refusal, describe
from qwen3tts_daemon.hosting.models_directory import ModelsDirectory
from qwen3tts_daemon.protocols.voice_v1.connection import (
    LAST_WORDS_S,
    Clock,
    Language,
    VoiceConnection,
    VoiceV1,
    subprotocol_of,
)
from qwen3tts_daemon.protocols.voice_v1.status import VOICE_STATES, all_of
from qwen3tts_daemon.settings import WebSocketSettings
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.voice_samples import VoiceSamples
from qwen_tts.api import ModelState


class Sockets:
    """All sockets of the daemon: opens them, tells them of the engine's state, ends them."""

    def __init__(
        self, speech: Speech, settings: WebSocketSettings, models: ModelsDirectory, downloads: Downloads,
        samples: VoiceSamples | None = None, *, version: str = "", clock: Clock | None = None,
    ) -> None:  # fmt: skip
        """Who watches is told of `models`, `downloads` and `samples` too."""
        self._speech = speech
        self._settings = settings
        self._watched = lambda: all_of(speech, models, downloads, samples)
        self._ours = VoiceV1(version)
        self._clock = clock or asyncio.get_running_loop().time
        self._live: dict[VoiceConnection, Claim] = {}
        self._per_address: Counter[str] = Counter()
        self._none_live = asyncio.Event()
        self._none_live.set()
        self._draining = False
        speech.on_state.append(self._tell_state)

    @property
    def live(self) -> int:
        """Open sockets."""
        return len(self._live)

    async def refuse(self, websocket: WebSocket, refusal: Refusal, *, language: Language | None = None) -> None:
        """Accept, say why not, close: a page cannot read the status of an upgrade that failed."""
        language = language or self._ours
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await websocket.accept(subprotocol_of(websocket, language))
            await websocket.send_text(language.refusal(refusal))
            await websocket.close(describe(refusal).close_code, refusal.code)

    async def serve(
        self, websocket: WebSocket, *, address: str, claim: Claim = "place", language: Language | None = None
    ) -> None:
        """One socket, from the upgrade to its end. `address`: the client's, as a trusted proxy may have named it;
        `claim`: see `revoke`; `language`: another one than voice.v1, for which the same limits hold.
        """
        language = language or self._ours
        offered = [name for name in websocket.scope["subprotocols"] if not name.startswith("bearer.")]
        if offered and language.subprotocol not in (None, *offered):
            with contextlib.suppress(RuntimeError):
                answer = PlainTextResponse(f"the subprotocol is {language.subprotocol}\n", 400)
                await websocket.send_denial_response(answer)
        elif self._draining:
            await self.refuse(websocket, Refusal("draining", "the daemon is stopping"), language=language)
        elif not self._has_room_for(address):
            limit = self._settings.max_sockets_per_address
            refusal = Refusal("rate_limited", f"at most {limit} sockets from one address")
            await self.refuse(websocket, refusal, language=language)
        else:
            await self._serve(websocket, address, claim, language)

    def _has_room_for(self, address: str) -> bool:
        """Also if that cuts off a socket of the same address whose machine has stopped answering."""
        if self._per_address[address] < self._settings.max_sockets_per_address:
            return True
        return any(socket.gives_way_to(address) for socket in self._live)

    async def _serve(self, websocket: WebSocket, address: str, claim: Claim, language: Language) -> None:
        self._per_address[address] += 1
        socket = VoiceConnection(websocket, address, self._speech, self._settings, self._clock, self._watched, language)
        self._live[socket] = claim
        self._none_live.clear()
        try:
            await socket.run()
        finally:
            del self._live[socket]
            self._per_address[address] -= 1
            if not self._per_address[address]:
                del self._per_address[address]
            if not self._live:
                self._none_live.set()

    def revoke(self, claims: Collection[Claim]) -> None:
        """End those whose clients could not speak but by what is void now."""
        for socket, claim in list(self._live.items()):
            if claim in claims:
                socket.revoke()

    def _tell_state(self, state: ModelState) -> None:
        for socket in self._live:
            socket.session.change_state(VOICE_STATES[state])

    async def drain(self, limit_s: float) -> None:
        """Open no more contexts, let those that run end, close all; at last cut them off."""
        self._draining = True
        for socket in list(self._live):
            socket.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._speech.quiet()
        for socket in list(self._live):
            socket.cancel_all()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                await self._none_live.wait()
        for socket in list(self._live):
            socket.abort()
