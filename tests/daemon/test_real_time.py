"""Which checkpoints a machine without a card speaks in time: by what was measured, and by nothing else."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from qwen3tts_daemon.hosting.checkpoints import Checkpoint
from qwen3tts_daemon.hosting.real_time import FLOAT32, INT4, INT8, InTime, Knowledge, TooSlow, Unmeasured, verdict
from qwen3tts_daemon.hosting.real_time_words import RealTime, in_values, told
from qwen_tts.bench.figures import Failed, Figures, Measured, Way
from qwen_tts.config.checkpoint_types import TypeName

WORK = {"0b6": 1_650_000_000, "1b7": 2_600_000_000}


def checkpoint(size: str, kind: TypeName = "custom_voice") -> Checkpoint:
    return Checkpoint(Path("models") / f"{size}-{kind}", kind, size, WORK[size])


SMALL, LARGE = checkpoint("0b6"), checkpoint("1b7")
SMALL_BASE, LARGE_BASE, LARGE_DESIGN = (
    checkpoint("0b6", "base"),
    checkpoint("1b7", "base"),
    checkpoint("1b7", "voice_design"),
)
KILLED = Failed("its process was killed")


def took(frame_ms: float, threads: int = 2) -> Figures:
    return Figures(
        frame_ms=frame_ms, first_audio_ms=3 * frame_ms, memory_mib=1500, load_s=2, threads=threads, copy_gb_s=12
    )


def known(
    measured: Mapping[tuple[str, Way], Measured], *checked: Checkpoint, has_openvino: bool = True, most_rtf: float = 0.8
) -> Knowledge:
    return Knowledge(
        lambda one, way: measured.get((one.size, way)), lambda one: one in checked, has_openvino, most_rtf
    )  # fmt: skip


S8, S4, L8, L4 = ("0b6", INT8), ("0b6", INT4), ("1b7", INT8), ("1b7", INT4)


@pytest.mark.parametrize(
    ("found", "knowledge", "expected"),
    [
        # Nothing is known: the smallest first, in 8 bits.
        ((LARGE, SMALL), known({}), Unmeasured(SMALL, INT8)),
        ((SMALL,), known({}, has_openvino=False), Unmeasured(SMALL, FLOAT32)),
        # In time, to the last millisecond.
        ((SMALL,), known({S8: took(64)}), InTime((SMALL,), SMALL, INT8, took(64))),
        # A larger one is asked about once a smaller one is in time, and speaks if it is.
        ((LARGE, SMALL), known({S8: took(40)}), Unmeasured(LARGE, INT8)),
        ((LARGE, SMALL), known({S8: took(40), L8: took(60)}), InTime((LARGE,), LARGE, INT8, took(60))),
        ((LARGE, SMALL), known({S8: took(40), L8: took(90)}), InTime((SMALL,), SMALL, INT8, took(40))),
        ((LARGE, SMALL), known({S8: took(40), L8: KILLED}), InTime((SMALL,), SMALL, INT8, took(40))),
        # It is not asked about where a smaller one is too slow.
        ((LARGE, SMALL), known({S8: took(200)}), TooSlow(SMALL, INT8, took(200))),
        # Of each kind the largest that is in time.
        (
            (LARGE, LARGE_DESIGN, SMALL, SMALL_BASE), known({S8: took(40), L8: took(60)}),
            InTime((LARGE, LARGE_DESIGN, SMALL_BASE), LARGE, INT8, took(60)),
        ),
        (
            (LARGE, LARGE_DESIGN, SMALL, SMALL_BASE), known({S8: took(40), L8: took(66)}),
            InTime((SMALL, SMALL_BASE), SMALL, INT8, took(40)),
        ),
        # 4 bits only where the checkpoint has passed a check with them.
        ((SMALL,), known({S8: took(96), S4: took(60)}), TooSlow(SMALL, INT8, took(96), took(60))),
        ((SMALL,), known({S8: took(96), S4: took(60)}, SMALL), InTime((SMALL,), SMALL, INT4, took(60))),
        ((SMALL,), known({S8: took(96)}, SMALL), Unmeasured(SMALL, INT4)),
        ((SMALL, SMALL_BASE), known({S8: took(96), S4: took(60)}, SMALL), InTime((SMALL,), SMALL, INT4, took(60))),
        ((SMALL,), known({S8: took(50), S4: took(30)}, SMALL), InTime((SMALL,), SMALL, INT8, took(50))),
        (
            (LARGE, SMALL), known({S8: took(50), L8: took(90), L4: took(55)}, LARGE),
            InTime((LARGE,), LARGE, INT4, took(55)),
        ),
        # Unchecked, they are measured where they might be in time, to say so; not where they cannot be.
        ((SMALL,), known({S8: took(96)}), Unmeasured(SMALL, INT4)),
        ((SMALL,), known({S8: took(129)}), TooSlow(SMALL, INT8, took(129))),
        ((SMALL,), known({S8: took(96), S4: took(70)}), TooSlow(SMALL, INT8, took(96))),
        ((SMALL,), known({S8: took(96), S4: KILLED}), TooSlow(SMALL, INT8, took(96))),
        ((SMALL,), known({S8: KILLED}), TooSlow(SMALL, INT8, KILLED)),
        # Without OpenVINO there are no bits to choose.
        ((SMALL,), known({("0b6", FLOAT32): took(600)}, SMALL, has_openvino=False), TooSlow(SMALL, FLOAT32, took(600))),
        # The limit is a setting.
        ((SMALL,), known({S8: took(64)}, most_rtf=0.5), Unmeasured(SMALL, INT4)),
        ((SMALL,), known({S8: took(96)}, most_rtf=1.2), InTime((SMALL,), SMALL, INT8, took(96))),
    ],
)  # fmt: skip
def test_the_largest_in_time_speaks_with_8_bits_unless_fewer_were_checked(
    found: tuple[Checkpoint, ...], knowledge: Knowledge, expected: object
) -> None:
    assert verdict(found, knowledge) == expected


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [
        (
            TooSlow(SMALL, INT8, took(96), took(60)), {},
            "this machine takes 96 ms for 80 ms of Qwen3-TTS 0.6B in 8 bits, and more than 64 would leave gaps: the "
            "preview voice speaks. What would do: 4 bits, which take 60 ms and which nobody has judged by ear: they "
            "are chosen once `qwen3tts-daemon check --weights int4 0b6-custom_voice` has passed; about 3 cores like "
            'these, with as much more of memory\'s speed; an NVIDIA card. engine = "qwen" speaks all the same',
        ),
        (
            TooSlow(LARGE, FLOAT32, took(1700)), {"has_smaller": True, "has_openvino": False},
            "this machine takes 1700 ms for 80 ms of Qwen3-TTS 1.7B as it is, and more than 64 would leave gaps: the "
            "preview voice speaks. What would do: the package openvino, several times as fast (pip install "
            "'qwen3tts-daemon[cpu]'); a smaller checkpoint (qwen3tts-daemon models download 0.6B-CustomVoice); an "
            'NVIDIA card. engine = "qwen" speaks all the same',
        ),
        (
            TooSlow(SMALL, INT8, msgspec.structs.replace(took(2000), others=0.4)), {},
            "this machine takes 2000 ms for 80 ms of Qwen3-TTS 0.6B in 8 bits, and more than 64 would leave gaps: the "
            'preview voice speaks. What would do: an NVIDIA card. engine = "qwen" speaks all the same. Other programs '
            "took 40% of the processors meanwhile: the next start measures again",
        ),
        (
            TooSlow(SMALL, INT8, KILLED), {},
            "how fast Qwen3-TTS 0.6B in 8 bits is on this machine could not be measured (its process was killed): the "
            "preview voice speaks. `qwen3tts-daemon bench` tries it again",
        ),
        (
            InTime((LARGE, SMALL_BASE), LARGE, INT8, took(52)), {},
            "this machine takes 52 ms for 80 ms of Qwen3-TTS 1.7B in 8 bits, the first sound 156 ms: in time "
            "(1b7-custom_voice, 0b6-base)",
        ),
        (
            Unmeasured(SMALL, INT8), {},
            "the preview voice speaks while it is measured how fast Qwen3-TTS 0.6B in 8 bits is on this machine",
        ),
    ],
)  # fmt: skip
def test_it_is_told_in_a_line_with_the_way_out(
    given: Unmeasured | InTime | TooSlow, options: dict[str, bool], words: str
) -> None:
    assert told(given, 0.8, **{"has_smaller": False, "has_openvino": True, **options}) == words


@pytest.mark.parametrize(
    ("given", "values"),
    [
        (Unmeasured(SMALL, INT8), ("measuring", None)),
        (InTime((SMALL,), SMALL, INT8, took(52)), ("in_time", 52.0)),
        (TooSlow(SMALL, INT8, took(96)), ("too_slow", 96.0)),
        (TooSlow(SMALL, INT8, KILLED), ("failed", None)),
    ],
)
def test_pages_and_programs_are_told_in_values(
    given: Unmeasured | InTime | TooSlow, values: tuple[str, float | None]
) -> None:
    state, frame_ms = values
    assert in_values(given) == RealTime(state=state, size="0.6B", weights="int8", frame_ms=frame_ms)  # type: ignore[arg-type]
