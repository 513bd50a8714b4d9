"""The taggers of names: PyTorch's LSTMs beside those written out, and what a word is told by, found anew."""

import random
from itertools import groupby

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from explorer.sequences.directions.causes import Causes, find_causes, find_lesson, replace_word
from explorer.sequences.directions.describing import choose_word, say_causes, say_names, say_word
from explorer.sequences.directions.loading import load_tagger, read_tagger_card
from explorer.sequences.directions.names import list_names
from explorer.sequences.directions.network import DIRECTIONS, STATE, WORD, Direction, Tagger, encode_sentences
from explorer.sequences.directions.reading import find_difference_from_pytorch, read_with, run_lstm
from explorer.sequences.directions.scoring import draw_sentences, measure_f1, score_spans, split_batches
from explorer.sequences.directions.sentences import (
    CLASSES,
    LONGEST,
    NONE,
    SentenceRejected,
    find_spans,
    list_unknown,
    read_sentence,
)
from explorer.sequences.directions.snippets import tagger_snippet
from explorer.sequences.directions.templates import list_templates
from tests.pages.opening import run_snippet

SAID = read_sentence("Washington said that rain is coming.")
STATED = read_sentence("Washington is a state.")


def lstm_of(tagger: Tagger, suffix: str) -> nn.LSTM:
    """An LSTM of one direction with a half of a tagger's weights."""
    half = nn.LSTM(WORD, STATE // 2, batch_first=True).double()
    half.load_state_dict({name: getattr(tagger.lstm, f"{name}{suffix}") for name in half.state_dict()})
    return half


def test_reading_both_ways_is_a_forward_run_and_a_reversed_one() -> None:
    tagger = load_tagger("both")
    reading = read_with(tagger, SAID)
    vectors = torch.from_numpy(reading.vectors)[None]
    with torch.inference_mode():
        front = lstm_of(tagger, "")(vectors)[0][0]
        back = lstm_of(tagger, "_reverse")(vectors.flip(1))[0].flip(1)[0]
        both = tagger.lstm(vectors)[0][0]
    torch.testing.assert_close(torch.from_numpy(reading.states), torch.cat([front, back], dim=1), atol=1e-13, rtol=0)
    torch.testing.assert_close(torch.from_numpy(reading.states), both, atol=1e-13, rtol=0)


@given(st.integers(0, 9999), st.integers(1, 7))
def test_an_lstm_by_hand_is_pytorchs(seed: int, length: int) -> None:
    torch.manual_seed(seed)
    lstm = nn.LSTM(5, 4).double()
    x = torch.randn(length, 5, dtype=torch.float64)
    weights = {name: value.detach().numpy() for name, value in lstm.named_parameters()}
    np.testing.assert_allclose(run_lstm(x.numpy(), weights), lstm(x)[0].detach().numpy(), atol=1e-13)


def test_forward_a_word_is_told_by_what_stands_before_it_alone() -> None:
    forward = [read_with(load_tagger("forward"), words).probabilities[0] for words in (SAID, STATED)]
    np.testing.assert_array_equal(*forward)
    backward = [read_with(load_tagger("backward"), words).probabilities[0] for words in (SAID, STATED)]
    assert abs(backward[0] - backward[1]).max() > 0.5  # "said", or "is a state"
    # And backward, a word by what stands behind it alone.
    tagger = load_tagger("backward")
    ends = [read_with(tagger, (*before, *SAID[2:])).probabilities[len(before) :] for before in (SAID[:2], STATED[:2])]
    np.testing.assert_array_equal(*ends)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_causes_are_what_other_sentences_give(direction: Direction) -> None:
    tagger, words, place, kind = load_tagger(direction), SAID, 3, 1
    causes = find_causes(tagger, words, place, kind)

    def sure(sentence: tuple[str, ...], at: int) -> float:
        return float(read_with(tagger, sentence).probabilities[at, kind])

    expected = [sure(words[:stop], place) for stop in range(place + 1, len(words) + 1)]
    np.testing.assert_allclose(causes.cut_off, expected, atol=1e-12)
    for other in range(len(words)):
        rest = words if other == place else words[:other] + words[other + 1 :]
        assert causes.without[other] == pytest.approx(sure(rest, place - (other < place)), abs=1e-12)
    alone = find_causes(tagger, ("Anna",), 0, 1)
    assert alone.cut_off.shape == alone.without.shape == (1,)


def test_the_word_that_taught_it_is_the_one_that_raised_it_most() -> None:
    causes = Causes(np.array([0.2, 0.25, 0.9, 0.85]), np.array([0.85]))
    assert find_lesson(causes) == 2
    assert find_lesson(Causes(np.array([0.9, 0.95, 0.5]), np.array([0.5]))) is None
    assert replace_word(SAID[:3], 1, ("has", "not")) == ["Washington", "has", "not", "that"]


def test_what_is_said_is_what_was_measured() -> None:
    readings = {each: read_with(load_tagger(each), SAID) for each in DIRECTIONS}
    assert all(find_difference_from_pytorch(load_tagger(each), readings[each]) < 1e-13 for each in DIRECTIONS)
    place = choose_word(readings)
    assert place == 0  # the only name
    kind = int(readings["both"].probabilities[0].argmax())
    told = say_word(readings, SAID, 0, kind)
    for each in DIRECTIONS:
        assert f"{100 * readings[each].probabilities[0, kind]:.3g}" in told
    causes = {each: find_causes(load_tagger(each), SAID, 0, kind) for each in DIRECTIONS}
    said = say_causes(causes, SAID, 0)
    assert "the first word it reads is “Washington” itself" in said
    rises = np.diff(causes["backward"].cut_off)
    if rises.max() >= 0.1:
        assert f"has it from “{SAID[1 + rises.argmax()]}”" in said
    assert say_names(SAID, np.eye(3)[[1, 0, 0, 2, 2, 0, 0]]) == "“Washington” (a person), “rain is” (a place)"
    assert say_names(SAID, np.eye(3)[[0] * 7]) == "no name"


@given(st.lists(st.integers(0, 2), max_size=12))
def test_names_are_runs_of_one_class(classes: list[int]) -> None:
    expected, start = [], 0
    for kind, run in groupby(classes):
        length = len(list(run))
        if kind != NONE:
            expected.append((start, start + length, kind))
        start += length
    assert find_spans(classes) == expected


def test_f1_counts_whole_names() -> None:
    # Of three names two are found whole; the third is cut short, and one is found where none is.
    pairs = [([1, 1, 0, 2], [1, 1, 0, 2]), ([1, 0, 0], [1, 1, 0]), ([0, 2], [0, 0])]
    precision, recall = 2 / 4, 2 / 3
    assert score_spans(pairs) == pytest.approx(2 * precision * recall / (precision + recall))
    assert score_spans([([0], [0])]) == 1.0


def test_what_is_held_out_is_in_no_sentence_to_learn_from() -> None:
    learnt, new = (list_names(held_out=each) for each in (False, True))
    assert not learnt.all & new.all
    lists = (*(getattr(names, part) for names in (learnt, new) for part in ("given", "family", "places", "both")),)
    assert sum(map(len, lists)) == len(learnt.all | new.all)  # each name in one list
    assert not set(list_templates(held_out=False)) & set(list_templates(held_out=True))
    for sentence in draw_sentences(300, "any", new_names=True, new_templates=True):
        named = {word.lower() for word, kind in zip(sentence.words, sentence.classes, strict=True) if kind != NONE}
        others = {word.lower() for word in sentence.words} - named
        known = {name.lower() for name in learnt.all}
        assert not named & known
        assert not others & {name.lower() for name in new.all}


def test_batches_hold_every_sentence_once_and_nothing_else() -> None:
    sentences = draw_sentences(100, "some", new_names=False, new_templates=False)
    batches = split_batches(sentences, 7)
    assert all(len({len(each.words) for each in batch}) == 1 and len(batch) <= 7 for batch in batches)
    assert sorted(each for batch in batches for each in batch) == sorted(sentences)


def test_words_are_read_by_their_letters_alone_whatever_is_beside_them() -> None:
    tagger = load_tagger("both")
    alone, beside = (encode_sentences([words]) for words in (("Zoe",), ("Zoe", "Constantinopolitan")))
    with torch.inference_mode():
        torch.testing.assert_close(tagger.read_words(alone)[0, 0], tagger.read_words(beside)[0, 0], atol=1e-13, rtol=0)


def test_a_sentence_is_read_or_refused_in_a_sentence() -> None:
    assert read_sentence("Anna’s dog, in St. Gallen!") == ("Anna", "'s", "dog", ",", "in", "St", ".", "Gallen", "!")
    assert read_sentence("O'Neill's half-brother") == ("O'Neill", "'s", "half-brother")
    assert list_unknown(read_sentence("Zoë lives in Łódź.")) == ["ë", "Ł", "ó", "ź"]
    with pytest.raises(SentenceRejected, match="no word"):
        read_sentence("  ")
    with pytest.raises(SentenceRejected, match=f"121 characters; up to {LONGEST}"):
        read_sentence("a" * 121)
    for direction in DIRECTIONS:  # whatever it is, something is said of it
        numbers = random.Random(0)
        text = "".join(chr(numbers.randrange(33, 0x2FFF)) for _ in range(LONGEST))
        assert np.isfinite(read_with(load_tagger(direction), read_sentence(text)).probabilities).all()


def test_the_program_says_the_same() -> None:
    _, printed = run_snippet(tagger_snippet(STATED))
    lines = [line.split(" ", 2) for line in printed.splitlines()]
    assert len(lines) == 3 * len(STATED)
    for direction in DIRECTIONS:
        reading = read_with(load_tagger(direction), STATED)
        rows = [list(eval(told).values()) for name, _, told in lines if name == direction]
        np.testing.assert_allclose(rows, reading.probabilities, atol=1e-12)
    assert list(eval(lines[0][2])) == list(CLASSES)


def test_f1_of_a_shipped_tagger_is_that_of_its_card() -> None:
    """On a part of the sentences that it was measured on, within what so few leave to chance."""
    sentences = draw_sentences(500, "measure new names and templates", new_names=True, new_templates=True)
    for direction in DIRECTIONS:
        stated = read_tagger_card(direction)["f1"]["new names and templates"]
        tagger = load_tagger(direction)
        assert measure_f1(tagger, sentences) == pytest.approx(stated, abs=0.06)
