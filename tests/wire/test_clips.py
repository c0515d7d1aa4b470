"""/v1/audio/clips: ordered, followed by several players while they grow, fetched in parts when they are complete."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import av
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3tts_daemon.access.auth import Principal
from qwen3tts_daemon.access.lan_addresses import lan_addresses
from qwen3tts_daemon.audio import FILE_FORMATS
from qwen3tts_daemon.protocols.http.own_url import base_url
from qwen3tts_daemon.protocols.http.routes.clips import parse_range
from qwen3tts_daemon.settings import ClipsSettings, HttpSettings
from qwen3tts_daemon.speech.clips import Clips
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from tests.fakes import MS_PER_CHAR, SAMPLE_RATE, Clock, tone
from tests.wire.http_door import TOKEN, Door, GatedEngine, open_door, until

CLIPS = "/v1/audio/clips"
TEXT = "The kettle is on and the lamp is lit."
SECONDS = len(TEXT) * MS_PER_CHAR / 1000
MEDIA_TYPES = {
    "wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac", "opus": "audio/ogg;codecs=opus", "aac": "audio/aac",
}  # fmt: skip
LONGEST_PADDING_S = 0.13
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def engine() -> GatedEngine:
    return GatedEngine()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def clips(clock: Clock) -> Clips:
    return Clips(ClipsSettings(), clock)


@pytest.fixture
async def door(speech: Speech, metrics: Metrics, clips: Clips) -> AsyncIterator[Door]:
    async with open_door(speech, metrics, clips=clips) as door:
        yield door


@pytest.fixture
def complete(engine: GatedEngine) -> None:
    """Everything is made at once."""
    engine.allow()


async def make(door: Door, **fields: Any) -> dict[str, Any]:
    answer = await door.client.post(CLIPS, json={"input": TEXT, "response_format": "wav", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def made(clips: Clips, clip: dict[str, Any]) -> None:
    making = clips.get(clip["id"]).making
    assert making is not None
    await asyncio.wait([making])


async def whole(door: Door, path: str) -> bytes:
    async with door.client.stream("GET", path) as answer:
        return await rest(answer)


async def rest(answer: httpx.Response) -> bytes:
    assert answer.status_code == 200
    return b"".join([part async for part in answer.aiter_raw()])


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_the_answer_comes_before_any_sound(door: Door, engine: GatedEngine) -> None:
    clip = await make(door, response_format="mp3", expires_in_s=30)
    assert engine.frames_made == 0
    assert clip["path"] == f"{CLIPS}/{clip['id']}.mp3"
    assert clip["url"].endswith(clip["path"])
    assert (clip["format"], clip["media_type"]) == ("mp3", "audio/mpeg")
    assert datetime.fromisoformat(clip["expires_at"]) > datetime.now(UTC)
    assert len(bytes.fromhex(clip["id"])) * 8 >= 128
    assert "qr" not in clip


async def test_a_phone_is_shown_the_url_as_a_picture(door: Door) -> None:
    clip = await make(door, response_format="mp3", qr=True)
    assert clip["qr"].startswith("data:image/svg+xml")
    assert clip["qr"] != (await make(door, response_format="mp3", qr=True))["qr"], "each of its own"


class TestGrowing:
    @pytest.mark.parametrize("name", FILE_FORMATS)
    async def test_three_readers_at_once_each_get_the_whole(
        self, door: Door, engine: GatedEngine, clips: Clips, name: str
    ) -> None:
        clip = await make(door, response_format=name)
        async with door.client.stream("GET", clip["path"]) as first:
            engine.allow(10)
            async with (
                door.client.stream("GET", clip["path"]) as second,
                door.client.stream("GET", clip["path"], headers={"Range": "bytes=0-"}) as third,
            ):
                await until(lambda: engine.frames_made == 10)
                readers = (first, second, third)
                for answer in readers:
                    assert answer.headers["content-type"] == MEDIA_TYPES[name]
                    assert answer.headers["accept-ranges"] == "none"
                    assert "content-length" not in answer.headers
                engine.allow()
                bodies = await asyncio.gather(*(rest(answer) for answer in readers))
        await made(clips, clip)
        later = await whole(door, clip["path"])
        header = 44 if name == "wav" else 0  # that of a stream does not know its length
        assert {body[header:] for body in bodies} == {later[header:]}
        assert seconds_of(later) == pytest.approx(SECONDS, abs=LONGEST_PADDING_S)
        assert seconds_of(bodies[0]) == pytest.approx(SECONDS, abs=LONGEST_PADDING_S)

    async def test_sound_comes_while_it_is_made(self, door: Door, engine: GatedEngine) -> None:
        clip = await make(door)
        engine.allow(3)
        async with door.client.stream("GET", clip["path"]) as answer:
            sound = answer.aiter_raw(44 + 3 * 3_840)
            assert (await anext(sound))[44:] == tone(TEXT)[: 3 * 3_840]
            assert engine.frames_made == 3

    async def test_head_waits_for_nothing(self, door: Door, engine: GatedEngine) -> None:
        clip = await make(door)
        head = await door.client.head(clip["path"])
        assert (head.status_code, head.headers["content-type"], head.content) == (200, "audio/wav", b"")
        async with door.client.stream("GET", clip["path"]) as answer:
            assert engine.frames_made == 0, "and neither does what comes after it"
            engine.allow()
            assert (await rest(answer))[44:] == tone(TEXT)

    async def test_a_reader_that_leaves_does_not_end_it(self, door: Door, engine: GatedEngine, clips: Clips) -> None:
        clip = await make(door)
        engine.allow(5)
        async with door.client.stream("GET", clip["path"]) as answer:
            sound = answer.aiter_raw(1)  # kept: it closes the answer when it is collected
            await anext(sound)
        await until(lambda: not clips.get(clip["id"]).readers)
        assert engine.active == 1
        engine.allow()
        assert (await whole(door, clip["path"]))[44:] == tone(TEXT)

    async def test_a_failure_cuts_who_has_begun_and_is_told_to_who_comes_later(
        self, door: Door, engine: GatedEngine, clips: Clips
    ) -> None:
        clip = await make(door, input="This goes well. This one will [fail] here.")
        async with door.client.stream("GET", clip["path"]) as answer:
            engine.allow()
            with pytest.raises(httpx.RemoteProtocolError):
                await rest(answer)
        await made(clips, clip)
        for method in ("GET", "HEAD"):
            assert (await door.client.request(method, clip["path"])).status_code == 500
        assert code_of(await door.client.get(clip["path"])) == (500, "generation_failed")

    async def test_deleting_cuts_and_cancels(self, door: Door, engine: GatedEngine) -> None:
        clip = await make(door)
        async with door.client.stream("GET", clip["path"]) as answer:
            assert (await door.client.delete(f"{CLIPS}/{clip['id']}")).status_code == 204
            with pytest.raises(httpx.RemoteProtocolError):
                await rest(answer)
        await until(lambda: not engine.active)
        assert code_of(await door.client.get(clip["path"])) == (404, "not_found")
        assert code_of(await door.client.delete(f"{CLIPS}/{clip['id']}")) == (404, "not_found")

    async def test_what_was_made_is_deleted_by_its_path(self, door: Door) -> None:
        clip = await make(door)
        assert (await door.client.delete(clip["path"])).status_code == 204
        assert code_of(await door.client.get(clip["path"])) == (404, "not_found")

    async def test_what_is_full_says_when_to_come_again(self, speech: Speech, metrics: Metrics) -> None:
        async with open_door(speech, metrics, clips=Clips(ClipsSettings(max_clips=1))) as door:
            await make(door)
            answer = await door.client.post(CLIPS, json={"input": TEXT})
            assert code_of(answer) == (503, "queue_full")
            assert answer.headers["retry-after"]


@given(
    st.integers(1, 60),
    st.one_of(st.none(), st.integers(0, 70)),
    st.one_of(st.none(), st.integers(0, 70)),
)
def test_a_range_is_a_slice(size: int, first: int | None, last: int | None) -> None:
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    sound = bytes(range(size))
    asked = parse_range(header, size)
    if (first is None and last is None) or (first is not None and last is not None and last < first):
        assert asked is None, "no range at all"
        return
    assert asked is not None
    start, stop = asked
    if first is None:
        assert last is not None
        assert sound[start:stop] == sound[max(0, size - last) :][: last or 0]
    else:
        assert sound[start:stop] == sound[first : None if last is None else last + 1]
    assert (start < stop) == bool(sound[start:stop]), "and an empty one is seen from its ends"


@pytest.mark.parametrize(
    "header", ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1-2,4-5", "items=0-1", "bytes=+1-2", "bytes=--1"]
)
def test_what_is_no_single_range_asks_for_all(header: str) -> None:
    assert parse_range(header, 100) is None


@pytest.mark.usefixtures("complete")
class TestComplete:
    @pytest.mark.parametrize("name", FILE_FORMATS)
    async def test_one_clip_in_every_format(self, door: Door, clips: Clips, name: str) -> None:
        clip = await make(door, response_format="flac")
        await made(clips, clip)
        path = f"{CLIPS}/{clip['id']}.{name}"
        answer = await door.client.get(path)
        assert answer.headers["content-type"] == MEDIA_TYPES[name]
        assert answer.headers["content-length"] == str(len(answer.content))
        assert (answer.headers["accept-ranges"], answer.headers["etag"][0]) == ("bytes", '"')
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        head = await door.client.head(path)
        assert head.headers["content-length"] == answer.headers["content-length"]
        assert head.content == b""
        assert (await door.client.get(path)).content == answer.content
        assert 0 <= seconds_of(answer.content) - SECONDS <= LONGEST_PADDING_S

    async def test_the_wav_header_has_the_real_length(self, door: Door, clips: Clips) -> None:
        clip = await make(door)
        await made(clips, clip)
        sound = (await door.client.get(clip["path"])).content
        assert int.from_bytes(sound[4:8], "little") == len(sound) - 8
        assert int.from_bytes(sound[40:44], "little") == len(sound) - 44 == len(tone(TEXT))

    async def test_parts_of_it(self, door: Door, clips: Clips) -> None:
        clip = await make(door)
        await made(clips, clip)
        sound = (await door.client.get(clip["path"])).content
        size = len(sound)
        for header, first, stop in (
            ("bytes=0-", 0, size),
            ("bytes=0-0", 0, 1),
            ("bytes=100-299", 100, 300),
            ("bytes=100-", 100, size),
            ("bytes=-10", size - 10, size),
            (f"bytes=-{size * 2}", 0, size),
            (f"bytes=5-{size * 2}", 5, size),
            (f"bytes={size - 1}-", size - 1, size),
        ):
            part = await door.client.get(clip["path"], headers={"Range": header})
            assert (part.status_code, part.content) == (206, sound[first:stop]), header
            assert part.headers["content-range"] == f"bytes {first}-{stop - 1}/{size}"
            assert part.headers["content-length"] == str(stop - first)
        for header in (f"bytes={size}-", f"bytes={size + 5}-{size + 9}", "bytes=-0"):
            part = await door.client.get(clip["path"], headers={"Range": header})
            assert (part.status_code, part.headers["content-range"]) == (416, f"bytes */{size}"), header
            assert part.json()["error"]["request_id"] == part.headers["x-request-id"]
        for header in ("bytes=5-4", "bytes=0-1,3-4", "seconds=0-1"):
            part = await door.client.get(clip["path"], headers={"Range": header})
            assert (part.status_code, part.content) == (200, sound), header

    async def test_if_range(self, door: Door, clips: Clips) -> None:
        clip = await make(door)
        await made(clips, clip)
        etag = (await door.client.head(clip["path"])).headers["etag"]
        for validator, status in ((etag, 206), ('"other"', 200), ("Wed, 21 Oct 2015 07:28:00 GMT", 200)):
            headers = {"Range": "bytes=0-9", "If-Range": validator}
            assert (await door.client.get(clip["path"], headers=headers)).status_code == status

    async def test_it_expires(self, door: Door, clips: Clips, clock: Clock) -> None:
        short, long = await make(door, expires_in_s=10), await make(door)
        clock.now += 10
        assert code_of(await door.client.get(short["path"])) == (404, "not_found")
        assert (await door.client.get(long["path"])).status_code == 200
        clock.now += ClipsSettings().expires_s
        assert code_of(await door.client.get(long["path"])) == (404, "not_found")

    async def test_other_names_are_nothing(self, door: Door, clips: Clips) -> None:
        clip = await make(door)
        await made(clips, clip)
        name = clip["id"]
        for other in (
            name, f"{name}.pcm", f"{name}.exe", f"{name}.", f"{name[:-1]}.wav", f"{name}0.wav", ".wav",
            f"{name.upper()}X.wav", "x" * 4_000 + ".wav", f"..%2f{name}.wav", f"{name}%00.wav",
        ):  # fmt: skip
            answer = await door.client.get(f"{CLIPS}/{other}")
            assert code_of(answer) == (404, "not_found"), other

    async def test_who_has_the_url_needs_no_token(self, speech: Speech, metrics: Metrics) -> None:
        async with open_door(speech, metrics, policy="token") as door:
            assert code_of(await door.client.post(CLIPS, json={"input": TEXT})) == (401, "unauthorized")
            answer = await door.client.post(CLIPS, json={"input": TEXT}, headers=BEARER)
            clip = answer.json()
            assert (await door.client.get(clip["path"])).content
            assert (await door.client.head(clip["path"])).status_code == 200
            assert code_of(await door.client.delete(f"{CLIPS}/{clip['id']}")) == (401, "unauthorized")
            assert (await door.client.delete(f"{CLIPS}/{clip['id']}", headers=BEARER)).status_code == 204
            stranger = await door.client.get(clip["path"], headers={"Host": "evil.example"})
            assert code_of(stranger) == (421, "unknown_host")


async def test_what_cannot_be_spoken_is_told_at_once(door: Door, engine: GatedEngine) -> None:
    for fields, *expected in (
        ({"input": ""}, 422, "text_empty", "input"),
        ({"input": "x" * 8_001}, 413, "text_too_long", "input"),
        ({"voice": "nobody"}, 422, "unknown_voice", "voice"),
        ({"response_format": "pcm"}, 422, "unsupported_format", "response_format"),
        ({"response_format": "midi"}, 422, "unsupported_format", "response_format"),
        ({"expires_in_s": 0}, 422, "bad_field", "expires_in_s"),
        ({"expires_in_s": 86_401}, 422, "bad_field", "expires_in_s"),
        ({"expires_in_s": "60"}, 422, "bad_field", "expires_in_s"),
    ):
        answer = await door.client.post(CLIPS, json={"input": TEXT, **fields})
        error = answer.json()["error"]
        assert [answer.status_code, error["code"], error["param"]] == expected, str(fields)[:80]
    assert engine.active == 0


class TestHoarders:
    """Clips that nobody fetches, ordered by many addresses behind a proxy."""

    @pytest.fixture
    async def door(self, speech: Speech, metrics: Metrics, clips: Clips) -> AsyncIterator[Door]:
        config = HttpSettings(trusted_proxies=("127.0.0.0/8",))
        async with open_door(speech, metrics, config=config, clips=clips) as door:
            yield door

    async def order(self, door: Door, address: str) -> httpx.Response:
        return await door.client.post(CLIPS, json={"input": TEXT}, headers={"X-Forwarded-For": address})

    async def test_one_address_has_a_share(self, door: Door) -> None:
        answers = [await self.order(door, "192.168.1.7") for _ in range(64)]
        assert [answer.status_code for answer in answers] == [201] * 16 + [429] * 48
        assert code_of(answers[-1]) == (429, "rate_limited")
        assert "clips.max_per_address" in answers[-1].json()["error"]["message"]
        assert answers[-1].headers["retry-after"] == "1"
        assert (await self.order(door, "192.168.1.8")).status_code == 201

    async def test_who_has_none_gets_one(self, door: Door, engine: GatedEngine) -> None:
        for host in range(1, 5):
            assert [(await self.order(door, f"192.168.1.{host}")).status_code for _ in range(16)] == [201] * 16
        clip = (await self.order(door, "192.168.1.9")).json()
        engine.allow()
        assert (await door.client.get(clip["path"])).status_code == 200


def reached_as(host: str, port: int | None = 8766, *, secure: bool = False, prefix: str = "") -> Principal:
    return Principal(None, host, port, secure, prefix, frozenset())


EVERYWHERE = HttpSettings()


@pytest.mark.parametrize(
    ("who", "config", "url"),
    [
        (reached_as("192.168.1.5"), EVERYWHERE, "http://192.168.1.5:8766"),
        (reached_as("fd00::5"), EVERYWHERE, "http://[fd00::5]:8766"),
        (reached_as("voice.local", None), EVERYWHERE, "http://voice.local"),
        (reached_as("ha.example", None, secure=True, prefix="/voice"), EVERYWHERE, "https://ha.example/voice"),
        (reached_as("localhost"), HttpSettings(public_url="https://v.example/tts/"), "https://v.example/tts"),
        (reached_as("192.168.1.5"), HttpSettings(public_url="http://10.0.0.1:1"), "http://10.0.0.1:1"),
        (reached_as("localhost"), HttpSettings(host=("127.0.0.1",)), "http://localhost:8766"),
        (reached_as("::1"), HttpSettings(host=("::1",)), "http://[::1]:8766"),
    ],
)
def test_the_url_is_one_that_players_reach(who: Principal, config: HttpSettings, url: str) -> None:
    assert base_url(who, config) == url


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "0.0.0.0", "ip6-localhost"])
def test_a_loopback_name_becomes_the_machines_own_address(host: str) -> None:
    found = lan_addresses() or [host]
    named = {f"http://[{address}]:8766" if ":" in address else f"http://{address}:8766" for address in found}
    assert base_url(reached_as(host), EVERYWHERE) in named


async def test_the_url_is_what_the_request_was_sent_to(door: Door) -> None:
    answer = await door.client.post(CLIPS, json={"input": TEXT}, headers={"Host": "10.1.2.3:99"})
    assert code_of(answer) == (401, "unauthorized"), "to loopback under another name: a proxy, nobody knows for whom"
    headers = {"Host": "10.1.2.3:99", **BEARER}
    clip = (await door.client.post(CLIPS, json={"input": TEXT}, headers=headers)).json()
    assert clip["url"] == f"http://10.1.2.3:99{clip['path']}"


async def test_the_bodies_are_documented(door: Door) -> None:
    document = (await door.client.get("/openapi.json")).json()
    for path, field in ((CLIPS, "expires_in_s"), ("/v1/audio/speech/batch", "items"), ("/v1/audio/speech", "input")):
        content = document["paths"][path]["post"]["requestBody"]["content"]
        name = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        assert field in document["components"]["schemas"][name]["properties"]


def seconds_of(encoded: bytes) -> float:
    with av.open(io.BytesIO(encoded)) as file:
        rate = file.streams.audio[0].rate
        assert rate in (SAMPLE_RATE, 48_000)
        return sum(frame.samples for frame in file.decode(audio=0)) / rate
