"""MixUp and CutMix: two pictures, and two labels, become one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import functional as TF

from explorer.augmentation.randomness import OwnRandomness
from explorer.augmentation.rejection import PipelineRejected

MOST_IMAGES = 16


@dataclass(frozen=True, eq=False)
class Mixture:
    """One picture made of two.

    Attributes:
        image: RGB, a square.
        first, second: places of the two in what was given.
        share: the lambda of the formula: how much of the label is the first one's; of CutMix the first one's share of
            the area, after the box was cut at the edges.
        box: left, top, right, bottom of what comes from the second picture, in pixels, right and bottom outside; None
            for MixUp.
    """

    image: Image.Image
    first: int
    second: int
    share: float
    box: tuple[int, int, int, int] | None = None

    @property
    def formula(self) -> str:
        """How it was made, with its numbers."""
        label = f"label = {self.share:.3f} y{self.first + 1} + {1 - self.share:.3f} y{self.second + 1}"
        if self.box is None:
            picture = f"picture = {self.share:.3f} x{self.first + 1} + {1 - self.share:.3f} x{self.second + 1}"
            return f"{picture}; {label}"
        left, top, right, bottom = self.box
        return (
            f"picture = x{self.first + 1}, with x{self.second + 1} in columns {left} to {right} and rows {top} to "
            f"{bottom}; {label}"
        )


def mix_up(
    images: Sequence[Image.Image], seed: int = 0, share: float | None = None, alpha: float = 1.0, side: int = 224
) -> tuple[Mixture, ...]:
    """Blend each picture with the one before it (Zhang et al. 2018): share x + (1 - share) x'.

    Args:
        images: two or more, RGB, of any sizes; of each, the largest square about its centre is taken.
        seed: of the share where it is drawn; then all is as torchvision's `v2.MixUp` has it after `manual_seed`.
        share: of the first picture, from 0 to 1; None draws it from Beta(alpha, alpha).
        alpha: above 0; small values leave one picture nearly alone.
        side: of the result, in pixels.

    Raises:
        PipelineRejected: fewer than two pictures or too many, or a share or an alpha out of range.
    """
    _check(images, share, alpha)
    batch = _as_batch(images, side)
    drawn = _draw_share(OwnRandomness(seed), alpha) if share is None else share
    mixed = batch.roll(1, 0).mul_(1.0 - drawn).add_(batch.mul(drawn))  # in torchvision's order, for the last bit
    count = len(images)
    return tuple(Mixture(_as_image(mixed[i]), i, (i - 1) % count, drawn) for i in range(count))


def cut_mix(
    images: Sequence[Image.Image], seed: int = 0, share: float | None = None, alpha: float = 1.0, side: int = 224
) -> tuple[Mixture, ...]:
    """Put a box of each picture's predecessor into it (Yun et al. 2019).

    The box has sqrt(1 - share) of each side and a centre drawn anywhere; what sticks out is cut off, and the share that
    is told afterwards is the true one.

    Args:
        images: two or more, RGB, of any sizes; of each, the largest square about its centre is taken.
        seed: of the box, and of the share where it is drawn; then all is as torchvision's `v2.CutMix` has it.
        share: of the first picture, from 0 to 1; None draws it from Beta(alpha, alpha).
        alpha: above 0.
        side: of the result, in pixels.

    Raises:
        PipelineRejected: fewer than two pictures or too many, or a share or an alpha out of range.
    """
    _check(images, share, alpha)
    batch = _as_batch(images, side)
    own = OwnRandomness(seed)
    wanted = _draw_share(own, alpha) if share is None else share
    with own:
        across, down = (int(torch.randint(side, size=(1,))) for _ in range(2))
    half = int(0.5 * math.sqrt(1.0 - wanted) * side)
    left, right = max(across - half, 0), min(across + half, side)
    top, bottom = max(down - half, 0), min(down + half, side)
    true_share = 1.0 - (right - left) * (bottom - top) / side**2
    mixed = batch.clone()
    mixed[..., top:bottom, left:right] = batch.roll(1, 0)[..., top:bottom, left:right]
    box, count = (left, top, right, bottom), len(images)
    return tuple(Mixture(_as_image(mixed[i]), i, (i - 1) % count, true_share, box) for i in range(count))


def _check(images: Sequence[Image.Image], share: float | None, alpha: float) -> None:
    if len(images) < 2:
        raise PipelineRejected("Mixing takes at least two pictures; add another one.")
    if len(images) > MOST_IMAGES:
        raise PipelineRejected(f"At most {MOST_IMAGES} pictures are mixed at a time, not {len(images)}.")
    if share is not None and not 0 <= share <= 1:
        raise PipelineRejected(f"The share of the first picture must be from 0 to 1, not {share}.")
    if not 0 < alpha < math.inf:
        raise PipelineRejected(f"Alpha must be above 0, not {alpha}.")


def _draw_share(own: OwnRandomness, alpha: float) -> float:
    with own:
        return float(torch.distributions.Beta(alpha, alpha).sample(()))


def _as_batch(images: Sequence[Image.Image], side: int) -> Tensor:
    """(N, 3, side, side), from 0 to 1."""
    squares = []
    for image in images:
        square = TF.center_crop(image.convert("RGB"), [min(image.size)])
        squares.append(TF.pil_to_tensor(TF.resize(square, [side, side])))
    return torch.stack(squares) / 255


def _as_image(pixels: Tensor) -> Image.Image:
    return TF.to_pil_image(pixels.mul(255).round().clamp(0, 255).to(torch.uint8))
