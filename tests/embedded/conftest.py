"""One set of loaded voices for all tests of this folder."""

from pathlib import Path

import pytest

from qwen3tts_daemon.embedded.kokoro import vocabulary
from qwen3tts_daemon.embedded.phonemes.g2p import G2P
from qwen3tts_daemon.embedded.synthesizer import EmbeddedSynthesizer


def pytest_configure(config: pytest.Config) -> None:
    # The G2P libraries use what newer Pythons deprecate, at import.
    config.addinivalue_line("filterwarnings", "ignore:open_text is deprecated:DeprecationWarning")
    config.addinivalue_line("filterwarnings", "ignore:pkg_resources is deprecated")
    config.addinivalue_line("filterwarnings", "ignore:Dictionary.create:DeprecationWarning")


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def voices(cache_dir: Path) -> EmbeddedSynthesizer:
    return EmbeddedSynthesizer(cache_dir, threads=2)


@pytest.fixture(scope="session")
def g2p() -> G2P:
    return G2P(vocabulary())
