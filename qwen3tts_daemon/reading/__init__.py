"""How written text is read aloud: numbers, dates, units, signs and short forms -> the words a person would say.

```
reader.py       a sentence and its language -> words; a gate that leaves alone what has nothing to read
say_as.py       words of which somebody has said what they are: letters, a number, a telephone, a date, a time
sign_names.py   what signs and letters are called where a text is spelled
characters.py   several characters of one meaning -> one
notation.py     how a language writes numbers
roman.py        Roman numerals
kinds.py        what is recognised in every language, in which order, by these four:
dates.py        dates and times in digits, scores
identifiers.py  addresses, versions, numbers of telephones and accounts, letters with digits
quantities.py   ranges, money, measures, fractions, marks, plain numbers
signs.py        signs beside a number and between words
patterns.py     pieces of their patterns
language.py     what each language has to say to that

english.py german.py french.py spanish.py italian.py portuguese.py russian.py chinese.py japanese.py korean.py
english_numbers.py, german_numbers.py   how numbers, years and dates are said
english_dates.py, german_dates.py       how dates, times of day and timers are written
english_names.py, german_names.py       rooms, codes and other numbers in names; English: kings and short forms
english_units.py, german_units.py       units, currencies, short forms
german_grammar.py, german_ordinals.py   gender, case and endings; ordinals, kings and "ein", which take them
german_quantities.py            measures in the dative
german_short_forms.py                   short forms that need a look at what stands beside them
russian_grammar.py                      numbers and nouns in all cases
russian_governors.py, russian_agreement.py   which case the words before a number ask for; what those behind it say
russian_numbers.py, russian_ordinals.py   rules: numbers in a case
russian_dates.py, russian_weekdays.py, russian_names.py   rules: dates, times, days in short; names
russian_units.py, korean_units.py   units, currencies, short forms
korean_numbers.py, korean_particles.py   Sino-Korean and native numerals, by counter; particles that fit the sound
korean_dates.py, korean_times.py         days and years; times of day and timers
korean_sums.py, korean_quantities.py     만, 억 and arithmetic; what is counted and measured
korean_names.py                          telephones, codes, versions and other numbers that are names
east_asian.py                   what Chinese and Japanese have in common: days, hours and lengths of time in short
romance.py, romance_rules.py, romance_units.py   what French, Italian, Spanish and Portuguese have in common
iberian.py                      how Spanish and Portuguese say things; their rules:
iberian_rules.py: iberian_names.py, iberian_dates.py, iberian_quantities.py, in their order
iberian_words.py                the words that these rules ask for: short forms, cues, nouns by gender
spanish_words.py, portuguese_words.py   ... as they are
spanish_units.py, portuguese_units.py   units and currencies
chinese_numbers.py, japanese_numbers.py         how numbers, dates and lengths of time are said
chinese_dates.py, japanese_dates.py             dates, timers, spans, scores, comparisons
chinese_names.py, japanese_names.py             numbers in names and amounts, telephones and codes
chinese_units.py, japanese_units.py             units and currencies; Chinese: what is counted
french_numbers.py, italian_numbers.py           how numbers, dates and lengths of time are said; the gender of nouns
french_dates.py, italian_dates.py               how dates, times of day and timers are written
french_names.py, italian_names.py               short forms, Roman numerals, ordinals, telephone numbers and codes
french_quantities.py, italian_quantities.py     sizes, ranges, scores, fractions, agreement
french_units.py, italian_units.py               units and currencies
```

Imports no other room.
"""
