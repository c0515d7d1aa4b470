"""Kernels that came with an installation are found, and nothing is written beside them."""

import importlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(find_spec("triton") is None, reason="no triton")


@pytest.fixture
def kernel_cache() -> Any:
    """Not imported before the tests begin, as in test_precompile."""
    return importlib.import_module("qwen_tts.runtime.kernel_cache")


@pytest.fixture
def bundled(kernel_cache: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kernel, compiled by Triton's own cache somewhere else and moved here."""
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path / "elsewhere"))
    cache = kernel_cache.FileCacheManager("KEY")
    group = {name: cache.put(name.encode(), name) for name in ("frame.cubin", "frame.json")}
    cache.put_group("frame.json", group)
    (tmp_path / "elsewhere").rename(tmp_path / "bundled")
    monkeypatch.setattr(kernel_cache, "BUNDLED_KERNELS", tmp_path / "bundled")
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "bundled"


@pytest.fixture
def cache_of(kernel_cache: Any, bundled: Path) -> Callable[[str], Any]:
    cache: Callable[[str], Any] = kernel_cache.CacheWithBundled
    return cache


def test_what_was_bundled_is_found_wherever_it_was_compiled(cache_of: Callable[[str], Any], bundled: Path) -> None:
    found = cache_of("KEY").get_group("frame.json")
    assert found == {name: str(bundled / "KEY" / name) for name in ("frame.cubin", "frame.json")}
    assert Path(cache_of("KEY").get_file("frame.cubin")).read_bytes() == b"frame.cubin"


def test_what_was_not_is_compiled_and_kept_in_the_cache(cache_of: Callable[[str], Any], tmp_path: Path) -> None:
    cache = cache_of("OTHER")
    assert cache.get_group("frame.json") is None
    assert cache.get_file("frame.json") is None
    cache.put_group("frame.json", {"frame.json": cache.put(b"new", "frame.json")})
    path = str(tmp_path / "cache" / "OTHER" / "frame.json")
    assert cache_of("OTHER").get_group("frame.json") == {"frame.json": path}


def test_the_caches_own_goes_first_and_the_bundled_stays_as_it_is(
    cache_of: Callable[[str], Any], bundled: Path
) -> None:
    before = {path: path.read_bytes() for path in bundled.rglob("*") if path.is_file()}
    cache = cache_of("KEY")
    cache.put_group("frame.json", {"frame.json": cache.put(b"new", "frame.json")})
    found = cache_of("KEY").get_group("frame.json")
    assert found is not None
    assert Path(found["frame.json"]).read_bytes() == b"new"
    assert {path: path.read_bytes() for path in bundled.rglob("*") if path.is_file()} == before


def test_an_installation_without_kernels_uses_triton_s_cache(
    kernel_cache: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_cache, "BUNDLED_KERNELS", tmp_path / "nowhere")
    before = kernel_cache.triton.knobs.cache.manager_class
    kernel_cache.use_bundled_kernels()
    assert kernel_cache.triton.knobs.cache.manager_class is before
