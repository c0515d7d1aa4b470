"""The networks of a checkpoint.

talker           the LM over frames; code_predictor: the LM within a frame
frame_embedding  what both make of a frame
codec_decoder    codes -> sound
codec_encoder    sound -> codes; mimi_tensors: its tensors, by name and shape
speaker_encoder  a recording -> a speaker embedding

The codec encoder is transformers' MimiModel; mimi_tensors says what it is made of before that is imported.

Imports modules and config.
"""
