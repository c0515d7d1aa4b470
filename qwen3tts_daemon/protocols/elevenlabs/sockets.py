"""Lets ElevenLabs' clients in, beside those of voice.v1 and within the same limits."""

import asyncio

from starlette.websockets import WebSocket

from qwen3tts_daemon.access.auth import Claim
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.elevenlabs.client_messages import Address, read_address
from qwen3tts_daemon.protocols.elevenlabs.session import ElevenLabsSession, refusal_message
from qwen3tts_daemon.protocols.elevenlabs_shape import THEIR_NAMES, output_format
from qwen3tts_daemon.protocols.voice_v1.connection import Watched
from qwen3tts_daemon.protocols.voice_v1.sockets import Sockets
from qwen3tts_daemon.protocols.voice_v1.status import VOICE_STATES
from qwen3tts_daemon.settings import WebSocketSettings
from qwen3tts_daemon.speech.service import Speech
from qwen_tts.errors import SynthesisError


class ElevenLabs:
    """What is spoken over one socket: see voice_v1.connection.Language."""

    protocol = "elevenlabs"
    subprotocol: str | None = None

    def __init__(self, voice: str = "", address: Address | None = None, *, is_multi: bool = False) -> None:
        self._voice, self._address, self._is_multi = voice, address or Address(), is_multi

    def session(self, speech: Speech, settings: WebSocketSettings, watched: Watched, now: float) -> ElevenLabsSession:
        if not self._is_multi:  # it is there for this text
            settings = settings.model_copy(update={"idle_s": self._address.inactivity_timeout})
        return ElevenLabsSession(
            settings, lambda: speech.voices, lambda: speech.capabilities, self._address,
            voice=self._voice, is_multi=self._is_multi, now=now, state=VOICE_STATES[speech.manager.state],
        )  # fmt: skip

    def refusal(self, refusal: Refusal) -> str:
        return refusal_message(refusal)


class ElevenLabsSockets:
    """The door of both kinds."""

    def __init__(self, sockets: Sockets, speech: Speech) -> None:
        """`sockets` counts them all."""
        self._sockets = sockets
        self._speech = speech

    async def refuse(self, websocket: WebSocket, refusal: Refusal) -> None:
        """See Sockets."""
        await self._sockets.refuse(websocket, refusal, language=ElevenLabs())

    async def serve(self, websocket: WebSocket, voice: str, *, is_multi: bool, address: str, claim: Claim) -> None:
        """See Sockets. Raises Refusal and InvalidRequest, before the upgrade, for what its address asks for wrongly."""
        asked = read_address(websocket.query_params)
        sound = output_format(asked.output_format)
        try:
            self._speech.models.check(asked.model_id)
            self._speech.voices.check(voice, asked.language_code)
        except SynthesisError as error:
            error.param = THEIR_NAMES.get(error.param or "", error.param)
            raise
        # In a thread: the first compressed one imports FFmpeg.
        await asyncio.to_thread(sound.open_encoder, self._speech.capabilities.sample_rate)
        language = ElevenLabs(voice, asked, is_multi=is_multi)
        await self._sockets.serve(websocket, address=address, claim=claim, language=language)
