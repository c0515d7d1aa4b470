"""What clients may send and ask for: each number once, for every door and for files that others made.

What an engine bounds itself is in qwen_tts/limits.py. The types are for fields of msgspec's structs, which refuse what
is beyond. How fast somebody may come and how many connections one may hold are options: see settings.py.
"""

from typing import Annotated, Final

from msgspec import Meta

from qwen_tts.audio import bounds as audio_bounds
from qwen_tts.limits import MAX_TRANSCRIPT_CHARS, SEED, Range


def within(bounds: Range) -> Meta:
    """For the type of a field."""
    return Meta(gt=bounds.low, le=bounds.high) if bounds.above_low else Meta(ge=bounds.low, le=bounds.high)


# -- how something is said -----------------------------------------------------------------------------------------

SPEED: Final = Range(0.25, 4)
Speed = Annotated[float, within(SPEED)]
GAIN_DB: Final = Range(-40, 20)
Gain = Annotated[float, within(GAIN_DB)]
"""Decibels: louder or softer than the voice is."""
LOUDNESS_LUFS: Final = Range(-40, -10)
SILENCE_MS: Final = Range(0, 2_000)
Silence = Annotated[int, within(SILENCE_MS)]
"""Before or behind an utterance."""
MAX_PAUSE_S: Final = 10.0
"""Of a pause that the text asks for."""
MAX_PAUSES_S: Final = 30.0
"""Of all of them together in one utterance."""
MAX_VOICE_CHANGES: Final = 64
"""In one utterance."""
MAX_DIRECTIONS: Final = 512
"""Of all kinds, in one utterance."""
MAX_PHRASE_CHARS: Final = 1_000
"""Of a phrase that the settings list."""
Seed = Annotated[int, within(SEED)]
MAX_STYLES: Final = 64
MAX_STYLE_CHARS: Final = 500
"""Of what a voice is told by one."""
MAX_INSTRUCT_CHARS: Final = 2_000
Instruct = Annotated[str, Meta(max_length=MAX_INSTRUCT_CHARS)]
"""How to speak, in words."""

# -- how words are said ----------------------------------------------------------------------------------------------

WrittenWords = Annotated[str, Meta(min_length=1, max_length=80)]
"""A word or phrase that is said in a way of its own."""
Respelling = Annotated[str, Meta(max_length=200)]
"""What is said instead."""
Sounds = Annotated[str, Meta(max_length=100)]
"""In phonemes: the preview voice says no more in one breath."""
MAX_LEXICON_ENTRIES: Final = 2_000

# -- voices that people make ---------------------------------------------------------------------------------------

MAX_NAME_CHARS: Final = 80
VoiceName = Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARS)]
MAX_DESCRIPTION_CHARS: Final = 2_000
Description = Annotated[str, Meta(max_length=MAX_DESCRIPTION_CHARS)]
"""What a voice is like: for people, or for the model that makes it."""
Transcript = Annotated[str, Meta(max_length=MAX_TRANSCRIPT_CHARS)]
MAX_SOURCE_CHARS: Final = 200
"""Of the name of the file that a voice came from."""
MAX_VOICES: Final = 1_000
MAX_PROFILES: Final = 64
"""In the settings."""

# -- recordings ----------------------------------------------------------------------------------------------------

MAX_UPLOAD_BYTES: Final = 20_000_000
"""Of a recording or an archive. The longest recording that can be kept takes 11.5 MB as WAV."""
MAX_REF_AUDIO_CHARS: Final = 8 * 1024 * 1024
"""Of a recording inside a JSON body, as base64."""
MAX_UPLOAD_S: Final = 120.0
MAX_UPLOAD_CHANNELS: Final = 8
UPLOAD_SAMPLE_RATES: Final = range(audio_bounds.SAMPLE_RATES[0], 384_001)
"""In Hz, as the file has it; below, no voice can be made of it."""
MAX_DECODED_SAMPLE_RATE: Final = 48_000
"""In Hz: what is above comes down to it."""
DECODED_SAMPLE_RATES: Final = range(UPLOAD_SAMPLE_RATES[0], MAX_DECODED_SAMPLE_RATE + 1)

# -- many texts at once, and sound to fetch ------------------------------------------------------------------------

MAX_BATCH_ITEMS: Final = 64
MAX_BATCH_CHARS: Final = 32_000
"""Of all texts together: some 35 minutes, whose sound may have to wait in memory for the client."""
CLIP_LIFETIME_S: Final = Range(1, 86_400)

# -- daemons that speak through each other ---------------------------------------------------------------------------

PASSED_ON_BY: Final = "x-passed-on-by"
"""A header of a request that a daemon makes for somebody else's: the names of all that have passed it on. `Via` would
say the same, and makes a client one that came through a proxy."""

# -- voice.v1 ------------------------------------------------------------------------------------------------------

OUTPUT_SAMPLE_RATES: Final = (8_000, 16_000, 24_000, 48_000)
"""In Hz."""
FRAME_MS: Final = Range(20, 200)
"""Sound in one binary message."""
LEAD_MS: Final = Range(200, 600_000)
"""How far sound may be ahead of the listener."""
