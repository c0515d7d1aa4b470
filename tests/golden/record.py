"""Records what the official package computes on tiny random checkpoints, in an environment of its own.

The official package has our import name, so it never shares an environment with this project:

    for name in 1.7B-CustomVoice 1.7B-VoiceDesign 1.7B-Base 0.6B-CustomVoice 0.6B-Base; do
        python -m benchmarks.random_checkpoint tiny-$name CHECKPOINTS     # this project's environment
    done
    python -m venv official && official/bin/pip install torch==2.13.0 transformers==4.57.3 accelerate einops soundfile
    \\
        librosa onnxruntime sox && official/bin/pip install --no-deps qwen-tts==0.1.1
    official/bin/python tests/golden/record.py CHECKPOINTS
    for name in 1.7B-CustomVoice 1.7B-VoiceDesign 1.7B-Base 0.6B-CustomVoice 0.6B-Base; do
        python -m benchmarks.random_checkpoint $name CONFIGS --config-only # this project's environment
    done
    official/bin/python tests/golden/record.py CONFIGS --shapes
    official/bin/python tests/golden/record.py --defaults

Recorded with qwen-tts 0.1.1, transformers 4.57.3, torch 2.13.0 on a CPU, float32. Numbers in one file per case:
prompt_R [positions, hidden], hidden_R [frames + 1, hidden], logits_R [2, vocab] (of the first two draws), codes_R
[frames, codebooks], wave_R [samples], for every row R.
"""

import gzip
import importlib.machinery
import importlib.util
import inspect
import json
import os
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
os.environ["HF_HUB_OFFLINE"] = "1"

# The package's 25 Hz half imports torchaudio and sox; the 12 Hz half never calls them.
for missing in ("torchaudio", "torchaudio.compliance", "torchaudio.compliance.kaldi", "sox"):
    if "." in missing or importlib.util.find_spec(missing) is None:
        module = types.ModuleType(missing)
        module.__spec__ = importlib.machinery.ModuleSpec(missing, None, is_package=True)
        module.__path__ = []
        sys.modules[missing] = module

sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE.parents[1]] + [str(HERE)]

import torch  # noqa: E402
from cases import (  # noqa: E402
    CASES,
    CHECKPOINTS,
    FRAMES,
    REFERENCE_RATE,
    TOKENIZER_TEXTS,
    Case,
    random_codes,
    reference_audio,
)
from qwen_tts.core import Qwen3TTSTokenizerV2Config, Qwen3TTSTokenizerV2Model  # type: ignore[import-not-found]  # noqa: E402
from qwen_tts.core.models import Qwen3TTSConfig, Qwen3TTSForConditionalGeneration  # type: ignore[import-not-found]  # noqa: E402
from qwen_tts.core.models.configuration_qwen3_tts import (  # type: ignore[import-not-found]  # noqa: E402
    Qwen3TTSSpeakerEncoderConfig,
    Qwen3TTSTalkerCodePredictorConfig,
    Qwen3TTSTalkerConfig,
)
from qwen_tts.core.tokenizer_12hz.configuration_qwen3_tts_tokenizer_v2 import (  # type: ignore[import-not-found]  # noqa: E402
    Qwen3TTSTokenizerV2DecoderConfig,
)
from transformers import MimiConfig  # noqa: E402

from qwen_tts import Qwen3TTSModel  # type: ignore[attr-defined]  # noqa: E402


def numpy(tensor: Any) -> np.ndarray:
    return tensor.detach().float().numpy()


def one_or_list(values: Any) -> Any:
    return None if not values else values[0] if len(values) == 1 else list(values)


class Recorder:
    """Listens to one official model."""

    def __init__(self, directory: Path) -> None:
        self.tts = Qwen3TTSModel.from_pretrained(str(directory), dtype=torch.float32, device_map="cpu")
        self.hidden: list[np.ndarray] = []
        self.logits: list[np.ndarray] = []
        self.seen: dict[str, Any] = {}
        talker = self.tts.model.talker
        talker.codec_head.register_forward_pre_hook(lambda _, args: self.hidden.append(numpy(args[0][:, -1])))
        talker.codec_head.register_forward_hook(lambda _, args, out: self.logits.append(numpy(out[:, -1])))
        self._listen(talker, "generate", self._prompts)
        self._listen(self.tts.model, "generate", self._codes)

    def _listen(self, owner: Any, name: str, note: Any) -> None:
        call = getattr(owner, name)

        def listening(*args: Any, **kwargs: Any) -> Any:
            result = call(*args, **kwargs)
            note(kwargs, result)
            return result

        setattr(owner, name, listening)

    def _prompts(self, arguments: Any, result: Any) -> None:
        for row, (prompt, mask) in enumerate(zip(arguments["inputs_embeds"], arguments["attention_mask"], strict=True)):
            self.seen[f"prompt_{row}"] = numpy(prompt[mask.bool()])

    def _codes(self, arguments: Any, result: Any) -> None:
        for row, codes in enumerate(result[0]):
            self.seen[f"codes_{row}"] = codes.numpy().astype(np.int16)

    def run(self, case: Case) -> dict[str, np.ndarray]:
        self.hidden.clear()
        self.logits.clear()
        self.seen.clear()
        sampled = case.seed is not None
        torch.manual_seed(case.seed or 0)
        waves, _ = self._call(
            case,
            text=one_or_list(case.texts),
            language=one_or_list(case.languages),
            non_streaming_mode=case.text_layout == "whole",
            do_sample=sampled,
            subtalker_dosample=sampled,
            max_new_tokens=FRAMES + 1,
            **case.sampling,
        )
        for row, wave in enumerate(waves):
            frames = len(self.seen[f"codes_{row}"])
            self.seen[f"wave_{row}"] = wave.astype(np.float32)
            self.seen[f"hidden_{row}"] = np.stack([hidden[row] for hidden in self.hidden[: frames + 1]])
            self.seen[f"logits_{row}"] = np.stack([logits[row] for logits in self.logits[:2]])
        return self.seen

    def _call(self, case: Case, **arguments: Any) -> Any:
        if case.checkpoint.endswith("CustomVoice"):
            speaker, instruct = one_or_list(case.speakers), one_or_list(case.instructs)
            return self.tts.generate_custom_voice(speaker=speaker, instruct=instruct, **arguments)
        if case.checkpoint.endswith("VoiceDesign"):
            return self.tts.generate_voice_design(instruct=one_or_list(case.instructs), **arguments)
        prompt = self.tts.create_voice_clone_prompt(
            (reference_audio(), REFERENCE_RATE), ref_text=case.transcript, x_vector_only_mode=case.transcript is None
        )
        return self.tts.generate_voice_clone(voice_clone_prompt=prompt, **arguments)


def record_codec(recorder: Recorder) -> dict[str, np.ndarray]:
    """Decoder, encoder and speaker encoder of a Base checkpoint, on their own."""
    model = recorder.tts.model
    found: dict[str, np.ndarray] = {}
    listening = model.speaker_encoder.register_forward_pre_hook(lambda _, args: found.update(mel=numpy(args[0][0])))
    reference = reference_audio()
    prompt = recorder.tts.create_voice_clone_prompt((reference, REFERENCE_RATE), ref_text="a")[0]
    listening.remove()
    found["embedding"] = numpy(prompt.ref_spk_embedding)
    found["codes"] = prompt.ref_code.numpy().astype(np.int16)
    slow = recorder.tts.create_voice_clone_prompt((reference_audio(rate=16_000), 16_000), ref_text="a")[0]
    found["embedding_16k"] = numpy(slow.ref_spk_embedding)
    found["codes_16k"] = slow.ref_code.numpy().astype(np.int16)
    codes = torch.from_numpy(random_codes(24)).T[None]
    with torch.no_grad():
        found["decoded"] = numpy(model.speech_tokenizer.model.decoder(codes)[0, 0])
    return found


def tensor_shapes(directory: Path) -> dict[str, dict[str, list[int]]]:
    """Names and shapes of a checkpoint's two files, as the official classes make them."""
    config = json.loads((directory / "config.json").read_text())
    codec = json.loads((directory / "speech_tokenizer" / "config.json").read_text())
    with torch.device("meta"):
        main = Qwen3TTSForConditionalGeneration(Qwen3TTSConfig(**config))
        tokenizer = Qwen3TTSTokenizerV2Model(Qwen3TTSTokenizerV2Config(**codec))
    return {
        "model": {name: list(tensor.shape) for name, tensor in main.state_dict().items()},
        "speech_tokenizer": {name: list(tensor.shape) for name, tensor in tokenizer.state_dict().items()},
    }


CONFIG_CLASSES = {
    "checkpoint": Qwen3TTSConfig, "talker": Qwen3TTSTalkerConfig, "code_predictor": Qwen3TTSTalkerCodePredictorConfig,
    "speaker_encoder": Qwen3TTSSpeakerEncoderConfig, "codec": Qwen3TTSTokenizerV2Config,
    "codec_decoder": Qwen3TTSTokenizerV2DecoderConfig, "codec_encoder": MimiConfig,
}  # fmt: skip


def config_defaults() -> dict[str, dict[str, Any]]:
    """What the official classes take for each key that a config.json leaves out."""
    made = {name: (kind, kind()) for name, kind in CONFIG_CLASSES.items()}
    return {
        name: {
            key: {} if key.endswith("_config") else getattr(config, key)
            for key in inspect.signature(kind.__init__).parameters
            if hasattr(config, key)
        }
        for name, (kind, config) in made.items()
    }


def main() -> None:
    torch.set_num_threads(2)
    root = Path(sys.argv[1])
    tokens = {}
    for checkpoint in CHECKPOINTS:
        recorder = Recorder(root / f"Qwen3-TTS-12Hz-{checkpoint}")
        for case in CASES:
            if case.checkpoint == checkpoint:
                recorded = recorder.run(case)
                np.savez_compressed(HERE / f"{case.name}.npz", **recorded)
                print(case.name, [len(v) for k, v in recorded.items() if k.startswith("codes")], flush=True)
        if checkpoint == "tiny-1.7B-Base":
            np.savez_compressed(HERE / "codec.npz", **record_codec(recorder))
        tokenize = recorder.tts.processor
        tokens = {text: tokenize(text=text)["input_ids"][0] for text in TOKENIZER_TEXTS}
    (HERE / "official_local_tokens.json").write_text(json.dumps([tokens[text] for text in TOKENIZER_TEXTS]) + "\n")


if __name__ == "__main__":
    if sys.argv[2:] == ["--shapes"]:
        # CHECKPOINTS holds true-size config files here; no weights are read.
        shapes = {path.name: tensor_shapes(path) for path in sorted(Path(sys.argv[1]).iterdir())}
        (HERE / "tensors.json.gz").write_bytes(gzip.compress(json.dumps(shapes).encode(), mtime=0))
    elif sys.argv[1:] == ["--defaults"]:
        (HERE / "config_defaults.json").write_text(json.dumps(config_defaults(), indent=1) + "\n")
    else:
        main()
