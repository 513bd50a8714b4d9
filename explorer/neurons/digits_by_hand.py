"""The digits' networks without PyTorch: every sum written out in float64, and sums whose order cannot matter."""

from __future__ import annotations

from math import fsum

import numpy as np
from torch import Tensor, nn

from explorer.neurons.activations import Numbers


def run_by_hand(network: nn.Sequential, picture: Numbers) -> Numbers:
    """(10,) logits of one picture (side, side), layer by layer.

    Raises:
        TypeError: If a layer is of a kind that the digits' networks do not have.
    """
    x = picture[None]  # (channels, rows, columns), or (features,) once flattened
    for layer in network:
        match layer:
            case nn.Flatten():
                x = x.ravel()
            case nn.Linear():
                weight, bias = _parameters(layer)
                x = weight @ x + bias
            case nn.ReLU():
                x = np.maximum(x, 0.0)
            case nn.Conv2d():
                x = _convolve(x, *_parameters(layer))
            case nn.MaxPool2d():
                rows, columns = (side // 2 for side in x.shape[1:])
                x = x[:, : 2 * rows, : 2 * columns].reshape(len(x), rows, 2, columns, 2).max(axis=(2, 4))
            case nn.AdaptiveMaxPool2d():
                x = x.max(axis=(1, 2))
            case _:
                raise TypeError(f"no digits' network has a layer {layer}")
    return x


def _convolve(x: Numbers, weight: Numbers, bias: Numbers) -> Numbers:
    """(C, H, W) with filters (O, C, k, k) to (O, H, W): zeros around it, so that the size stays."""
    side = weight.shape[-1]
    padded = np.pad(x, ((0, 0), (side // 2, side // 2), (side // 2, side // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))  # (C, H, W, k, k)
    return np.asarray(np.tensordot(weight, windows, axes=((1, 2, 3), (0, 3, 4))) + bias[:, None, None])


def run_in_any_order(mlp: nn.Sequential, picture: Numbers) -> Numbers:
    """(10,) logits of one picture (side, side), every sum rounded once, at its end: the order of its terms is nothing.

    Args:
        mlp: Flatten, Linear, ReLU, Linear.
        picture: what it gets.
    """
    first, second = (_parameters(layer) for layer in mlp if isinstance(layer, nn.Linear))
    hidden = np.maximum(_sum_exactly(*first, picture.ravel()), 0.0)
    return _sum_exactly(*second, hidden)


def _sum_exactly(weight: Numbers, bias: Numbers, inputs: Numbers) -> Numbers:
    return np.array([fsum([*products, plus]) for products, plus in zip(weight * inputs, bias, strict=True)])


def _parameters(layer: nn.Linear | nn.Conv2d) -> tuple[Numbers, Numbers]:
    assert isinstance(layer.bias, Tensor)
    return layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()
