"""The app's options -> the daemon's settings, and Home Assistant is told where Wyoming is. Then: become the daemon.

The Supervisor writes the options to /data/options.json and gives a token for its own address, `supervisor`.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

DATA = Path(os.environ.get("APP_DATA", "/data"))
SUPERVISOR = os.environ.get("SUPERVISOR_URL", "http://supervisor")
INGRESS = "172.30.32.0/23"
"""The Supervisor's network: what comes from it tells in X-Forwarded-For who asks."""
_PATIENCE_S = 600


def settings_of(options: Mapping[str, object]) -> dict[str, str]:
    """As environment variables; what is empty is the daemon's default."""
    settings = {
        "QWEN3TTS_DATA_DIR": str(DATA / "daemon"), "XDG_CACHE_HOME": str(DATA / "daemon" / "cache"),
        "QWEN3TTS_HTTP__TRUSTED_PROXIES": INGRESS, "QWEN3TTS_ZEROCONF__ENABLED": "false",
        "QWEN3TTS_ENGINE": "http" if options.get("remote_url") else "embedded",
        "QWEN3TTS_LANGUAGE": options.get("language"), "QWEN3TTS_VOICE": options.get("voice"),
        "QWEN3TTS_LOG_LEVEL": options.get("log_level"),
        "QWEN3TTS_HTTP__ALLOWED_HOSTS": ",".join(options.get("hosts") or ()),
        "QWEN3TTS_HTTP_ENGINE__URL": options.get("remote_url"),
    }  # fmt: skip
    if token := options.get("remote_token"):
        path = DATA / "remote-token"
        path.touch(0o600)
        path.write_text(str(token))
        settings["QWEN3TTS_HTTP_ENGINE__TOKEN_FILE"] = str(path)
    return {name: str(value) for name, value in settings.items() if value}


def announce(port: int) -> None:
    """Once Wyoming answers. Home Assistant shows the voice under Discovered."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            break
        except OSError:
            time.sleep(0.5)
    body = {"service": "wyoming", "config": {"uri": f"tcp://{socket.gethostname()}:{port}"}}
    request = urllib.request.Request(  # noqa: S310  the Supervisor's own address
        f"{SUPERVISOR}/discovery", json.dumps(body).encode(),
        {"Authorization": f"Bearer {os.environ.get('SUPERVISOR_TOKEN', '')}", "Content-Type": "application/json"},
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=10):  # noqa: S310
            print("Home Assistant was told of the voice", file=sys.stderr)
    except OSError as error:
        print(f"Home Assistant could not be told of the voice: {error}", file=sys.stderr)


def show_invitation(command: list[str], settings: Mapping[str, str]) -> None:
    """Into the log, which only who administers Home Assistant can read: the letters by which a browser is let in."""
    environment = {**os.environ, **settings}
    given = subprocess.run([*command, "pair", "--json"], env=environment, stdout=subprocess.PIPE, check=False)
    if given.returncode == 0:
        letters = json.loads(given.stdout)["letters"]
        print(f"To let a browser in, type {letters} where the page asks, within five minutes", file=sys.stderr)


def main() -> None:
    options = json.loads((DATA / "options.json").read_text("utf-8"))
    settings = settings_of(options)
    if os.fork() == 0:  # twice, so that tini and not the daemon is who it leaves behind
        if os.fork() == 0:
            announce(int(os.environ.get("QWEN3TTS_WYOMING__PORT", "10200")))
            show_invitation(sys.argv[1:2], settings)
        os._exit(0)
    os.wait()
    os.execvpe(sys.argv[1], sys.argv[1:], {**os.environ, **settings})  # noqa: S606  what the image's entry point names


if __name__ == "__main__":
    main()
