"""Text on its way to tokens; no torch.

sentences       where a sentence ends, and where a clause does, in all ten languages
abbreviations   the words behind that, per language
annotations     words of a text with the sounds that are said for them
alignment       which items of a sequence are which of another
blanks          what of a text is neither seen nor said: it stands at neither end
text_tokenizer  the checkpoint's tokenizer, whole texts
byte_pairs      its byte-level BPE, one for all checkpoints with the same files
tokenizer_files the files that it is read from
live_tokenizer  the same tokens from text that is still coming
transcript      which words may belong to a recording

Imports config.
"""
