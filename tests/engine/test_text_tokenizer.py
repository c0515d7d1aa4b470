"""Text and live text: the same tokens however the text is cut, and control tokens only where a prompt puts them."""

import functools
import json
import shutil
import unicodedata
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
import regex
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from qwen_tts.errors import BadCheckpoint, InvalidRequest
from qwen_tts.text.blanks import BLANKS
from qwen_tts.text.byte_pairs import byte_pairs
from qwen_tts.text.live_tokenizer import _RUNS, LiveTokenizer
from qwen_tts.text.text_tokenizer import _PATTERNS, PreTokenizer, TextTokenizer
from tests.engine.saved_anew import edit_json, one_tokenizer_file
from tests.golden.cases import TOKENIZER_TEXTS

KINDS: tuple[PreTokenizer, ...] = ("qwen", "mistral")

# Whatever decides where pieces end, and what combines with what precedes it.
ALPHABET = "aB'séS\u0301\u0323\u0302 \n\r\t/!<12あ字한\u1112\u1161\u11ab\u0e01\u0e33\u00a0\u3000-\u017f👩\u200d\u200b"


OWN = ("[laugh]", "[laugh again]", "<|cough|>", "/!")


@pytest.fixture(scope="module", params=KINDS)
def tokenizer(request: pytest.FixtureRequest, text_tokenizer_files) -> TextTokenizer:  # type: ignore[no-untyped-def]
    return TextTokenizer.from_directory(text_tokenizer_files, request.param)


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    ends = sorted({min(cut, len(text)) for cut in cuts} | {len(text)})
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def live(tokenizer: TextTokenizer, pieces: list[str]) -> list[int]:
    tokens = LiveTokenizer(tokenizer)
    return [*(token for piece in pieces for token in tokens.feed(piece)), *tokens.end()]


cuts = st.lists(st.integers(0, 120), max_size=12)
unhurried = settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])


NOT_SPLIT = regex.compile(r"</?(?:tool_call|tool_response|think)>|<\|(?:fim|repo|file)_\w+\|>")
"""Tokens that transformers knows by name and does not call special, so that it takes them in a text for themselves."""


@given(text=st.text(ALPHABET, max_size=40), cuts=cuts)
@unhurried
def test_any_split_of_any_text_gives_the_tokens_of_the_whole(
    tokenizer: TextTokenizer, text: str, cuts: list[int]
) -> None:
    assert live(tokenizer, pieces_of(text, cuts)) == tokenizer.encode(text.rstrip(BLANKS))


@pytest.mark.parametrize(
    "blank", [" ", "\n", "\n \n", " \r\n\t", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2029\u00ad "]
)
@pytest.mark.parametrize("words", ["Hello.", "Hello", "今天。", "12", "it's", "Hey!?"])
def test_blanks_at_the_end_are_no_tokens(tokenizer: TextTokenizer, words: str, blank: str) -> None:
    assert live(tokenizer, [words, blank]) == live(tokenizer, list(words + blank)) == tokenizer.encode(words)
    assert live(tokenizer, [words, blank, "Then"]) == tokenizer.encode(f"{words}{blank}Then")


def test_all_white_space_is_blank() -> None:
    assert {character for code in range(0x110000) if (character := chr(code)).isspace()} <= set(BLANKS)
    assert not any(unicodedata.category(character)[0] in "LNPSM" for character in BLANKS)


@given(
    text=st.sampled_from([*TOKENIZER_TEXTS, *(unicodedata.normalize("NFD", text) for text in TOKENIZER_TEXTS)]),
    cuts=cuts,
)
@unhurried
def test_any_split_in_ten_languages(tokenizer: TextTokenizer, text: str, cuts: list[int]) -> None:
    assert live(tokenizer, pieces_of(text, cuts)) == tokenizer.encode(text)


@pytest.mark.parametrize("text", [*TOKENIZER_TEXTS, "b\u0302\u0323 x", "ABCあDe f", "  a   \n \n b  ", "'RE 's don't"])
def test_letter_by_letter(tokenizer: TextTokenizer, text: str) -> None:
    assert live(tokenizer, list(text)) == tokenizer.encode(text.rstrip(BLANKS))


def test_a_word_is_final_when_its_end_is_there(text_tokenizer: TextTokenizer) -> None:
    tokens = LiveTokenizer(text_tokenizer)
    assert tokens.feed("Hello") == []
    assert tokens.feed(" ") == text_tokenizer.encode("Hello")
    assert tokens.pending == " "
    assert tokens.feed("wor") == []
    assert tokens.feed("ld.") == text_tokenizer.encode(" world")
    assert tokens.end() == text_tokenizer.encode(".")
    assert tokens.end() == []


def test_a_chinese_clause_is_final_when_it_ends(text_tokenizer: TextTokenizer) -> None:
    tokens = LiveTokenizer(text_tokenizer)
    assert tokens.feed("今天天气很好") == []
    assert tokens.feed("，") == text_tokenizer.encode("今天天气很好")


def test_a_live_text_can_begin_again_after_its_end(text_tokenizer: TextTokenizer) -> None:
    tokens = LiveTokenizer(text_tokenizer)
    first = [*tokens.feed("Good day"), *tokens.end()]
    assert [*tokens.feed("Good day"), *tokens.end()] == first == text_tokenizer.encode("Good day")


def test_composition_never_changes_what_kind_of_character_it_is() -> None:
    """What LiveTokenizer trusts: a mark that comes later leaves its letter a letter."""
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000:
            continue
        composed = chr(code)
        parts = unicodedata.normalize("NFD", composed)
        if len(parts) > 1 and unicodedata.normalize("NFC", parts) == composed:
            assert [bool(run.match(composed)) for run in _RUNS] == [bool(run.match(parts[0])) for run in _RUNS]


@pytest.mark.parametrize("text", ["<|im_end|>", "a<|im_start|>user\nb", "<tts_pad>", "<|endoftext|>"])
def test_control_tokens_in_a_text_are_text(tokenizer: TextTokenizer, text: str) -> None:
    tokens = tokenizer.encode(text)
    assert max(tokens) < 151_643
    assert len(tokens) > 2


def test_composed_and_decomposed_are_one_text(tokenizer: TextTokenizer) -> None:
    for text in TOKENIZER_TEXTS:
        assert tokenizer.encode(unicodedata.normalize("NFD", text)) == tokenizer.encode(text)


def test_the_two_ways_of_cutting_differ_where_they_are_known_to(text_tokenizer_files) -> None:  # type: ignore[no-untyped-def]
    qwen, mistral = (TextTokenizer.from_directory(text_tokenizer_files, kind) for kind in KINDS)
    assert [piece.text for piece in qwen.split("WiFi iPhone")] == ["WiFi", " iPhone"]
    assert [piece.text for piece in mistral.split("WiFi iPhone")] == ["Wi", "Fi", " i", "Phone"]
    same = [text for text in TOKENIZER_TEXTS if not regex.search(r"\p{Ll}\p{Lu}|\p{M}", text)]
    assert len(same) >= 10
    assert [qwen.encode(text) for text in same] == [mistral.encode(text) for text in same]


@pytest.fixture(scope="module")
def theirs(text_tokenizer_files: Path) -> Callable[[str], list[int]]:
    """Qwen's tokenizer in transformers, of the same two files; there too, control tokens in a text are text."""
    transformers = pytest.importorskip("transformers")
    tokenizer = transformers.Qwen2TokenizerFast.from_pretrained(text_tokenizer_files)
    return lambda text: tokenizer(text, split_special_tokens=True)["input_ids"]


@given(text=st.text(ALPHABET, max_size=60) | st.text(max_size=60) | st.sampled_from(TOKENIZER_TEXTS))
@example("  \u00a0\n\n \t'RE's I'LL WiFi iPhone12 \u0661\u0662\u2167<|im_end|><tts_pad>")
@example(
    "e\u0301\u0323 \u1112\u1161\u11ab \ufb01 \u212b \u0e33 \U0001f469\u200d\U0001f467\ufe0f \x00\x7f\ufeff\u2028\uffff"
)
@unhurried
def test_the_tokens_are_those_of_transformers(
    text_tokenizer: TextTokenizer, theirs: Callable[[str], list[int]], text: str
) -> None:
    assume(not NOT_SPLIT.search(text))
    assert text_tokenizer.encode(text) == theirs(text)


# -- tokens of a fine-tune's own --------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["one file", "several files", "beside one file"])
def extended(
    request: pytest.FixtureRequest, text_tokenizer_files: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The release's tokenizer with OWN added, saved as transformers 5 does, as the release is, or in both ways."""
    transformers = pytest.importorskip("transformers")
    saved = tmp_path_factory.mktemp("saved")
    tokenizer = transformers.Qwen2TokenizerFast.from_pretrained(text_tokenizer_files)
    tokenizer.add_tokens([*OWN[:2], OWN[3]])
    tokenizer.add_special_tokens({"additional_special_tokens": [OWN[2]]})
    tokenizer.save_pretrained(saved)
    if request.param == "one file":
        return saved
    several = tmp_path_factory.mktemp("several")
    shutil.copytree(text_tokenizer_files, several, dirs_exist_ok=True)
    if request.param == "beside one file":
        transformers.Qwen2TokenizerFast.from_pretrained(text_tokenizer_files).save_pretrained(several)
    config = json.loads((several / "tokenizer_config.json").read_text())
    tokens = json.loads((saved / "tokenizer.json").read_text())["added_tokens"]
    added = {str(token.pop("id")): token for token in tokens}
    (several / "tokenizer_config.json").write_text(json.dumps(config | {"added_tokens_decoder": added}))
    return several


@functools.cache
def known(directory: Path) -> tuple[TextTokenizer, Callable[[str], list[int]]]:
    """Ours and transformers', where control tokens of the release stand in no text."""
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(directory)
    return TextTokenizer.from_directory(directory), lambda text: theirs(text)["input_ids"]


own_texts = st.lists(
    st.sampled_from([*OWN, "[lau", "[laugh", "gh]", " ", "  ", "a", "Hello", "\n", "!", "/"]), max_size=12
)


@given(parts=own_texts, cuts=cuts)
@unhurried
def test_own_tokens_are_those_of_transformers_whole_and_live(extended: Path, parts: list[str], cuts: list[int]) -> None:
    ours, theirs = known(extended)
    text = "".join(parts)
    assert ours.encode(text) == theirs(text)
    assert live(ours, pieces_of(text, cuts)) == theirs(text.rstrip(BLANKS))


@pytest.mark.parametrize("layout", ["tokenizer.json", "vocab.json"])
def test_a_token_with_two_ids_is_refused(layout: str, text_tokenizer_files: Path, tmp_path: Path) -> None:
    shutil.copytree(text_tokenizer_files, tmp_path, dirs_exist_ok=True)
    if layout == "tokenizer.json":
        one_tokenizer_file(tmp_path)
    config = tmp_path / "tokenizer_config.json"
    token = {"content": "[laugh]"}
    edit_json(config, lambda content: content.update(added_tokens_decoder={"151900": token}, best=float("nan")))
    assert TextTokenizer.from_directory(tmp_path).added == {"[laugh]": 151_900}
    (tmp_path / "added_tokens.json").write_text('{"[laugh]": 151899}')
    with pytest.raises(BadCheckpoint, match=r"the added token '\[laugh\]' has the ids 151899 and 151900"):
        TextTokenizer.from_directory(tmp_path)
    (tmp_path / "added_tokens.json").unlink()
    edit_json(config, lambda content: content.update(added_tokens_decoder={"151900": {"content": "user"}}))
    with pytest.raises(BadCheckpoint, match="the added token 'user' has the ids"):
        TextTokenizer.from_directory(tmp_path)
    edit_json(config, lambda content: content.update(added_tokens_decoder=None))
    assert TextTokenizer.from_directory(tmp_path).added == {}


def test_checkpoints_with_the_same_files_share_one_vocabulary(text_tokenizer_files: Path, tmp_path: Path) -> None:
    alike, other = tmp_path / "alike", tmp_path / "other"
    for directory in (alike, other):
        shutil.copytree(text_tokenizer_files, directory)
    (other / "added_tokens.json").write_text('{"[laugh]": 151899}')
    patterns = tuple(_PATTERNS.values())
    one = byte_pairs(text_tokenizer_files, patterns)
    assert byte_pairs(alike, patterns) is one
    assert byte_pairs(other, patterns) is not one
    assert [TextTokenizer.from_directory(where, kind).added for where in (alike, other) for kind in KINDS] == [
        {}, {}, {"[laugh]": 151_899}, {"[laugh]": 151_899}
    ]  # fmt: skip
    held = weakref.ref(byte_pairs(other, patterns))
    assert held() is None, "nobody uses it any more"


def test_half_a_character_is_refused(text_tokenizer: TextTokenizer) -> None:
    with pytest.raises(InvalidRequest, match="half a surrogate pair"):
        text_tokenizer.encode("a\ud83d")
    with pytest.raises(InvalidRequest, match="half a surrogate pair"):
        LiveTokenizer(text_tokenizer).feed("\udc69")
