"""Workers are real child processes; the engine in them is the ToneEngine."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qwen3tts_daemon.hosting import ipc, worker_client
from qwen3tts_daemon.hosting.worker_client import EngineSpec, NoAnswer, WorkerEngine
from qwen_tts.api import Audio, AudioChunk, PresetVoice, StreamEnd, SynthesisRequest
from qwen_tts.errors import EngineBusy, ModelUnavailable, OutOfMemory, SynthesisFailed
from qwen_tts.stream import WINDOW_FRAMES
from tests.contract.homes import TONE
from tests.patience import PATIENCE_S
from tests.prompts import prompt_bytes


def request(text: str) -> SynthesisRequest:
    return SynthesisRequest(voice=PresetVoice("tone"), text=text, language="en")


async def read(worker: WorkerEngine, text: str) -> list[AudioChunk]:
    async with worker.stream(request(text)) as audio:
        return [chunk async for chunk in audio]


async def test_a_killed_worker_fails_its_streams_at_once_with_a_typed_error() -> None:
    worker = await WorkerEngine.start(TONE)
    streams = [worker.stream(request("Hello. [hang]")) for _ in range(3)]
    readers = [asyncio.create_task(anext(audio)) for audio in streams]
    os.kill(worker.pid, signal.SIGKILL)
    outcomes = await asyncio.gather(*readers, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ModelUnavailable] * 3
    assert worker.died.is_set()
    with pytest.raises(ModelUnavailable):
        worker.stream(request("Hello."))
    with pytest.raises(ModelUnavailable):
        await worker.encode(Audio(pcm=b"\0\0", sample_rate=24_000))
    await worker.close()


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="there is no niceness here")
async def test_a_worker_is_as_nice_as_it_is_told() -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    for nice, expected in ((None, own), (own + 4, own + 4)):
        worker = await WorkerEngine.start(replace(TONE, nice=nice))
        assert os.getpriority(os.PRIO_PROCESS, worker.pid) == expected
        await worker.close()


async def test_how_a_stream_ended_comes_through() -> None:
    worker = await WorkerEngine.start(EngineSpec("tests.fakes:ToneEngine", {"queue_s": 1.25}))
    for text, reason, guards in (("Hello.", "complete", {}), ("Hello. [limit]", "limit", {"length": 1})):
        async with worker.stream(request(text)) as audio:
            async for _ in audio:
                pass
        assert audio.end == StreamEnd(reason=reason, guards=guards, queue_s=1.25, synthesis_s=0.001)
    await worker.close()


async def test_an_engine_that_kills_its_process_fails_the_stream() -> None:
    worker = await WorkerEngine.start(TONE)
    with pytest.raises(ModelUnavailable):
        await read(worker, "Now [die].")
    await worker.close()


async def test_a_failure_keeps_its_type_and_disturbs_nobody() -> None:
    worker = await WorkerEngine.start(TONE)
    failing, fine = await asyncio.gather(read(worker, "[fail]"), read(worker, "Hello."), return_exceptions=True)
    assert isinstance(failing, SynthesisFailed)
    assert "asked for a failure" in str(failing)
    assert isinstance(fine, list)
    await worker.close()


async def test_an_engine_that_can_do_nothing_any_more_says_why_to_everybody_and_ends_its_process() -> None:
    """Who asks again at once is not given to it."""
    worker = await WorkerEngine.start(TONE)
    await worker.load()
    streams = [worker.stream(request("[hang]")) for _ in range(7)] + [worker.stream(request("[break]"))]
    outcomes = await asyncio.gather(*map(anext, streams), return_exceptions=True)
    assert worker.died.is_set()
    with pytest.raises(ModelUnavailable):
        worker.stream(request("Hello."))
    assert {(type(outcome), str(outcome)) for outcome in outcomes} == {(ModelUnavailable, "the text asked for the end")}
    await worker.close()
    assert worker._process.returncode == 0, "it ended by itself"


async def test_text_that_an_engine_refuses_ends_its_stream_alone() -> None:
    worker = await WorkerEngine.start(TONE)
    live = SynthesisRequest(voice=PresetVoice("tone"), live=True, language="en")
    async with worker.stream(live) as refused, worker.stream(live) as fine:
        await refused.feed("[refuse]")
        with pytest.raises(SynthesisFailed):
            await anext(refused)
        await fine.feed("Hello.")
        fine.end_text()
        assert [chunk async for chunk in fine]
    await worker.close()


async def test_a_signal_to_every_process_is_the_daemons_to_handle() -> None:
    worker = await WorkerEngine.start(TONE)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(worker.pid, number)
    assert await read(worker, "Hello.")
    await worker.close()


async def test_a_start_that_is_cancelled_leaves_no_process(tmp_path: Path) -> None:
    starting = asyncio.create_task(WorkerEngine.start(EngineSpec("tests.fakes:never", {"mark": str(tmp_path / "pid")})))
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        await asyncio.sleep(0.01)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_who_was_stopped_with_its_daemon_has_missed_no_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that is paused."""
    monkeypatch.setattr(worker_client, "_MOST_MISSED_BEATS", 2)
    worker = await WorkerEngine.start(TONE)
    os.kill(worker.pid, signal.SIGSTOP)
    time.sleep(3.5 * ipc.HEARTBEAT_S)  # noqa: ASYNC251  nothing runs here either
    os.kill(worker.pid, signal.SIGCONT)
    assert await read(worker, "Hello.")
    assert not worker.died.is_set()
    await worker.close()


async def test_a_worker_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(NoAnswer, match=r"not up after 0\.1 s"):
        await WorkerEngine.start(EngineSpec("tests.fakes:never", {"mark": str(tmp_path / "pid")}), timeout_s=0.1)


async def test_a_process_that_cannot_be_made_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(NoAnswer, match="No such file"):
        await WorkerEngine.start(TONE)


async def test_nonsense_from_a_worker_ends_it_with_a_typed_error() -> None:
    worker = await WorkerEngine.start(TONE)
    reader = asyncio.create_task(read(worker, "[hang]"))
    await asyncio.sleep(0)
    worker._link._reader.feed_data(b"\4\0\0\0\xc1\xc1\xc1\xc1")
    with pytest.raises(ModelUnavailable):
        await reader
    await worker.close()


async def test_a_message_that_is_too_long_is_not_waited_for() -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(b"\xff\xff\xff\xff")
    link: ipc.Link[Any] = ipc.Link(stream, None, msgspec.msgpack.Decoder(ipc.FromWorker))  # type: ignore[arg-type]
    with pytest.raises(msgspec.DecodeError, match="4294967295 bytes"):
        async with asyncio.timeout(PATIENCE_S):
            await link.receive()


async def test_a_worker_is_a_window_ahead_of_who_does_not_listen() -> None:
    worker = await WorkerEngine.start(TONE)
    async with worker.stream(request("word " * 100)) as audio, asyncio.timeout(PATIENCE_S):
        while len(audio._chunks) < WINDOW_FRAMES:
            await asyncio.sleep(0)
        assert await read(worker, "Another. " * 20)
        assert len(audio._chunks) == WINDOW_FRAMES
    await worker.close()


async def test_a_worker_that_stalls_is_killed_and_its_streams_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_client, "_MOST_MISSED_BEATS", 2)
    worker = await WorkerEngine.start(TONE)
    os.kill(worker.pid, signal.SIGSTOP)
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(ModelUnavailable):
            await read(worker, "Hello.")
        await worker.died.wait()
        await worker.close()
    assert worker._process.returncode == -signal.SIGKILL


async def test_a_worker_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_client, "_SHUTDOWN_S", 0.1)
    worker = await WorkerEngine.start(TONE)
    os.kill(worker.pid, signal.SIGSTOP)
    async with asyncio.timeout(PATIENCE_S):
        await worker.close()
    assert worker._process.returncode == -signal.SIGKILL


async def test_an_answer_that_crosses_with_a_cancel_disturbs_nobody() -> None:
    worker = await WorkerEngine.start(TONE)
    encoding = asyncio.create_task(worker.encode(Audio(pcm=b"\0\0" * 2_000, sample_rate=24_000)))
    await asyncio.sleep(0)
    encoding.cancel()
    worker._handle(ipc.Encoded(next(iter(worker._calls))))
    assert await read(worker, "Hello.")
    await worker.close()


async def test_a_full_engine_is_busy() -> None:
    worker = await WorkerEngine.start(EngineSpec(TONE.factory, {"rows": 1}))
    async with worker.stream(request("[hang]")):
        with pytest.raises(EngineBusy):
            await read(worker, "Hello.")
    await worker.close()


async def test_what_takes_long_is_imported_before_anybody_asks_it_to_load() -> None:
    worker = await WorkerEngine.start(EngineSpec(TONE.factory, imports=("tests.daemon.imports_then_dies",)))
    await worker.died.wait()
    await worker.close()


async def test_an_import_keeps_nobody_from_ending_it() -> None:
    worker = await WorkerEngine.start(EngineSpec(TONE.factory, imports=("tests.daemon.imports_for_ever",)))
    await worker.close()
    assert worker._process.returncode == 0


async def test_what_cannot_be_imported_is_told_to_who_loads() -> None:
    worker = await WorkerEngine.start(EngineSpec(TONE.factory, imports=("no_such_module",)))
    with pytest.raises(SynthesisFailed):
        await worker.load()
    await worker.close()


async def test_where_memory_runs_out_it_is_told_and_may_be_tried_again() -> None:
    with pytest.raises(NoAnswer, match="MemoryError"):
        await WorkerEngine.start(EngineSpec("tests.fakes:no_memory"))
    worker = await WorkerEngine.start(EngineSpec("tests.fakes:engine_without_memory"))
    for work in (worker.load(), worker.encode(Audio(pcm=b"\0\0", sample_rate=24_000))):
        with pytest.raises(OutOfMemory, match="no memory left"):
            await work
    assert await read(worker, "Hello.")
    await worker.close()


@pytest.mark.parametrize(
    ("number", "why"), [(signal.SIGKILL, "as happens where memory runs out"), (signal.SIGBUS, "has become shorter")]
)
async def test_the_log_says_what_most_likely_ended_it(
    number: signal.Signals, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    worker = await WorkerEngine.start(TONE)
    os.kill(worker.pid, number)
    await worker._reading
    assert f"status={-number} (" in caplog.text
    assert why in caplog.text
    await worker.close()


async def test_a_load_that_fails_says_why() -> None:
    worker = await WorkerEngine.start(EngineSpec(TONE.factory, {"load_fails": "needs 9 GB, has 8"}))
    with pytest.raises(OutOfMemory, match="needs 9 GB"):
        await worker.load()
    await worker.close()


@pytest.mark.parametrize("factory", ["tests.fakes:NoSuchEngine", "no_such_module:Engine"])
async def test_an_engine_that_cannot_be_made_is_named(factory: str) -> None:
    with pytest.raises(ModelUnavailable, match=r"NoSuchEngine|no_such_module"):
        await WorkerEngine.start(EngineSpec(factory))


async def test_calls_are_answered_across_the_border() -> None:
    worker = await WorkerEngine.start(TONE)
    recording = Audio(pcm=b"\1\2" * 4_000, sample_rate=24_000)
    prompt = await worker.encode_reference(recording, "hello")
    assert prompt.data == prompt_bytes("hello", 4_000 / 24_000)
    codes = await worker.encode(recording)
    assert codes == [[1, 2]] * 3
    decoded = await worker.decode(codes)
    assert decoded.pcm == b"\1\2" * 1_920 * 3
    await worker.close()


async def test_a_worker_ends_when_its_daemon_does() -> None:
    """The daemon is killed without a chance to say goodbye; the socket tells the worker."""
    daemon = (
        "import asyncio, os\n"
        "from tests.contract.homes import TONE\n"
        "from qwen3tts_daemon.hosting.worker_client import WorkerEngine\n"
        "async def main():\n"
        "    worker = await WorkerEngine.start(TONE)\n"
        "    print(worker.pid, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", daemon], stdout=subprocess.PIPE) as process:
        # The pipe reaches its end only when the last process that holds it has gone: the worker.
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -signal.SIGKILL
    assert int(output) > 0


def test_the_daemon_process_imports_no_engine() -> None:
    """Neither torch nor onnxruntime, whatever the daemon itself needs."""
    program = (
        "import sys, qwen3tts_daemon.daemon, qwen3tts_daemon.cli\n"
        "print([name for name in sys.modules if name in ('torch', 'onnxruntime', 'transformers', 'hibari')])"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert output.stdout.strip() == "[]"
