"""Written text on its way to speech; nothing here knows a clock, a socket or a model.

languages       which language a caller means, and which one a text is in
language_cues   what gives a language away in a few words
segments        live text in arbitrary pieces -> segments to speak, each with its range of characters
directions      what a text says of how it is spoken: pauses, who, in which style and language, how fast and loud
styles          names of ways to speak, and what a voice is told by each
sent_text       a text as it is sent, plain or SSML, and where each piece of it stood
places          where a piece of a text stands in another one
ssml            a small SSML -> the text in it and how it is spoken
ssml_values     what its attributes mean
live_markup     XML that is still coming -> tags and text
pronunciations  words that are said in another way than they are written
lexicon         which words are, in whatever text: for a language, for a voice
lexicon_toml    a lexicon as a person writes it
written_words   the words of a text, and what is spoken for each
word_edges      where a word stands by itself
homophones      Chinese characters that are said as pinyin says
marks           what stands for both in a text that is cut
lines           what kind of line is this: item, heading, table row, note, code fence, data, rule or plain text?
blocks          what is dropped as a whole while it comes in: thinking, tool calls, scripts, code, data
spans           inline code and links: where they end, so that nothing is cut inside
clean           a segment as written -> its words; it asks, in this order:
formulas        what is left of LaTeX -> signs and words
notes           footnotes, citations, sources -> nothing
pictures        emoji, emoticons, kaomoji, drawings -> nothing
markdown        markdown -> the words in it
html            what a tag parts, and the markdown that says the same
addresses       addresses of the web -> their hosts; @names and #tags -> their words
phrases         whether there is something to say, and a full stop where none is written

Where a sentence ends is said by qwen_tts/text/sentences.py, to this package and to both engines.

Imports no other room.
"""
