"""Normalisation by hand: against PyTorch's own layers, and which cells share a mean."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from explorer.learning.scale.layers import apply_layer, build_layer, find_refusal, normalise_numbers
from explorer.learning.scale.normalisation import KINDS, find_sets, normalise
from explorer.learning.scale.snippets import numbers_snippet
from tests.pages.opening import run_snippet

SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.integers(2, 4))


@settings(max_examples=60, deadline=None)
@given(
    SHAPES,
    st.sampled_from(sorted(KINDS)),
    st.sampled_from([1e-5, 1e-3, 0.5]),
    st.floats(-100, 100),
    st.integers(0, 2**31),
)
def test_the_result_is_that_of_pytorchs_layers(
    sizes: tuple[int, int, int, int, int], kind: str, eps: float, offset: float, seed: int
) -> None:
    pictures, groups, of_group, height, width = sizes
    channels = groups * of_group
    rng = np.random.default_rng(seed)
    values = offset + rng.normal(size=(pictures, channels, height, width)) * rng.uniform(0.1, 10, (channels, 1, 1))
    gamma, beta = rng.normal(size=(2, channels))
    x, g, b = (torch.from_numpy(each) for each in (values, gamma, beta))
    expected = {
        "batch": lambda: nn.functional.batch_norm(x, None, None, g, b, training=True, eps=eps),
        "layer": lambda: nn.functional.layer_norm(
            x, x.shape[1:], *(each[:, None, None].expand(x.shape[1:]) for each in (g, b)), eps
        ),
        "instance": lambda: nn.functional.instance_norm(x, None, None, g, b, eps=eps),
        "group": lambda: nn.functional.group_norm(x, groups, g, b, eps),
    }[kind]()
    found = normalise(values, find_sets(kind, pictures, channels, groups), gamma, beta, eps)
    near = {"rtol": 1e-9, "atol": 1e-9}
    np.testing.assert_allclose(found.result, expected.numpy(), **near)
    layer = build_layer(kind, values.shape, groups, gamma, beta, eps)
    np.testing.assert_allclose(apply_layer(layer, values), expected.numpy(), **near)


@pytest.mark.parametrize(
    ("kind", "sets"),
    [
        ("batch", [[0, 1, 2, 3], [0, 1, 2, 3]]),
        ("layer", [[0, 0, 0, 0], [1, 1, 1, 1]]),
        ("instance", [[0, 1, 2, 3], [4, 5, 6, 7]]),
        ("group", [[0, 0, 1, 1], [2, 2, 3, 3]]),
    ],
)
def test_which_maps_share_a_mean(kind: str, sets: list[list[int]]) -> None:
    assert find_sets(kind, 2, 4, 2).tolist() == sets


def test_group_norm_of_one_group_is_layer_norm_and_of_single_channels_instance_norm() -> None:
    assert find_sets("group", 3, 6, 1).tolist() == find_sets("layer", 3, 6, 0).tolist()
    assert find_sets("group", 3, 6, 6).tolist() == find_sets("instance", 3, 6, 0).tolist()
    with pytest.raises(ValueError, match="6 channels cannot be parted into 4 groups"):
        find_sets("group", 3, 6, 4)


def test_by_the_variance_four_numbers_spread_by_0267() -> None:
    values = np.array([0.0, 2, 4, 10])[None, None, None]
    one, zero, sets = np.ones(1), np.zeros(1), np.zeros((1, 1), int)
    by_root, by_variance = (normalise(values, sets, one, zero, 0.0, by_variance=wrong) for wrong in (False, True))
    assert by_root.variance.item() == 14
    assert by_root.result.std() == pytest.approx(1, abs=1e-15)
    assert by_variance.result.std() == pytest.approx(1 / np.sqrt(14), abs=1e-15)  # 0.267


def test_the_running_variance_is_taken_with_one_less() -> None:
    values = np.array([0.0, 2, 4, 10])
    result, running = normalise_numbers(values)
    assert running == pytest.approx(56 / 3)  # 18.67 beside 14
    np.testing.assert_allclose(result, (values - 4) / np.sqrt(14 + 1e-5), atol=1e-15)
    _, printed = run_snippet(numbers_snippet(values.tolist()))
    spread, wrong, difference, variance, after = (float(word) for word in printed.split())
    assert (spread, wrong, variance, after) == pytest.approx((1, 0.2672612, 14, 56 / 3), rel=1e-6)
    assert difference < 1e-15


def test_pytorch_refuses_one_value_a_channel_and_no_more() -> None:
    assert "Expected more than 1 value per channel when training" in find_refusal(np.zeros((1, 3)))
    assert "Expected more than 1 value per channel when training" in find_refusal(np.zeros((1, 3, 1, 1)))
    assert find_refusal(np.zeros((1, 3, 1, 2))) == ""
    assert find_refusal(np.zeros((2, 3, 1, 1))) == ""
