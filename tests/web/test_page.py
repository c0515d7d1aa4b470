"""The page: its JavaScript alone (node's own runner, a linter), and the whole of it in Chromium against real daemons.

The tests themselves are in unit/ and browser/. Without node, its packages or Chromium they are skipped; not in CI.
"""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from qwen3tts_daemon.failures import HTTP_STATUS
from tests.patience import TEST_S
from tests.wire.daemons import DaemonProcess, tone_daemon
from tests.wire.http_door import TOKEN

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WEB = ROOT / "qwen3tts_daemon" / "web"
BROWSER = sorted(path.name for path in (HERE / "browser").glob("*.test.js"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
EVERYTHING = {"frame_s": 0.01, "kinds": ["preset", "designed", "cloned"], "preview": False}
ALMOST_REAL_TIME = 0.07
"""Seconds for a frame of 0.08 s: what a loaded machine loses can be made up."""


def need(thing: str, is_there: object) -> None:
    if is_there:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{thing} is needed for the tests of the page")
    pytest.skip(f"no {thing}: the page is not tested here")


def run_node(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["node", *arguments], cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True,
        timeout=0.9 * TEST_S, check=False,
    )  # fmt: skip


def test_the_parts_alone() -> None:
    need("node", shutil.which("node"))
    files = sorted(str(path) for path in (HERE / "unit").glob("*.test.js"))
    done = run_node("--test", *files, PAGE_ERRORS=",".join(HTTP_STATUS))
    assert done.returncode == 0, done.stdout


def test_every_script_is_whole_and_follows_the_rules() -> None:
    need("node", shutil.which("node"))
    for script in sorted(WEB.rglob("*.js")):
        assert run_node("--check", str(script)).returncode == 0, script
    linter = HERE / "node_modules" / "eslint" / "bin" / "eslint.js"
    need("eslint (npm ci in tests/web)", linter.exists())
    done = run_node(str(linter), "--config", str(HERE / "eslint.config.js"), str(WEB), str(HERE), "benchmarks")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[subprocess.CompletedProcess[str]]]]:
    """Every file of browser/ at work, two at a time, each with a daemon of its own that can do everything."""
    need("node", shutil.which("node"))
    need("Chromium", CHROMIUM)
    need("playwright-core (npm ci in tests/web)", (HERE / "node_modules" / "playwright-core").exists())

    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")  # nobody is there: a download fails at once

        def start(name: str, *options: str, **engine: object) -> DaemonProcess:
            data = tmp_path_factory.mktemp(name)
            (data / "token").write_text(TOKEN)
            (data / "token").chmod(0o600)
            options = ("--no-wyoming.enabled", "--http.allowed-hosts", "voice.home", *options)
            return stack.enter_context(tone_daemon(data, *options, **engine))

        config = tmp_path_factory.mktemp("config") / "config.toml"
        config.write_text("# At home.\n[speech]\nlead_silence_ms = 40  # the kitchen\n")
        configured = ("--config", str(config), "--speech.tail-silence-ms", "20")
        options = {"settings.test.js": configured}
        everything = {file: start("all", *options.get(file, ()), **EVERYTHING) for file in BROWSER}
        others = {
            "PAGE_REAL_TIME": start("real-time", frame_s=ALMOST_REAL_TIME),
            "PAGE_PREVIEW": start("preview"),
            "PAGE_LOCKED": start("locked", "--auth", "token", **EVERYTHING),
        }
        shared = {name: address(daemon) for name, daemon in others.items()}
        shared |= {"CHROMIUM": CHROMIUM or "", "PAGE_TOKEN": TOKEN, "PAGE_WORDS": (WEB / "js" / "i18n").as_uri()}

        def run(file: str) -> subprocess.CompletedProcess[str]:
            return run_node("--test", str(HERE / "browser" / file), PAGE_ALL=address(everything[file]), **shared)

        with ThreadPoolExecutor(2) as pool:
            yield {file: pool.submit(run, file) for file in BROWSER}


def address(daemon: DaemonProcess) -> str:
    if not hasattr(daemon, "http_port"):
        daemon.http_port = int(daemon.wait_for(r"http listens on port (\d+)")[1])  # type: ignore[attr-defined]
        daemon.wait_for("INFO qwen3tts_daemon.daemon ready")
    return f"http://127.0.0.1:{daemon.http_port}/"  # type: ignore[attr-defined]


@pytest.mark.parametrize("file", BROWSER)
def test_in_a_browser(file: str, results: dict[str, Future[subprocess.CompletedProcess[str]]]) -> None:
    done = results[file].result()
    assert done.returncode == 0, done.stdout


def test_in_firefox(tmp_path: Path) -> None:
    """A smoke test: it starts slowly, and what it has in common with Chromium is tested there."""
    if FIREFOX is None:
        pytest.skip("no Firefox (apt-get install firefox-esr)")
    need("axe-core (npm ci in tests/web)", (HERE / "node_modules" / "axe-core").exists())
    with tone_daemon(tmp_path, "--no-wyoming.enabled", **EVERYTHING) as daemon:
        script = str(HERE / "firefox" / "firefox.test.js")
        # Node 20 has a WebSocket for those who ask for it.
        done = run_node("--experimental-websocket", "--test", script, FIREFOX=FIREFOX, PAGE_ALL=address(daemon))
    assert done.returncode == 0, done.stdout


def test_the_document_shows_every_tab_in_both_colours_and_stays_light() -> None:
    pictures = sorted((ROOT / "docs" / "page").glob("*.png"))
    named = set(re.findall(r"\(page/([\w-]+\.png)\)", (ROOT / "docs" / "page.md").read_text()))
    assert named == {picture.name for picture in pictures}
    tabs = re.findall(r'"(\w+)"', "".join(re.findall(r"(?:LATER = |start\().*", (WEB / "page.js").read_text())))
    assert len(tabs) == 8
    assert {f"{tab}-{colours}.png" for tab in tabs for colours in ("dark", "light")} <= named
    sizes = [picture.stat().st_size for picture in pictures]
    assert max(sizes) < 300_000
    assert sum(sizes) < 4_000_000
