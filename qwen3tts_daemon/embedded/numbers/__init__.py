"""Numbers, dates, times, units and currencies -> words, per language; English G2P reads them itself.

```
normaliser.py    language -> its rules, loaded by the first text with a digit or a symbol
german.py        normt2s
transducers.py   es fr it ru, by damga
portuguese.py, chinese.py, korean.py   kitten-text-processing and rules of our own
japanese.py      rules only: Open JTalk reads numbers with their counters, but no clock times and signs
digits.py        digits one by one, where a number is too long or a grammar fails
rules.py         tables of patterns
```
"""
