"""How written text is read aloud: numbers, dates, units, signs and short forms -> the words a person would say.

```
reader.py       a sentence and its language -> words; a gate that leaves alone what has nothing to read
characters.py   several characters of one meaning -> one
notation.py     how a language writes numbers
roman.py        Roman numerals
kinds.py        what is recognised, in which order, in every language: addresses, dates, times, money, measures, ...
language.py     what each language has to say to that

english.py german.py french.py spanish.py italian.py portuguese.py russian.py chinese.py japanese.py korean.py
english_numbers.py, german_numbers.py   how numbers, years and dates are said; German: what they agree with
english_dates.py, german_dates.py       how dates, times of day and timers are written
english_names.py, german_names.py       rooms, codes, kings, ordinals and other numbers in names
english_units.py, german_units.py       units, currencies, short forms
russian_grammar.py, russian_agreement.py   numbers and nouns in all cases; which case the words around ask for
russian_numbers.py, russian_dates.py, russian_names.py   rules: what stands in a case, dates and times, names and codes
russian_units.py, korean_units.py   units, currencies, short forms
korean_numbers.py               Sino-Korean and native numerals, by counter
chinese_units.py                units, currencies and what is counted
french_words.py                 units, currencies, short forms, and words that say how a number stands
iberian.py                      what Spanish and Portuguese have in common: agreement, dates, kings, halves, codes
spanish_words.py, portuguese_words.py   units, currencies, short forms, and nouns by gender
```

Imports no other room.
"""
