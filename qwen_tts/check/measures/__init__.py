"""Sound, codes and words -> figures: small functions without torch, each with its laws in tests/check/.

sound         level, peak, clipping, silences; signal to error
seams         where the parts of a long text meet
first_frames  what an utterance begins with, whatever it says
codes         where two recordings of codec tokens part
recognition   what a recogniser understood, beside what was said
"""
