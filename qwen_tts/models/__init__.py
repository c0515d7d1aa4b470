"""The networks of a checkpoint: talker, code predictor, codec decoder and encoder, speaker encoder.

Imports modules and config; checkpoint/ gives them their weights.
"""
