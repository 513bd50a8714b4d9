"""Captions under other attention, the agreement of maps, and which words have changed."""

from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from explorer.captioning.interventions.attention_control import (
    ATTENTIONS,
    changed_words,
    control_attention,
    correlate,
    steer_for,
)
from explorer.captioning.interventions.steering import shuffled, uniform
from tests.captioning.making import toy_captioner

SENTENCE = st.lists(st.sampled_from("abcd"), max_size=7)


@pytest.mark.parametrize("seed", [0, 3])
def test_every_control_is_a_search_and_a_reading_under_its_attention(seed: int) -> None:
    captioner = toy_captioner(seed)
    a = captioner.look(torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(seed)))
    controls = control_attention(captioner, a, 2, seed=7)
    assert tuple(each.attention for each in controls) == ATTENTIONS
    best = captioner.search(a, 2).best
    words = captioner.vocabulary.decode(best)
    for control, steer in zip(controls, (None, uniform, shuffled(7)), strict=True):
        assert list(control.own.words) == words
        written = captioner.search(a, 2, steer=steer).best
        assert list(control.written.words) == captioner.vocabulary.decode(written)
        # The sum over steps, read off the distributions one by one.
        led = captioner.teacher_force(a, words, steer)
        total = sum(float(led.log_probabilities[0, t, number]) for t, number in enumerate([*best, 2]))
        assert control.own.log_probability == pytest.approx(total, rel=1e-4)
    own, flat, _ = controls
    assert own.written.words == own.own.words
    assert own.written.log_probability == own.own.log_probability
    np.testing.assert_allclose(flat.own.attention, 1 / 16)


def test_a_caption_without_words_is_still_compared() -> None:
    captioner = toy_captioner()
    captioner.decoder.bias.data[2] = 100.0  # the end mark always wins
    a = captioner.look(torch.randn(1, 3, 32, 32))
    controls = control_attention(captioner, a)
    assert all(each.own.words == each.written.words == () for each in controls)
    assert all(each.own.log_probability == pytest.approx(0, abs=1e-4) for each in controls)


def test_there_is_no_other_attention() -> None:
    with pytest.raises(ValueError, match="no attention 'hard'"):
        steer_for("hard")  # type: ignore[arg-type]


@given(seed=st.integers(0, 999), ties=st.booleans())
def test_correlation_is_spearmans(seed: int, ties: bool) -> None:
    generator = np.random.default_rng(seed)
    attention, drops = generator.normal(size=(2, 3, 3, 4))
    if ties:
        attention, drops = attention.round(), drops.round()
    found = correlate(attention, drops)
    for t in range(3):
        assert found[t] == pytest.approx(spearmanr(attention[t].ravel(), drops[t].ravel()).statistic, abs=1e-9)
    np.testing.assert_allclose(correlate(attention, np.exp(attention)), 1.0)
    np.testing.assert_allclose(correlate(attention, -attention), -1.0)


def test_a_flat_map_agrees_with_nothing() -> None:
    maps = np.stack([np.ones((2, 2)), [[1.0, 2.0], [3.0, 4.0]]])
    found = correlate(maps, maps)
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(1)
    with pytest.raises(ValueError, match="cannot be compared"):
        correlate(maps, maps[:1])


@given(old=SENTENCE, new=SENTENCE)
def test_words_that_stay_are_a_longest_common_subsequence(old: list[str], new: list[str]) -> None:
    gone, come = changed_words(old, new)
    kept = [word for word, changed in zip(old, gone, strict=True) if not changed]
    assert kept == [word for word, changed in zip(new, come, strict=True) if not changed]
    subsequences = {tuple(old[i] for i in places) for n in range(8) for places in combinations(range(len(old)), n)}
    longest = max(
        n
        for n in range(len(new) + 1)
        for places in combinations(range(len(new)), n)
        if tuple(new[i] for i in places) in subsequences
    )
    assert len(kept) == longest


def test_changed_words_of_a_sentence() -> None:
    gone, come = changed_words(["a", "dog", "runs", "on", "grass"], ["a", "brown", "dog", "runs", "in", "snow"])
    assert gone == (False, False, False, True, True)
    assert come == (False, True, False, False, True, True)
