"""The child of child_process.py: one recording or archive on stdin, what is in it on stdout.

- FFmpeg has had holes, so nothing from outside is read before `confine`, and then no file or socket can be opened.
- Its first byte says what of `confine` this machine lacks.
- Exit status 0 is an answer, REFUSED a sentence for the caller; anything else is a crash.
- It starts for each upload and imports av, not numpy: 0.18 s for a short recording on a 2-core VM, with it 0.1 s more.
"""

import sys

from qwen3tts_daemon.uploads.confinement import REFUSED, Refused, confine
from qwen3tts_daemon.uploads.decoder import decode
from qwen3tts_daemon.uploads.voice_files import REFERENCE, voice_from


def read_recording(data: bytes, max_duration_s: float, max_channels: int) -> bytes:
    """Sample rate (4 bytes, little-endian) and mono PCM. Raises Refused."""
    sample_rate, pcm = decode(data, max_duration_s, max_channels)
    return sample_rate.to_bytes(4, "little") + pcm


def read_archive(data: bytes, max_duration_s: float, max_channels: int) -> bytes:
    """The lengths of card and prompt (4 bytes each), both, and the recording if there is one. Raises Refused."""
    card, prompt, recording = voice_from(data)
    answer = len(card).to_bytes(4, "little") + len(prompt).to_bytes(4, "little") + card + prompt
    try:
        return answer if recording is None else answer + read_recording(recording, max_duration_s, max_channels)
    except Refused as error:
        raise Refused(f"{REFERENCE}: {error}") from error


_READERS = {"recording": read_recording, "archive": read_archive}


def main() -> None:
    kind, cpu_s, memory_bytes, max_duration_s, max_channels = sys.argv[1:]
    sys.stdout.buffer.write(bytes([confine(int(cpu_s), int(memory_bytes))]))
    try:
        answer = _READERS[kind](sys.stdin.buffer.read(), float(max_duration_s), int(max_channels))
    except Refused as error:
        sys.stdout.buffer.write(str(error).encode())
        sys.exit(REFUSED)
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
