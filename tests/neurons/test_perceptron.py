"""The forward and backward pass and the paths, held against PyTorch's autograd and against finite differences."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.neurons.activations import ACTIVATIONS
from explorer.neurons.losses import LOSSES, one_hot
from explorer.neurons.paths import find_paths
from explorer.neurons.perceptron import Perceptron, backward, count_numbers, forward, mean_loss

# PyTorch's own, by name: of logits and of targets that are 1 for the true class.
MODULES = {"linear": nn.Identity, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "leaky_relu": nn.LeakyReLU}
CRITERIA = {
    "cross_entropy": F.cross_entropy,
    "binary_cross_entropy": F.binary_cross_entropy_with_logits,
    "squared_error": lambda logits, targets: F.mse_loss(F.softmax(logits, -1), targets),
    "probability": lambda logits, targets: -(F.softmax(logits, -1) * targets).sum(-1).mean(),
}


def as_module(net: Perceptron) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in zip(net.sizes, net.sizes[1:], strict=False):
        layers += [nn.Linear(before, after, dtype=torch.float64), MODULES[net.activation]()]
    module = nn.Sequential(*layers[:-1])
    nn.utils.vector_to_parameters(torch.from_numpy(net.numbers.copy()), module.parameters())
    return module


def loss_by_torch(net: Perceptron, points: np.ndarray, classes: np.ndarray, loss: str) -> tuple[Tensor, np.ndarray]:
    """The loss, and its gradient by autograd, in the order of the parameters."""
    module = as_module(net)
    targets = F.one_hot(torch.from_numpy(classes), net.sizes[-1]).double()
    value = CRITERIA[loss](module(torch.from_numpy(points)), targets)
    gradients = torch.autograd.grad(value, list(module.parameters()))
    return value.detach(), torch.cat([gradient.flatten() for gradient in gradients]).numpy()


@st.composite
def problems(draw: st.DrawFn, most_points: int = 5) -> tuple[Perceptron, np.ndarray, np.ndarray]:
    hidden = draw(st.lists(st.integers(1, 8), max_size=4))
    sizes = (draw(st.integers(1, 3)), *hidden, draw(st.integers(2, 6)))
    chance = np.random.default_rng(draw(st.integers(0, 10**6)))
    spread = draw(st.sampled_from([0.5, 1.0, 3.0]))
    net = Perceptron(sizes, chance.normal(0, spread, count_numbers(sizes)), draw(st.sampled_from(sorted(ACTIVATIONS))))
    count = draw(st.integers(1, most_points))
    return net, chance.normal(0, 1, (count, sizes[0])), chance.integers(0, sizes[-1], count)


def gradient_of(net: Perceptron, points: np.ndarray, classes: np.ndarray, loss: str) -> np.ndarray:
    return backward(net, forward(net, points), one_hot(classes, net.sizes[-1]), loss).gradient


@pytest.mark.parametrize("loss", LOSSES)
@given(problem=problems())
def test_the_gradient_is_autograds(loss: str, problem: tuple[Perceptron, np.ndarray, np.ndarray]) -> None:
    net, points, classes = problem
    value, gradient = loss_by_torch(net, points, classes, loss)
    np.testing.assert_allclose(mean_loss(net, points, one_hot(classes, net.sizes[-1]), loss), value, rtol=1e-12)
    scale = np.abs(gradient).max()
    np.testing.assert_allclose(gradient_of(net, points, classes, loss), gradient, rtol=1e-9, atol=1e-13 + 1e-11 * scale)


@pytest.mark.parametrize("loss", LOSSES)
@given(problem=problems())
def test_the_gradient_is_the_slope_of_the_loss(loss: str, problem: tuple[Perceptron, np.ndarray, np.ndarray]) -> None:
    """By differences of the loss alone, along one direction through all numbers at once."""
    net, points, classes = problem
    targets = one_hot(classes, net.sizes[-1])
    gradient = gradient_of(net, points, classes, loss)
    direction = np.random.default_rng(1).normal(0, 1, net.numbers.shape)
    direction /= np.linalg.norm(direction)

    def slope(step: float) -> float:
        ahead, behind = (
            mean_loss(
                Perceptron(net.sizes, net.numbers + sign * step * direction, net.activation), points, targets, loss
            )
            for sign in (1, -1)
        )
        return (ahead - behind) / (2 * step)

    coarse, fine = slope(1e-5), slope(1e-6)
    assume(abs(coarse - fine) < 1e-4)  # else a kink of the ReLU lies between
    assert fine == pytest.approx(gradient @ direction, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
@given(problem=problems(1), data=st.data())
def test_the_sum_over_all_paths_is_autograds(
    loss: str, problem: tuple[Perceptron, np.ndarray, np.ndarray], data: st.DataObject
) -> None:
    net, points, classes = problem
    _, gradient = loss_by_torch(net, points, classes, loss)
    layer = data.draw(st.integers(max(0, len(net.sizes) - 4), len(net.sizes) - 2), label="layer")  # 384 paths at most
    unit = data.draw(st.integers(0, net.sizes[layer + 1] - 1), label="unit")
    source = data.draw(st.none() | st.integers(0, net.sizes[layer] - 1), label="source")
    paths = list(find_paths(net, points[0], one_hot(classes, net.sizes[-1])[0], loss, layer, unit, source))
    assert len(paths) == prod(net.sizes[layer + 2 :])
    assert len({path.units for path in paths}) == len(paths)
    assert all(path.units[0] == unit and len(path.units) == len(net.sizes) - 1 - layer for path in paths)
    start = sum(after * (before + 1) for before, after in zip(net.sizes[:layer], net.sizes[1:], strict=False))
    inputs, outputs = net.sizes[layer], net.sizes[layer + 1]
    place = start + (outputs * inputs + unit if source is None else unit * inputs + source)
    magnitude = sum(abs(path.product) for path in paths)
    total = sum(path.product for path in paths)
    assert total == pytest.approx(gradient[place], rel=1e-9, abs=1e-13 + 1e-11 * magnitude)


def test_upstream_of_a_neuron_is_that_of_its_own_example() -> None:
    """By autograd through one example at a time."""
    chance = np.random.default_rng(3)
    net = Perceptron((2, 4, 3), chance.normal(0, 1, count_numbers((2, 4, 3))), "tanh")
    points, classes = chance.normal(0, 1, (3, 2)), np.array([0, 2, 1])
    upstream = backward(net, forward(net, points), one_hot(classes, 3), "cross_entropy").upstream
    module = as_module(net)
    for place, point in enumerate(points):
        sums = module[0](torch.from_numpy(point[None]))
        loss = F.cross_entropy(module[1:](sums), torch.tensor([classes[place]]))
        (expected,) = torch.autograd.grad(loss, sums)
        np.testing.assert_allclose(upstream[0][place], expected[0].numpy(), rtol=1e-10)


def test_numbers_that_do_not_fit_the_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="need 17 numbers, not 16"):
        Perceptron((2, 3, 2), np.zeros(16), "tanh")
