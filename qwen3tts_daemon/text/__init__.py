"""Written text on its way to speech; nothing here knows a clock, a socket or a model.

languages   which language a caller means, and which one a text is in
clean       markdown, emoji, URLs and invisible characters -> words to speak
segments    live text in arbitrary pieces -> segments to speak, each with its range of characters
lines       what kind of line is this: item, heading, table row, code fence, rule or plain text?

Where a sentence ends is said by qwen_tts/text/sentences.py, to this package and to both engines.
"""
