"""Words -> the phonemes that both networks speak (Kokoro's vocabulary), one module per G2P library.

```
g2p.py        language -> its library, loaded on first use
english.py    hibari's rules, American and British       chinese.py    misaki over jieba and pypinyin
espeak.py     espeak-ng: de es fr it pt ru (GPL-3.0)     japanese.py   Open JTalk's readings, then kana
latin.py      Latin words in Chinese and Korean          korean.py     our own rules of pronunciation
given.py      sounds that came with a text
word_sounds.py  which phonemes say which word
digits.py     digits that are still there
```
"""
