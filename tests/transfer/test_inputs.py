"""Pixels, draws and batches against the zoo's own preprocessing and the Augmentation page's draws."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.augmentation import EXAMPLE, Pipeline
from explorer.transfer import inputs
from explorer.transfer.inputs import batches, draw_pixels, normalise, prepare_pixels
from explorer.transfer.trial import count_batches
from explorer.zoo import Preprocessing
from tests.transfer.making_pictures import coloured_pictures

PREPROCESSING = Preprocessing(32, 36, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.mark.parametrize("fit", ["crop", "pad", "squash"])
def test_pixels_become_the_very_tensors_of_the_preprocessing(fit):
    pictures, preprocessing = coloured_pictures(each=5, side=41), PREPROCESSING.with_fit(fit)
    told = []
    pixels = prepare_pixels(pictures, preprocessing, lambda done, of: told.append((done, of)))
    x = normalise(pixels, preprocessing, torch.device("cpu"))
    expected = torch.cat([preprocessing.tensor(pictures.image(place)) for place in range(len(pictures))])
    assert torch.equal(x, expected)
    assert told[-1] == (10, 10)


@given(st.integers(1, 200), st.integers(1, 40), st.integers(0, 5))
def test_a_round_of_batches_has_every_place_once(count, size, seed):
    places = np.arange(count, dtype=np.int64) * 3
    found = list(batches(places, size, torch.Generator().manual_seed(seed)))
    assert len(found) == count_batches(count, size)
    together = np.concatenate(found)
    assert len(set(together.tolist())) == len(together)
    assert set(together.tolist()) <= set(places.tolist())
    left_out = count - len(together)
    assert left_out == (1 if count > size and count % size == 1 else 0)
    assert all(len(each) > 1 for each in found) or count == 1 or size == 1


def test_the_order_depends_on_the_generator_alone():
    places = np.arange(50, dtype=np.int64)
    first, again, other = (
        np.concatenate(list(batches(places, 8, torch.Generator().manual_seed(seed)))) for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_draws_are_those_of_the_pipeline_with_seeds_of_their_own():
    pixels = prepare_pixels(coloured_pictures(each=5), PREPROCESSING)[:4]
    drawn = draw_pixels(pixels, EXAMPLE, PREPROCESSING, (3, 1))
    assert drawn.shape == (4, 3, 32, 32)
    assert torch.equal(drawn, draw_pixels(pixels, EXAMPLE, PREPROCESSING, (3, 1)))
    assert not torch.equal(drawn, draw_pixels(pixels, EXAMPLE, PREPROCESSING, (3, 2)))
    same = torch.stack([pixels[0]] * 3)
    three = draw_pixels(same, EXAMPLE, PREPROCESSING, (0, 0))
    assert len({each.numpy().tobytes() for each in three}) == 3


def test_a_pipeline_of_nothing_leaves_the_pixels_as_they_are():
    pixels = prepare_pixels(coloured_pictures(each=5), PREPROCESSING)[:4]
    assert torch.equal(draw_pixels(pixels, Pipeline(()), PREPROCESSING, (0,)), pixels)


def test_what_is_slow_is_made_once_until_it_is_forgotten():
    made = []

    def make():
        made.append(1)
        return torch.zeros(2)

    inputs.forget()
    value, seconds = inputs.features_once("a", make)
    again, same_seconds = inputs.features_once("a", make)
    assert value is again
    assert seconds == same_seconds >= 0
    for key in "bcde":
        inputs.features_once(key, make)
    inputs.features_once("a", make)
    assert len(made) == 6  # the first was the oldest and had to go
    inputs.forget()
    inputs.features_once("a", make)
    assert len(made) == 7
