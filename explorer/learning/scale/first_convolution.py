"""The first convolution of a network as a small layer to look at: a few filters, small pictures, doubles."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from explorer.neurons.activations import Numbers

MOST_FILTERS: Final = 8
CELLS: Final = 12  # of a map's side, as near as the layer's kernel and padding come


@dataclass(frozen=True, eq=False)
class FirstConvolution:
    """A convolution, and what the batch norm right behind it has learned.

    Attributes:
        name: of the convolution in the network, dotted.
        norm_name: of the batch norm; "" where there is none.
        layer: the convolution with all its filters, in doubles on the CPU.
        filters: those that are looked at, the ones with the largest weights, in order.
        count: how many there are.
        gamma, beta: (C,) of these filters; 1 and 0 without a batch norm.
        running_mean, running_variance: (C,) the same of evaluation; None without a batch norm.
    """

    name: str
    norm_name: str
    layer: nn.Conv2d
    filters: tuple[int, ...]
    count: int
    gamma: Numbers
    beta: Numbers
    running_mean: Numbers | None
    running_variance: Numbers | None

    @property
    def side(self) -> int:
        """Pixels of a square input for which maps have about `CELLS` cells a side."""
        return CELLS * int(self.layer.stride[0])

    def compute_maps(self, inputs: Tensor, *, padded: bool = True) -> Numbers:
        """(N, C, H, W) float64 maps of the filters.

        Args:
            inputs: (N, 3, S, S), normalised as for the network.
            padded: whether the layer puts its padding around them.
        """
        layer = self.layer
        if not padded:
            layer = copy.copy(layer)
            layer.padding = (0, 0)
        with torch.no_grad():
            maps: Numbers = layer(inputs.double().cpu())[:, self.filters].numpy()
        return np.ascontiguousarray(maps)


def find_first_convolution(network: nn.Module) -> FirstConvolution:
    """The first convolution that reads a picture's three channels, copied out of a network.

    Raises:
        ValueError: If there is none.
    """
    leaves = [(name, module) for name, module in network.named_modules() if not next(module.children(), None)]
    place = next((k for k, (_, each) in enumerate(leaves) if isinstance(each, nn.Conv2d) and each.in_channels == 3), -1)
    if place < 0:
        raise ValueError("no layer of this network is a convolution that reads a picture")
    name, module = leaves[place]
    assert isinstance(module, nn.Conv2d)
    next_name, after = leaves[place + 1] if place + 1 < len(leaves) else ("", None)
    weights = module.weight.detach().double().cpu().flatten(1)
    largest = weights.norm(dim=1).argsort(descending=True)[:MOST_FILTERS]
    filters = tuple(sorted(largest.tolist()))
    norm = after if isinstance(after, nn.BatchNorm2d) and after.num_features == module.out_channels else None

    def of_filters(values: Tensor | None) -> Numbers | None:
        return None if values is None else values.detach().double().cpu()[list(filters)].numpy()

    gamma, beta, mean, variance = (
        of_filters(getattr(norm, each, None)) for each in ("weight", "bias", "running_mean", "running_var")
    )
    return FirstConvolution(
        name,
        next_name if norm is not None else "",
        copy.deepcopy(module).double().cpu(),
        filters,
        module.out_channels,
        np.ones(len(filters)) if gamma is None else gamma,
        np.zeros(len(filters)) if beta is None else beta,
        mean,
        variance,
    )


def dim(inputs: Tensor, light: float, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """Normalised pictures (N, 3, S, S) as they would be with every pixel at this share of its light.

    Args:
        inputs: (pixel - mean) / std.
        light: what pixels are multiplied by, before they are normalised.
        mean, std: per channel, of pixels from 0 to 1.
    """
    shift = (light - 1) * torch.tensor(mean, dtype=torch.float64) / torch.tensor(std, dtype=torch.float64)
    return light * inputs.double() + shift[:, None, None]


def cut_crops(inputs: Tensor, side: int, count: int, seed: int) -> Tensor:
    """(count, 3, side, side) windows at places by chance, from pictures by turns.

    Args:
        inputs: (N, 3, S, S) with S at least `side`.
        side, count: of the windows.
        seed: of NumPy's generator.
    """
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, inputs.shape[2] - side + 1, (count, 2)).tolist()
    return torch.stack([inputs[k % len(inputs), :, y : y + side, x : x + side] for k, (y, x) in enumerate(corners)])
