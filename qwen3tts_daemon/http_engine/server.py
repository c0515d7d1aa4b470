"""A speech server's two routes, over one pool of connections. What goes wrong is raised as our errors."""

import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import httpx2
import msgspec

from qwen3tts_daemon.http_engine.options import ServerOptions
from qwen3tts_daemon.http_engine.refusals import MAX_ANSWER_BYTES, failure, read_answer, refusal
from qwen3tts_daemon.http_engine.voice_list import MAX_LIST_BYTES, VoiceList, chosen, read_voice_list
from qwen_tts.errors import ModelUnavailable, SynthesisFailed

_KEPT_S = 4.0
"""How long a connection is kept that nobody uses: many servers close them after five seconds."""
_RECEIVED_BYTES = 256 * 1024
"""That the system may hold of one answer: five seconds of sound, not the megabytes that it would allow."""
_WITHOUT_A_LIST = (404, 405, 501)


class SpokenAnswer:
    """An answer that is sound: its headers, and its body as it comes."""

    def __init__(self, response: httpx2.Response) -> None:
        self.headers: Mapping[str, str] = response.headers
        self.has_begun = False
        """Some of it has come"""
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._response.aiter_raw():
            self.has_begun = True
            yield data


class SpeechServer:
    """See the module."""

    def __init__(self, options: ServerOptions) -> None:
        logging.getLogger("httpx2").setLevel(logging.WARNING)  # it has a line for every request
        self._options = options
        headers = {"accept-encoding": "identity", "user-agent": "qwen3tts-daemon"}
        if options.token:
            headers["authorization"] = f"Bearer {options.token}"
        transport = httpx2.AsyncHTTPTransport(
            verify=_trusted(options), trust_env=False,
            limits=httpx2.Limits(max_connections=options.max_requests + 1, keepalive_expiry=_KEPT_S),
            socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVED_BYTES)],
        )  # fmt: skip
        self._client = httpx2.AsyncClient(
            headers=headers, transport=transport, trust_env=False, follow_redirects=False,
            timeout=httpx2.Timeout(options.read_timeout_s, connect=options.connect_timeout_s, pool=None),
        )  # fmt: skip
        self._extensions = {"trace": self._check_peer} if options.token and options.may_have_token else {}

    async def close(self) -> None:
        await self._client.aclose()

    async def voices(self) -> VoiceList:
        """Those of the options, else those that it lists. Raises ModelUnavailable, EngineBusy, SynthesisFailed."""
        options = self._options
        listed = await self._listed_voices()
        voices = listed if not options.voices else chosen(options.voices, listed or VoiceList(), options.languages)
        if not voices or not voices.voices:
            raise ModelUnavailable(
                f"the speech server {options.host} lists no voices at /v1/audio/voices: name them in http_engine.voices"
            )
        return voices

    async def _listed_voices(self) -> VoiceList | None:
        """None if it has no list."""
        with self._our_errors():
            async with self._request("GET", "/audio/voices") as response:
                if response.status_code in _WITHOUT_A_LIST:
                    return None
                await self._check(response)
                body = await _read(response, MAX_LIST_BYTES)
        try:
            return read_voice_list(body, self._options.languages)
        except ValueError as error:
            if self._options.voices:
                return None
            raise ModelUnavailable(
                f"what the speech server {self._options.host} answers at /v1/audio/voices is no list of voices: "
                f"{error}; name them in http_engine.voices"
            ) from error

    @contextlib.asynccontextmanager
    async def speak(self, fields: Mapping[str, Any], headers: Mapping[str, str]) -> AsyncIterator[SpokenAnswer]:
        """The sound of a text. Leaving the block early closes the connection.

        Raises what the server's answer means, and what a connection that fails means, also from within the block.
        """
        answer: SpokenAnswer | None = None
        body = msgspec.json.encode(fields)
        headers = {"content-type": "application/json", **headers}
        with self._our_errors(lambda: answer is not None and answer.has_begun):
            async with self._request("POST", "/audio/speech", headers=headers, content=body) as response:
                await self._check(response)
                answer = SpokenAnswer(response)
                yield answer

    def _request(self, method: str, route: str, **more: Any) -> contextlib.AbstractAsyncContextManager[httpx2.Response]:
        return self._client.stream(method, self._options.base_url + route, extensions=self._extensions, **more)

    @contextlib.contextmanager
    def _our_errors(self, has_begun: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """`has_begun`: whether sound has come."""
        try:
            yield
        except httpx2.HTTPError as error:
            raise failure(error, self._options.host, has_begun=has_begun()) from error

    async def _check(self, response: httpx2.Response) -> None:
        """Raises what an answer means that is not what was asked for."""
        if response.status_code != httpx2.codes.OK:
            body = await _read(response, MAX_ANSWER_BYTES)
            retry_after = response.headers.get("retry-after", "")
            answer = read_answer(response.status_code, body, retry_after, token=self._options.token)
            raise refusal(answer, self._options.host)
        if (encoding := response.headers.get("content-encoding", "identity")) != "identity":
            raise SynthesisFailed(
                f"the speech server {self._options.host} sent {encoding[:20]}, which it was not asked for"
            )

    async def _check_peer(self, event: str, info: Mapping[str, Any]) -> None:
        """Before anything is sent on a new connection: a name may mean another machine than it did at the start."""
        assert self._options.may_have_token is not None
        if event != "connection.connect_tcp.complete":
            return
        stream = info["return_value"]
        address = stream.get_extra_info("server_addr")
        if not self._options.may_have_token(str(address[0])):
            await stream.aclose()
            raise ModelUnavailable(
                f"the speech server {self._options.host} is not in a private network now: its token is not sent there "
                "unencrypted; use https:// in http_engine.url"
            )


def _trusted(options: ServerOptions) -> ssl.SSLContext | bool:
    if options.ca_file is None:
        return True
    context = ssl.create_default_context()
    context.load_verify_locations(options.ca_file)
    return context


async def _read(response: httpx2.Response, most_bytes: int) -> bytes:
    """Of the body so many bytes; the connection is closed with the rest."""
    body = b""
    async for data in response.aiter_raw():
        body += data
        if len(body) > most_bytes:
            break
    return body[:most_bytes]
