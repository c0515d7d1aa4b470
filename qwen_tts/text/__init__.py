"""Text -> tokens; no torch.

text_tokenizer  the checkpoint's tokenizer, whole texts
live_tokenizer  the same tokens from text that is still coming
transcript      which words may belong to a recording

Imports config, api and errors.
"""
