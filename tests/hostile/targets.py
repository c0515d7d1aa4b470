"""What reads bytes of others inside our own processes, as functions that a fuzzer calls: each states a law.

`python -m tests.hostile.long` runs them with a coverage-guided fuzzer, test_targets.py with some examples; what either
has found is in `kept.py`.
"""

import asyncio
import contextlib
import gzip
import io
import json
import math
import tempfile
import unicodedata
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import safetensors
from wyoming.event import Event

from qwen3tts_daemon import toml_lines
from qwen3tts_daemon.config_file import UnknownShape, changed
from qwen3tts_daemon.data_dir.archive import Backup, BadBackup
from qwen3tts_daemon.data_dir.backup import write as write_backup
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.hosting import ipc
from qwen3tts_daemon.protocols import strict_json
from qwen3tts_daemon.protocols.voice_v1 import client_messages
from qwen3tts_daemon.protocols.wyoming.wire import DATA_BYTES, encode_event, read_event
from qwen3tts_daemon.reading import reader
from qwen3tts_daemon.reading.say_as import say_as
from qwen3tts_daemon.text import lexicon_toml
from qwen3tts_daemon.text.clean import speakable
from qwen3tts_daemon.text.directions import Directions
from qwen3tts_daemon.text.languages import detect_language
from qwen3tts_daemon.text.phrases import is_speakable
from qwen3tts_daemon.text.pronunciations import Pronunciation
from qwen3tts_daemon.text.segments import LiveSegmenter, Segment
from qwen3tts_daemon.text.sent_text import SentText
from qwen3tts_daemon.text.ssml import SsmlPiece, SsmlReader
from qwen3tts_daemon.uploads.child import read_archive, read_recording
from qwen3tts_daemon.uploads.confinement import Refused
from qwen3tts_daemon.voices.stored_voice import card_of, read_card
from qwen_tts.audio import riff
from qwen_tts.checkpoint.prompt_file import read_prompt
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import InvalidRequest
from tests.archives import packed
from tests.hostile.checkpoint_targets import CHECKPOINT_TARGETS
from tests.hostile.request_targets import REQUEST_TARGETS
from tests.hostile.target import Target
from tests.prompts import prompt_bytes

_LOOP = asyncio.Runner()
"""One for all examples: to make one takes longer than most of them"""

# -- messages ------------------------------------------------------------------------------------------------------


async def _messages(data: bytes, kind: Any) -> list[Any]:
    """What a link reads of its other side. Raises msgspec.DecodeError."""
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    link: ipc.Link[Any] = ipc.Link(stream, None, msgspec.msgpack.Decoder(kind))  # type: ignore[arg-type]
    messages = []
    while (message := await link.receive()) is not None:
        messages.append(message)
    return messages


def check_ipc(data: bytes, kind: Any) -> None:
    """Bytes are messages, which are the same when they are sent on, or no messages at all."""
    with contextlib.suppress(msgspec.DecodeError):
        for message in _LOOP.run(_messages(data, kind)):
            body = msgspec.msgpack.encode(message)
            assert msgspec.msgpack.encode(msgspec.msgpack.decode(body, type=kind)) == body


def framed(*messages: ipc.ToWorker | ipc.FromWorker) -> bytes:
    bodies = [msgspec.msgpack.encode(message) for message in messages]
    return b"".join(len(body).to_bytes(4, "little") + body for body in bodies)


def check_wyoming(data: bytes) -> None:
    """Bytes are events, which are the same when they are sent on, or a refusal."""

    async def read_all() -> list[Event]:
        stream = asyncio.StreamReader(limit=64 * 1024)
        stream.feed_data(data)
        stream.feed_eof()
        events = []
        while (event := await read_event(stream, idle_s=math.inf, message_s=math.inf)) is not None:
            events.append(event)
        return events

    with contextlib.suppress(Refusal):
        for event in _LOOP.run(read_all()):
            assert len(encode_event(event)) < DATA_BYTES + 128 * 1024


def check_json(data: bytes) -> None:
    """A text has one meaning or none, and what is sent on of it is the same."""
    text = data.decode(errors="surrogatepass") if _is_encoded(data) else data.decode(errors="replace")
    with contextlib.suppress(Refusal):
        value = strict_json.load(text)
        assert strict_json.infinite_field(value) is None
        if strict_json.is_text(value):
            assert json.loads(msgspec.json.encode(value)) == value


def _is_encoded(data: bytes) -> bool:
    try:
        data.decode(errors="surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def check_voice_message(data: bytes) -> None:
    """A message is one that can be obeyed, or is told what is wrong with it, in words that can be sent."""
    try:
        message = client_messages.parse(data.decode(errors="replace"))
    except client_messages.BadMessage as bad:
        told = msgspec.json.encode([bad.refusal.message, bad.refusal.param, bad.id, bad.opens])
        assert len(told) < 2_000
    else:
        msgspec.json.encode(message)


# -- files of others -----------------------------------------------------------------------------------------------


def check_voice_prompt(data: bytes) -> None:
    """What is taken as a voice, the library of the format reads too."""
    with contextlib.suppress(InvalidRequest):
        read_prompt(data)
        safetensors.deserialize(data)


def check_archive(data: bytes) -> None:
    with contextlib.suppress(Refused):
        read_archive(data, 30.0, 8)


def check_recording(data: bytes) -> None:
    with contextlib.suppress(Refused):
        answer = read_recording(data, 30.0, 8)
        assert 4 < len(answer) <= 4 + 31 * 48_000 * 2


def check_riff(data: bytes) -> None:
    """What is mended is a WAV that says the truth, and needs no more."""
    mended = riff.mended(data)
    if mended != data:
        assert riff.is_true(mended)
        assert riff.mended(mended) == mended


def check_card(data: bytes) -> None:
    """The card of a voice is the same when it is written again."""
    with contextlib.suppress(ValueError):
        voice = read_card(data)
        assert read_card(card_of(voice)) == voice


def check_lexicon(data: bytes) -> None:
    """Of a lexicon each entry can be taken out, and then it is not there; or it is told why not."""
    text = data.decode(errors="replace")
    with contextlib.suppress(lexicon_toml.UnreadableLexicon):
        for entry in lexicon_toml.read(text)[:3]:
            left = lexicon_toml.without_entry(text, entry.key)
            assert entry.key not in {one.key for one in lexicon_toml.read(left)}


def check_config(data: bytes) -> None:
    """An option can be set in whatever is TOML, or it is told why not."""
    text = data.decode(errors="replace")
    with contextlib.suppress(ValueError, UnknownShape):
        after = changed(text, {"speech.lead_silence_ms": 7, "voice": "anna"})
        assert changed(after, {"speech.lead_silence_ms": 7, "voice": "anna"}) == after


def check_place(data: bytes) -> None:
    """What is in a file of settings stands in one of its lines, and so does what is wrong with it."""
    last = data.count(b"\n") + 1
    assert all(line in range(1, last + 1) for line in _lines_told(data))


def _lines_told(data: bytes) -> list[int | None]:
    try:
        names = list(toml_lines.parse(data))[:3]
    except toml_lines.UnreadableToml as error:
        return [error.line]
    return [toml_lines.line_of(data.decode(), (name, "none")) for name in names]


def check_backup(data: bytes) -> None:
    """Of a tar no more comes out than its manifest says, or it is told what is wrong with it."""
    with contextlib.suppress(BadBackup):
        backup = Backup(io.BytesIO(gzip.compress(data, 1)))
        sizes = {file.name: file.size for file in backup.manifest.files}
        assert {name: len(content) for name, content in backup.files()} == sizes


def tarred() -> bytes:
    """A backup, before it is packed."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("token", "voices/anna/voice.toml"):
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).write_bytes(b"x" * 20)
        out = io.BytesIO()
        write_backup(out, Path(folder), data_format=1)
    return gzip.decompress(out.getvalue())


# -- texts ---------------------------------------------------------------------------------------------------------


def _pieces(data: bytes) -> tuple[str, list[str]]:
    """A text, and the same cut where its first bytes say."""
    cuts, text = list(data[:4]), data[4:].decode(errors="replace")
    pieces, rest = [], text
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    return text, [*pieces, rest]


def _joined(pieces: list[SsmlPiece]) -> list[Any]:
    """Text that stands together, as one."""
    together: list[Any] = []
    for one in pieces:
        if isinstance(one.piece, str) and together and isinstance(together[-1], str):
            together[-1] += one.piece
        else:
            together.append(one.piece)
    return together


def check_ssml(data: bytes) -> None:
    """Where it is cut does not show, and what is said stands in it, in its order."""
    text, cut = _pieces(data)
    whole, parts = SsmlReader(), SsmlReader()
    at_once = [*whole.feed(text), *whole.rest()]
    in_parts = [piece for part in cut for piece in parts.feed(part)] + parts.rest()
    assert _joined(at_once) == _joined(in_parts)
    assert whole.is_malformed == parts.is_malformed
    places = [(piece.start, piece.end) for piece in at_once]
    assert places == sorted(places)
    assert all(0 <= start <= end <= len(text) for start, end in places)


def check_segments(data: bytes) -> None:
    """Whatever is sent, in whatever format and pieces: segments can be spoken, and stand in it in their order."""
    is_ssml, actions, text = data[:1], data[1:9], data[9:].decode(errors="replace")
    sent = SentText("ssml" if is_ssml > b"\x80" else None, is_voice=lambda name: name == "anna")
    segmenter = LiveSegmenter(directions=Directions(lambda name: name == "anna"))
    segments: list[Segment] = []

    def take(found: list[Segment]) -> None:
        segments.extend(map(sent.as_sent, found))

    for action in actions:
        for piece in sent.feed(text[: action % 64]):
            take(segmenter.feed(piece))
        text = text[action % 64 :]
        take({0: segmenter.idle, 1: segmenter.flush}.get(action >> 6, list)())
    for piece in (*sent.feed(text), *sent.rest()):
        take(segmenter.feed(piece))
    take(segmenter.end())
    total = len(data[9:].decode(errors="replace"))
    end = 0
    for segment in segments:
        assert segment.pronunciations or is_speakable(segment.text)
        assert end <= segment.start < segment.end <= total
        assert all(isinstance(said, Pronunciation) for said in segment.pronunciations.values())
        end = segment.end


def check_clean(data: bytes) -> None:
    """Clean text stays as it is, and has nothing in it that a model could take for more than words."""
    text = data.decode(errors="replace")
    cleaned = speakable(text)
    assert speakable(cleaned) == cleaned
    assert cleaned == "" or is_speakable(cleaned)
    assert not {"<|im_start|>", "<|im_end|>", "<tts_pad>"} & set(cleaned.split())
    assert not {unicodedata.category(char) for char in cleaned.replace("\n", "")} & {"Cc", "Cs", "Co"}


def check_reading(data: bytes) -> None:
    """No digit is left, and words stay words."""
    language, text = _language(data), data[1:].decode(errors="replace")
    spoken = reader.spoken(text, language)
    assert any(map(str.isalnum, spoken)) or not any(map(str.isalnum, text))
    assert not any(char.isdecimal() and char.isascii() for char in spoken)


WAYS = ("characters", "cardinal", "ordinal", "telephone", "date", "time")


def check_say_as(data: bytes) -> None:
    """It is said so, or is nothing of that kind."""
    way, form, text = data[1:2], data[2:6], data[6:].decode(errors="replace")
    said = say_as(WAYS[(way or b"\0")[0] % len(WAYS)], text, _language(data), form.decode(errors="replace"))  # type: ignore[arg-type]
    assert said is None or said.strip()


def check_language(data: bytes) -> None:
    """Every text is in one of the languages that there are."""
    assert detect_language(data.decode(errors="replace"), list(LANGUAGES), "en") in LANGUAGES


def _language(data: bytes) -> str:
    return list(LANGUAGES)[(data or b"\0")[0] % len(LANGUAGES)]


# -- all of them ---------------------------------------------------------------------------------------------------

_JSON = (b"{", b"}", b"[", b"]", b'"', b":", b",", b"\\ud800", b"\\u0000", b"1e999", b"NaN", b"-0", b"null", b"true")
_TOML = (
    b"[",
    b"]",
    b"[[",
    b"]]",
    b"=",
    b'"',
    b"'''",
    b"{",
    b"}",
    b".",
    b"\n",
    b"#",
    b"1979-05-27",
    b"nan",
    b"\\U0010ffff",
    b"a.",
    b"[" * 300,
)
_MARKUP = (
    *(
        b"<speak>",
        b"</speak>",
        b"<break/>",
        b"<p>",
        b"</p>",
        b"<sub alias='x'>",
        b"</sub>",
        b"<!--",
        b"-->",
        b"<![CDATA[",
    ),
    *(b"]]>", b"<?", b"?>", b"&lt;", b"&#0;", b"<voice name='anna'>", b"</voice>", b"<say-as interpret-as='date'>"),
    *(b"</say-as>", b"<prosody rate='slow'>", b"</prosody>", b"<", b">", b"/>", b"&", b"='", b"<lang xml:lang='de'>"),
)
_WRITTEN = (
    *(
        b"[pause 1s]",
        b"[voice: anna]",
        b"```",
        b"`",
        b"**",
        b"_",
        b"\n\n",
        b"- ",
        b"1. ",
        b"| a | b |\n",
        b"$$",
        b"\\(",
    ),
    *("😀".encode(), "\u200d".encode(), "\u0301".encode(), "。".encode(), "「".encode(), "½".encode(), "€".encode()),
    *(
        b"3.14",
        b"21.",
        b"z. B.",
        b"10:30",
        b"2026-11-30",
        b"+49 30 1234",
        b"https://a.b/c",
        b"<|im_start|>",
        b"<think>",
    ),
)
_MESSAGE = b'{"type":"speak","ctx":"a","text":"Hello.","final":true,"sampling":{"seed":1},"format":{"frame_ms":80}}'
_CARD = b'format = 1\nid = "anna"\nname = "Anna"\nkind = "designed"\ndesign = "old"\nspeed = 1.5\n'
_LEXICON = b'[en]\nSiobhan = "Shivawn"\n"a" = {say = "b"}\n[[word]]\nwritten = "kWh"\nsay = "x"\nlanguage = "de"\n'
_CONFIG = b'# a\nvoice = "heart"\n[speech]\n# lead_silence_ms = 0\ntail_silence_ms = 1\n'
_SSML = (
    b"\5\3\1\2<speak>One <break time='1s'/> <sub alias='two'>2</sub> <prosody rate='slow'>3</prosody> &amp; 4.</speak>"
)
_TEXT = (
    "\x05\x45\x0c\x43\x21\x07\x41\x02\x03# Title\n\n- **Bold** 3.14 km. [pause 1s] `code` 你好。今天 21. Mai".encode()
)
_WAV = b"RIFF\x34\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\x10\0\0\0" + bytes(range(16))

_CHUNKS = (b"RIFF", b"WAVE", b"fmt ", b"data")
_NUMBERS = b"On 3.5. at 10:30 $3.14, 21% of 1,000 km/h"

TARGETS = {
    "messages of a worker": Target(
        partial(check_ipc, kind=ipc.FromWorker),
        (framed(ipc.AudioData(1, b"\0\0", 0, 0), ipc.Place(1, 2), ipc.Failed("busy", "x", 1), ipc.Encoded(1, b"x")),),
    ),
    "messages to a worker": Target(
        partial(check_ipc, kind=ipc.ToWorker),
        (framed(ipc.Text(1, "hi"), ipc.Ack(1, 5), ipc.Decode(1, [[1]]), ipc.Cancel(2)),),
    ),
    "wyoming events": Target(
        check_wyoming,
        (b'{"type":"synthesize","data_length":13}\n{"text":"hi"}{"type":"ping","data":{"text":"x"}}\n',),
        _JSON,
    ),
    "json": Target(check_json, (_MESSAGE,), _JSON),
    "voice.v1 messages": Target(
        check_voice_message, (_MESSAGE, b'{"type":"played","ms":1,"id":"x"}'), (*_JSON, b'"ctx"', b'"id"', b'"cancel"')
    ),
    "voice prompts": Target(check_voice_prompt, (prompt_bytes("Words."), prompt_bytes(None)), _JSON),
    "archives": Target(check_archive, (packed({"voice.toml": _CARD}), packed({"voice.toml": _CARD}, 0)), (b"PK\1\2",)),
    "recordings": Target(check_recording, (_WAV,), (*_CHUNKS, b"fLaC", b"OggS", b"ID3", b"ftyp")),
    "wav headers": Target(check_riff, (_WAV,), (*_CHUNKS, b"RF64", b"ds64", b"LIST", b"\xff\xff\xff\xff")),
    "cards of voices": Target(check_card, (_CARD,), _TOML),
    "lexicons": Target(check_lexicon, (_LEXICON,), _TOML),
    "config files": Target(check_config, (_CONFIG,), (*_TOML, b"speech", b"voice", b"lead_silence_ms")),
    "places in settings": Target(check_place, (_CONFIG, _LEXICON), _TOML),
    "backups": Target(check_backup, (tarred(),), (b"ustar\x0000", b"x" + bytes(99), b"../", b'"size":9')),
    "ssml": Target(check_ssml, (_SSML,), _MARKUP),
    "segments": Target(check_segments, (_TEXT, b"\xff" + _TEXT[1:9] + _SSML), (*_WRITTEN, *_MARKUP)),
    "cleaning": Target(check_clean, (_TEXT[9:],), (*_WRITTEN, *_MARKUP)),
    "reading": Target(check_reading, tuple(bytes([one]) + _NUMBERS for one in range(10)), _WRITTEN),
    "say-as": Target(check_say_as, tuple(bytes([one, one]) + b"dmy " + b"30.11.2026" for one in range(10)), _WRITTEN),
    "languages": Target(check_language, ("Das ist 你好 で привет".encode(),), _WRITTEN),
    **REQUEST_TARGETS,
    **CHECKPOINT_TARGETS,
}  # fmt: skip
