"""Runs in another environment, with the official package: speak greedily, print the codes. Nothing of ours is there.

    python official_codes.py < order.json > codes.json

order: {"checkpoint", "device", "cases": [{"text", "language", "speaker", "description", "reference", "streaming",
"frames"}]} -> {"versions": {...}, "codes": [[frames][codebooks], ...]}, or {"missing": why}.
"""

import contextlib
import json
import sys


def main() -> None:
    order, answer = json.load(sys.stdin), sys.stdout
    with contextlib.redirect_stdout(sys.stderr):  # libraries say this and that
        try:
            result = speak(order)
        except ImportError as error:
            result = {"missing": f"the official package cannot be imported there: {error}"}
    json.dump(result, answer)


def speak(order: dict) -> dict:  # type: ignore[type-arg]
    # The package of this name in that environment, not ours.
    from qwen_tts import Qwen3TTSModel  # isort: skip
    import torch
    import transformers

    tts = Qwen3TTSModel.from_pretrained(order["checkpoint"], dtype=torch.float32, device_map=order["device"])
    heard: list = []  # type: ignore[type-arg]
    generate = tts.model.generate

    def recorded(*args, **options):  # type: ignore[no-untyped-def]
        result = generate(*args, **options)
        heard.append(result[0][0].tolist())
        return result

    tts.model.generate = recorded
    for case in order["cases"]:
        say(tts, case)
    return {"versions": {"torch": torch.__version__, "transformers": transformers.__version__}, "codes": heard}


def say(tts, case: dict) -> None:  # type: ignore[no-untyped-def, type-arg]
    # The package counts the end of speech among the tokens, and gives one frame less than it draws.
    options = {
        "do_sample": False, "subtalker_dosample": False, "max_new_tokens": case["frames"] + 1,
        "non_streaming_mode": not case["streaming"], "text": case["text"], "language": case["language"],
    }  # fmt: skip
    if case["speaker"]:
        tts.generate_custom_voice(speaker=case["speaker"], **options)
    elif case["description"]:
        tts.generate_voice_design(instruct=case["description"], **options)
    else:
        tts.generate_voice_clone(ref_audio=case["reference"], x_vector_only_mode=True, **options)


if __name__ == "__main__":
    main()
