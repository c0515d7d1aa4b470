"""Paths of the HTTP port: each module has a `router`, and `schemas` for the OpenAPI document.

openai   /v1/audio/speech as OpenAI's clients send it
wrapper  the paths of the existing REST wrapper of Qwen3-TTS
voices   voices: listed, made, kept, tried
batch    many texts, one archive
clips    sound that a player fetches by URL
say      one line of text, for a browser's address bar or a home script
"""
