"""What is recorded from the official package and compared with ours; both sides import this file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

CHECKPOINTS = (
    "tiny-1.7B-CustomVoice",
    "tiny-1.7B-VoiceDesign",
    "tiny-1.7B-Base",
    "tiny-0.6B-CustomVoice",
    "tiny-0.6B-Base",
)

FRAMES = 8
"""Recorded of every utterance, unless it ends before."""

LONG_TEXT = (
    "Hello there, my dear friend, how are you doing on this fine and sunny day of the year? I am quite well, thank you "
    "very much, and I hope that the garden is full of flowers by now."
)
TRANSCRIPT = "Good morning to you."
REFERENCE_RATE = 24_000


@dataclass(frozen=True)
class Case:
    """One call of the official package; more than one text is one batch."""

    name: str
    checkpoint: str
    texts: Sequence[str] = ("Hello there, world.",)
    languages: Sequence[str] = ("English",)
    speakers: Sequence[str] = ()
    instructs: Sequence[str] = ()
    transcript: str | None = None
    """Of the reference; None: the speaker embedding only (Base checkpoints)"""
    text_layout: Literal["whole", "streaming"] = "whole"
    seed: int | None = None
    """None is greedy"""
    sampling: dict[str, float] = field(default_factory=dict)


CUSTOM, DESIGN, BASE = CHECKPOINTS[0], CHECKPOINTS[1], CHECKPOINTS[2]
SMALL_CUSTOM, SMALL_BASE = CHECKPOINTS[3], CHECKPOINTS[4]

CASES = (
    Case("preset_greedy", CUSTOM, speakers=("Vivian",), instructs=("Very happy.",)),
    Case("preset_sampled", CUSTOM, speakers=("Ryan",), languages=("Auto",), seed=11),
    Case("preset_streaming_sampled", CUSTOM, speakers=("Ono_Anna",), text_layout="streaming", seed=3),
    Case("preset_dialect", CUSTOM, texts=("其实我真的有发现。",), languages=("Auto",), speakers=("Eric",), seed=5),
    Case("preset_dialect_english", CUSTOM, speakers=("Dylan",), languages=("English",), text_layout="streaming"),
    Case(
        "preset_filtered",
        CUSTOM,
        speakers=("Serena",),
        languages=("German",),
        seed=7,
        sampling={
            "temperature": 1.3,
            "top_k": 30,
            "top_p": 0.8,
            "repetition_penalty": 1.3,
            "subtalker_temperature": 0.7,
            "subtalker_top_k": 20,
            "subtalker_top_p": 0.9,
        },
    ),
    Case(
        "preset_batch_greedy",
        CUSTOM,
        texts=("其实我真的有发现。", "She said that she would be here by five o'clock in the evening."),
        languages=("Auto", "French"),
        speakers=("Eric", "Aiden"),
        instructs=("用特别愤怒的语气说", ""),
    ),
    Case("small_preset_greedy", SMALL_CUSTOM, speakers=("Dylan",), languages=("Chinese",)),
    Case("small_preset_streaming_sampled", SMALL_CUSTOM, speakers=("Sohee",), text_layout="streaming", seed=2),
    Case("designed_sampled", DESIGN, instructs=("A deep male voice.",), languages=("Italian",), seed=4),
    Case("designed_streaming_greedy", DESIGN, instructs=("A child.",), languages=("Auto",), text_layout="streaming"),
    Case("embedding_only_sampled", BASE, text_layout="streaming", seed=6),
    Case("embedding_only_whole_greedy", BASE, languages=("Auto",)),
    Case("clone_short_greedy", BASE, texts=("Hi.",), transcript=TRANSCRIPT, text_layout="streaming"),
    Case("clone_long_sampled", BASE, texts=(LONG_TEXT,), transcript=TRANSCRIPT, text_layout="streaming", seed=9),
    Case("clone_whole_sampled", BASE, transcript=TRANSCRIPT, languages=("Spanish",), seed=8),
    Case(
        "clone_batch_greedy",
        BASE,
        texts=("Hi.", LONG_TEXT),
        languages=("English", "Russian"),
        transcript=TRANSCRIPT,
        text_layout="streaming",
    ),
    Case("small_clone_sampled", SMALL_BASE, transcript=TRANSCRIPT, text_layout="streaming", seed=10),
)

TOKENIZER_TEXTS = (
    "She said she would be here by noon; it's 12:30 now, isn't it? WiFi and iPhone.",
    "其实我真的有发现，我是一个特别善于观察别人情绪的人。",
    "Grüß Gott! Öffnet die Tür um 8 Uhr – bitte schön.",
    "Perché no? Andiamo al caffè, così parliamo un po'.",
    "Não sei se amanhã à tarde será possível; talvez às três.",
    "¿Cómo está usted? El niño comió ñoquis.",
    "今日はとても良い天気ですね。散歩に行きましょうか？",
    "안녕하세요. 오늘 날씨가 정말 좋네요!",
    "C'est l'été, n'est-ce pas ? Où êtes-vous allés ?",
    "Здравствуйте! Как ваши дела сегодня?",
    "Emoji 👩‍👩‍👧 and 3.14 % of $5,000...   spaces\n\nlines",
)


def reference_audio(seconds: float = 3.2, rate: int = REFERENCE_RATE) -> np.ndarray:
    """A gliding tone with two overtones, [samples] float32."""
    t = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * (140 * t + 30 * t**2)
    tone = np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.2 * np.sin(5 * phase)
    return (0.2 * tone * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))).astype(np.float32)


def random_codes(frames: int, codebooks: int = 16, size: int = 2048) -> np.ndarray:
    """[frames, codebooks], from a fixed sequence."""
    return np.random.Generator(np.random.PCG64(1)).integers(0, size, (frames, codebooks))
