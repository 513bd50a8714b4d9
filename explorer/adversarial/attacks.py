"""The smallest change of a photo's 8-bit pixels that makes a network name another class.

Everything is counted in steps of one 8-bit value, so that the bound holds exactly in the file that a person saves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from explorer.slices import Slices, count_within
from explorer.zoo import VisionModel

Attack = Literal["sign", "projected"]
BOUNDS: Final = (1, 2, 3, 4, 6, 8, 12, 16)
"""By how much a channel of a pixel may change, of 255."""
STEPS: Final = 10  # of projected gradient descent
SEED: Final = 0  # of where it begins
_STRIDE: Final = 2.5  # all steps together, in bounds: the other side of the box is within reach (Madry et al. 2018)
_AT_A_TIME: Final = 4  # bounds that go through the network together, which its activations must be kept for


class AttackImpossible(ValueError):
    """There is no class that the photo could be turned into; the message says why."""


@dataclass(frozen=True, eq=False)
class Growth:
    """One photo, changed more and more.

    Attributes:
        bounds: by how much a channel of a pixel may change, of 255; rising, 0 first.
        pixels: (B, H, W, 3) uint8, the photo under each bound; the first is the photo itself.
        probabilities: (B, num_classes) what the network gives for exactly these pixels.
        target: index of the class that was aimed at; None for any other.
    """

    bounds: tuple[int, ...]
    pixels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    target: int | None

    @property
    def original(self) -> int:
        """The class of the photo as it is."""
        return int(self.probabilities[0].argmax())

    @property
    def fooled(self) -> NDArray[np.bool_]:
        """(B,) whether the network names the class that was aimed at, or any other than at first."""
        named = self.probabilities.argmax(1)
        return named != self.original if self.target is None else named == self.target

    @property
    def smallest(self) -> int | None:
        """Index of the smallest bound that fools the network; None where none does."""
        found = np.flatnonzero(self.fooled)
        return int(found[0]) if len(found) else None

    def change(self, index: int) -> NDArray[np.int16]:
        """(H, W, 3) what was added to the photo under a bound, of 255."""
        return self.pixels[index].astype(np.int16) - self.pixels[0].astype(np.int16)


def compute_logits(model: VisionModel, values: Tensor) -> Tensor:
    """(B, num_classes) logits, with a way back to the pixels for gradients.

    Args:
        model: from the zoo.
        values: (B, 3, H, W) pixels from 0 to 255 on the network's device, not necessarily whole numbers. Whole ones
            give the very input that `Preprocessing.tensor` makes of a picture of that size.
    """
    logits: Tensor = model.network(model.preprocessing.normalise(values / 255)).float()
    return logits


def as_values(model: VisionModel, pixels: NDArray[np.uint8]) -> Tensor:
    """From (B, H, W, 3) uint8 to (B, 3, H, W) float32, 0 to 255, on the network's device."""
    return torch.from_numpy(pixels.copy()).permute(0, 3, 1, 2).contiguous().to(model.device, torch.float32)


def as_pixels(values: Tensor) -> NDArray[np.uint8]:
    """The other way, to the nearest whole numbers."""
    pixels: NDArray[np.uint8] = values.detach().round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    return pixels


def predict(model: VisionModel, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(B, num_classes) probabilities of pictures (B, H, W, 3) that are as large as the network sees them."""
    return model.logits(model.preprocessing.normalise(as_values(model, pixels) / 255)).softmax(1).numpy()


def step_sign(model: VisionModel, values: Tensor, classes: Tensor, away: bool) -> Tensor:
    """(B, 3, H, W) the sign of the gradient, by the pixels, of the loss that an attack makes larger.

    That is the cross-entropy of the class as it is, or minus that of the class aimed at (Goodfellow, Shlens & Szegedy
    2015, "Explaining and harnessing adversarial examples"; targeted: Kurakin, Goodfellow & Bengio 2017).

    Args:
        model: from the zoo.
        values: (B, 3, H, W) pixels, 0 to 255.
        classes: (B,) indices of the classes to leave, or to reach.
        away: whether to leave them.
    """
    with torch.enable_grad():
        values = values.detach().requires_grad_()
        loss = F.cross_entropy(compute_logits(model, values), classes, reduction="sum")  # each picture by itself
        (gradient,) = torch.autograd.grad(loss if away else -loss, values)
    return gradient.sign()


def attack_in_slices(
    model: VisionModel, start: Tensor, reach: Tensor, classes: Tensor, attack: Attack, *, away: bool, steps: int = STEPS
) -> Slices[NDArray[np.uint8]]:
    """Attack a batch of photos, each within its own bound.

    "sign" is the fast gradient sign method: one step, x + bound · sign(gradient). "projected" is projected gradient
    descent (Madry et al. 2018, "Towards deep learning models resistant to adversarial attacks"): `steps` of
    2.5 · bound / `steps` each from a random place in the box around the photo, back into the box after every one.
    Both end on whole numbers, which can only be within a bound that is one.

    Args:
        model: from the zoo.
        start: (B, 3, H, W) whole pixels, 0 to 255.
        reach: (B,) by how much a channel of a pixel may change, of 255; whole.
        classes, away: as for `step_sign`.
        attack: which.
        steps: of projected gradient descent.

    Returns:
        (B, H, W, 3) uint8.
    """
    reach = reach.view(-1, 1, 1, 1)
    low, high = (start - reach).clamp(min=0), (start + reach).clamp(max=255)
    values, stride = start, reach
    if attack == "sign":
        steps = 1
    else:  # from the same place in every box
        within = 2 * torch.rand(start.shape[1:], generator=torch.Generator().manual_seed(SEED)) - 1
        values = (start + reach * within.to(start)).clamp(low, high)
        stride = _STRIDE * reach / steps
    for step in range(steps):
        values = (values + stride * step_sign(model, values, classes, away)).clamp(low, high)
        yield step + 1, steps
    return as_pixels(values)


def grow_in_slices(
    model: VisionModel,
    photo: NDArray[np.uint8],
    attack: Attack,
    target: int | None = None,
    *,
    bounds: Sequence[int] = BOUNDS,
    steps: int = STEPS,
) -> Slices[Growth]:
    """Attack a photo under every bound, in the way of `attack_in_slices`.

    Args:
        model: from the zoo.
        photo: (H, W, 3) uint8 as the network sees it, as `Preprocessing.pixels` gives it.
        attack: which.
        target: index of the class to aim at; None for any other than the most probable.
        bounds: by how much a channel of a pixel may change, of 255; whole, rising, above 0.
        steps: of projected gradient descent.

    Raises:
        AttackImpossible: the network knows one class only, or the photo is already what was aimed at.
        ValueError: bounds are not whole numbers from 1 to 255 that rise.
    """
    if any(int(bound) != bound for bound in bounds) or list(bounds) != sorted({b for b in bounds if 1 <= b <= 255}):
        raise ValueError(f"Bounds are whole numbers from 1 to 255 that rise, not {list(bounds)}.")
    before = predict(model, photo[None])
    original = int(before[0].argmax())
    if before.shape[1] < 2:
        raise AttackImpossible("This network knows one class only: there is no other to turn the photo into.")
    if target == original:
        raise AttackImpossible(f"The network already says {model.classes[original]}: choose another class to aim at.")
    start = as_values(model, photo[None])
    found = []
    of = len(bounds) * (1 if attack == "sign" else steps)
    for first in range(0, len(bounds), _AT_A_TIME):
        reach = torch.tensor(bounds[first : first + _AT_A_TIME], dtype=torch.float32, device=start.device)
        classes = torch.full((len(reach),), original if target is None else target, device=start.device)
        several = start.expand(len(reach), -1, -1, -1)
        work = attack_in_slices(model, several, reach, classes, attack, away=target is None, steps=steps)
        found.append((yield from count_within(work, first * of // len(bounds), of)))
    pixels = np.concatenate([photo[None], *found])
    return Growth((0, *bounds), pixels, np.concatenate([before, predict(model, pixels[1:])]), target)
