"""What names mean: as people write them, as lists show them, and for whom they stand. No voices needed."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.voices.aliases import Aliases, any_voice
from qwen3tts_daemon.voices.names import FIRST, canonical, folded, labels, some_of
from qwen_tts.api import VoiceInfo


@given(name=st.text(max_size=40))
@example("ΐ")
@example("Ǆ")
def test_a_name_has_one_canonical_form(name: str) -> None:
    once = canonical(name)
    assert canonical(once) == once
    assert {canonical(unicodedata.normalize(form, name)) for form in ("NFC", "NFD", "NFKC", "NFKD")} == {once}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Uncle Fu", "uncle_fu"),
        ("UNCLE-FU", "uncle_fu"),
        (" uncle  fu ", "uncle_fu"),
        ("Küche 1", "Ku\u0308che_1"),
        ("STRASSE", "straße"),
        ("ｋüche", "KÜCHE"),
        ("* Heart, English", "heart, english"),
    ],
)
def test_what_people_take_for_one_name_is_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)


# -- in a list -------------------------------------------------------------------------------------------------

described = st.lists(
    st.tuples(st.sampled_from("abcde"), st.text(st.characters(exclude_categories=("Cs",)), max_size=8)),
    min_size=1, max_size=5, unique_by=lambda pair: pair[0],
)  # fmt: skip


@given(described=described)
@example([("a", "!"), ("b", " \t*x"), ("c", ""), ("d", "**"), ("e", "(e)")])
def test_no_label_comes_before_the_mark_of_the_first(described: list[tuple[str, str]]) -> None:
    told = labels([VoiceInfo(name=name, languages=("en",), description=text) for name, text in described])
    for name, label in told.items():
        others = [text for other, text in told.items() if other != name]
        assert all(FIRST + label < text and (FIRST + label).casefold() < text.casefold() for text in others)


@given(names=st.lists(st.text("abc", min_size=1, max_size=4), max_size=12, unique=True), name=st.text(max_size=9))
def test_a_message_names_five_at_most_and_counts_the_rest(names: list[str], name: str) -> None:
    told, _, more = some_of(names, name).partition(" and ")
    listed = [one for one in told.split(", ") if one]
    assert set(listed) <= set(names)
    assert len(listed) == min(5, len(names))
    assert more == (f"{len(names) - 5} more" if len(names) > 5 else "")


def test_what_is_alike_is_named_first() -> None:
    assert some_of(["anna", "bert", "clara", "doris", "emil", "heart"], "haert").startswith("heart, ")


# -- for whom they stand ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Vivian", "uncle fu", "Uncle_Fu", "ONO-ANNA", "sohee-de", "Ryan-DE", "aiden"])
def test_qwens_voices_stand_for_the_language_on_the_preview_voice_alone(name: str) -> None:
    stands = any_voice(name, is_preview=True, substitute=True)
    assert stands is not None
    assert (stands.gender, stands.language) == ("", "de" if name.lower().endswith("-de") else "auto")
    assert any_voice(name, is_preview=False, substitute=True) is None
    assert any_voice(name, is_preview=True, substitute=False) is None


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("name", ["default", "Default", "DEFAULT", "default-de"])
def test_default_is_nobodys_name(name: str, *, preview: bool) -> None:
    assert any_voice(name, is_preview=preview, substitute=True) is not None
    assert any_voice(name, is_preview=preview, substitute=False) is None


@pytest.mark.parametrize("substitute", [True, False])
@pytest.mark.parametrize(
    ("name", "gender"), [("Nova", "female"), ("alloy", "female"), ("ONYX", "male"), ("ash", "male")]
)
def test_openais_voices_are_men_or_women(name: str, gender: str, *, substitute: bool) -> None:
    for preview in (True, False):
        stands = any_voice(name, is_preview=preview, substitute=substitute)
        assert stands is not None
        assert stands.gender == gender


@pytest.mark.parametrize("name", ["", "nobody", "vivian2", "nova-klingon", "-de", "default-"])
def test_other_names_stand_for_nobody(name: str) -> None:
    assert any_voice(name, is_preview=True, substitute=True) is None


# -- aliases of the settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["butler", "Butler", "BUTLER"])
def test_an_alias_is_found_like_any_name(name: str) -> None:
    aliases = Aliases({"Butler": "am_michael", "the old man": "butler"})
    assert aliases.voice(name) == "am_michael"
    assert aliases.voice(f"{name}-de") == "am_michael-de"
    assert aliases.voice("The_Old_Man") == "am_michael", "an alias of an alias"
    assert aliases.voice("nobody") is None


@pytest.mark.parametrize("key", ["fr", "FR", "French", "Français", "fr-CA", "fr_FR"])
def test_a_language_is_no_name(key: str) -> None:
    aliases = Aliases({key: "ff_siwis"})
    assert (aliases.names, aliases.languages) == ({}, {"fr": "ff_siwis"})


@pytest.mark.parametrize("key", ["auto", "de-luxe", "it-girl", "default", "Franz", "1"])
def test_a_name_is_no_language(key: str) -> None:
    assert Aliases({key: "heart"}).languages == {}


@pytest.mark.parametrize(
    "given",
    [
        {"a": "a"},
        {"a": "b", "b": "A"},
        {"a": "b", "b": "c", "c": "b"},
        {"x": "y", "Uncle Fu": "tom", "tom": "uncle_fu"},
        {"Butler": "x", "butler": "y"},
        {"fr": "x", "French": "y"},
        {"": "x"},
        {"a": " "},
        {"-": "x"},
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_option(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"^voices\.aliases: "):
        Aliases(given)
