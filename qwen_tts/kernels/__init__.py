"""Triton kernels of one frame: few, each a whole stage, because a frame is a chain of some 500 dependent launches.

- chain.py: how they are launched, one after the other without a gap
- linear.py: [norm +] matrix product [+ SwiGLU or residual], and how its programs share the work
- products.py: its kernels, one form for 1 or 2 tokens, one for up to 128
- weights.py, whole_numbers.py: what it multiplies with, and how 8 and 4 bits become floating point
- attention.py: [norm + rotation + cache write +] attention over the paged cache; attention within a frame
- split_k.py: where the programs that share a sum leave their parts of it
- sampling.py: logits -> codec token -> the next input
- codec.py: the codec decoder
- affine.py: off the chain, the projections of embeddings

Rules of every kernel
1. What it computes for one token depends on that token alone, and is added up in a fixed order: batched equals alone
   up to the form of the matrix product, and the same bucket gives the same bits.
2. Weights are read before `wait()`, what another kernel of the frame wrote after it; attention reads what earlier
   frames or steps put into its cache before, by the rule in chain.py. With `CHAINED` (programmatic dependent launch,
   Hopper) a kernel's weights thus arrive while its predecessor still computes.
3. Sums are float32; the cache and most weights have the model's dtype; the residual stream is float32.

Imports no other room.
"""
