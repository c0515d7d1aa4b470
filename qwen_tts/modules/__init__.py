"""Layers. They hold weights only: what a stream remembers is a state that the caller owns and passes in.

Imports config; models/ is built of them.
"""
