"""A checkpoint in memory: its weights, its codec, its voices, and the prompt that starts an utterance.

weights, tensor_file     tensors from disk to the device, by the names of this code
mapped_file, mapped_layers, mapped_table   what stays on disk
one_block                memory for many at once
quantised, packed_file   layers in 8 or 4 bits in the place of a network's own, and where they are kept
model                    everything that one checkpoint needs to speak
codec                    its encoder and decoder
precision                whether a dtype holds its numbers, and what is said where not
capabilities             what it can speak, read from its config alone
prompt                   request -> the embeddings before the first frame
voice_prompt, prompt_file   a cloned voice as tensors, and as bytes; prompt_file needs no torch
clone                    reference audio -> voice prompt

Imports models, modules, audio, text and config.
"""
