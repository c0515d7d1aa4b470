"""The CPU preview voice: hibari for English, Kokoro-82M for ten languages; no torch, no GPU, no download.

```
voices.py     the voice table, pure data             engine.py    SpeechEngine: one inference thread for all
chunker.py    text -> units, one inference each      sequence.py  one utterance: text, samples, window
numbers/      digits and symbols -> words            speaker.py   text -> samples, unit by unit
phonemes/     words -> phonemes                      shaping.py   trim, gain, limiter, fades, pauses
kokoro.py, hibari_voice.py, model_file.py   the networks  cancellation.py   ends the inference in hand
```
"""
