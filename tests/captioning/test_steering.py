"""Attention led elsewhere: properties of every way, and what the decoder does with it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.captioning import moved, shuffled, spot, uniform
from tests.captioning.making import toy_captioner

WORDS = ("a", "dog", "runs", "on", "grass")


def look(seed: int = 1) -> torch.Tensor:
    return toy_captioner().look(torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(seed)))


def random_alpha(rows: int, cells: int, seed: int) -> torch.Tensor:
    return torch.randn(rows, cells, generator=torch.Generator().manual_seed(seed)).softmax(1)


@given(rows=st.integers(1, 4), cells=st.integers(1, 30), step=st.integers(0, 9), seed=st.integers(0, 99))
def test_uniform_and_shuffled(rows: int, cells: int, step: int, seed: int) -> None:
    alpha = random_alpha(rows, cells, seed)
    flat = uniform(step, alpha)
    assert flat.shape == alpha.shape
    torch.testing.assert_close(flat, torch.ones_like(alpha) / cells)
    mixed = shuffled(seed)(step, alpha)
    torch.testing.assert_close(mixed.sort(dim=1).values, alpha.sort(dim=1).values)  # the same weights elsewhere
    torch.testing.assert_close(mixed, shuffled(seed)(step, alpha))
    # Every row of a batch gets the same permutation.
    torch.testing.assert_close(shuffled(seed)(step, alpha[:1]), mixed[:1])


def test_every_step_and_seed_is_shuffled_differently() -> None:
    alpha = random_alpha(1, 100, 0)
    mixed = [shuffled(seed)(step, alpha) for seed in (0, 1) for step in (0, 1, 2)]
    for first in range(len(mixed)):
        assert not torch.equal(mixed[first], alpha)
        for second in range(first):
            assert not torch.equal(mixed[first], mixed[second])


@given(
    rows=st.integers(1, 12),
    columns=st.integers(1, 12),
    row=st.floats(0, 11),
    column=st.floats(0, 11),
    radius=st.floats(0.3, 6),
)
def test_a_spot_is_round_and_falls_from_its_centre(
    rows: int, columns: int, row: float, column: float, radius: float
) -> None:
    row, column = min(row, rows - 1), min(column, columns - 1)
    patch = spot((rows, columns), row, column, radius)
    assert patch.shape == (rows, columns)
    assert patch.sum() == pytest.approx(1, abs=1e-5)
    places = np.stack(np.mgrid[:rows, :columns], axis=-1)
    squared = ((places - (row, column)) ** 2).sum(axis=-1)
    by_hand = np.exp(-squared / (2 * radius**2))
    np.testing.assert_allclose(patch, by_hand / by_hand.sum(), rtol=1e-3, atol=1e-6)
    assert patch.flat[int(squared.argmin())] == patch.max()


@given(step=st.integers(0, 5), at=st.integers(0, 5), scale=st.floats(0.01, 100))
def test_moved_is_what_it_was_told_at_one_step_only(step: int, at: int, scale: float) -> None:
    patch = spot((4, 4), 1, 2) * scale  # brought to a sum of one
    alpha = random_alpha(3, 16, 0)
    led = moved(step, patch)(at, alpha)
    if at == step:
        torch.testing.assert_close(led, torch.from_numpy(patch / patch.sum()).float().reshape(1, 16).expand(3, 16))
    else:
        assert torch.equal(led, alpha)


@pytest.mark.parametrize("bad", [np.zeros((4, 4)), np.full((4, 4), -1.0), np.full((4, 4), np.nan)])
def test_attention_that_is_none_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="not negative"):
        moved(0, bad)


def test_the_words_before_a_moved_step_are_not_touched() -> None:
    captioner = toy_captioner()
    a = 5 * look() / look().std()  # the toy's own cells are too much alike
    plain = captioner.read(a, WORDS)
    patch = spot((4, 4), 3, 3, 0.4)
    led = captioner.read(a, WORDS, moved(2, patch))
    np.testing.assert_allclose(led.attention[:2], plain.attention[:2])
    np.testing.assert_allclose(led.log_probabilities[:2], plain.log_probabilities[:2])
    np.testing.assert_allclose(led.attention[2], patch, rtol=1e-5)
    assert abs(led.log_probabilities[2] - plain.log_probabilities[2]) > 1e-3
    assert np.abs(led.attention[3] - plain.attention[3]).max() > 1e-4  # what was seen is remembered


@settings(max_examples=10)
@given(seed=st.integers(0, 50))
def test_looking_everywhere_alike_is_a_picture_of_one_colour(seed: int) -> None:
    captioner = toy_captioner()
    a = look(seed)
    flat = a.mean(dim=1, keepdim=True).expand_as(a)
    read = captioner.read(a, WORDS, uniform)
    # Where all cells are the mean, no attention can differ from the uniform one in what is seen.
    np.testing.assert_allclose(
        read.log_probabilities, captioner.read(flat, WORDS).log_probabilities, rtol=1e-3, atol=1e-4
    )
    np.testing.assert_allclose(read.attention, 1 / 16)


def test_steering_by_its_own_attention_changes_nothing() -> None:
    captioner = toy_captioner()
    a = look()
    best = captioner.search(a, 3).best
    own = captioner.follow(a, [best])[0]
    if not own.words:
        pytest.skip("The toy has nothing to say of this picture.")
    steer = moved(0, own.attention[0])
    words = captioner.vocabulary.decode(best)
    np.testing.assert_allclose(
        captioner.read(a, words, steer).log_probabilities, own.log_probabilities, rtol=1e-4, atol=1e-5
    )
    assert captioner.search(a, 3, steer=steer).best == best
