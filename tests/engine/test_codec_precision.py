"""The emulation of the codec's fast path: no error where nothing is rounded, and the weights are given back."""

import torch

from benchmarks.codec_precision import CASES, bend, decode, emulated, random_codec, set_level, stages_of

CODES = torch.randint(0, 2048, (2, 16), generator=torch.Generator().manual_seed(0))


def test_rounding_costs_what_is_rounded_and_nothing_stays() -> None:
    codec = random_codec(tiny=True, seed=7, device=torch.device("cpu"))
    with torch.inference_mode():
        bend(codec.decoder, CASES[1], seed=7)
        set_level(codec, CODES)
    before = {name: parameter.clone() for name, parameter in codec.decoder.named_parameters()}
    exact, _ = decode(codec, CODES)
    stages = list(stages_of(codec.decoder))
    assert emulated(codec, CODES, exact, torch.float32) == 120
    assert emulated(codec, CODES, exact, torch.bfloat16, skip=stages) == 120
    assert 0 < emulated(codec, CODES, exact, torch.bfloat16) < emulated(codec, CODES, exact, torch.float16) < 120
    assert all(parameter.equal(before[name]) for name, parameter in codec.decoder.named_parameters())
    again, _ = decode(codec, CODES)
    assert (again == exact).all()
