"""A speech server elsewhere, in OpenAI's shape, as a SpeechEngine: text leaves this machine.

```
engine.py     the SpeechEngine: who may speak now, which voices there are, whether the server is there
stream.py     one utterance: a request for each piece of its text, one after the other
server.py     the server: its two routes, over one pool of connections
refusals.py   what it answers or fails with -> our errors
sound.py      the body of an answer -> PCM              outflow.py      what a reader may have of it before the rest
voice_list.py the lists of voices that servers give     options.py      where it is and what it is sent
```

It needs no process of its own: all that it does is wait.

Imports audio and text.
"""
