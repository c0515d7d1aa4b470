"""Sound between the engine and a wire: resampling, telephone codes, WAV, encoders, speed, level.

- pcm.py: what needs numpy and soxr only
- pauses.py: where sound is quiet, and fades
- chimes.py: what stands before an announcement
- formats.py: the one table of formats (media type, encoder), and WAV files
- ffmpeg.py, filters.py: compressed formats; speed, level and loudness. They need FFmpeg, 16 MB, so the first request
  that asks for it imports them

Imports no other room.
"""

from qwen3tts_daemon.audio.formats import (
    AUDIO_FORMATS,
    ENCODE_MS,
    FILE_FORMATS,
    Encoder,
    from_wav,
    open_encoder,
    open_telephone_encoder,
    to_wav,
    wav_header,
)
from qwen3tts_daemon.audio.pcm import Law, Resampler, encode_g711, silence

__all__ = [
    "AUDIO_FORMATS",
    "ENCODE_MS",
    "FILE_FORMATS",
    "Encoder",
    "Law",
    "Resampler",
    "encode_g711",
    "from_wav",
    "open_encoder",
    "open_telephone_encoder",
    "silence",
    "to_wav",
    "wav_header",
]
