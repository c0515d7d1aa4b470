"""An HttpEngine on a server that answers as a test says."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from qwen3tts_daemon.http_engine.engine import HttpEngine
from qwen3tts_daemon.http_engine.options import ServerOptions
from tests.http_engine.stand_in import StandIn
from tests.patience import PATIENCE_S


@pytest.fixture
async def server() -> AsyncIterator[StandIn]:
    async with StandIn().running() as server:
        yield server


def options_for(port: int, *, scheme: str = "http", **more: Any) -> ServerOptions:
    host = f"127.0.0.1:{port}"
    given = {"connect_timeout_s": PATIENCE_S, "read_timeout_s": PATIENCE_S, **more}
    return ServerOptions(base_url=f"{scheme}://{host}/v1", host=host, **given)


@pytest.fixture
async def make_engine(server: StandIn) -> AsyncIterator[Callable[..., HttpEngine]]:
    """With options of its own."""
    made: list[HttpEngine] = []

    def make(**more: Any) -> HttpEngine:
        made.append(HttpEngine(options_for(server.port, **more)))
        return made[-1]

    yield make
    for engine in made:
        await engine.close()


@pytest.fixture
async def engine(make_engine: Callable[..., HttpEngine]) -> HttpEngine:
    engine = make_engine()
    await engine.load()
    return engine
