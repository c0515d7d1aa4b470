"""What the official package computed with the same checkpoints (tests/golden/record.py) is what we compute."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from qwen_tts.modules.mel import log_mel
from qwen_tts.text.text_tokenizer import TextTokenizer
from tests.engine.conftest import Load
from tests.engine.official import GOLDEN, Speaking, close, close_wave, reference
from tests.golden.cases import BASE, CASES, TOKENIZER_TEXTS, Case, random_codes


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_layout_speaks_as_the_official_package_does(case: Case, load: Load) -> None:
    official = np.load(GOLDEN / f"{case.name}.npz")
    speaking = Speaking(case, load(case.checkpoint))
    for row, prompt in enumerate(speaking.prompts):
        close(prompt.embeddings, official[f"prompt_{row}"])
        codes = official[f"codes_{row}"]
        assert torch.stack(speaking.codes[row]).tolist() == codes.tolist()
        draws = min(len(codes) + 1, len(speaking.hidden))
        close(torch.stack([hidden[row] for hidden in speaking.hidden[:draws]]), official[f"hidden_{row}"][:draws])
        close(torch.stack([logits[row] for logits in speaking.logits[:2]]), official[f"logits_{row}"])
        close_wave(torch.cat(speaking.samples[row]), official[f"wave_{row}"])


def test_the_codec_on_its_own(load: Load) -> None:
    official, model = np.load(GOLDEN / "codec.npz"), load(BASE)
    decoded = model.codec.decode(torch.from_numpy(random_codes(24)))
    close(torch.from_numpy(decoded), official["decoded"])
    assert model.codec.encode(reference().samples).tolist() == official["codes"].tolist()


def test_a_reference_at_another_rate(load: Load) -> None:
    official, model, slow = np.load(GOLDEN / "codec.npz"), load(BASE), reference(16_000)
    assert model.embed_speaker is not None
    close(model.embed_speaker(slow), official["embedding_16k"])
    assert model.codec.encode(slow.resampled(24_000)).tolist() == official["codes_16k"].tolist()


def test_the_speaker_encoder(load: Load) -> None:
    official, model = np.load(GOLDEN / "codec.npz"), load(BASE)
    assert model.speaker_encoder is not None
    assert model.embed_speaker is not None
    mel = log_mel(torch.from_numpy(reference().samples)[None], 24_000, model.speaker_encoder.config.mel_bins)
    close(mel[0].exp(), np.exp(official["mel"]))  # near the floor the logarithm shows every rounding of an FFT
    close(model.embed_speaker(reference()), official["embedding"])


def test_texts_become_the_official_tokens(text_tokenizer_files: Path) -> None:
    """As the official package reads a checkpoint in a local directory."""
    tokenizer = TextTokenizer.from_directory(text_tokenizer_files, "mistral")
    official = json.loads((GOLDEN / "official_local_tokens.json").read_text())
    assert [tokenizer.encode(text) for text in TOKENIZER_TEXTS] == official
