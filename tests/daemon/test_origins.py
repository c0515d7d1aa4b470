"""Which page a request comes from: what browsers send, and what does not come from a page."""

from typing import Any

import pytest

from qwen3tts_daemon.access.headers import Headers
from qwen3tts_daemon.access.origins import Origins
from qwen3tts_daemon.settings import SettingsError

CHROMIUM = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PICTURE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
NAVIGATION = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
HOME = "http://homeassistant.local:8123"


def sender(headers: dict[str, str], *allowed: str, host: str = "192.168.1.5", port: int | None = 8766) -> Any:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Origins(allowed).sender(Headers(raw), host, port)


BROWSERS = {
    "sound in Chromium": {"User-Agent": CHROMIUM, "Accept": "*/*", "Range": "bytes=0-", "Accept-Language": "en"},
    "sound in Firefox": {"User-Agent": FIREFOX, "Accept": "audio/webm,audio/ogg,*/*;q=0.5", "Accept-Language": "en"},
    "picture": {"User-Agent": CHROMIUM, "Accept": PICTURE, "Accept-Language": "en"},
    "no-cors fetch": {"User-Agent": CHROMIUM, "Accept": "*/*", "Accept-Language": "en"},
    "no-cors fetch that hides what it can": {"User-Agent": CHROMIUM, "Accept": "", "Accept-Language": ""},
    "form, window, frame, address bar": {"User-Agent": FIREFOX, "Accept": NAVIGATION, "Accept-Language": "de"},
    "prefetch": {"User-Agent": CHROMIUM, "Sec-Purpose": "prefetch", "Accept": NAVIGATION},
    "style sheet": {"User-Agent": CHROMIUM, "Accept": "text/css,*/*;q=0.1"},
    "another name, by an extension": {"User-Agent": "curl/8.5.0", "Accept": PICTURE},
    "another name, by an extension, with hints": {"User-Agent": "curl/8.5.0", "Sec-CH-UA-Mobile": "?0"},
    "no name, by an extension": {"Accept": "*/*", "Accept-Language": "en"},
    "a name that only begins like a program's": {"User-Agent": "node/1 Mozilla/5.0", "Accept-Language": "en"},
    "a session's cookie": {"User-Agent": "x", "Cookie": "a=b"},
}


@pytest.mark.parametrize("headers", BROWSERS.values(), ids=BROWSERS)
def test_a_browser_that_does_not_say_for_whom(headers: dict[str, str]) -> None:
    assert sender(headers) == "browser"
    assert sender(headers | {"Sec-Fetch-Site": "same-origin"}) == "own"
    assert sender(headers | {"Sec-Fetch-Site": "none"}) == "own", "a person, by hand"
    assert sender(headers | {"Sec-Fetch-Site": "cross-site"}) == "foreign"
    assert sender(headers | {"Sec-Fetch-Site": "same-site"}) == "foreign", "another port of this machine"
    assert sender(headers | {"Referer": "http://192.168.1.5:8766/docs"}) == "own"
    for page in ("http://other.site/", "http://192.168.1.5:3000/", "http://192.168.1.5/", "about:blank", "rubbish"):
        assert sender(headers | {"Referer": page}) == "foreign"
    for origin in ("http://192.168.1.5:3000", "null", "http://other.site", "", "chrome-extension://abc"):
        assert sender(headers | {"Origin": origin}) == "foreign"
    assert sender(headers | {"Origin": "http://192.168.1.5:8766"}) == "own"


PROGRAMS = {
    "ffmpeg": {"User-Agent": "Lavf/60.16.100", "Accept": "*/*", "Range": "bytes=0-", "Icy-MetaData": "1"},
    "mpv": {"User-Agent": "libmpv", "Accept": "*/*", "Range": "bytes=0-"},
    "VLC": {"User-Agent": "VLC/3.0.20 LibVLC/3.0.20", "Accept": "*/*", "Accept-Language": "de", "Range": "bytes=0-"},
    "GStreamer": {"User-Agent": "GStreamer souphttpsrc 1.24.2 libsoup/3.4.4", "icy-metadata": "1"},
    "curl": {"User-Agent": "curl/8.5.0", "Accept": "*/*"},
    "wget": {"User-Agent": "Wget/1.21.4", "Accept": "*/*", "Accept-Encoding": "identity"},
    "Sonos": {"User-Agent": "Linux UPnP/1.0 Sonos/80.1-55014 (ZPS22)", "Accept": "*/*"},
    "Chromecast": {"User-Agent": f"{CHROMIUM} CrKey/1.56.500000", "Accept": "*/*", "Accept-Language": "en-US"},
    "AVPlayer": {"User-Agent": "AppleCoreMedia/1.0.0.21F79 (iPhone; U; CPU OS 17_5 like Mac OS X; de_de)",
                 "Accept": "*/*", "Accept-Language": "de-DE", "Range": "bytes=0-1"},
    "an app of Apple's": {"User-Agent": "Home/1 CFNetwork/1496 Darwin/23.5.0", "Accept-Language": "de-DE"},
    "ExoPlayer": {"User-Agent": "ExoPlayerLib/2.19.1 (Linux;Android 14)", "Accept-Encoding": "identity"},
    "Android": {"User-Agent": "stagefright/1.2 (Linux;Android 7.1.2)"},
    "ESPHome": {"User-Agent": "ESP32 HTTP Client/1.0"},
    "Home Assistant": {"User-Agent": "HomeAssistant/2026.11.1 aiohttp/3.12.15 Python/3.13", "Accept": "*/*"},
    "requests": {"User-Agent": "python-requests/2.32.3", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"},
    "Node": {"User-Agent": "node", "Accept": "*/*", "Accept-Language": "*", "Sec-Fetch-Mode": "cors"},
    "Java": {"User-Agent": "Java/17.0.17", "Accept": "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"},
    "nothing at all": {},
}  # fmt: skip


@pytest.mark.parametrize("headers", PROGRAMS.values(), ids=PROGRAMS)
def test_players_and_programs_are_no_browsers(headers: dict[str, str]) -> None:
    assert sender(headers) == "program"


def test_what_another_site_has_redirected_is_not_our_own_page() -> None:
    assert sender({"Referer": "http://192.168.1.5:8766/", "Sec-Fetch-Site": "cross-site"}) == "foreign"


@pytest.mark.parametrize(
    ("entry", "origin"),
    [
        (HOME, HOME),
        ("http://HomeAssistant.local:8123", HOME),
        ("http://ha.local", "http://ha.local"),
        ("http://ha.local:80", "http://ha.local"),
        ("https://ha.example.org:443", "https://ha.example.org"),
        ("http://192.168.1.7:8123", "http://192.168.1.7:8123"),
        ("http://[fd00::7]:8123", "http://[fd00::7]:8123"),
        ("chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop"),
        ("moz-extension://0b9a1c6e-1111-4222", "moz-extension://0b9a1c6e-1111-4222"),
        ("safari-web-extension://0B9A1C6E", "safari-web-extension://0b9a1c6e"),
        ("capacitor://localhost", "capacitor://localhost"),
    ],
)
def test_a_listed_origin_is_allowed_and_no_other(entry: str, origin: str) -> None:
    assert sender({"Origin": origin}, entry) == "allowed"
    assert sender({"Origin": origin, "Sec-Fetch-Site": "cross-site"}, entry) == "allowed"
    assert sender({"Referer": f"{origin}/lovelace?x=1", "Sec-Fetch-Site": "same-site"}, entry) == "allowed"
    scheme, _, rest = origin.partition("://")
    for foreign in (f"{scheme}x://{rest}", f"{origin}1", f"{scheme}://x{rest}", f"{origin}.evil.example", "null", ""):
        assert sender({"Origin": foreign}, entry) == "foreign"
    assert sender({"Origin": origin}) == "foreign"


@pytest.mark.parametrize(
    "entry",
    [
        "*", "http://*", "http://*.local", "https://*:8123", "null", "", " ", "ha.local", "ha.local:8123", "//ha.local",
        "http://", "http://ha.local/", "http://ha.local:8123/lovelace", "http://ha.local?x", "http://ha.local#x",
        "http://user@ha.local", "http://ha.local:x", "http://ha.local:99999", "http://ha .local", "http://ha.local ",
        "file:///home", "ws://ha.local:8123", "http://[::1", "http://ha.local.", "http://ha.local:8123\n",
    ],
)  # fmt: skip
def test_an_entry_that_is_no_origin_stops_the_start(entry: str) -> None:
    with pytest.raises(SettingsError, match=r"^http\.allowed_origins: "):
        Origins([HOME, entry])
