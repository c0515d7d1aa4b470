"""How written text is read aloud: numbers, dates, units, signs and short forms -> the words a person would say.

```
reader.py       a sentence and its language -> words; a gate that leaves alone what has nothing to read
characters.py   several characters of one meaning -> one
notation.py     how a language writes numbers
roman.py        Roman numerals
kinds.py        what is recognised, in which order, in every language: addresses, dates, times, money, measures, ...
language.py     what each language has to say to that

english.py german.py french.py spanish.py italian.py portuguese.py russian.py chinese.py japanese.py korean.py
chinese_units.py                units, currencies and what is counted
french_words.py                 units, currencies, short forms, and words that say how a number stands
```

Imports no other room.
"""
