"""PyTorch's own normalisation layers, beside which stands what is written out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from explorer.neurons.activations import Numbers


def build_layer(kind: str, shape: Sequence[int], groups: int, gamma: Numbers, beta: Numbers, eps: float) -> nn.Module:
    """A layer in training mode and doubles.

    Args:
        kind: a name in `normalisation.KINDS`.
        shape: (N, C, H, W) of what it will read.
        groups: for group norm.
        gamma, beta: (C,); layer norm has them for every cell, and all cells of a map get the same.
        eps: added to the variance.
    """
    _, channels, *sides = shape
    scale, shift = torch.from_numpy(gamma.copy()), torch.from_numpy(beta.copy())
    layer: nn.Module
    if kind == "batch":
        layer = nn.BatchNorm2d(channels, eps)
    elif kind == "layer":
        layer = nn.LayerNorm([channels, *sides], eps)
        scale, shift = (each[:, None, None].expand(channels, *sides).clone() for each in (scale, shift))
    elif kind == "instance":
        layer = nn.InstanceNorm2d(channels, eps, affine=True)
    else:
        layer = nn.GroupNorm(groups, channels, eps)
    layer.weight, layer.bias = nn.Parameter(scale), nn.Parameter(shift)
    return layer.double()


def apply_layer(layer: nn.Module, values: Numbers) -> Numbers:
    """(N, C, H, W) what a layer makes of it, in the mode that it is in."""
    with torch.no_grad():
        result: Numbers = layer(torch.from_numpy(values)).numpy()
    return result


def normalise_numbers(values: Numbers) -> tuple[Numbers, float]:
    """What `nn.BatchNorm1d` makes of a batch of single numbers in training, and its running variance after it.

    Args:
        values: (n,), at least two.

    Returns:
        (n,), and the variance with momentum 1, which forgets all that was before.
    """
    layer = nn.BatchNorm1d(1, momentum=1.0, dtype=torch.float64)
    result = apply_layer(layer, values[:, None])[:, 0]
    assert isinstance(layer.running_var, Tensor)
    return result, layer.running_var.item()


def find_refusal(values: Numbers) -> str:
    """In PyTorch's words, why batch norm in training refuses a batch; "" where it takes it.

    Args:
        values: (N, C) or (N, C, H, W).
    """
    module = nn.BatchNorm1d if values.ndim == 2 else nn.BatchNorm2d
    try:
        module(values.shape[1], dtype=torch.float64)(torch.from_numpy(np.ascontiguousarray(values)))
    except ValueError as refused:
        return str(refused)
    return ""


def follow_batches(batches: Numbers, momentum: float) -> tuple[Numbers, Numbers]:
    """(C,) the running mean and variance of `nn.BatchNorm2d` after batches (T, N, C, H, W) in training."""
    layer = nn.BatchNorm2d(batches.shape[2], momentum=momentum, dtype=torch.float64)
    for batch in batches:
        apply_layer(layer, batch)
    assert isinstance(layer.running_mean, Tensor)
    assert isinstance(layer.running_var, Tensor)
    return layer.running_mean.numpy(), layer.running_var.numpy()


def evaluate_batch(
    values: Numbers, mean: Numbers, variance: Numbers, gamma: Numbers, beta: Numbers, eps: float
) -> Numbers:
    """What `nn.BatchNorm2d` makes of (N, C, H, W) in evaluation with these running averages (C,)."""
    layer = build_layer("batch", values.shape, 0, gamma, beta, eps).eval()
    layer.running_mean, layer.running_var = torch.from_numpy(mean.copy()), torch.from_numpy(variance.copy())
    return apply_layer(layer, values)
