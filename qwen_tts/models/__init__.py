"""The networks of a checkpoint: talker, code predictor, codec decoder and encoder, speaker encoder.

The codec encoder is transformers' MimiModel; mimi_tensors says what it is made of before that is imported.

Imports modules and config; checkpoint/ gives them their weights.
"""
