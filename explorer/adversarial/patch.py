"""A patch to place: one small picture that makes a network name a class wherever it lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional as F

from explorer.adversarial.attacks import SEED, AttackImpossible, as_pixels, as_values, compute_logits, predict
from explorer.slices import Slices
from explorer.zoo import VisionModel

Pixels = NDArray[np.uint8]
STEPS: Final = 150
SHIPPED: Final = ("efficientnet-lite0", "toaster", 224)
"""Network, class and resolution of the patch that comes along."""
PER_SIDE: Final = 5  # places to try, along and down
BATCH: Final = 4  # placements a step
_RATE: Final = 16.0  # of Adam, in 8-bit steps
_FILE: Final = Path(__file__).with_name("toaster.png")  # 40 % of that resolution


@dataclass(frozen=True, eq=False)
class Patch:
    """A trained patch.

    Attributes:
        pixels: (side, side, 3) uint8.
        target: index of the class that it is to be taken for.
        losses: (steps,) cross-entropy of that class, in nats, as the training went on; none of one read from a file.
    """

    pixels: Pixels
    target: int
    losses: NDArray[np.float32]

    def shuffled(self) -> Patch:
        """The same pixels in a random order: as much is covered, in the same colours."""
        order = np.random.default_rng(SEED).permutation(self.pixels.size // 3)
        return Patch(self.pixels.reshape(-1, 3)[order].reshape(self.pixels.shape), self.target, self.losses)


def read_shipped(target: int) -> Patch:
    """The patch that comes along, of `STEPS` steps on the six samples, cut to squares.

    Args:
        target: index of its class.
    """
    return Patch(np.asarray(Image.open(_FILE)), target, np.zeros(0, np.float32))


class PatchTraining:
    """One patch in training for a class, at places drawn anew in every step; left off, it can be gone on with.

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

    def __init__(self, model: VisionModel, photos: Pixels, target: int, side: int) -> None:
        height, width = photos.shape[1:3]
        if len(model.classes) < 2:
            raise AttackImpossible("This network knows one class only: a patch has nothing to change.")
        if not 1 <= side <= min(height, width):
            raise AttackImpossible(f"A patch of {side} pixels does not fit onto photos of {width} × {height}.")
        self._model, self._target, self._side = model, target, side
        self._values = as_values(model, photos)
        self._random = np.random.default_rng(SEED)
        self._patch = torch.full((3, side, side), 127.5, device=self._values.device, requires_grad=True)
        self._adam = torch.optim.Adam([self._patch], lr=_RATE)
        self._losses: list[float] = []

    @property
    def steps(self) -> int:
        """How many are done."""
        return len(self._losses)

    def look(self) -> Patch:
        """The patch as far as it is."""
        return Patch(as_pixels(self._patch[None])[0], self._target, np.array(self._losses, np.float32))

    def go_on_in_slices(self, steps: int = STEPS) -> Slices[Patch]:
        """Go on until so many steps are done in all."""
        before = self.steps
        while self.steps < steps:
            self._step()
            yield self.steps - before, steps - before
        return self.look()

    def _step(self) -> None:
        count, _, height, width = self._values.shape
        side = self._side
        placed = self._values[torch.from_numpy(self._random.integers(0, count, BATCH))]  # a copy
        tops = self._random.integers(0, height - side + 1, BATCH)
        lefts = self._random.integers(0, width - side + 1, BATCH)
        named = torch.full((BATCH,), self._target, device=placed.device)
        with torch.enable_grad():
            for number, (top, left) in enumerate(zip(tops, lefts, strict=True)):
                placed[number, :, top : top + side, left : left + side] = self._patch
            loss = F.cross_entropy(compute_logits(self._model, placed), named)
            (self._patch.grad,) = torch.autograd.grad(loss, self._patch)
        self._adam.step()
        with torch.no_grad():
            self._patch.clamp_(0, 255)
        self._losses.append(float(loss.detach()))


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
