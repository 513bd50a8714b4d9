"""Running averages and evaluation against `nn.BatchNorm2d`."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from explorer.learning.scale.layers import evaluate_batch, follow_batches
from explorer.learning.scale.running_statistics import evaluate, follow


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 6), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(2, 4)),
    st.sampled_from([0.01, 0.1, 0.5, 1.0]),
    st.integers(0, 2**31),
)
def test_both_modes_are_pytorchs(sizes: tuple[int, int, int, int, int], momentum: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    batches = rng.normal(3, 2, size=sizes)
    channels = sizes[2]
    gamma, beta = rng.normal(size=(2, channels))
    layer = nn.BatchNorm2d(channels, momentum=momentum, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(gamma))
        layer.bias.copy_(torch.from_numpy(beta))
        for number, batch in enumerate(batches, 1):
            layer(torch.from_numpy(batch))
            found = follow(batches[:number], momentum)
            np.testing.assert_allclose(found.mean[-1], layer.running_mean.numpy(), rtol=1e-11)
            np.testing.assert_allclose(found.variance[-1], layer.running_var.numpy(), rtol=1e-11)
        expected = layer.eval()(torch.from_numpy(batches[0])).numpy()
    assert found.cells == sizes[1] * sizes[3] * sizes[4]
    statistics = found.mean[-1], found.variance[-1]
    np.testing.assert_allclose(evaluate(batches[0], *statistics, gamma, beta, layer.eps), expected, atol=1e-10)
    for theirs, ours in zip(follow_batches(batches, momentum), statistics, strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-11)
    np.testing.assert_allclose(evaluate_batch(batches[0], *statistics, gamma, beta, layer.eps), expected, atol=1e-10)


def test_in_evaluation_no_neighbour_counts() -> None:
    values = np.random.default_rng(0).normal(size=(3, 2, 4, 4))
    one, zero = np.ones(2), np.zeros(2)
    alone, together = (evaluate(each, zero + 0.3, one * 2, one, zero, 1e-5)[0] for each in (values[:1], values))
    np.testing.assert_array_equal(alone, together)


def test_of_the_start_a_power_is_left() -> None:
    still = np.zeros((30, 1, 1, 1, 2))
    found = follow(still, 0.1)
    assert found.variance[-1, 0] == pytest.approx(0.9**30)  # 4.24 %
    assert follow(still, 1.0).variance[-1, 0] == 0
    with pytest.raises(ValueError, match="more than one value"):
        follow(np.zeros((1, 1, 1, 1, 1)), 0.1)
