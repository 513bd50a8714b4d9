"""Activations and their slopes against PyTorch and its autograd."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from explorer.neurons.activations import ACTIVATIONS, one_over_sigmoid, sigmoid, textbook_sigmoid

SUMS = st.lists(st.floats(-750, 750), min_size=1, max_size=30)


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(SUMS)
def test_value_and_slope_are_pytorchs(name: str, sums: list[float]) -> None:
    activation = ACTIVATIONS[name]
    z = torch.tensor([*sums, 0.0], dtype=torch.float64, requires_grad=True)
    out = eval(activation.module, {"nn": nn})(z)
    out.sum().backward()
    assert z.grad is not None
    numbers = z.detach().numpy()
    np.testing.assert_allclose(activation.value(numbers), out.detach().numpy(), rtol=1e-12, atol=1e-300)
    # Autograd's s (1 - s) and 1 - tanh² lose their last digits where s or tanh rounds to 1.
    np.testing.assert_allclose(activation.slope(numbers), z.grad.numpy(), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(st.floats(-5, 5).filter(lambda z: abs(z) > 1e-3))
def test_the_slope_is_that_of_the_curve(name: str, z: float) -> None:
    activation, h = ACTIVATIONS[name], 1e-5
    ends = activation.value(np.array([z - h, z + h]))
    assert activation.slope(np.array([z]))[0] == pytest.approx((ends[1] - ends[0]) / (2 * h), abs=1e-8)


def test_the_slope_of_sigmoid_is_at_most_a_quarter_and_never_rounds_to_nothing() -> None:
    slope = ACTIVATIONS["sigmoid"].slope(np.array([0.0, 40.0, -40.0]))
    assert slope[0] == 0.25
    np.testing.assert_allclose(slope[1:], math.exp(-40), rtol=1e-12)
    np.testing.assert_allclose(ACTIVATIONS["tanh"].slope(np.array([20.0])), 4 * math.exp(-40), rtol=1e-12)


def test_the_textbooks_sigmoid_is_not_a_number_where_its_power_overflows() -> None:
    z = np.array([100.0, 88.0, 0.0, -100.0])
    np.testing.assert_allclose(textbook_sigmoid(z), [math.nan, 1, 0.5, math.exp(-100)], rtol=1e-6, atol=1e-44)
    np.testing.assert_allclose(one_over_sigmoid(z), [1, 1, 0.5, 0], rtol=1e-6, atol=1e-43)
    torch_says = torch.tensor([100.0]).exp() / (1 + torch.tensor([100.0]).exp())
    assert torch_says.isnan().all()
    assert sigmoid(np.array([100.0]))[0] == torch.sigmoid(torch.tensor(100.0, dtype=torch.float64)).item() == 1
    assert not math.isnan(textbook_sigmoid(88.7))
    assert math.isnan(textbook_sigmoid(88.8))
