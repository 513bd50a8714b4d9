"""Maps that look alike, put into groups, so that one picture can stand for many."""

from __future__ import annotations

import torch
from torch import Tensor

ROUNDS = 6  # of moving centres; the groups hardly change after


def group_similar(maps: Tensor, count: int) -> Tensor:
    """Groups of maps by the cosine between them.

    The first centres are taken one by one, each the map that is farthest from all before; then centres and members
    settle in turns (k-means on the sphere). The same maps always give the same groups.

    Args:
        maps: (C, h, w).
        count: how many groups at most.

    Returns:
        (C,) int64, the group of each map, from 0 to count - 1; some may be empty.
    """
    flat = maps.flatten(1)
    unit = flat / flat.norm(dim=1, keepdim=True).clamp(min=1e-12)  # (C, h * w)
    chosen = [int(flat.norm(dim=1).argmax())]
    nearest = unit @ unit[chosen[0]]
    for _ in range(min(count, len(maps)) - 1):
        chosen.append(int(nearest.argmin()))
        nearest = torch.maximum(nearest, unit @ unit[chosen[-1]])
    centres = unit[chosen]
    for _ in range(ROUNDS):
        centres = torch.zeros_like(centres).index_add_(0, (unit @ centres.T).argmax(1), unit)
        centres = centres / centres.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return (unit @ centres.T).argmax(1)


def mean_of_groups(maps: Tensor, groups: Tensor) -> tuple[Tensor, Tensor]:
    """The mean map of each group that has members.

    Args:
        maps: (C, h, w).
        groups: (C,) from `group_similar`.

    Returns:
        (G, h, w) the means, and (C,) the place of each map's group among them.
    """
    _, places, counts = groups.unique(return_inverse=True, return_counts=True)
    sums = torch.zeros(len(counts), *maps.shape[1:], dtype=maps.dtype, device=maps.device).index_add_(0, places, maps)
    return sums / counts[:, None, None], places
