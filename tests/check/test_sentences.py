"""The texts: the same in every language, one of them in parts, none of them twice."""

import pytest

from qwen_tts.check.options import CheckOptions
from qwen_tts.check.sentences import LONG, QUICK, names, pieces, sentences
from qwen_tts.check.stages.plan import plan
from qwen_tts.config.engine import LiveTextConfig
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.text.text_tokenizer import TextTokenizer
from tests.engine.conftest import text_tokenizer, text_tokenizer_files

__all__ = ["text_tokenizer", "text_tokenizer_files"]


def test_every_language_has_twenty_texts_of_the_same_names() -> None:
    assert set(sentences()) == set(LANGUAGES)
    assert all(tuple(texts) == tuple(names()) for texts in sentences().values())
    assert len(names()) == 20
    assert set(QUICK) < set(names())


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_text_is_spoken_in_parts_and_the_others_whole(language: str, text_tokenizer: TextTokenizer) -> None:
    tokens = {name: len(text_tokenizer.encode(text)) for name, text in sentences()[language].items()}
    span = LiveTextConfig().span_tokens
    assert [name for name, count in tokens.items() if count > span] == [LONG]
    assert tokens[LONG] > 1.3 * span, "its second part is worth a measure"


def test_every_text_is_one_line_that_says_something() -> None:
    texts = [text for language in sentences().values() for text in language.values()]
    assert all(text == text.strip() and "\n" not in text and "  " not in text for text in texts)
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pieces_are_the_whole_text(language: str) -> None:
    text = sentences()[language][LONG]
    assert "".join(pieces(text)) == text
    assert len(pieces(text)) > 50


def test_seeds_are_fixed_and_never_the_same() -> None:
    planned = plan(CheckOptions(checkpoints=()), list(LANGUAGES))
    assert len({one.seed for one in planned}) == len(planned) == 400
    alone = plan(CheckOptions(checkpoints=(), languages=("de",), sentences=("yes",)), list(LANGUAGES))
    assert {one.seed for one in alone} < {one.seed for one in planned}


def test_a_quick_look_takes_one_language() -> None:
    quick = CheckOptions(checkpoints=(), quick=True)
    assert {one.language for one in plan(quick, ["de", "en"])} == {"en"}
    assert {one.language for one in plan(quick, ["ja", "zh"])} == {"ja"}
    assert [one.name for one in plan(quick, ["ja"])] == [name for name in QUICK for _ in range(2)]
