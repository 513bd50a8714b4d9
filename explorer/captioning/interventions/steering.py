"""Leading the attention elsewhere: what would be said, had the decoder looked there?

Each function here is, or makes, a `decoder.Steer`.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from explorer.captioning.caption_decoder import Steer


def uniform(t: int, alpha: Tensor) -> Tensor:
    """Every cell counts the same at every step: the picture's mean, and no attention."""
    return torch.full_like(alpha, 1 / alpha.shape[1])


def shuffled(seed: int = 0) -> Steer:
    """The decoder's own weights on other cells: a new permutation at every step, the same for the same seed."""

    def steer(t: int, alpha: Tensor) -> Tensor:
        order = torch.randperm(alpha.shape[1], generator=torch.Generator().manual_seed(1000 * seed + t))
        return alpha[:, order.to(alpha.device)]

    return steer


def moved(step: int, attention: np.ndarray) -> Steer:
    """At one step the decoder looks where it is told; at the others where it likes.

    Args:
        step: which word, from 0.
        attention: (h, w), not negative; it is brought to a sum of one.

    Raises:
        ValueError: the attention is negative somewhere or zero everywhere.
    """
    flat = torch.from_numpy(np.asarray(attention, dtype=np.float32).reshape(1, -1))
    if not bool((flat >= 0).all()) or not float(flat.sum()) > 0:
        raise ValueError("Attention is not negative anywhere and above zero somewhere.")
    flat = flat / flat.sum()

    def steer(t: int, alpha: Tensor) -> Tensor:
        return flat.to(alpha.device).expand_as(alpha) if t == step else alpha

    return steer


def spot(grid: tuple[int, int], row: float, column: float, radius: float = 1.0) -> np.ndarray:
    """A round patch of attention, (h, w), with a sum of one.

    Args:
        grid: rows and columns.
        row, column: its centre in cells; 0, 0 is the centre of the first cell. It may lie between cells.
        radius: standard deviation of the Gaussian, in cells.
    """
    rows, columns = np.mgrid[: grid[0], : grid[1]]
    patch = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * radius**2)).astype(np.float32)
    return patch / patch.sum()
