"""Stage: the speaker encoder, from voices whose pitch and formants are known -> speaker.pt.

Two recordings are as alike as their voices: the cosine of their embeddings is drawn to a bell over the distance of
pitch and formants. The network is the engine's own.
"""

import math
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from qwen_tts.config.checkpoint import SpeakerEncoderConfig
from qwen_tts.models.speaker_encoder import SpeakerEncoder
from qwen_tts.modules.mel import log_mel
from scripts.speaking.dimensions import HIDDEN, MEL_BINS, RATE, speaker_encoder_config
from scripts.speaking.log import say
from scripts.speaking.sounds import Block, Sounds
from scripts.speaking.stages import Clock, default_device
from scripts.speaking.weights import TrainedWeights, half, save

_FRAMES = (20, 75)
"""Of a recording in training: 1.6 to 6 s"""
_NORM = math.sqrt(HIDDEN) * 0.05
"""Of an embedding: as long as the rows of the talker's tables are at first"""
_ALIKE = torch.tensor([0.12, 0.05])
"""Distance in log pitch and log formants at which voices begin to differ"""


def new_speaker_encoder(device: torch.device) -> SpeakerEncoder:
    config = SpeakerEncoderConfig.model_validate(speaker_encoder_config())
    return SpeakerEncoder(config).to(device)


def load_speaker_encoder(path: Path, device: torch.device) -> SpeakerEncoder:
    encoder = new_speaker_encoder(device)
    encoder.load_state_dict({name: tensor.float() for name, tensor in torch.load(path, map_location=device).items()})
    return encoder.eval()


def embed(encoder: SpeakerEncoder, samples: Tensor) -> Tensor:
    """samples [rows, n] -> [rows, hidden]"""
    return encoder(log_mel(samples, RATE, MEL_BINS))


def train_speaker_encoder(sound: Path, work: Path, seconds: float, rows: int, hours: float) -> None:
    device = default_device()
    torch.manual_seed(4)
    sounds = Sounds(sound, device, hours)
    encoder = new_speaker_encoder(device)
    weights = TrainedWeights([encoder])
    optimizer = torch.optim.AdamW(weights.groups(1e-2), fused=device.type == "cuda")
    sounds.wait_for(4 * _FRAMES[1], seconds)
    clock, step = Clock(seconds), 0
    while (done := clock.done) < 1:
        if clock.is_due("refresh", 10):
            sounds.refresh()
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 50) * (0.05 + 0.95 * (1 - done))
        weights.publish(as_stored=done > 0.5)
        samples, voices = _recordings(sounds, rows)
        embeddings = embed(encoder, samples)
        length = embeddings.norm(dim=-1)
        cosine = (unit := functional.normalize(embeddings, dim=-1)) @ unit.T
        likeness = (cosine - _likeness(voices)).square().mean()
        loss = likeness + 0.1 * (length / _NORM - 1).square().mean()
        loss.backward()
        weights.take_gradients(1.0)
        optimizer.step()
        weights.update_average()
        if clock.is_due("say", 10):
            say("speaker", seconds=clock.elapsed, step=step, likeness=likeness.item(), length=length.mean().item())
        step += 1
    weights.publish(as_stored=True, average=True)
    save(work / "speaker.pt", half(encoder))
    say("speaker encoder trained", steps=step, norm=_NORM)


def _likeness(voices: Tensor) -> Tensor:
    """voices [n, 2] -> [n, n], 1 for the same voice, 0 for very different ones"""
    place = voices.log() / _ALIKE.to(voices)
    return torch.exp(-0.5 * (place[:, None] - place).square().sum(-1) / 4)


def _recordings(sounds: Sounds, rows: int) -> tuple[Tensor, Tensor]:
    """Samples [rows, n] and voices [rows, 2]; half of the rows are of voices that have no name."""
    unnamed = [block for block in sounds.blocks if block.speaker < 0] or sounds.blocks
    frames = int(torch.randint(*_FRAMES, ()))
    blocks: list[Block] = []
    for choice, count in ((unnamed, rows // 2), (sounds.blocks, rows - rows // 2)):
        blocks += [choice[i] for i in torch.randint(len(choice), (count,)).tolist()]
    starts = [block.start + int(torch.randint(max(1, block.length - frames), ())) for block in blocks]
    device = sounds.audio.device
    loudness = 10 ** (torch.rand(rows, 1, device=device) * 1.2 - 0.9)
    samples = sounds.samples(torch.tensor(starts, device=device), frames) * loudness
    return samples.clamp(-1, 1), torch.tensor([block.voice for block in blocks], device=device)
