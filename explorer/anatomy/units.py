"""The maps of one layer, in numbers: how strong, how often, where, and which are silent on this image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.text import significant

Order = Literal["index", "mean", "max", "active"]
ORDERS: tuple[Order, ...] = get_args(Order)


@dataclass(frozen=True)
class MapStatistics:
    """One number per map of a layer, for one image.

    Attributes:
        mean, minimum, maximum: over the cells of each map, (C,).
        strength: mean absolute value, (C,); how much a map has to say, whatever its sign.
        active: share of cells that are not zero after a rectifier, above zero in signed maps, in [0, 1], (C,).
        dead: whether every cell is exactly zero, (C,).
        signed: whether any value of the layer is negative.
    """

    mean: NDArray[np.float32]
    minimum: NDArray[np.float32]
    maximum: NDArray[np.float32]
    strength: NDArray[np.float32]
    active: NDArray[np.float32]
    dead: NDArray[np.bool_]
    signed: bool

    def order(self, by: Order) -> NDArray[np.intp]:
        """Indices of the maps: by number, or strongest first, ties by number.

        Values that are not finite come last.
        """
        if by == "index":
            return np.arange(len(self.mean))
        keys = {"mean": self.mean, "max": self.maximum, "active": self.active}[by]
        return np.argsort(np.where(np.isfinite(keys), -keys, np.inf), kind="stable")

    def describe(self, unit: int) -> str:
        """Mean and largest value of one map."""
        return f"mean {significant(self.mean[unit])}, max {significant(self.maximum[unit])}"

    def strongest(self, count: int) -> NDArray[np.intp]:
        """The `count` maps with most to say, strongest first; all of them, by number, if there are no more."""
        if len(self.strength) <= count:
            return np.arange(len(self.strength))
        keys = np.where(np.isfinite(self.strength), -self.strength, np.inf)
        return np.argsort(keys, kind="stable")[:count]


def describe_maps(maps: Tensor) -> MapStatistics:
    """The statistics of maps (C, H, W)."""
    flat = maps.reshape(maps.shape[0], -1).float()  # (C, H * W)
    low = flat.amin(dim=1)
    return MapStatistics(
        mean=flat.mean(dim=1).cpu().numpy(),
        minimum=low.cpu().numpy(),
        maximum=flat.amax(dim=1).cpu().numpy(),
        strength=flat.abs().mean(dim=1).cpu().numpy(),
        active=(flat > 0).float().mean(dim=1).cpu().numpy(),
        dead=(flat == 0).all(dim=1).cpu().numpy(),
        signed=bool((low < 0).any()),
    )


def most_active_cell(values: NDArray[np.floating]) -> tuple[int, int]:
    """Row and column of the largest value of a map (H, W); the first of equals, NaN ignored."""
    filled = np.where(np.isnan(values), -np.inf, values)
    row, column = np.unravel_index(int(np.argmax(filled)), filled.shape)
    return int(row), int(column)
