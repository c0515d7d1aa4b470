"""Stage: the teacher's sound -> encoder, codebooks and decoder of the codec, in codec.pt."""

from pathlib import Path

import torch

from scripts.speaking.codec_decoder import Decoder, Snake, snake
from scripts.speaking.codec_encoder import Encoder
from scripts.speaking.dimensions import FRAME
from scripts.speaking.log import say
from scripts.speaking.quantizer import Quantizer
from scripts.speaking.sounds import Sounds
from scripts.speaking.spectra import SpectralDistance
from scripts.speaking.stages import Clock, compiled, default_device, expect_few_shapes
from scripts.speaking.weights import TrainedWeights, half, save

SEGMENT, MARGIN = 36, 4
"""Frames of a row, and those before them that only the encoder and the decoder's memory hear"""
_RATE, _LEAST_RATE = 1.2e-3, 0.05
_ROUND_FROM = 0.6  # of the time on, weights are rounded as they will be stored


def train_codec(sound: Path, work: Path, seconds: float, rows: int, hours: float) -> None:
    device = default_device()
    expect_few_shapes()
    torch.manual_seed(1)
    sounds = Sounds(sound, device, hours)
    use_compiled_snake(device)
    encoder, quantizer, decoder, distance = (
        module.to(device) for module in (Encoder(), Quantizer(), Decoder(), SpectralDistance())
    )
    sounds.wait_for(20 * SEGMENT, seconds)
    if (work / "codec.pt").exists():
        encoder, quantizer, decoder = load_codec(work / "codec.pt", device)
        for part in (encoder, quantizer.go_on(), decoder):
            part.train()
    else:
        encoder.even_out(sounds.draw(min(rows, 16), SEGMENT))
    weights = TrainedWeights([encoder, decoder])
    optimizer = torch.optim.AdamW(weights.groups(1e-3), betas=(0.8, 0.98), fused=device.type == "cuda")
    clock, step = Clock(seconds), 0
    while (done := clock.done) < 1:
        if clock.is_due("refresh", 10):
            sounds.refresh()
        for group in optimizer.param_groups:
            group["lr"] = _RATE * min(1, (step + 1) / 200) * (_LEAST_RATE + (1 - _LEAST_RATE) * (1 - done))
        weights.publish(as_stored=done > _ROUND_FROM)
        real = sounds.draw(rows, SEGMENT + MARGIN)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            vectors = encoder(real)
        quantised = quantizer(vectors)
        fake = decoder(quantised.entries)
        mel, log, linear = distance(*(x[:, MARGIN * FRAME :] for x in (fake, real)))
        loss = 2 * mel + log + 0.5 * linear + 0.25 * quantised.commitment
        loss.backward()
        norm = weights.take_gradients(2.0)
        optimizer.step()
        weights.update_average()
        if step % 50 == 49 and done < 0.8:
            quantizer.revive(vectors.detach().flatten(1, 2))
        if clock.is_due("say", 20):
            say(
                "codec", seconds=clock.elapsed, step=step, hours=sounds.hours, mel=mel.item(), log=log.item(),
                linear=linear.item(), commitment=quantised.commitment.item(), norm=norm.item(),
                perplexity=[round(p) for p in quantizer.perplexity()[[0, 1, 2, 7, 15]].tolist()],
            )  # fmt: skip
        if clock.is_due("save", 60):
            save_codec(work / "codec.pt", encoder, quantizer, decoder)
        step += 1
    # The codebooks belong to the last weights, not to their average.
    weights.publish(as_stored=True)
    save_codec(work / "codec.pt", encoder, quantizer, decoder)
    say("codec trained", steps=step)


def save_codec(path: Path, encoder: Encoder, quantizer: Quantizer, decoder: Decoder) -> None:
    save(path, {"encoder": half(encoder), "quantizer": quantizer.state_dict(), "decoder": half(decoder)})


def load_codec(path: Path, device: torch.device) -> tuple[Encoder, Quantizer, Decoder]:
    """Of `train_codec`, to encode and to decode with."""
    state = torch.load(path, map_location=device)
    parts = (Encoder(), Quantizer(), Decoder())
    for name, part in zip(("encoder", "quantizer", "decoder"), parts, strict=True):
        part.load_state_dict({key: tensor.float() for key, tensor in state[name].items()})
        part.to(device).eval()
    return parts


def use_compiled_snake(device: torch.device) -> None:
    if device.type == "cuda":
        x = torch.randn(2, 8, 100, device=device, requires_grad=True)
        logs = torch.zeros(8, device=device, requires_grad=True)
        Snake.function = staticmethod(compiled(snake, x, logs, logs))
