"""Words and their numbers: round trips, and what people type."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.captioning import SentenceRejected, Vocabulary, load_captioner, read_sentence
from explorer.captioning.vocabulary import (
    LONGEST_WORD,
    MARKS,
    MOST_WORDS,
    UNKNOWN,
    build_vocabulary,
    split_words,
    swapped,
)

OWN = Vocabulary((*MARKS, "a", "dog", "don't", "café"))
words_of_people = st.lists(st.text("abcdefgé'", min_size=1, max_size=8), unique=True, max_size=20)


@given(words_of_people)
def test_words_go_round(words: list[str]) -> None:
    vocabulary = Vocabulary((*MARKS, *words))
    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary
    numbers = vocabulary.encode(words)
    assert numbers == list(range(len(MARKS), len(MARKS) + len(words)))
    assert vocabulary.decode(numbers) == words
    assert len(vocabulary) == len(MARKS) + len(words)
    assert all(word in vocabulary for word in words)


def test_unknown_words_have_the_number_of_the_unknown() -> None:
    assert OWN.encode(["a", "zeppelin", "dog", ""]) == [4, UNKNOWN, 5, UNKNOWN]
    assert "zeppelin" not in OWN


@pytest.mark.parametrize("mark", MARKS)
def test_marks_are_no_words(mark: str) -> None:
    assert mark not in OWN
    assert OWN.encode([mark]) == [UNKNOWN]


@pytest.mark.parametrize(
    "words", [(), MARKS[:3], ("a", *MARKS), (*MARKS, "a", "a"), (*MARKS, "<end>"), tuple(reversed(MARKS))]
)
def test_what_is_no_vocabulary_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="begins with <pad>, <start>, <end>, <unk>"):
        Vocabulary(words)
    with pytest.raises(ValueError, match="begins with"):
        Vocabulary.from_json(json.dumps(words))


@pytest.mark.parametrize("text", ["", "{", "{}", "3", '["<pad>", 1]', '"<pad>"', "null"])
def test_json_that_is_no_list_of_words_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Vocabulary.from_json(text)


def test_the_most_frequent_words_come_first() -> None:
    sentences = [["b", "a", "c"], ["b", "a"], ["b", "d"], ["e"]]
    assert build_vocabulary(sentences, 1).words == (*MARKS, "b", "a", "c", "d", "e")
    assert build_vocabulary(sentences, 2).words == (*MARKS, "b", "a")
    assert build_vocabulary([], 1).words == MARKS


def test_the_shipped_words_are_what_people_type() -> None:
    words = load_captioner().vocabulary.words[len(MARKS) :]
    assert len(words) > 1000
    assert [word for word in words if split_words(word) != [word]] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A dog.", ["a", "dog"]),
        ("  Two   DOGS,\n running! ", ["two", "dogs", "running"]),
        ("don't — DON’T ‘quoted’ 'quoted'", ["don't", "don't", "quoted", "quoted"]),
        ("dogs' rock'n'roll '90s", ["dogs", "rock'n'roll", "90s"]),
        ("a_b T-shirt", ["a", "b", "t", "shirt"]),
        ("a 🐕 on 🌊🌊", ["a", "on"]),
        ("CAFÉ Ångström straße", ["café", "ångström", "straße"]),
        (unicodedata.normalize("NFD", "cafés"), ["cafés"]),
        ("狗 在 跑", ["狗", "在", "跑"]),
        ("<end> <unk>", ["end", "unk"]),
        ("**bold** $x$ :red[y]", ["bold", "x", "red", "y"]),
        ("a\x00b", ["a", "b"]),
    ],
)
def test_sentences_are_split_into_words(text: str, words: list[str]) -> None:
    assert split_words(text) == words
    assert read_sentence(text) == words


@given(st.text())
def test_splitting_what_was_split_changes_nothing(text: str) -> None:
    words = split_words(text)
    assert split_words(" ".join(words)) == words
    for word in words:
        assert word == word.lower()
        assert not set(word) & set(" _.,!?’\n\t<>")


@given(st.text(max_size=400))
def test_whatever_is_typed_is_read_or_refused_in_one_sentence(text: str) -> None:
    words = split_words(text)
    if 1 <= len(words) <= MOST_WORDS and max(map(len, words)) <= LONGEST_WORD:
        assert read_sentence(text) == words
        return
    with pytest.raises(SentenceRejected) as rejected:
        read_sentence(text)
    said = str(rejected.value)
    assert said.endswith(".")
    assert "\n" not in said
    assert len(said) < 120


@pytest.mark.parametrize("text", ["", "   ", "...!?", "🐕🌊", "___", "''", "\n\t"])
def test_nothing_to_read_is_said(text: str) -> None:
    with pytest.raises(SentenceRejected, match="at least one word"):
        read_sentence(text)


def test_sentences_too_long_are_refused_with_their_length() -> None:
    assert read_sentence("dog " * MOST_WORDS) == ["dog"] * MOST_WORDS
    with pytest.raises(SentenceRejected, match="61 words; a caption may have 60"):
        read_sentence("dog " * (MOST_WORDS + 1))
    with pytest.raises(SentenceRejected, match="200 words"):
        read_sentence("a dog " * 100)


def test_words_too_long_are_refused_with_their_beginning() -> None:
    assert read_sentence("x" * LONGEST_WORD) == ["x" * LONGEST_WORD]
    with pytest.raises(SentenceRejected, match="“xxxxxxxxxxxx…” has 5,000 letters; a word may have 40"):
        read_sentence("a dog " + "x" * 5000)


def test_a_swap_with_the_end_cuts_the_sentence() -> None:
    assert swapped(("a", "dog", "runs"), 1, "<end>") == ["a"]
    assert swapped(("a", "dog", "runs"), 1, "cat") == ["a", "cat", "runs"]
    assert swapped(("a", "dog", "runs"), 2, "sits") == ["a", "dog", "sits"]
