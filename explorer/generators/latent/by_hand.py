"""Both players without PyTorch, in float64: batch norm folded into the weights, every stamp and every window summed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from torch import Tensor, nn

from explorer.neurons.activations import Numbers, sigmoid

After = Literal["relu", "leaky", "sigmoid", "none"]


@dataclass(frozen=True, eq=False)
class Layer:
    """A convolution, or a transposed one, with the batch norm and the activation that follow it.

    Attributes:
        weight: (made, read, k, k); of a transposed convolution (read, made, k, k), as PyTorch has them.
        bias: (made,).
        stride, padding: in cells.
        transposed: whether the input's cells stamp the kernel onto the output.
        after: the activation.
        leak: slope of "leaky" below zero.
    """

    weight: Numbers
    bias: Numbers
    stride: int
    padding: int
    transposed: bool
    after: After
    leak: float = 0.0


def fold(network: nn.Sequential) -> tuple[Layer, ...]:
    """The layers of a player in evaluation: batch norm is a factor and a shift for each channel, dropout is nothing.

    Raises:
        TypeError: If a layer is of a kind that neither player has.
    """
    layers: list[Layer] = []
    for module in network:
        match module:
            case nn.Conv2d() | nn.ConvTranspose2d():
                weight = _numbers(module.weight)
                bias = np.zeros(module.out_channels) if module.bias is None else _numbers(module.bias)
                stride, padding = module.stride[0], int(module.padding[0])
                layers.append(Layer(weight, bias, stride, padding, isinstance(module, nn.ConvTranspose2d), "none"))
            case nn.BatchNorm2d():
                layers[-1] = _fold_norm(layers[-1], module)
            case nn.ReLU():
                layers[-1] = replace(layers[-1], after="relu")
            case nn.LeakyReLU():
                layers[-1] = replace(layers[-1], after="leaky", leak=module.negative_slope)
            case nn.Sigmoid():
                layers[-1] = replace(layers[-1], after="sigmoid")
            case nn.Unflatten() | nn.Flatten() | nn.Dropout():
                pass
            case _:
                raise TypeError(f"neither player has a layer {module}")
    return tuple(layers)


def run_by_hand(layers: tuple[Layer, ...], x: Numbers) -> Numbers:
    """What a player makes of its input.

    Args:
        layers: of `fold`.
        x: (N, channels, rows, columns); z as (N, LATENT, 1, 1).
    """
    for layer in layers:
        x = (_stamp if layer.transposed else _convolve)(layer, x) + layer.bias[:, None, None]
        x = _activate(layer, x)
    return x


def _stamp(layer: Layer, x: Numbers) -> Numbers:
    """Every cell of the input stamps the kernel, times its value, onto the output; overlaps are added up."""
    count, _, rows, columns = x.shape
    _, made, side, _ = layer.weight.shape
    height, width = ((length - 1) * layer.stride + side for length in (rows, columns))
    output = np.zeros((count, made, height, width))
    for row in range(rows):
        for column in range(columns):
            top, left = row * layer.stride, column * layer.stride
            stamps = np.tensordot(x[:, :, row, column], layer.weight, axes=1)  # (N, made, k, k)
            output[:, :, top : top + side, left : left + side] += stamps
    cut = layer.padding
    return output[:, :, cut : height - cut, cut : width - cut]


def _convolve(layer: Layer, x: Numbers) -> Numbers:
    side = layer.weight.shape[-1]
    around = (layer.padding, layer.padding)
    padded = np.pad(x, ((0, 0), (0, 0), around, around))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(2, 3))
    chosen = windows[:, :, :: layer.stride, :: layer.stride]  # (N, read, rows, columns, k, k)
    return np.moveaxis(np.tensordot(chosen, layer.weight, axes=((1, 4, 5), (1, 2, 3))), -1, 1)


def _activate(layer: Layer, x: Numbers) -> Numbers:
    match layer.after:
        case "relu":
            return np.maximum(x, 0.0)
        case "leaky":
            return np.where(x < 0, layer.leak * x, x)
        case "sigmoid":
            return sigmoid(x)
        case _:
            return x


def _fold_norm(layer: Layer, norm: nn.BatchNorm2d) -> Layer:
    mean, variance = (_numbers(each) for each in (norm.running_mean, norm.running_var))
    factor = _numbers(norm.weight) / np.sqrt(variance + norm.eps)
    along = (1, -1, 1, 1) if layer.transposed else (-1, 1, 1, 1)
    bias = (layer.bias - mean) * factor + _numbers(norm.bias)
    return replace(layer, weight=layer.weight * factor.reshape(along), bias=bias)


def _numbers(tensor: Tensor | None) -> Numbers:
    assert tensor is not None
    return tensor.detach().double().numpy()
