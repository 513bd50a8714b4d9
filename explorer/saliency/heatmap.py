"""What every method gives, and what it says where it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Progress = Callable[[int, int], bool | None]  # images done, images in all; False stops


class SaliencyImpossible(ValueError):
    """There is no such heatmap of this network; the message says why in one sentence."""


class Stopped(RuntimeError):
    """The caller's `progress` asked to stop."""


@dataclass(frozen=True, eq=False)
class Heatmap:
    """Where a network looked, by one method.

    The values are in the method's own unit, not stretched to [0, 1]: within a method they can be compared between
    layers and targets, between methods only their order says anything.

    Attributes:
        values: (H, W) float32 in the coordinates of the network's input.
        raw: (h, w) float32 before it was enlarged; None where the method works on pixels.
        method: name, a key of `METHODS`.
        layer: name of the layer, "" for methods without one.
        target: index of the class.
        contrast: index of the class whose score was subtracted; None for one class alone.
        similar: classes that the method itself has set it against; () but for Finer-CAM.
        seconds: how long it took.
        diagnosis: what is wrong with the map, why, and what to try; "" where all is well.
        signed: whether values below zero mean something.
        fast: whether it is the approximation of a slow method.
    """

    values: np.ndarray
    raw: np.ndarray | None
    method: str
    layer: str
    target: int
    contrast: int | None
    seconds: float
    diagnosis: str
    signed: bool
    fast: bool = False
    similar: tuple[int, ...] = ()
