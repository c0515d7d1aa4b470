"""The CPU preview voice: hibari for English, Kokoro-82M for nine more languages; no torch, no GPU, no download.

```
voices.py      the voice table, pure data                    engine.py     SpeechEngine: one inference thread, fair to all
pieces.py      text -> units that one inference speaks       speaker.py    text -> samples, unit by unit
numbers/       digits and symbols -> words, per language     kokoro.py, hibari_voice.py   the two networks
phonemes/      words -> Kokoro's phonemes, per language      shaping.py    trim, gain, limiter, fades, pauses
```
"""
