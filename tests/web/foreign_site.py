"""Web sites of strangers and of a friend, a daemon beside them, and what Chromium makes of it: printed as JSON.

Run in a network namespace of its own, where ADDRESS is one of this machine's: to an address of the network browsers
say less than to loopback. Arguments: Chromium, an empty directory.
"""

import json
import subprocess
import sys
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

from tests.patience import PATIENCE_S
from tests.web import ADDRESS
from tests.wire.daemons import tone_daemon

PAGE = (Path(__file__).parent / "foreign_page.html").read_bytes()
NAMES = ("other.site", "friend.site", "tts", "tts.lan")
FLAGS = (
    "--headless=new", "--no-sandbox", "--mute-audio", "--disable-gpu", "--no-first-run", "--disable-popup-blocking",
    "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip


class Site(ThreadingHTTPServer):
    """Serves the page under any name; remembers what else it was asked for, and what the page told."""

    def __init__(self) -> None:
        super().__init__((ADDRESS, 0), _Visit)
        self.asked: dict[str, dict[str, str]] = {}
        self.told: Queue[dict[str, Any]] = Queue()
        Thread(target=self.serve_forever, daemon=True).start()


class _Visit(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        path = urllib.parse.urlsplit(self.path)
        is_page = path.path == "/"
        if not is_page:
            how = urllib.parse.parse_qs(path.query).get("how", [path.path])[0]
            self.server.asked[how] = {name.lower(): value for name, value in self.headers.items()}
        self._answer(200 if is_page else 403, PAGE if is_page else b"")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/told":
            self.server.told.put(json.loads(body))
        self._answer(200, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", "text/html"), ("Content-Length", str(len(body))), ("Referrer-Policy", "no-referrer"),
        ):  # fmt: skip
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Chromium:
    """A fresh one for every page."""

    def __init__(self, program: str, data: Path, address: str = ADDRESS) -> None:
        rules = ",".join(f"MAP {name} {address}" for name in NAMES)
        self._command = [program, *FLAGS, f"--user-data-dir={data}", f"--host-resolver-rules={rules}"]

    def text(self, url: str) -> str:
        """What a person who typed the address sees."""
        done = subprocess.run(
            [*self._command, "--dump-dom", url], capture_output=True, text=True, timeout=PATIENCE_S, check=True
        )
        return done.stdout

    def tell(self, url: str, site: Site) -> dict[str, Any]:
        """What the page at `url` tells when it has tried everything."""
        with subprocess.Popen([*self._command, url], stderr=subprocess.DEVNULL) as browser:
            try:
                return site.told.get(timeout=PATIENCE_S)
            finally:
                browser.terminate()


def _get(url: str, method: str = "GET") -> str:
    request = urllib.request.Request(url, method=method)  # noqa: S310  a server that the test has started
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
        return str(answer.read().decode())


def main(program: str, directory: str) -> None:
    data, site = Path(directory), Site()
    friend = f"http://friend.site:{site.server_port}"
    options = ("--no-wyoming.enabled", "--http.host", ADDRESS, "--http.allowed-origins", friend)
    with tone_daemon(data / "daemon", *options, frame_s=0.001) as daemon:
        port = int(daemon.wait_for(r"http listens on port (\d+)")[1])
        daemon.wait_for("INFO qwen3tts_daemon.daemon ready")
        ours = f"http://{ADDRESS}:{port}"
        browser = Chromium(program, data / "browser")

        def visit(name: str, query: str = "") -> dict[str, Any]:
            return browser.tell(f"http://{name}:{site.server_port}/?daemon={ADDRESS}:{port}{query}", site)

        def spoken() -> int:
            lines = _get(f"{ours}/metrics").splitlines()
            return int(sum(float(line.split()[-1]) for line in lines if line.startswith("qwen3tts_utterances_total{")))

        stranger, after_stranger = visit("other.site", f"&recorder={ADDRESS}:{site.server_port}"), spoken()
        by_hand, after_hand = browser.text(f"{ours}/v1/audio/say?text=hi"), spoken()
        ticket = json.loads(_get(f"{ours}/v1/tickets", "POST"))["ticket"]
        with_ticket, after_ticket = visit("other.site", f"&ticket={ticket}"), spoken()
        loopback = Chromium(program, data / "browser", "127.0.0.1")
        rebound = {
            f"{name} {where}": chromium.text(f"http://{name}:{port}/v1/audio/voices")
            for where, chromium in (("network", browser), ("loopback", loopback))
            for name in ("tts", "tts.lan")
        }
        friendly = visit("friend.site", "&friend=yes")
    happened = {
        "asked": site.asked, "stranger": stranger, "after_stranger": after_stranger, "by_hand": by_hand,
        "after_hand": after_hand, "with_ticket": with_ticket, "after_ticket": after_ticket, "rebound": rebound,
        "friendly": friendly,
    }  # fmt: skip
    json.dump(happened, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
