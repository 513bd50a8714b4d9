"""Hiding windows in batches against hiding them one by one, with arithmetic of the test's own."""

import numpy as np
import pytest
import torch

from explorer.captioning import Stopped, occlude_words
from tests.captioning.making import toy_captioner

WORDS = ("a", "dog", "runs", "on", "grass")


def test_against_one_window_at_a_time() -> None:
    captioner = toy_captioner()
    x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    found = occlude_words(captioner, x, WORDS)
    assert found.shape == (5, 4, 4)
    whole = captioner.read(captioner.look(x), WORDS).log_probabilities
    for row in range(4):
        for column in range(4):
            hidden = x.clone()
            # A cell is 8 pixels wide, its window 16 with the cell in the middle.
            for top in range(32):
                for left in range(32):
                    if -4 <= top - 8 * row < 12 and -4 <= left - 8 * column < 12:
                        hidden[0, :, top, left] = 0.0
            drop = whole - captioner.read(captioner.look(hidden), WORDS).log_probabilities
            np.testing.assert_allclose(found[:, row, column], drop, rtol=1e-3, atol=1e-4)
    assert np.abs(found).max() > 1e-3


def test_a_grey_picture_loses_nothing() -> None:
    captioner = toy_captioner()
    found = occlude_words(captioner, torch.zeros(1, 3, 32, 32), WORDS)
    np.testing.assert_allclose(found, 0.0, atol=1e-5)


def test_progress_and_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.captioning.interventions import occlusion

    monkeypatch.setattr(occlusion, "AT_ONCE", 5)
    captioner = toy_captioner()
    x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    told: list[tuple[int, int]] = []
    in_fives = occlude_words(captioner, x, WORDS, lambda done, total: told.append((done, total)))
    assert told == [(5, 16), (10, 16), (15, 16), (16, 16)]
    monkeypatch.setattr(occlusion, "AT_ONCE", 16)
    np.testing.assert_allclose(in_fives, occlude_words(captioner, x, WORDS), rtol=1e-3, atol=1e-4)
    with pytest.raises(Stopped):
        occlude_words(captioner, x, WORDS, lambda done, total: True)
