"""The rest of a file from a URL, through connections that break.

The client is huggingface_hub's, with its proxies and its waiting when a server has too much to do. Its own download is
not used: it takes every 200 for the whole file and throws the part away, and ModelScope was seen to send the range
that it was asked for with a 200.
"""

import io
import logging
import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import BinaryIO, cast

from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import (  # type: ignore[attr-defined]  # public, and not in its stub
    hf_raise_for_status,
    http_stream_backoff,
)

from qwen3tts_daemon.downloads.progress import Show

logger = logging.getLogger(__name__)

# httpx's HTTPError, of the httpx that the library uses: that changed from version 1 to 2.
TransportError = cast(type[Exception], HfHubHTTPError.__bases__[0])

_RETRIES = 5
"""In a row that bring nothing."""
_PAUSE_S = 1


def complete(
    out: BinaryIO, size: int, url: str, headers: Mapping[str, str], show: Show, *, name: str, timeout_s: float
) -> None:
    """Append to `out` until it has `size` bytes. Raises HfHubHTTPError, TransportError, OSError, ValueError."""
    retries = _RETRIES
    while (had := out.seek(0, io.SEEK_END)) < size:
        try:
            _append(out, size, url, headers, timeout_s, show)
        except HfHubHTTPError:
            raise  # a status, and a TransportError too
        except TransportError as error:
            retries = _RETRIES if out.seek(0, io.SEEK_END) > had else retries - 1
            if retries < 0:
                raise
            logger.warning("%s: %s; asking for the rest", name, error)
            time.sleep(_PAUSE_S)


def _append(out: BinaryIO, size: int, url: str, headers: Mapping[str, str], timeout_s: float, show: Show) -> None:
    had = out.tell()
    wanted = {**headers, "Accept-Encoding": "identity"}  # a range of the file, not of its gzip
    if had:
        wanted["Range"] = f"bytes={had}-"
    with http_stream_backoff(
        "GET", url, headers=wanted, timeout=timeout_s, retry_on_exceptions=(), retry_on_status_codes=(408, 429)
    ) as response:
        hf_raise_for_status(response)
        out.seek(_first_byte(response.status_code, response.headers, had, size))
        out.truncate()
        for chunk in response.iter_bytes():
            out.write(chunk)
            show(out.tell())
            if out.tell() > size:
                return  # wrong, as its hash will be
    if out.tell() == had:
        raise TransportError("an empty answer")


def _first_byte(status: int, headers: Mapping[str, str], had: int, size: int) -> int:
    """Where in the file the answer begins. What is neither the rest nor all of it raises TransportError."""
    given = re.match(r"bytes (\d+)-", headers.get("Content-Range", ""))
    if given and int(given[1]) == had:
        return had
    is_whole = status == HTTPStatus.OK and not given and headers.get("Content-Length", str(size)) == str(size)
    if had and not is_whole:
        raise TransportError("neither the rest of the file nor all of it")
    return 0
