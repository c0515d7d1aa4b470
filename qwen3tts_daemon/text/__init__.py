"""Written text on its way to speech; nothing here knows a clock, a socket or a model.

languages       which language a caller means, and which one a text is in
language_cues   what gives a language away in a few words
segments        live text in arbitrary pieces -> segments to speak, each with its range of characters
lines           what kind of line is this: item, heading, table row, code fence, rule or plain text?
clean           a segment as written -> its words: no markup, emoji, addresses or invisible characters
markdown        markdown and HTML -> the words in it
phrases         whether there is something to say, and a full stop where none is written

Where a sentence ends is said by qwen_tts/text/sentences.py, to this package and to both engines.

Imports no other room.
"""
