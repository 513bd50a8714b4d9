"""Through which layers a small change of a photo grows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.adversarial.attacks import SEED
from explorer.anatomy import record
from explorer.zoo import VisionModel


@dataclass(frozen=True, eq=False)
class LayerDistances:
    """How far every layer is from what it gave for the photo as it is.

    A distance is |changed - clean| / |clean|, lengths of all values of the layer as one vector; 0 where it gave zeros
    only and still does, infinite where it gave zeros only and no longer does.

    Attributes:
        names: of what is compared: "input", then the layers in execution order.
        fooled: (L,) of the fooled photo.
        signs: (L,) of the same change with signs drawn at random, which is as large everywhere.
    """

    names: tuple[str, ...]
    fooled: NDArray[np.float64]
    signs: NDArray[np.float64]


def draw_signs(photo: NDArray[np.uint8], fooled: NDArray[np.uint8], seed: int = SEED) -> NDArray[np.uint8]:
    """The photo with the same change in other directions: up or down at random, unless that leaves 0 to 255.

    Args:
        photo, fooled: (H, W, 3).
        seed: of the signs.
    """
    before = photo.astype(np.int16)
    size = np.abs(fooled.astype(np.int16) - before)
    down = np.random.default_rng(seed).random(photo.shape) < 0.5
    down = (down & (before - size >= 0)) | (before + size > 255)
    return np.where(down, before - size, before + size).astype(np.uint8)


def measure_distance(clean: Tensor, changed: Tensor) -> float:
    """|changed - clean| / |clean| of two tensors of one shape."""
    clean, changed = clean.double(), changed.double()
    moved, length = float(torch.linalg.vector_norm(changed - clean)), float(torch.linalg.vector_norm(clean))
    return moved / length if length else (float("inf") if moved else 0.0)


def compare_layers(model: VisionModel, photo: NDArray[np.uint8], fooled: NDArray[np.uint8]) -> LayerDistances:
    """Compare every layer of three passes: the photo, the fooled photo, the same change with random signs.

    Args:
        model: from the zoo.
        photo, fooled: (H, W, 3) uint8 as the network sees them.
    """
    clean = record(model, model.preprocessing.as_input(photo[None]))
    distances = []
    for pixels in (fooled, draw_signs(photo, fooled)):  # one at a time: a recording takes a hundred megabytes
        changed = record(model, model.preprocessing.as_input(pixels[None]))
        layers = [measure_distance(layer.output, changed[layer.name].output) for layer in clean]
        distances.append([measure_distance(clean.input, changed.input), *layers])
    return LayerDistances(("input", *(layer.name for layer in clean)), *map(np.array, distances))
