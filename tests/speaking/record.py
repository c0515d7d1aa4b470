"""Records how the teacher of the speaking checkpoints says the texts that the tests of words compare with.

python -m tests.speaking.record heart stone
"""

import sys
from itertools import pairwise

import numpy as np

from benchmarks.mel_cepstra import mel_cepstra
from qwen_tts.audio.samples import Samples
from qwen_tts.text.sentences import sentence_ends
from scripts.speaking.teacher import NAMED, Teacher
from tests.speaking.recorded_teacher import LONG, RECORDED, TEXTS, could_be_heard


def say(teacher: Teacher, name: str, text: str) -> Samples:
    """Sentence by sentence; the same sound every time."""
    chance, starts = np.random.default_rng(0), [0, *sentence_ends(text, final=True)]
    sentences = [text[start:end].strip() for start, end in pairwise(starts)]
    sounds = [teacher.say(sentence, NAMED[name], 1.0, chance) for sentence in sentences]
    return np.concatenate([sound for sound in sounds if sound is not None])


def texts() -> list[str]:
    """Every text that speech is compared with."""
    return [*dict.fromkeys(text for one in (*TEXTS, LONG) for text in (one, *could_be_heard(one)))]


def main() -> None:
    teacher = Teacher()
    for name in sys.argv[1:]:
        cepstra = {text: mel_cepstra(say(teacher, name, text)).astype(np.float16) for text in texts()}
        np.savez_compressed(RECORDED / f"{name}.npz", **cepstra)


if __name__ == "__main__":
    main()
