"""A movement of the picture plane that pictures and feature maps of any resolution can follow alike."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.augmentation.rejection import PipelineRejected


@dataclass(frozen=True)
class Motion:
    """Mirror, turn, zoom and shift, in this order, about the centre.

    Everything is relative to the side of the plane, so that the same motion moves a photo by forty pixels and a map of
    a late layer by a cell and a half.

    Attributes:
        angle: degrees, counter-clockwise.
        scale: above 1 enlarges what is shown.
        shift: to the right and down, in shares of the width and the height.
        mirrored: left and right exchanged.

    Raises:
        PipelineRejected: a scale that is not above zero, or numbers that are not finite.
    """

    angle: float = 0.0
    scale: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    mirrored: bool = False

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.angle, self.scale, *self.shift))) or self.scale <= 0:
            raise PipelineRejected("A motion needs finite numbers and a scale above zero.")

    def apply(self, planes: Tensor) -> Tensor:
        """Move planes, bilinearly; zero where nothing is known.

        Args:
            planes: (C, H, W), floating point.

        Returns:
            (C, H, W).
        """
        return F.grid_sample(planes[None], self._grid(planes), align_corners=False)[0]

    def inside(self, planes: Tensor) -> Tensor:
        """Where the moved planes are made of what was known alone: (H, W) bool."""
        ones = torch.ones_like(planes[:1])
        return self.apply(ones)[0] > 1 - 1e-3

    def _grid(self, planes: Tensor) -> Tensor:
        """For each place of the result, where it comes from, from -1 to 1: (1, H, W, 2)."""
        height, width = planes.shape[1:]
        cosine, sine = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        # Half-sides as units of both axes, so that a turn is one in pixels where the plane is no square.
        aspect = height / width
        matrix = torch.tensor(
            [[cosine, -sine * aspect], [sine / aspect, cosine]], dtype=planes.dtype, device=planes.device
        )
        matrix = matrix / self.scale
        if self.mirrored:
            matrix[0] = -matrix[0]
        moved = 2 * torch.tensor(self.shift, dtype=planes.dtype, device=planes.device)
        offset = -matrix @ moved
        return F.affine_grid(torch.cat([matrix, offset[:, None]], dim=1)[None], [1, 1, height, width], False)


MOTIONS: dict[str, Motion] = {
    "Mirror": Motion(mirrored=True),
    "Turn by 15°": Motion(angle=15.0),
    "Turn by 90°": Motion(angle=90.0),
    "Shift by an eighth": Motion(shift=(0.125, 0.0)),
    "Zoom in by a quarter": Motion(scale=1.25),
}
