"""Dense layers and their product against PyTorch."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from explorer.neurons.activations import ACTIVATIONS
from explorer.neurons.dense import GAINS, bend_of, collapse, draw_dense, run_through

WIDTHS = st.lists(st.integers(1, 12), min_size=2, max_size=8)


@given(WIDTHS, st.integers(0, 99), st.sampled_from(sorted(ACTIVATIONS)))
def test_layers_are_pytorchs_and_without_a_bend_one_layer(widths: list[int], seed: int, between: str) -> None:
    rng = np.random.default_rng(seed)
    layers = [draw_dense(after, before, rng) for before, after in pairwise(widths)]
    x = rng.normal(size=(3, widths[0]))
    modules: list[nn.Module] = []
    for layer in layers:
        module = nn.Linear(layer.weight.shape[1], layer.weight.shape[0], dtype=torch.float64)
        with torch.no_grad():
            module.weight.copy_(torch.from_numpy(layer.weight))
            module.bias.copy_(torch.from_numpy(layer.bias))
        modules += [module, eval(ACTIVATIONS[between].module, {"nn": nn})]
    expected = nn.Sequential(*modules[:-1])(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(run_through(layers, x, ACTIVATIONS[between].value), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(collapse(layers)(x), run_through(layers, x), rtol=1e-10, atol=1e-12)


@given(st.integers(1, 20), st.integers(1, 20))
def test_the_bias_may_be_one_more_column(outputs: int, inputs: int) -> None:
    rng = np.random.default_rng(1)
    layer, x = draw_dense(outputs, inputs, rng), rng.normal(size=inputs)
    assert layer.with_bias.shape == (outputs, inputs + 1)
    assert layer.with_bias.size == sum(parameter.numel() for parameter in nn.Linear(inputs, outputs).parameters())
    np.testing.assert_allclose(layer.with_bias @ np.append(x, 1), layer(x), rtol=1e-12, atol=1e-14)


def test_only_a_bend_takes_it_out_of_reach_of_one_layer() -> None:
    a, b = np.array([1.0, -2.0]), np.array([-3.0, 0.5])
    assert bend_of(lambda x: 3 * x + 1, a, b) == pytest.approx(0, abs=1e-15)
    assert bend_of(lambda x: np.maximum(x, 0), a, b) == 1.0  # 1 + 0 - 0 and 0 + 0.5 - 0


@pytest.mark.parametrize("between", GAINS)
def test_gains_are_pytorchs(between: str) -> None:
    assert GAINS[between] == pytest.approx(nn.init.calculate_gain(between))
    layer = draw_dense(200, 300, np.random.default_rng(0), GAINS[between])
    assert layer.weight.std() == pytest.approx(GAINS[between] / 300**0.5, rel=0.02)
