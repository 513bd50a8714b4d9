"""Many small MLPs on digits trained at once, each with its own learning rate: one product of stacked matrices a layer.

They are the MLPs of `explorer.neurons.digits` on the bare digits, 64-32-10, in float64; no network knows of another.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explorer.neurons.digits import Recipe, build, load_digits

Stacked = list[Tensor]  # weight (R, 32, 64), bias (R, 32), weight (R, 10, 32), bias (R, 10)


def load_data() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training digits (1347, 64) in float64 with their labels, then those held out, (450, 64)."""
    data = load_digits()
    x = torch.from_numpy(data.images.reshape(len(data.images), -1)).double()
    y = torch.from_numpy(data.labels)
    return x[data.training], y[data.training], x[data.held_out], y[data.held_out]


def first_networks(seeds: Sequence[int]) -> tuple[Stacked, list[torch.Generator]]:
    """A network of each seed before training, and the generators that its weights were drawn by, for its batches."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    drawn = [[*build(Recipe("mlp", "bare"), generator).parameters()] for generator in generators]
    return [torch.stack(each).detach().double() for each in zip(*drawn, strict=True)], generators


def repeat(networks: Stacked, times: int) -> Stacked:
    """The networks again and again: all of them, then all of them once more."""
    return [each.repeat(times, *[1] * (each.dim() - 1)).requires_grad_() for each in networks]


def hidden(networks: Stacked, x: Tensor) -> Tensor:
    """(R, N, 32) what the hidden neurons answer to (N, 64) for all networks or (R, N, 64) for each its own."""
    given = x if x.dim() == 3 else x.expand(len(networks[0]), -1, -1)
    return torch.baddbmm(networks[1][:, None], given, networks[0].transpose(1, 2)).relu()


def logits(networks: Stacked, x: Tensor) -> Tensor:
    """(R, N, 10)."""
    return torch.baddbmm(networks[3][:, None], hidden(networks, x), networks[2].transpose(1, 2))


def mean_losses(networks: Stacked, x: Tensor, labels: Tensor) -> Tensor:
    """(R,) the mean cross-entropy of each network; labels (N,) for all or (R, N) for each its own."""
    z = logits(networks, x)
    losses = nn.functional.cross_entropy(z.flatten(0, 1), labels.expand(z.shape[:2]).flatten(), reduction="none")
    return losses.view(z.shape[:2]).mean(dim=1)


def descend(networks: Stacked, rates: Tensor, x: Tensor, labels: Tensor) -> Tensor:
    """One step of plain gradient descent in place, network r by rates[r].

    Returns:
        (R,) the losses before the step.
    """
    losses = mean_losses(networks, x, labels)
    gradients = torch.autograd.grad(losses.sum(), networks)  # each loss depends on its own network only
    with torch.no_grad():
        for parameter, gradient in zip(networks, gradients, strict=True):
            parameter -= rates.view(-1, *[1] * (parameter.dim() - 1)) * gradient
    return losses.detach()


def largest_curvatures(networks: Stacked, x: Tensor, labels: Tensor, most: int = 150) -> NDArray[np.float64]:
    """(R,) the largest eigenvalue of each loss's Hessian, by power iteration on products with the Hessian.

    The direction is multiplied by H + s, where s is twice the largest size of an eigenvalue that was met, so that those
    below zero cannot win. It ends where no estimate moves by more than a hundred-thousandth.

    Args:
        networks: R of them.
        x, labels: the examples whose mean loss is meant.
        most: products at most.
    """
    parameters = [each.detach().requires_grad_() for each in networks]
    gradients = torch.autograd.grad(mean_losses(parameters, x, labels).sum(), parameters, create_graph=True)
    chance = torch.Generator().manual_seed(0)
    direction = [torch.randn(each.shape, generator=chance, dtype=each.dtype) for each in networks]
    found = torch.zeros(len(networks[0]), dtype=torch.float64)
    shift = torch.zeros_like(found)
    for _ in range(most):
        direction = _scaled(direction, _dot(direction, direction).rsqrt())
        product = torch.autograd.grad(gradients, parameters, direction, retain_graph=True)
        before, found = found, _dot(direction, list(product))
        shift = torch.maximum(shift, -2 * found)
        if bool(((found - before).abs() <= 1e-5 * found.abs()).all()):
            break
        moved = _scaled(direction, shift)
        direction = [each + more for each, more in zip(product, moved, strict=True)]
        lost = _dot(direction, direction) == 0  # a network that answers nothing any more has no curvature
        direction = [torch.where(lost.view(-1, *[1] * (e.dim() - 1)), torch.ones_like(e), e) for e in direction]
    curvatures: NDArray[np.float64] = found.numpy()
    return curvatures


def _dot(first: Stacked, second: Stacked) -> Tensor:
    products = [(a * b).flatten(1).sum(dim=1) for a, b in zip(first, second, strict=True)]
    return torch.stack(products).sum(dim=0)


def _scaled(parts: Stacked, factors: Tensor) -> Stacked:
    return [each * factors.view(-1, *[1] * (each.dim() - 1)) for each in parts]
