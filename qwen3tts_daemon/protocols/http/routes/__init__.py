"""Paths of the HTTP port: each module has a `router`.

status     does it live, is it ready, metrics, and how a request went
login      sessions, invitations, tickets: what is given out in place of the token
page       the page and its files
websocket  where voice.v1 comes in
openai     /v1/audio/speech as OpenAI's clients send it
elevenlabs speech, voices and models as ElevenLabs' clients ask for them
say        one line of text, for a browser's address bar or a home script
batch      many texts, one answer
lexicon    how words are said
settings   what may be changed while the daemon runs
phrases    sound that is kept: how much, and none of it any more
clips      sound that a player fetches by URL
voices, new_voices         voices: listed and changed; made and tried
checkpoints  those of Qwen3-TTS, and their download
wrapper_speech, wrapper_models   the existing REST wrapper of Qwen3-TTS: its speech and codec; what it tells of models
"""
