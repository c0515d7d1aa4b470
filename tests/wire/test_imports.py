"""What comes into a whole daemon as a file costs it nothing, and is told for what it is."""

import io
import re
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from qwen3tts_daemon.audio import to_wav
from qwen3tts_daemon.uploads.voice_files import CARD, PROMPT, REFERENCE
from qwen_tts.api import Audio
from tests.archives import packed
from tests.fakes import tone
from tests.patience import PATIENCE_S
from tests.prompts import prompt_bytes
from tests.wire.daemons import DaemonProcess, tone_daemon

IMPORT = "/v1/audio/voices/import"
RECORDING = Audio(pcm=tone("x" * 60), sample_rate=24_000)
TWO_MINUTES = Audio(pcm=bytes(2 * 48_000 * 120), sample_rate=48_000)
CARD_OF_ANNA = b'format = 1\nid = "anna"\nname = "Anna"\nkind = "cloned"\nconsent = true\ntranscript = "Some words."\n'
ANNA = {CARD: CARD_OF_ANNA, REFERENCE: to_wav(RECORDING), PROMPT: prompt_bytes("Some words.")}


class Home:
    """A daemon that clones, and a client that may."""

    def __init__(self, daemon: DaemonProcess, data: Path) -> None:
        http = daemon.ready()[1]
        headers = {"Authorization": f"Bearer {(data / 'token').read_text().strip()}"}
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{http}", headers=headers, timeout=PATIENCE_S)
        self._status = Path(f"/proc/{daemon.process.pid}/status")

    def bring(self, archive: bytes) -> httpx.Response:
        return self.client.post(IMPORT, files={"file": ("x.zip", archive)})

    @property
    def most_memory(self) -> int:
        """Bytes that the daemon's own process has had at once so far."""
        found = re.search(r"^VmHWM:\s+(\d+) kB$", self._status.read_text(), re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    data = tmp_path_factory.mktemp("data")
    with tone_daemon(data, kinds=["preset", "cloned", "designed"], preview=False) as daemon:
        home = Home(daemon, data)
        with home.client:
            yield home


def over_each_other(size: int) -> bytes:
    """A hundred names for one file of zeros."""
    archive = packed({CARD: CARD_OF_ANNA, REFERENCE: bytes(size)})
    entry = archive.find(b"PK\x01\x02", archive.find(b"PK\x01\x02") + 4)
    end = archive.find(b"PK\x05\x06")
    entries = b"".join(
        archive[entry : entry + 46] + f"r{number:02}".encode().ljust(len(REFERENCE), b"x") for number in range(90)
    )
    tail = bytearray(archive[end:])
    directory = archive[archive.find(b"PK\x01\x02") : end] + entries
    struct.pack_into("<HHI", tail, 8, 92, 92, len(directory))
    return archive[: archive.find(b"PK\x01\x02")] + directory + bytes(tail)


BOMBS = {
    "bzip2": lambda: packed(ANNA | {REFERENCE: bytes(100_000_000)}, zipfile.ZIP_BZIP2),
    "LZMA": lambda: packed(ANNA | {PROMPT: bytes(100_000_000)}, zipfile.ZIP_LZMA),
    "deflated": lambda: packed(ANNA | {REFERENCE: bytes(200_000_000)}),
    "deflated card": lambda: packed(ANNA | {CARD: bytes(200_000_000)}),
    "as large as is taken": lambda: packed(ANNA | {REFERENCE: to_wav(TWO_MINUTES)}),
    "over each other": lambda: over_each_other(19_000_000),
    "many members": lambda: packed({str(number): b"" for number in range(5_000)}),
    "a card of dots": lambda: packed(ANNA | {CARD: b"a." * 2_000 + b"a = 1"}),
    "a header of terabytes": lambda: packed(ANNA | {PROMPT: struct.pack("<Q", 2**42) + b"{}"}),
}  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is read from /proc")
def test_no_bomb_grows_the_daemon(home: Home) -> None:
    archives = {name: make() for name, make in BOMBS.items()}
    assert home.bring(packed(ANNA)).status_code == 201
    before = home.most_memory
    for name, archive in archives.items():
        answer = home.bring(archive)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["param"]) == (422, "bad_field", "file"), (name, error)
        assert home.most_memory - before < 60_000_000, name
    assert home.client.get("/health").json()["state"] == "ready"


def test_what_is_imported_speaks_and_goes_on_unchanged(home: Home) -> None:
    made = home.bring(packed(ANNA, zipfile.ZIP_STORED))
    assert made.status_code == 201, made.text
    id = made.json()["id"]
    spoken = home.client.post("/v1/audio/speech", json={"input": "Hello", "voice": id, "response_format": "pcm"})
    assert spoken.content == tone("Hello")
    with zipfile.ZipFile(io.BytesIO(home.client.get(f"/v1/audio/voices/{id}/export").content)) as archive:
        assert {name: archive.read(name) for name in (REFERENCE, PROMPT)} == {
            name: ANNA[name] for name in (REFERENCE, PROMPT)
        }


def float_wav(samples: np.ndarray) -> bytes:
    data = samples.astype("<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, 1, 24_000, 96_000, 4, 32)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("value", [np.nan, np.inf, -1e30])
@pytest.mark.parametrize("path", ["/v1/audio/references", "/v1/audio/voices"])
def test_a_recording_of_no_numbers_is_no_reference(home: Home, path: str, value: float) -> None:
    before = home.client.get("/v1/audio/voices").json()
    for samples in (np.full(96_000, value), np.append(np.zeros(96_000), value)):
        answer = home.client.post(
            path, data={"name": "x", "consent": "true"}, files={"ref_audio": ("a.wav", float_wav(samples))}
        )
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["param"]) == (422, "bad_audio", "ref_audio"), error
        assert "export it again, as 16-bit PCM" in error["message"]
    assert home.client.get("/v1/audio/voices").json() == before
