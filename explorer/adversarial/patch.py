"""A patch to place: one small picture that makes a network name a class wherever it lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from explorer.adversarial.attacks import SEED, AttackImpossible, as_pixels, as_values, compute_logits, predict
from explorer.slices import Slices
from explorer.zoo import VisionModel

Pixels = NDArray[np.uint8]
STEPS: Final = 60
PER_SIDE: Final = 5  # places to try, along and down
_BATCH: Final = 4  # placements a step
_RATE: Final = 16.0  # of Adam, in 8-bit steps


@dataclass(frozen=True, eq=False)
class Patch:
    """A trained patch.

    Attributes:
        pixels: (side, side, 3) uint8.
        target: index of the class that it is to be taken for.
        losses: (STEPS,) cross-entropy of that class, in nats, as the training went on.
    """

    pixels: Pixels
    target: int
    losses: NDArray[np.float32]

    def shuffled(self) -> Patch:
        """The same pixels in a random order: as much is covered, in the same colours."""
        order = np.random.default_rng(SEED).permutation(self.pixels.size // 3)
        return Patch(self.pixels.reshape(-1, 3)[order].reshape(self.pixels.shape), self.target, self.losses)


def train_patch_in_slices(model: VisionModel, photos: Pixels, target: int, side: int) -> Slices[Patch]:
    """Train one patch for a class on photos, at places drawn anew in every step.

    The patch minimises the mean cross-entropy of the class over photos and places (Brown et al. 2017, "Adversarial
    patch", the expectation over transformations; here over places alone: it is neither turned nor scaled).

    Args:
        model: from the zoo.
        photos: (N, H, W, 3) uint8 as the network sees them.
        target: index of the class.
        side: of the patch in pixels.

    Raises:
        AttackImpossible: the network knows one class only, or the patch is larger than the photos.
    """
    height, width = photos.shape[1:3]
    if len(model.classes) < 2:
        raise AttackImpossible("This network knows one class only: a patch has nothing to change.")
    if not 1 <= side <= min(height, width):
        raise AttackImpossible(f"A patch of {side} pixels does not fit onto photos of {width} × {height}.")
    values = as_values(model, photos)
    random = np.random.default_rng(SEED)
    patch = torch.full((3, side, side), 127.5, device=values.device, requires_grad=True)
    adam = torch.optim.Adam([patch], lr=_RATE)
    named = torch.full((_BATCH,), target, device=values.device)
    losses = []
    for step in range(STEPS):
        placed = values[torch.from_numpy(random.integers(0, len(photos), _BATCH))]  # a copy
        tops = random.integers(0, height - side + 1, _BATCH)
        lefts = random.integers(0, width - side + 1, _BATCH)
        with torch.enable_grad():
            for number, (top, left) in enumerate(zip(tops, lefts, strict=True)):
                placed[number, :, top : top + side, left : left + side] = patch
            loss = F.cross_entropy(compute_logits(model, placed), named)
            (patch.grad,) = torch.autograd.grad(loss, patch)
        adam.step()
        with torch.no_grad():
            patch.clamp_(0, 255)
        losses.append(float(loss.detach()))
        yield step + 1, STEPS
    return Patch(as_pixels(patch[None])[0], target, np.array(losses, np.float32))


def place_patch(photo: Pixels, patch: Pixels, row: int, column: int) -> Pixels:
    """The photo (H, W, 3) with the patch (side, side, 3) at one of `PER_SIDE` x `PER_SIDE` places, counted from 0."""
    side = len(patch)
    top, left = (
        round((length - side) * step / (PER_SIDE - 1))
        for length, step in zip(photo.shape[:2], (row, column), strict=True)
    )
    placed = photo.copy()
    placed[top : top + side, left : left + side] = patch
    return placed


def try_places(model: VisionModel, photo: Pixels, patch: Pixels) -> NDArray[np.float32]:
    """(PER_SIDE, PER_SIDE, num_classes) probabilities with the patch at every place, row by row."""
    places = [(row, column) for row in range(PER_SIDE) for column in range(PER_SIDE)]
    found = predict(model, np.stack([place_patch(photo, patch, *place) for place in places]))
    return found.reshape(PER_SIDE, PER_SIDE, -1)
