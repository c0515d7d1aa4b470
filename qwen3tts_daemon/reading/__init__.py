"""How written text is read aloud: numbers, dates, units, signs and short forms -> the words a person would say.

```
reader.py       a sentence and its language -> words; a gate that leaves alone what has nothing to read
characters.py   several characters of one meaning -> one
notation.py     how a language writes numbers
kinds.py        what is recognised, in which order, in every language: addresses, dates, times, money, measures, ...
language.py     what each language has to say to that; english.py, german.py, ...: one module each
```

Imports no other room.
"""
