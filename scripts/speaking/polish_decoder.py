"""Stage: the codec's decoder once more, the codes as they are, now also against networks that tell it from the teacher.

Reads codec.pt, writes decoder.pt.
"""

from pathlib import Path

import torch
from torch import Tensor

from scripts.speaking.dimensions import FRAME
from scripts.speaking.encode import codes_of
from scripts.speaking.log import say
from scripts.speaking.sounds import Sounds
from scripts.speaking.spectra import Discriminators, SpectralDistance, deception_loss, verdict_loss
from scripts.speaking.stages import Clock, default_device, expect_few_shapes
from scripts.speaking.train_codec import load_codec, use_compiled_snake
from scripts.speaking.weights import TrainedWeights, half, save

SEGMENT, CONTEXT = 20, 4
"""Frames of a row; the first ones only prepare the decoder"""
_RATE, _BETAS = 3e-4, (0.8, 0.99)
_RAMP = 500  # steps until the discriminators count in full


def polish_decoder(sound: Path, work: Path, seconds: float, rows: int, hours: float) -> None:
    device = default_device()
    torch.manual_seed(3)
    use_compiled_snake(device)
    encoder, quantizer, decoder = load_codec(work / "codec.pt", device)
    if (work / "decoder.pt").exists():
        decoder.load_state_dict({k: v.float() for k, v in torch.load(work / "decoder.pt", map_location=device).items()})
    sounds = Sounds(sound, device, hours)
    sounds.wait_for(10 * SEGMENT, seconds)
    codes = torch.cat([codes_of(block, sounds, encoder, quantizer) for block in sounds.blocks])
    say("polish", hours=sounds.hours)
    expect_few_shapes()
    judges, distance = Judges(device), SpectralDistance().to(device)
    weights = TrainedWeights([decoder])
    optimizer = torch.optim.AdamW(weights.groups(0.0), betas=_BETAS, fused=device.type == "cuda")
    clock, step = Clock(seconds), 0
    while (done := clock.done) < 1:
        rate = _RATE * min(1, (step + 1) / 100) * (0.05 + 0.95 * (1 - done))
        for group in optimizer.param_groups:
            group["lr"] = rate
        weights.publish(as_stored=True)
        start = torch.randint(0, len(codes) - SEGMENT, (rows,), device=device)
        segment = codes[start[:, None] + torch.arange(SEGMENT, device=device)].long()
        fake = decoder(quantizer.look_up(segment))[:, CONTEXT * FRAME :]
        real = sounds.samples(start, SEGMENT)[:, CONTEXT * FRAME :]
        judgement = judges.learn(real, fake.detach(), rate)
        deception, matching = judges.judge(real, fake)
        mel, log, linear = distance(fake, real)
        loss = 12 * mel + log + linear + min(1.0, step / _RAMP) * (deception + 4 * matching)
        loss.backward()
        weights.take_gradients(20.0)
        optimizer.step()
        weights.update_average()
        if clock.is_due("say", 20):
            say(
                "polish", seconds=clock.elapsed, step=step, mel=mel.item(), log=log.item(), linear=linear.item(),
                matching=matching.item(), judgement=judgement.item(),
            )  # fmt: skip
        if clock.is_due("save", 45) or clock.done >= 1:
            weights.publish(as_stored=True, average=True)
            save(work / "decoder.pt", half(decoder))
        step += 1
    say("decoder polished", steps=step)


class Judges:
    """The discriminators, and how they learn."""

    def __init__(self, device: torch.device) -> None:
        self._networks = Discriminators().to(device)
        self._is_cuda = device.type == "cuda"
        parameters = self._networks.parameters()
        self._optimizer = torch.optim.AdamW(parameters, betas=_BETAS, weight_decay=0.0, fused=self._is_cuda)

    def learn(self, real: Tensor, fake: Tensor, rate: float) -> Tensor:
        """One step of telling samples [rows, n] apart -> how badly they did"""
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        with self._in_short():
            loss = verdict_loss(self._networks(real), self._networks(fake))
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._networks.parameters(), 10.0)
        self._optimizer.step()
        return loss

    def judge(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """What `fake` has to answer for: see deception_loss. Nothing is learned."""
        self._networks.requires_grad_(False)
        with self._in_short():
            losses = deception_loss(self._networks(real), self._networks(fake))
        self._networks.requires_grad_(True)
        return losses

    def _in_short(self) -> torch.autocast:
        return torch.autocast("cuda" if self._is_cuda else "cpu", torch.bfloat16, enabled=self._is_cuda)
