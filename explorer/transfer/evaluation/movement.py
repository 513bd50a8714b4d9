"""How far the weights of each layer went from where they began. What that does to features and maps: `inside`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")  # measured, not learned


def movement(before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> dict[str, float]:
    """By layer, the L2 distance of its weights from where they began over the L2 norm of where they began.

    All weights of a layer, its bias included, are one vector. Layers that only one of the two has, or that have
    another shape, are left out, and so are statistics of batch norm.

    Args:
        before: tensors by dotted name, as `state_dict` gives them.
        after: those of the same network later.

    Returns:
        From the layer's path to its movement, in the order of `before`; 0 for a layer that has not moved, infinity for
        one that has moved from zero.
    """
    moved = {}
    for layer, first, last in _layers(before, after):
        distance, length = (last - first).norm().item(), first.norm().item()
        moved[layer] = distance / length if length else (math.inf if distance else 0.0)
    return moved


def likeness(before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> dict[str, float]:
    """By layer, the cosine between its weights before and after: 1 where they kept their direction, however long.

    Args:
        before, after: as for `movement`.

    Returns:
        From the layer's path to its cosine; NaN where one of the two is zero.
    """
    return {
        layer: (first @ last).item() / length if (length := first.norm().item() * last.norm().item()) else math.nan
        for layer, first, last in _layers(before, after)
    }


def _layers(before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Path and weights, before and after, of every layer that both have: vectors of float64, so that sums are exact."""
    keys: dict[str, list[str]] = {}
    for key, value in before.items():
        layer, _, kind = key.rpartition(".")
        if value.is_floating_point() and kind not in _STATISTICS:
            keys.setdefault(layer or key, []).append(key)  # a network's own weights, such as ViT's class token
    for layer, own in keys.items():
        if all(key in after and after[key].shape == before[key].shape for key in own):
            yield layer, _flat(before, own), _flat(after, own)


def _flat(state: Mapping[str, Tensor], keys: list[str]) -> Tensor:
    return torch.cat([state[key].detach().double().flatten().cpu() for key in keys])
