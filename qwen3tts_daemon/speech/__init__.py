"""The use case: a text in, speech out, whatever the protocol.

service       Speech, whom the protocols ask, and the utterance it gives them
clips         sound that players fetch by URL
voice_making  voices from a description or a recording
metrics       what is counted and measured

Imports voices, hosting, text and audio; knows no protocol.
"""
