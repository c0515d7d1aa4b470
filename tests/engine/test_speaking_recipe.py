"""scripts/speaking: what is trained is what the engine computes, prompt by prompt and number by number."""

import json
from pathlib import Path
from random import Random
from typing import Any, Literal

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from qwen_tts import Audio, ClonedVoice, PresetVoice, SynthesisRequest, Synthesizer
from qwen_tts.audio.samples import to_pcm
from qwen_tts.checkpoint.model import Model, load_model
from qwen_tts.checkpoint.prompt import Prompt
from qwen_tts.checkpoint.voice_prompt import ReferenceVoice
from qwen_tts.models.frame_embedding import embed_frames
from scripts.speaking.batches import INSTRUCTIONS, Batches
from scripts.speaking.codec_decoder import Decoder
from scripts.speaking.codec_encoder import Encoder
from scripts.speaking.dimensions import CODEBOOKS, ENTRIES, EOS, FRAME, HIDDEN, RATE
from scripts.speaking.encode import RECORDINGS, EncodedBlock, write_blocks
from scripts.speaking.encoded_corpus import EncodedCorpus, Runs
from scripts.speaking.export import BASE, CUSTOM_VOICE, SHARPENED, export
from scripts.speaking.quantizer import Quantizer
from scripts.speaking.speaker_encoder import embed, new_speaker_encoder
from scripts.speaking.talker import Talker
from scripts.speaking.teacher import HELD_OUT, PACES
from scripts.speaking.text_tokens import TokenizedTexts, load_tokenizer, tokenize, train_tokenizer
from scripts.speaking.train_codec import save_codec
from scripts.speaking.train_talker import draw_batch, losses_of
from scripts.speaking.weights import TrainedWeights, half, rounded, save

CPU = torch.device("cpu")
TEXTS = ["Dinner is ready, isn't it?", "It is 7:30.", "Call Peter!", "What?", "The kitchen light is on."]
FRAMES = [9, 7, 12, 6, 8]
MOST_MEGABYTES = 10


class Trained:
    """Every part, with the numbers that its files can hold."""

    def __init__(self) -> None:
        torch.manual_seed(5)
        self.encoder, self.quantizer, self.decoder = Encoder(), Quantizer(), Decoder()
        self.talker, self.speaker_encoder = Talker(), new_speaker_encoder(CPU)
        for part, dtype, spread in (
            (self.encoder, torch.float16, 0.01),
            (self.decoder, torch.float16, 0.01),
            (self.talker, torch.bfloat16, 0.05),
            (self.speaker_encoder, torch.bfloat16, 0.05),
        ):
            part.requires_grad_(False).eval()
            for parameter in part.parameters():
                parameter.copy_(rounded(parameter + spread * torch.randn_like(parameter)).to(dtype).to(torch.float16))
        self.quantizer.eval()

    def save(self, work: Path) -> None:
        save_codec(work / "codec.pt", self.encoder, self.quantizer, self.decoder)
        save(work / "talker.pt", half(self.talker))
        save(work / "speaker.pt", half(self.speaker_encoder))


@pytest.fixture(scope="module")
def trained() -> Trained:
    return Trained()


@pytest.fixture(scope="module")
def work(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("speaking")
    trained.save(work)
    chance = Random(3)
    words = ["".join(chance.choices("aeinorst lmdk", k=7)) for _ in range(6000)]
    train_tokenizer([" ".join(chance.choices(words, k=8)) for _ in range(3000)] + TEXTS, work / "tokenizer")
    deliveries = enumerate(((0, 0), (1, 0), (1, 1), (0, 2), (-1, 0)), start=1)
    blocks = [encoded_block(number, speaker, pace) for number, (speaker, pace) in deliveries]
    write_blocks(work / "codes" / "00000.npz", blocks)
    export(work, work / "checkpoints")
    return work


def encoded_block(number: int, speaker: int, pace: int) -> EncodedBlock:
    numbers = np.random.default_rng(number)
    return EncodedBlock(
        number, speaker, pace, np.arange(len(TEXTS)), np.array(FRAMES),
        numbers.integers(0, ENTRIES, (sum(FRAMES), CODEBOOKS)).astype(np.uint8),
        numbers.normal(size=(RECORDINGS, HIDDEN)).astype(np.float16),
    )  # fmt: skip


@pytest.fixture(scope="module")
def texts(work: Path) -> TokenizedTexts:
    return tokenize(TEXTS, work / "tokenizer", variants=2)


@pytest.fixture(scope="module")
def corpus(work: Path, texts: TokenizedTexts) -> EncodedCorpus:
    corpus = EncodedCorpus(work / "codes", torch.from_numpy(texts.counts))
    corpus.refresh()
    return corpus


@pytest.fixture(scope="module")
def batches(work: Path, texts: TokenizedTexts, corpus: EncodedCorpus) -> Batches:
    return Batches(corpus, texts, work / "tokenizer")


@pytest.fixture(scope="module")
def preset(work: Path) -> Model:
    return load_model(work / "checkpoints" / CUSTOM_VOICE, CPU, torch.float32)


@pytest.fixture(scope="module")
def base(work: Path) -> Model:
    return load_model(work / "checkpoints" / BASE, CPU, torch.float32)


def test_both_checkpoints_together_are_small(work: Path) -> None:
    files = [path for path in (work / "checkpoints").rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(path.stat().st_size for path in files)
    assert size <= MOST_MEGABYTES * 1e6


def test_the_codec_s_decoder(trained: Trained, preset: Model) -> None:
    codes = torch.randint(0, ENTRIES, (60, CODEBOOKS))
    expected = trained.decoder(trained.quantizer.look_up(codes[None]))[0].clamp(-1, 1)
    found = torch.from_numpy(preset.codec.decode(codes))
    assert expected.std() > 0.01
    assert (found - expected).square().mean() < 1e-4 * expected.square().mean()  # 16 bits of the codebooks


def test_the_codec_s_encoder(trained: Trained, preset: Model) -> None:
    samples = torch.randn(30 * FRAME) * torch.linspace(0, 0.3, 30 * FRAME)
    vectors = trained.encoder(samples[None])[:, 0]
    found = preset.codec.encode(samples.numpy())
    assert found.shape == (30, CODEBOOKS)
    assert (found == trained.quantizer.encode(vectors)).float().mean() > 0.97  # ties, by 16 bits of the codebooks


def test_the_speaker_encoder(trained: Trained, base: Model) -> None:
    samples = torch.randn(1, 40 * FRAME) * 0.1
    audio = Audio(pcm=to_pcm(samples[0].numpy()), sample_rate=RATE)
    voice = ReferenceVoice.from_bytes(Synthesizer(base).encode_reference(audio, None).data, **base.voice_geometry)
    expected = embed(trained.speaker_encoder, samples)[0]
    torch.testing.assert_close(voice.speaker_embedding, expected, atol=1e-3, rtol=1e-2)


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streaming"])
@pytest.mark.parametrize("language", ["en", "auto"])
@pytest.mark.parametrize(("block", "first", "count"), [(0, 0, 1), (1, 1, 3), (2, 0, 5), (3, 2, 2)])
def test_prompts_frames_states_and_logits_of_named_voices(
    trained: Trained,
    preset: Model,
    corpus: EncodedCorpus,
    batches: Batches,
    block: int,
    first: int,
    count: int,
    language: str,
    streaming: bool,
) -> None:
    pace = list(PACES)[int(corpus.pace[block * len(TEXTS)])]
    request = SynthesisRequest(
        text=" ".join(TEXTS[first : first + count]),
        voice=PresetVoice(("heart", "stone", "stone", "heart")[block]),
        language=language,
        instruct=INSTRUCTIONS[pace][0] if pace else "",
    )
    compare(trained, preset, corpus, batches, request, block, first, count, streaming=streaming)


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streaming"])
def test_a_clone_s_embedding_takes_the_speaker_s_place(
    trained: Trained, base: Model, corpus: EncodedCorpus, batches: Batches, streaming: bool
) -> None:
    voice = ClonedVoice(Synthesizer(base).encode_reference(noise(), None))
    embedding = ReferenceVoice.from_bytes(voice.prompt.data, **base.voice_geometry).speaker_embedding
    corpus.embeddings[4] = embedding.half()
    request = SynthesisRequest(text=" ".join(TEXTS[1:3]), voice=voice, language="en")
    compare(trained, base, corpus, batches, request, 4, 1, 2, streaming=streaming)


def noise() -> Audio:
    return Audio(pcm=to_pcm(np.random.default_rng(1).normal(size=4 * RATE).astype(np.float32) * 0.1), sample_rate=RATE)


@torch.inference_mode()
def compare(
    trained: Trained, model: Model, corpus: EncodedCorpus, batches: Batches, request: SynthesisRequest, block: int,
    first: int, count: int, *, streaming: bool,
) -> None:  # fmt: skip
    """The recipe's row of a batch and what the engine reads, says and would have to say."""
    batch = batches.lay_out(
        runs(block, first, count),
        streaming=torch.tensor([streaming]),
        unnamed_language=torch.tensor([request.language == "auto"]),
        by_embedding=torch.tensor([False]),
        learning=False,
    )
    start = int(corpus.offsets[block * len(TEXTS) + first])
    codes = corpus.codes[start : start + sum(FRAMES[first : first + count])].long()
    prompt = prompt_of(model, request, "streaming" if streaming else "whole")
    expected = engine_inputs(model, prompt, codes)
    read, positions = trained.talker.inputs(batch)[0], len(expected)
    torch.testing.assert_close(read[:positions], expected, atol=1e-3, rtol=1e-3)

    states = trained.talker(batch)[0][:positions]
    cache = model.talker.init_cache(1, 400)
    spoken = model.talker(expected[None], cache, torch.tensor([positions]), positions)[0]
    torch.testing.assert_close(states, spoken, atol=1e-2, rtol=1e-2)
    logits = trained.talker.codec_head(states) * SHARPENED
    torch.testing.assert_close(logits, model.talker.logits(spoken), atol=2e-2, rtol=1e-2)

    begin = len(prompt.embeddings) - 1
    assert batch["target"][0, begin : begin + len(codes)].tolist() == codes[:, 0].tolist()
    assert batch["target"][0, begin + len(codes)] == EOS
    assert (batch["target"][0, :begin] < 0).all()
    assert (batch["target_rest"][0, begin : begin + len(codes)] == codes[:, 1:]).all()
    compare_predictors(trained.talker, model, spoken[begin : begin + 1], codes[:1])


def prompt_of(model: Model, request: SynthesisRequest, layout: Literal["whole", "streaming"]) -> Prompt:
    voice = request.voice
    reference = None
    if isinstance(voice, ClonedVoice):
        reference = ReferenceVoice.from_bytes(voice.prompt.data, **model.voice_geometry)
    prefix = model.prompts.prefix(request, reference)
    return model.prompts.prompt(prefix, model.tokenizer.encode(request.text), layout)


def engine_inputs(model: Model, prompt: Prompt, codes: Tensor) -> Tensor:
    """The prompt, then each frame beside its text."""
    frames = embed_frames(model.talker, model.code_predictor, codes)
    pads = model.prompts.pad.expand(max(0, len(codes) - len(prompt.trailing)), -1)
    return torch.cat((prompt.embeddings, frames + torch.cat((prompt.trailing, pads))[: len(codes)]))


def compare_predictors(talker: nn.Module, model: Model, state: Tensor, codes: Tensor) -> None:
    first, seen = model.talker.codec_embedding(codes[:, 0]), []

    def choose(logits: Tensor, codebook: int) -> Tensor:
        seen.append(logits[0])
        return codes[:, codebook]

    model.code_predictor(state, first, choose, model.code_predictor.init_cache(1))
    said = talker.code_predictor(state, first, codes[:, 1:])[0] * SHARPENED
    torch.testing.assert_close(said, torch.stack(seen), atol=2e-2, rtol=1e-2)


def runs(block: int, first: int, count: int) -> Runs:
    return Runs(torch.tensor([block * len(TEXTS) + first]), torch.tensor([count]))


def test_sentences_are_tokens_as_the_engine_cuts_the_whole_text(work: Path, preset: Model) -> None:
    text = " ".join(TEXTS)
    assert load_tokenizer(work / "tokenizer").encode(text).ids == preset.tokenizer.encode(text)
    vocab = json.loads((work / "tokenizer" / "vocab.json").read_text("utf-8"))
    assert {"user", "assistant", "Ċ"} <= set(vocab)


def test_what_is_drawn_is_of_one_block_and_never_held_out(texts: TokenizedTexts, tmp_path: Path) -> None:
    growing = EncodedCorpus(tmp_path, torch.from_numpy(texts.counts))
    write_blocks(tmp_path / "00000.npz", [encoded_block(HELD_OUT, 0, 0)])
    growing.refresh()
    assert not growing.has_begun
    write_blocks(tmp_path / "00001.npz", [encoded_block(HELD_OUT + 1, 0, 0), encoded_block(HELD_OUT + 2, 1, 0)])
    growing.refresh()
    assert growing.has_begun
    for drawn in (growing.draw_sentences(400), growing.draw_runs(2000, most=60)):
        ends = drawn.first + drawn.count
        assert (growing.block[drawn.first] == growing.block[ends - 1]).all()
        assert (growing.block[drawn.first] > 0).all()
    assert drawn.count.max() > 1


def test_what_is_drawn_has_room_for_its_end(corpus: EncodedCorpus, batches: Batches) -> None:
    for _ in range(20):
        drawn = corpus.draw_sentences(400)
        no = torch.zeros(len(drawn.first), dtype=torch.bool)
        batch = batches.lay_out(drawn, streaming=no, unnamed_language=no, by_embedding=no, learning=True)
        assert batch["text"].shape[1] == drawn.width
        plain = corpus.pace[drawn.first] == 0  # this tokenizer's instructions are longer than the recipe's
        assert ((batch["target"] == EOS).sum(1) == 1)[plain].all()


class Called(TorchDispatchMode):
    """What is called of torch."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.add(str(func))
        masks = [part for arg in args if isinstance(arg, list | tuple) for part in arg if isinstance(part, Tensor)]
        assert func is not torch.ops.aten.index.Tensor or all(part.dtype != torch.bool for part in masks)
        return func(*args, **kwargs or {})


def test_a_step_does_not_wait_for_the_card(corpus: EncodedCorpus, batches: Batches) -> None:
    talker = Talker()
    weights, drawn = TrainedWeights([talker]), draw_batch(corpus, batches, 200)
    with Called() as called:
        losses = losses_of(talker, drawn, 0.1)
        (losses.first + losses.rest.sum()).backward()
        weights.take_gradients(1.0)
        weights.publish(as_stored=True)
        weights.update_average()
    waiting = ("_local_scalar_dense", "nonzero", "masked_select", "masked_scatter", "unique")
    assert not [name for name in called.names if any(one in name for one in waiting)]


def test_training_goes_on_with_the_weights_as_they_will_be_stored() -> None:
    module = nn.Linear(256, 256)
    weights = TrainedWeights([module])
    weights.publish(as_stored=True)
    assert torch.equal(module.weight, rounded(weights.masters[0]))
    assert not torch.equal(module.weight, weights.masters[0])
    assert torch.equal(module.bias, weights.masters[1])
    module(torch.randn(8, 256)).square().mean().backward()
    assert weights.take_gradients(1.0) > 0
    before = weights.masters[0].detach().clone()
    torch.optim.SGD(weights.groups(0.0), lr=1e-3).step()
    assert 0 < (weights.masters[0] - before).abs().max() < 1e-3


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_a_talker_learns(corpus: EncodedCorpus, batches: Batches, dtype: torch.dtype) -> None:
    torch.manual_seed(1)
    talker = Talker(dropout=0.0)
    weights = TrainedWeights([talker], dtype)
    optimizer = torch.optim.AdamW(weights.groups(0.0), lr=2e-3)
    heard = []
    for _ in range(8):
        weights.publish(as_stored=True)
        losses = losses_of(talker, draw_batch(corpus, batches, 200), 0.1)
        (losses.first + 0.1 * losses.rest.sum()).backward()
        heard.append(losses.first.item())
        weights.take_gradients(1.0)
        optimizer.step()
        weights.update_average()
    assert sum(heard[-2:]) < 0.9 * sum(heard[:2])
