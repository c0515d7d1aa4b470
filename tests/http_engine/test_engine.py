"""Laws of the http engine on a server that is not ours: what it asks, what becomes of answers, when it gives up."""

import asyncio
import gzip
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen3tts_daemon.audio import wav_header
from qwen3tts_daemon.http_engine.engine import HttpEngine
from qwen_tts.api import Limits, PresetVoice, Sampling, SynthesisRequest
from qwen_tts.errors import (
    EngineBusy,
    ModelUnavailable,
    NoEndOfSpeech,
    SynthesisError,
    SynthesisFailed,
    UnknownVoice,
)
from qwen_tts.stream import WINDOW_FRAMES, AudioStream
from tests.fakes import tone
from tests.http_engine.conftest import options_for
from tests.http_engine.stand_in import Held, StandIn, breaks_off, hang_up, says, sound
from tests.patience import PATIENCE_S
from tests.wire.http_door import until

MakeEngine = Callable[..., HttpEngine]
FRAME = 2 * 1_920


def request(text: str = "Hello there.", **more: object) -> SynthesisRequest:
    return SynthesisRequest(**{"voice": PresetVoice("vivian"), "text": text, "language": "en", **more})  # type: ignore[arg-type]


async def heard(stream: AudioStream) -> bytes:
    async with stream:
        return b"".join([chunk.pcm async for chunk in stream])


async def failure(stream: AudioStream) -> SynthesisError:
    with pytest.raises(SynthesisError) as caught:
        await heard(stream)
    return caught.value


# -- what is asked -------------------------------------------------------------------------------------------------


async def test_a_server_is_asked_in_its_own_words(server: StandIn, make_engine: MakeEngine) -> None:
    engine = make_engine(model="tts", token="secret-token")
    await engine.load()
    sampling = Sampling(seed=7, temperature=0.5)
    asked = request(instruct="calmly", sampling=sampling, request_id="7f3a", passed_on_by=("kitchen",))
    assert await heard(engine.stream(asked)) == tone("Hello there.")
    assert server.asked == [{
        "input": "Hello there.", "voice": "vivian", "response_format": "pcm", "stream_format": "audio", "stream": True,
        "model": "tts", "instructions": "calmly", "language": "English", "seed": 7, "temperature": 0.5,
        "text_normalization": False,
    }]  # fmt: skip
    headers = server.headers[-1]
    assert headers["authorization"] == "Bearer secret-token"
    assert headers["x-request-id"] == "7f3a-0"
    assert headers["x-passed-on-by"].startswith("kitchen, qwen3tts-daemon-")


async def test_a_strict_server_is_sent_openais_fields_alone(server: StandIn, make_engine: MakeEngine) -> None:
    engine = make_engine(openai_fields_only=True)
    await engine.load()
    await heard(engine.stream(request(sampling=Sampling(seed=7))))
    assert server.asked[0].keys() == {"input", "voice", "response_format", "stream_format"}


async def test_each_piece_of_a_text_is_a_request_and_begins_when_the_one_before_was_handed_out(
    server: StandIn, engine: HttpEngine
) -> None:
    async with engine.stream(request("", live=True)) as audio:
        await audio.feed("First piece.")
        first = await anext(audio)
        await audio.feed("Second one.\n")
        audio.end_text()
        rest = [chunk async for chunk in audio]
    assert server.texts == ["First piece.", "Second one."]
    assert first.pcm + b"".join(chunk.pcm for chunk in rest) == tone("First piece.") + tone("Second one.")
    assert [chunk.segment for chunk in rest] == sorted(chunk.segment for chunk in rest)


# -- sound as it comes ---------------------------------------------------------------------------------------------


async def test_sound_is_passed_on_before_the_server_has_made_the_rest(server: StandIn, engine: HttpEngine) -> None:
    pcm = tone("x" * 30)
    held = Held(pcm[:5001], pcm[5001:])
    server.answers.append(held)
    async with engine.stream(request()) as audio:
        early = b""
        while len(early) < 5000:
            early += (await anext(audio)).pcm
        held.go_on.set()
        rest = b"".join([chunk.pcm async for chunk in audio])
    assert early + rest == pcm


async def test_cancelling_closes_the_connection_at_once(server: StandIn, engine: HttpEngine) -> None:
    held = Held(tone("Hello"), tone("never"))
    server.answers.append(held)
    async with engine.stream(request()) as audio:
        await anext(audio)
        audio.cancel()
        assert [chunk async for chunk in audio] == []
    async with asyncio.timeout(PATIENCE_S):
        await held.left.wait()


async def test_cancelling_before_the_answer_closes_the_connection_too(server: StandIn, engine: HttpEngine) -> None:
    held = Held()
    held_at_once = asyncio.Event()

    async def silent(*asked: object) -> object:
        held.begun.set()
        try:
            await held_at_once.wait()
        finally:
            held.left.set()

    server.answers.append(silent)  # type: ignore[arg-type]
    async with engine.stream(request()):
        await held.begun.wait()
    async with asyncio.timeout(PATIENCE_S):
        await held.left.wait()


async def test_a_listener_that_does_not_listen_holds_the_server_back(server: StandIn, engine: HttpEngine) -> None:
    block = bytes(100 * FRAME)
    endless = Held(block, *[block] * 200)  # 27 minutes
    endless.go_on.set()
    server.answers.append(endless)
    async with engine.stream(request("x" * 8000)) as audio:
        await anext(audio)
        chunks = audio._chunks

        def ready_frames() -> float:
            return sum(chunk.samples for chunk in chunks) / 1_920

        await until(lambda: ready_frames() >= WINDOW_FRAMES - 1)
        sent = -1
        while sent != endless.sent_bytes:
            sent = endless.sent_bytes
            await asyncio.sleep(0.2)
        assert ready_frames() <= WINDOW_FRAMES + 1
        assert sent < 10_000_000 < 200 * len(block), "what the sockets and forty seconds hold"


async def test_so_many_requests_at_once_and_no_more(server: StandIn, make_engine: MakeEngine) -> None:
    engine = make_engine(max_requests=2)
    await engine.load()
    held = [Held(tone("a"), tone("b")) for _ in range(4)]
    server.answers.extend(held)
    streams = [engine.stream(request(client=f"client {number}")) for number in range(4)]
    readers = [asyncio.create_task(heard(stream)) for stream in streams]
    await until(lambda: len(server.asked) == 2)
    with pytest.raises(EngineBusy):
        engine.stream(request(client="another"))
    held[0].go_on.set()
    await until(lambda: len(server.asked) == 3)
    for one in held:
        one.go_on.set()
    assert await asyncio.gather(*readers) == [tone("a") + tone("b")] * 4


async def test_the_limit_of_a_request_ends_it(server: StandIn, engine: HttpEngine) -> None:
    stream = engine.stream(request(limits=Limits(max_audio_s=0.1)))
    assert await heard(stream) == tone("Hello there.")[:4800]
    assert stream.end is not None
    assert stream.end.reason == "limit"


# -- formats that were not asked for -------------------------------------------------------------------------------


async def test_a_wav_is_taken_although_pcm_was_asked_for(server: StandIn, engine: HttpEngine) -> None:
    server.answers.append(sound(wav_header(24_000) + tone("Hi"), content_type="audio/wav"))
    assert await heard(engine.stream(request())) == tone("Hi")


@pytest.mark.parametrize(
    "answer",
    [
        sound(tone("Hello"), content_type="audio/pcm;rate=48000"),
        sound(tone("Hello"), X_Sample_Rate="48000"),
        sound(wav_header(48_000) + tone("Hello"), content_type="audio/wav"),
    ],
)
async def test_another_sample_rate_that_is_told_becomes_ours(
    server: StandIn, engine: HttpEngine, answer: object
) -> None:
    server.answers.append(answer)  # type: ignore[arg-type]
    assert len(await heard(engine.stream(request()))) == len(tone("Hello")) / 2


async def test_what_is_compressed_is_not_unpacked(server: StandIn, engine: HttpEngine) -> None:
    server.answers.append(sound(gzip.compress(bytes(1_000_000)), Content_Encoding="gzip"))
    error = await failure(engine.stream(request()))
    assert isinstance(error, SynthesisFailed)
    assert "gzip" in str(error)


@pytest.mark.parametrize("content_type", ["audio/mpeg", "text/event-stream", "application/json", "audio/ogg"])
async def test_what_is_no_pcm_is_an_error_and_no_noise(server: StandIn, engine: HttpEngine, content_type: str) -> None:
    server.answers.append(sound(b"\x7f\x01" * 5000, content_type=content_type))
    error = await failure(engine.stream(request()))
    assert isinstance(error, SynthesisFailed)
    assert content_type in str(error)


async def test_no_sound_for_words_is_an_error(server: StandIn, engine: HttpEngine) -> None:
    server.answers.append(sound(b""))
    error = await failure(engine.stream(request()))
    assert isinstance(error, SynthesisFailed)
    assert "sent no sound" in str(error)


async def test_a_server_that_speaks_for_ever_is_ended_and_what_came_is_heard(
    server: StandIn, engine: HttpEngine
) -> None:
    server.answers.append(sound(bytes(2 * 24_000 * 60)))
    allowed = 23 * 24_000
    async with engine.stream(request("Hi.")) as audio:
        (stream,) = engine._living()
        await until(lambda: stream._out.samples > allowed)
        made = samples = 0
        while samples < (made := stream._out.samples):
            samples += (await anext(audio)).samples
        with pytest.raises(NoEndOfSpeech):
            await anext(audio)
    assert samples == made


# -- failures ------------------------------------------------------------------------------------------------------


async def test_a_connection_that_had_gone_stale_is_made_anew(server: StandIn, engine: HttpEngine) -> None:
    server.answers.append(hang_up)
    assert await heard(engine.stream(request())) == tone("Hello there.")
    assert len(server.asked) == 2


async def test_a_server_that_always_hangs_up_is_not_asked_for_ever(server: StandIn, engine: HttpEngine) -> None:
    server.answers.extend([hang_up] * 10)
    assert isinstance(await failure(engine.stream(request())), ModelUnavailable)
    assert len(server.asked) <= 3


async def test_sound_that_breaks_off_is_heard_then_told_and_not_asked_for_again(
    server: StandIn, engine: HttpEngine
) -> None:
    server.answers.append(breaks_off(tone("Hello")))
    pcm = b""
    async with engine.stream(request()) as audio:
        while len(pcm) < len(tone("Hello")):
            pcm += (await anext(audio)).pcm
        with pytest.raises(SynthesisFailed, match="in the middle"):
            await anext(audio)
    assert pcm == tone("Hello")
    assert len(server.asked) == 1


async def test_who_has_heard_nothing_is_told_that_all_are_busy(server: StandIn, engine: HttpEngine) -> None:
    server.answers.append(says(503, {"error": {"message": "The request queue is full."}}, Retry_After="7"))
    error = await failure(engine.stream(request()))
    assert isinstance(error, EngineBusy)
    assert error.retry_after_s == 7
    assert len(server.asked) == 1


async def test_a_text_goes_on_when_a_busy_server_has_room_again(server: StandIn, engine: HttpEngine) -> None:
    async with engine.stream(request("", live=True)) as audio:
        await audio.feed("First.")
        chunks = [await anext(audio)]
        server.answers.append(says(429, "slow down", Retry_After="1"))
        await audio.feed("Second.")
        audio.end_text()
        chunks += [chunk async for chunk in audio]
    assert b"".join(chunk.pcm for chunk in chunks) == tone("First.") + tone("Second.")
    assert server.texts == ["First.", "Second.", "Second."]


async def test_a_server_that_says_nothing_is_given_up(server: StandIn, make_engine: MakeEngine) -> None:
    engine = make_engine(read_timeout_s=0.2)
    await engine.load()
    silent = Held()

    async def never(*asked: object) -> object:
        await silent.go_on.wait()

    server.answers.append(never)  # type: ignore[arg-type]
    error = await failure(engine.stream(request()))
    assert isinstance(error, ModelUnavailable)
    assert "read_timeout_s" in str(error)


async def test_what_it_cannot_speak_is_refused_before_it_is_asked(server: StandIn, engine: HttpEngine) -> None:
    with pytest.raises(UnknownVoice, match="no voice 'nobody'"):
        engine.stream(request(voice=PresetVoice("nobody")))
    assert server.asked == []


async def test_a_text_that_comes_back_is_refused(engine: HttpEngine, server: StandIn) -> None:
    await heard(engine.stream(request()))
    passed_on_by = tuple(server.headers[-1]["x-passed-on-by"].split(", "))
    with pytest.raises(ModelUnavailable, match="circle"):
        engine.stream(request(passed_on_by=passed_on_by))
    with pytest.raises(ModelUnavailable, match="circle"):
        engine.stream(request(passed_on_by=tuple("abcdefgh")))


# -- its voices, and whether it is there ---------------------------------------------------------------------------


def names(engine: HttpEngine) -> list[str]:
    return [voice.name for voice in engine.capabilities.voices]


async def test_voices_that_come_and_go_are_noticed(server: StandIn, make_engine: MakeEngine) -> None:
    engine = make_engine(refresh_s=0.01)
    assert names(engine) == []
    await engine.load()
    assert names(engine) == ["vivian", "ryan"]
    server.voices = says(200, {"voices": ["ryan", "anna"]})
    await until(lambda: names(engine) == ["ryan", "anna"])
    server.voices = says(500, "broken for a moment")
    asked = len(server.headers)
    await until(lambda: len(server.headers) > asked + 2)
    assert names(engine) == ["ryan", "anna"]
    assert not engine.died.is_set()


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_server_without_a_list_has_the_voices_of_the_settings(
    server: StandIn, make_engine: MakeEngine, status: int
) -> None:
    server.voices = says(status, "no such page")
    with pytest.raises(ModelUnavailable, match=r"http_engine\.voices"):
        await make_engine().load()
    engine = make_engine(voices=("alloy", "nova"), languages=("de", "en"))
    await engine.load()
    assert names(engine) == ["alloy", "nova"]
    assert engine.capabilities.languages == ("de", "en")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says(401, {"error": {"message": "no key"}}), r"no key.*http_engine\.token_file"),
        (says(200, {"voices": []}), r"http_engine\.voices"),
        (says(200, "<html>"), r"no list of voices.*http_engine\.voices"),
        (says(302, "", Location="https://elsewhere.example/v1"), r"correct http_engine\.url"),
        (says(500, "down"), "down"),
    ],
)
async def test_why_it_is_not_ready_is_told_with_the_way_out(
    server: StandIn, make_engine: MakeEngine, answer: object, words: str
) -> None:
    server.voices = answer  # type: ignore[assignment]
    with pytest.raises(SynthesisError, match=words):
        await make_engine().load()


async def test_without_a_server_it_says_so() -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        engine = HttpEngine(options_for(taken.getsockname()[1]))
        with pytest.raises(ModelUnavailable, match="cannot be reached: Connection refused"):
            await engine.load()
        await engine.close()


async def test_a_server_that_has_gone_ends_the_engine_when_somebody_wants_to_speak() -> None:
    server = StandIn()
    async with server.running():
        engine = HttpEngine(options_for(server.port, refresh_s=3600))
        await engine.load()
    error = await failure(engine.stream(request()))
    assert isinstance(error, ModelUnavailable)
    async with asyncio.timeout(PATIENCE_S):
        await engine.died.wait()
    await engine.close()


# -- what is secret ------------------------------------------------------------------------------------------------


async def test_a_token_does_not_leave_private_networks_unencrypted(server: StandIn, make_engine: MakeEngine) -> None:
    """Wherever the name of the server leads now."""
    engine = make_engine(token="secret-token", may_have_token=lambda address: not address.startswith("127."))
    with pytest.raises(ModelUnavailable, match="https"):
        await engine.load()
    assert server.headers == []
    engine = make_engine(token="secret-token", may_have_token=lambda address: address == "127.0.0.1")
    await engine.load()


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Its file, and a server's context with it."""
    file, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", file],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, key)
    return file, context


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
async def test_a_certificate_is_checked_and_can_be_vouched_for(tmp_path: Path) -> None:
    file, tls = certificate(tmp_path)
    async with StandIn().running(tls) as server:
        engine = HttpEngine(options_for(server.port, scheme="https"))
        with pytest.raises(ModelUnavailable, match=r"not trusted.*http_engine\.ca_file"):
            await engine.load()
        await engine.close()
        assert server.headers == []
        engine = HttpEngine(options_for(server.port, scheme="https", ca_file=file))
        await engine.load()
        assert await heard(engine.stream(request())) == tone("Hello there.")
        await engine.close()


def test_its_options_can_be_printed_without_the_token() -> None:
    assert "secret-token" not in repr(options_for(1, token="secret-token"))
