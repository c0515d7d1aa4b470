"""The use case: a text in, speech out, whatever the protocol.

service          Speech, whom the protocols ask: opens utterances, knows which are open, drains
request          what is asked for, and by whom
utterance        the life of one utterance, from its text to its end
incoming_text    its text as it comes, in segments
text_reading     the words that an engine is given of a segment
lexicon_file     how the household wants words said, on disk
passages         what is spoken of it: a stream of an engine for each passage
speakers         who speaks each passage
voice_selection  which voice, language and checkpoint it gets
synthesis        its work in the engine: a lease and a stream
output           its sound as a listener gets it: speed, level, silences, numbers
word_times       where each word is heard
word_estimate    the same, estimated from the sound
captions         words with their times as lines to be read: WebVTT, SRT
loudness         how loud each voice is
report           what it cost, and the line in the log
engines          the engine, and the preview voice while it loads
metrics          what is counted and measured
quota            how much one client may ask for
hourly_count     how much there was in the last hour
clip, clips      sound that players fetch by URL: one, and all of them with their limits
voice_making     voices from a description or a recording
voice_samples    how each voice sounds, made ahead
phrase_making    the phrases of the settings, made ahead
spare_time       when nobody notices that something is made ahead
recall           whether what an utterance says is kept
phrase_cache     whose sound is kept, and where it is found
phrase_files     the same on disk: names that tell nothing, limits
kept_sound       the sound of an utterance, kept and heard again
foresight        what an utterance would be, without an engine
finish           how an engine's sound is finished: speed, level, what stands before it and behind
chime            the chime before an announcement

Imports voices, hosting, uploads, audio, reading and text.
"""
