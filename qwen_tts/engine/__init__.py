"""Who runs when: one thread owns the device, every request is a sequence in a row of its batch.

engine        SpeechEngine for the outside: streams, questions, start and end
loop          one turn: admit, run a frame, deliver
scheduler     which rows run in the next frame
sequence, engine_stream   a row's work, and the request it serves
fairness      who is next where all rows speak
live_text     text that is still coming, cut where it may be spoken
page_pool, prefix_cache   the rows' memory, and prompts that are kept

Imports runtime, checkpoint, text and config. `scheduler`, `sequence`, `fairness`, `live_text` and `page_pool` know no
torch.
"""
