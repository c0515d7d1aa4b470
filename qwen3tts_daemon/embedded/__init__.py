"""The CPU preview voice: hibari for English, Kokoro-82M for ten languages; no torch, no GPU, no download.

```
engine.py     the SpeechEngine: one inference thread for all
stream.py     one utterance: text in, sound out         framing.py, flow_control.py   its chunks, and how many at a time
synthesizer.py  text -> samples, unit by unit:
  chunker.py  text -> units, one inference each         phonemes/   words -> phonemes
  shaping.py  trim, gain, limiter, fades, pauses
kokoro.py, hibari_voice.py    the networks              windows.py       Kokoro's first unit, window by window
word_timer.py, word_places.py   when each word is heard, and where it stands in the text
model_file.py   Kokoro's network, joined from its packages, as files    network_surgery.py   rewritten and cut in two
voices.py     the voice table, pure data                cancellation.py  ends the inference in hand
```

Imports no other room.
"""

import os

# Unless this is set before onnxruntime is imported (hibari does so too), it gives this machine an identifier and sends
# events to its maker. What can be called afterwards comes too late for both.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
