"""Numbers, dates, times, units and currencies -> words, per language; the English reader needs none of this.

```
spelling.py    language -> speller, loaded by the first text with a digit or a symbol
german.py      normt2s                                   portuguese.py, chinese.py, korean.py   kitten-text-processing
transducers.py es fr it ru, by damga                     rules.py                               tables of patterns
japanese.py    our own rules: Open JTalk reads numbers and counters, but not clock times, slashes and currency signs
```
"""
