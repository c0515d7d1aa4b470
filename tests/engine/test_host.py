"""Several checkpoints on one device: who is brought, who leaves, and that nobody is cut."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.random_checkpoint import write_checkpoint
from qwen_tts.api import (
    Audio,
    ClonedVoice,
    DesignedVoice,
    Limits,
    PresetVoice,
    Sampling,
    SynthesisRequest,
    Voice,
    VoicePrompt,
)
from qwen_tts.audio.samples import to_pcm
from qwen_tts.config.engine import EngineConfig
from qwen_tts.config.host import HostConfig
from qwen_tts.engine.engine import Engine
from qwen_tts.errors import BadCheckpoint, EngineBusy, InvalidRequest, ModelLoading, ModelUnavailable, OutOfMemory
from qwen_tts.hosting.host import EngineHost
from qwen_tts.hosting.hosted_checkpoint import HostedCheckpoint
from qwen_tts.stream import AudioStream
from tests.fakes import ToneEngine, tone
from tests.golden.cases import reference_audio
from tests.patience import PATIENCE_S

RECORDING = Audio(pcm=to_pcm(reference_audio()), sample_rate=24_000)
GIB = 2**30
DTYPES = ("float32", "bfloat16")
NAMES = ("tiny-0.6B-CustomVoice", "tiny-0.6B-Base", "tiny-1.7B-VoiceDesign")
PRESET, CLONED, DESIGNED = PresetVoice("tone"), ClonedVoice(VoicePrompt(b"")), DesignedVoice("A warm, low voice.")


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    root = tmp_path_factory.mktemp("models")
    for name in NAMES:
        write_checkpoint(name, root / name, endless=True)
    return tuple(root / name for name in NAMES)


class Card:
    """Memory with room for so many checkpoints of a GiB each, as the engines on it take and give it."""

    def __init__(self, room: int, *, host_free: int | None = None) -> None:
        self.room, self.used, self._host_free = room, 0, host_free
        self.log: list[str] = []
        self.engines: dict[str, OnCard] = {}
        self.gate = asyncio.Event()
        """Closed, nothing is loaded."""
        self.gate.set()
        self.fails: Exception | None = None

    def device(self) -> tuple[str, int, int]:
        return "card", self.room * GIB, (self.room - self.used) * GIB

    def host_free(self) -> int | None:
        return self._host_free


class OnCard(ToneEngine):
    """Takes a GiB of a card while it is awake; two at once are never too many for it unless the host says so."""

    def __init__(self, card: Card, config: EngineConfig) -> None:
        super().__init__(kinds=("preset", "cloned", "designed"))
        self._card, self._name = card, config.checkpoint.name.rpartition("-")[2]
        self._holds = False
        self.idle = asyncio.Event()
        self.idle.set()
        card.engines[self._name] = self

    def stream(self, request: SynthesisRequest) -> AudioStream:
        assert self._holds, "a request for an engine that is not there"
        audio = super().stream(request)
        self.idle.clear()
        return audio

    def leave(self, task: asyncio.Task[None]) -> None:
        super().leave(task)
        if not self.active:
            self.idle.set()

    async def _take(self, word: str) -> None:
        await self._card.gate.wait()
        if self._card.fails is not None:
            raise self._card.fails
        assert self._card.used < self._card.room
        self._card.used += 1
        self._holds = True
        self._card.log.append(f"{word} {self._name}")

    def _give(self, word: str) -> None:
        assert not self.active, "somebody is cut"
        self._card.used -= self._holds
        self._holds = False
        self._card.log.append(f"{word} {self._name}")

    async def load(self) -> None:
        await self._take("load")

    async def wake(self) -> None:
        await self._take("wake")

    async def sleep(self) -> None:
        self._give("sleep")

    async def close(self) -> None:
        await super().close()
        self._card.used -= self._holds
        self._holds = False


def host_on(card: Card, checkpoints: tuple[Path, ...], **options: object) -> EngineHost:
    config = HostConfig.model_validate({"checkpoints": checkpoints, "kv_positions": 64, **options})
    host = EngineHost(config, make=lambda engine_config: OnCard(card, engine_config), memory=card)
    for checkpoint in host._checkpoints.values():
        checkpoint.measured_bytes = GIB
    return host


def order(voice: Voice, *, live: bool = False, text: str = "Good evening.") -> SynthesisRequest:
    return SynthesisRequest(voice=voice, text="" if live else text, live=live, language="en")


async def said(stream: AudioStream) -> bytes:
    async with stream:
        return b"".join([chunk.pcm async for chunk in stream])


async def settle(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0)


async def test_one_is_loaded_and_the_others_come_when_they_are_wanted(checkpoints: tuple[Path, ...]) -> None:
    card = Card(3)
    host = host_on(card, checkpoints)
    await host.load()
    assert card.log == ["load CustomVoice"]
    for voice in (PRESET, CLONED, DESIGNED, PRESET):
        assert await said(host.stream(order(voice))) == tone("Good evening.")
    assert card.log == ["load CustomVoice", "load Base", "load VoiceDesign"]
    assert {model.kind: model.state for model in host.status.models} == dict.fromkeys(
        ("preset", "cloned", "designed"), "ready"
    )
    await host.close()


async def test_the_longest_unused_leaves(checkpoints: tuple[Path, ...]) -> None:
    card = Card(2)
    host = host_on(card, checkpoints)
    await host.load()
    for voice in (CLONED, PRESET, DESIGNED, CLONED, CLONED):
        assert await said(host.stream(order(voice)))
    assert card.log == [
        "load CustomVoice", "load Base", "sleep Base", "load VoiceDesign", "sleep CustomVoice", "wake Base",
    ]  # fmt: skip
    await host.close()


async def test_what_is_to_be_kept_is_loaded_at_start_and_leaves_last(checkpoints: tuple[Path, ...]) -> None:
    card = Card(2)
    host = host_on(card, checkpoints, keep_loaded=("cloned",))
    await host.load()
    for voice in (PRESET, DESIGNED, PRESET):
        assert await said(host.stream(order(voice)))
    assert "sleep Base" not in card.log
    await host.close()


async def test_without_memory_beside_the_card_it_leaves_altogether(checkpoints: tuple[Path, ...]) -> None:
    card = Card(1, host_free=2 * GIB)
    host = host_on(card, checkpoints)
    await host.load()
    assert await said(host.stream(order(CLONED)))
    assert card.log == ["load CustomVoice", "load Base"]
    assert [model.state for model in host.status.models] == ["unloaded", "ready", "unloaded"]
    await host.close()


async def test_nobody_is_cut_and_nobody_waits_for_ever(checkpoints: tuple[Path, ...]) -> None:
    """While one speaks its checkpoint stays; who comes later, for the same, comes after who waits for another."""
    card = Card(1)
    host = host_on(card, checkpoints)
    await host.load()
    speaking = host.stream(order(PRESET, live=True))
    speaking.feed_now("Once upon a time")
    first = await anext(speaking)
    waiting = host.stream(order(CLONED))
    await settle(lambda: host._checkpoints["preset"].is_evicting)
    later = host.stream(order(PRESET, text="And so on."))
    ends: list[str] = []

    async def hear(name: str, stream: AudioStream) -> bytes:
        pcm = await said(stream)
        ends.append(name)
        return pcm

    others = [asyncio.create_task(hear("waiting", waiting)), asyncio.create_task(hear("later", later))]
    assert card.log == ["load CustomVoice"]
    speaking.end_text()
    assert first.pcm + await said(speaking) == tone("Once upon a time")
    assert await asyncio.gather(*others) == [tone("Good evening."), tone("And so on.")]
    assert ends == ["waiting", "later"]
    assert card.log == ["load CustomVoice", "sleep CustomVoice", "load Base", "sleep Base", "wake CustomVoice"]
    await host.close()


async def test_who_waits_for_the_same_comes_with_it(checkpoints: tuple[Path, ...]) -> None:
    card = Card(1)
    host = host_on(card, checkpoints)
    await host.load()
    streams = [host.stream(order(voice)) for voice in (CLONED, DESIGNED, CLONED, DESIGNED, CLONED)]
    await asyncio.gather(*map(said, streams))
    assert card.log == ["load CustomVoice", "sleep CustomVoice", "load Base", "sleep Base", "load VoiceDesign"]
    await host.close()


async def test_text_that_comes_before_the_checkpoint_waits_with_the_request(checkpoints: tuple[Path, ...]) -> None:
    card = Card(2)
    host = host_on(card, checkpoints)
    await host.load()
    card.gate.clear()
    stream = host.stream(order(CLONED, live=True))
    stream.feed_now("One.")
    stream.flush()
    stream.feed_now("Two.")
    await settle(lambda: host.status.models[1].state == "loading")
    card.gate.set()
    heard = [await anext(stream)]
    stream.feed_now("Three.")
    stream.end_text()
    heard += [chunk async for chunk in stream]
    assert b"".join(chunk.pcm for chunk in heard) == tone("One.") + tone("Two.") + tone("Three.")
    assert stream.end is not None
    await host.close()


async def test_who_leaves_before_it_has_come_is_forgotten(checkpoints: tuple[Path, ...]) -> None:
    card = Card(2)
    host = host_on(card, checkpoints)
    await host.load()
    card.gate.clear()
    stream = host.stream(order(CLONED))
    await settle(lambda: host.status.models[1].state == "loading")
    stream.cancel()
    card.gate.set()
    await settle(lambda: host.status.models[1].state == "ready")
    await settle(lambda: not host._checkpoints["cloned"].is_busy)
    assert card.engines["Base"].frames_made == 0
    await settle(lambda: not host._pending)
    await host.close()


async def test_what_is_going_to_be_asked_for_comes_before_the_request(checkpoints: tuple[Path, ...]) -> None:
    card = Card(2)
    host = host_on(card, checkpoints)
    await host.load()
    host.prepare("cloned")
    host.prepare("cloned")
    await settle(lambda: host.status.models[1].state == "ready" and not host._checkpoints["cloned"].is_busy)
    assert card.log == ["load CustomVoice", "load Base"]
    await host.close()


async def test_who_leaves_at_once_waits_no_more(checkpoints: tuple[Path, ...]) -> None:
    card = Card(2)
    host = host_on(card, checkpoints, queue=1)
    await host.load()
    for _ in range(3):
        host.stream(order(CLONED)).cancel()
        await settle(lambda: not host._pending)
    assert await said(host.stream(order(CLONED))) == tone("Good evening.")
    await host.close()


@pytest.mark.virtual_time
async def test_a_checkpoint_that_cannot_be_loaded_is_told_and_tried_again_later(checkpoints: tuple[Path, ...]) -> None:
    card = Card(2)
    host = host_on(card, checkpoints)
    await host.load()
    card.fails = OutOfMemory("too large")
    with pytest.raises(OutOfMemory, match="too large"):
        await said(host.stream(order(CLONED)))
    with pytest.raises(ModelUnavailable, match="too large") as caught:
        await said(host.stream(order(CLONED)))
    assert caught.value.retry_after_s is not None
    assert await said(host.stream(order(PRESET))) == tone("Good evening.")
    await asyncio.sleep(caught.value.retry_after_s)
    card.fails = None
    assert await said(host.stream(order(CLONED))) == tone("Good evening.")
    await host.close()


@pytest.mark.virtual_time
async def test_tries_to_load_a_checkpoint_become_rarer_up_to_a_minute_until_one_succeeds(
    checkpoints: tuple[Path, ...],
) -> None:
    card = Card(1, host_free=0)
    host = host_on(card, checkpoints)
    await host.load()
    for pauses in ([1, 2, 4, 8, 16, 32, 60, 60], [1, 2]):
        card.fails = OutOfMemory("too large")
        for pause_s in pauses:
            with pytest.raises(OutOfMemory):
                await said(host.stream(order(CLONED)))
            await asyncio.sleep(pause_s - 0.5)
            with pytest.raises(ModelUnavailable) as caught:
                await said(host.stream(order(CLONED)))
            assert caught.value.retry_after_s == 0.5
            await asyncio.sleep(0.5)
        card.fails = None
        assert await said(host.stream(order(CLONED))) == tone("Good evening.")
        assert await said(host.stream(order(PRESET))) == tone("Good evening.")
    await host.close()


async def test_one_that_cannot_wake_is_still_asleep(checkpoints: tuple[Path, ...]) -> None:
    card = Card(3)
    host = host_on(card, checkpoints)
    await host.load()
    await host.sleep()
    card.fails = OutOfMemory("too large")
    with pytest.raises(OutOfMemory):
        await host.wake()
    assert host.status.models[0].state == "sleeping"
    await host.close()


async def test_one_that_cannot_be_loaded_has_failed(checkpoints: tuple[Path, ...]) -> None:
    card = Card(3)
    card.fails = RuntimeError("a bug")
    host = host_on(card, checkpoints)
    with pytest.raises(ModelUnavailable, match="see the log"):
        await host.load()
    assert host.status.models[0].state == "failed"
    await host.close()


@pytest.mark.virtual_time
async def test_waiting_has_a_limit(checkpoints: tuple[Path, ...]) -> None:
    card = Card(2)
    host = host_on(card, checkpoints, queue=1, load_timeout_s=120)
    await host.load()
    card.gate.clear()
    waiting = host.stream(order(CLONED))
    with pytest.raises(EngineBusy):
        host.stream(order(CLONED))
    with pytest.raises(ModelLoading):
        await said(waiting)
    assert asyncio.get_running_loop().time() == 120
    await host.close()


@pytest.mark.virtual_time
async def test_a_call_in_hand_keeps_its_checkpoint(checkpoints: tuple[Path, ...]) -> None:
    card = Card(1)
    host = host_on(card, checkpoints)
    await host.load()
    may_end = asyncio.Event()

    async def encode(_: Audio) -> list[list[int]]:
        await may_end.wait()
        return []

    card.engines["CustomVoice"].encode = encode  # type: ignore[method-assign]
    calls = [asyncio.create_task(host.encode(RECORDING)) for _ in range(2)]
    await asyncio.sleep(0)
    waiting = asyncio.create_task(said(host.stream(order(CLONED))))
    await asyncio.sleep(50)
    assert card.log == ["load CustomVoice"]
    calls[0].cancel()
    await asyncio.sleep(50)
    assert card.log == ["load CustomVoice"], "the other one is still at it"
    may_end.set()
    assert await waiting == tone("Good evening.")
    assert await calls[1] == []
    await host.close()


@pytest.mark.virtual_time
async def test_a_call_is_use_until_its_end(checkpoints: tuple[Path, ...]) -> None:
    card = Card(2)
    host = host_on(card, checkpoints)
    await host.load()
    assert await said(host.stream(order(CLONED)))

    async def encode_reference(_: Audio, __: str | None) -> VoicePrompt:
        await asyncio.sleep(10)
        return VoicePrompt(b"")

    card.engines["Base"].encode_reference = encode_reference  # type: ignore[method-assign]
    calling = asyncio.create_task(host.encode_reference(RECORDING, None))
    await asyncio.sleep(5)
    assert await said(host.stream(order(PRESET)))
    await calling
    assert await said(host.stream(order(DESIGNED)))
    assert card.log == ["load CustomVoice", "load Base", "sleep CustomVoice", "load VoiceDesign"]
    await host.close()


async def test_asleep_it_holds_nothing_and_wakes_what_was_used_last(checkpoints: tuple[Path, ...]) -> None:
    card = Card(3)
    host = host_on(card, checkpoints)
    await host.load()
    assert await said(host.stream(order(CLONED)))
    await host.sleep()
    assert card.used == 0
    await host.wake()
    assert card.log[-1] == "wake Base"
    assert card.used == 1
    await host.close()


async def test_an_engine_that_fails_for_good_ends_the_host(checkpoints: tuple[Path, ...]) -> None:
    card = Card(3)
    host = host_on(card, checkpoints)
    await host.load()
    card.engines["CustomVoice"].died.set()
    await asyncio.wait_for(host.died.wait(), PATIENCE_S)
    with pytest.raises(ModelUnavailable):
        host.stream(order(PRESET))
    await host.close()


def test_two_checkpoints_of_one_kind_are_refused(checkpoints: tuple[Path, ...], tmp_path: Path) -> None:
    (tmp_path / "other").symlink_to(checkpoints[0])
    with pytest.raises(BadCheckpoint, match="the same kind"):
        EngineHost(HostConfig(checkpoints=(checkpoints[0], tmp_path / "other")))


def request(voice: Voice) -> SynthesisRequest:
    return SynthesisRequest(
        text="Good evening.", voice=voice, language="en", sampling=Sampling(seed=1), limits=Limits(max_audio_s=0.8)
    )


async def test_the_real_ones_speak_every_kind_of_voice(checkpoints: tuple[Path, ...]) -> None:
    """And as each of them does alone."""
    options = {"device": "cpu", "threads": 1, "rows": 2, "kv_positions": 1024}
    host = EngineHost(HostConfig.model_validate({"checkpoints": checkpoints, **options}))
    assert host.capabilities.voice_kinds == ("preset", "cloned", "designed")
    assert len(host.capabilities.voices) == 9
    await host.load()
    voice = ClonedVoice(await host.encode_reference(RECORDING, "Some words."))
    for path, kind in zip(checkpoints, (PresetVoice("vivian"), voice, DESIGNED), strict=True):
        alone = Engine(EngineConfig.model_validate({"checkpoint": path, **options}))
        await alone.load()
        expected = await said(alone.stream(request(kind)))
        await alone.close()
        assert len(expected) == 10 * 1920 * 2
        assert await said(host.stream(request(kind))) == expected
    codes = await host.encode(RECORDING)
    assert (await host.decode(codes)).pcm
    await host.close()


async def test_a_kind_that_nobody_speaks_names_the_way_out(checkpoints: tuple[Path, ...]) -> None:
    host = EngineHost(HostConfig(checkpoints=checkpoints[:1], device="cpu"))
    with pytest.raises(InvalidRequest, match="models download Qwen3-TTS") as caught:
        host.stream(request(ClonedVoice(VoicePrompt(b""))))
    assert caught.value.param == "voice"
    with pytest.raises(InvalidRequest):
        await host.encode_reference(RECORDING, None)
    await host.close()


def test_what_a_checkpoint_is_estimated_to_take_follows_its_dtype(checkpoints: tuple[Path, ...]) -> None:
    """Its talker and its cache; the codec computes in float32 anyhow."""

    def needs(**options: object) -> int:
        config = EngineConfig.model_validate({"checkpoint": checkpoints[0], "device": "cpu"} | options)
        return HostedCheckpoint(config, Engine).needs_bytes

    talker = (checkpoints[0] / "model.safetensors").stat().st_size
    assert needs(dtype="float32") == needs()
    assert needs(dtype="bfloat16") == needs(dtype="float16")
    assert needs(kv_positions=64, dtype="float32") - needs(kv_positions=64, dtype="bfloat16") > talker
    per_position = [needs(kv_positions=65, dtype=dtype) - needs(kv_positions=64, dtype=dtype) for dtype in DTYPES]
    assert per_position[0] == 2 * per_position[1]
