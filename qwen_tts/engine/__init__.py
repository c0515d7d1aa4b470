"""Who runs when: one thread owns the device, every request is a sequence in a row of its batch.

engine             SpeechEngine for the outside: what can be asked, load, sleep, close
thread             the thread that owns the device, and how the event loop calls into it
loaded_checkpoint  a checkpoint on its device: which dtype, how many rows fit, compiled ahead, asleep and awake
loop               one step: admit, launch a frame, deliver the last one
admission          who gets a row next; fairness: whose turn it is among clients
scheduler          which rows get a frame in the next step; pace: how many of them the machine keeps up with
engine_stream      a request on its way through the engine; sequence: its work in one row
stream_sound       what a stream has said: held back, given, taken
listener           noise before the first word, and where speech has ended; expected_length: how long it may become
attempt            what a try at a sequence came to, and which of two is given
live_text          text that is still coming, cut where it may be spoken
row_memory         rows, pages and text slots; page_pool, prefix_cache: who owns pages, and prompts that are kept

`scheduler`, `pace`, `sequence`, `stream_sound`, `listener`, `expected_length`, `attempt`, `fairness`, `live_text` and
`page_pool` know no torch.

Imports runtime, checkpoint, text and config.
"""
