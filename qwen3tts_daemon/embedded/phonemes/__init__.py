"""Words -> the phonemes that both networks speak (Kokoro's vocabulary), one module per way of reading.

```
english.py    hibari's grapheme-to-phoneme rules, US and UK      chinese.py    misaki over jieba and pypinyin
espeak.py     espeak-ng: de es fr it pt ru (GPL-3.0)             japanese.py   Open JTalk's readings, then kana
readers.py    language -> reader, loaded on first use            korean.py     our own rules of standard pronunciation
```
"""
