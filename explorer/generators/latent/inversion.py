"""A picture inverted: the z whose picture comes nearest to it, looked for by gradient from several starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from explorer.generators.latent.networks import draw_latent
from explorer.neurons.activations import Numbers
from explorer.slices import Slices

STEPS: Final = 100
STARTS: Final = 8
RATE: Final = 0.1  # of Adam


@dataclass(frozen=True, eq=False)
class Inversion:
    """What was found of N pictures from each start.

    Attributes:
        distances: (N, STARTS, STEPS + 1) from the picture to the generator's, Euclidean over 64 cells, before each step
            and after the last.
        latents: (N, STARTS, LATENT) float32 after the last step.
        pictures: (N, STARTS, 8, 8) that the generator makes of them.
    """

    distances: Numbers
    latents: NDArray[np.float32]
    pictures: NDArray[np.float32]

    @property
    def best(self) -> NDArray[np.intp]:
        """(N,) the start that came nearest."""
        return self.distances[:, :, -1].argmin(axis=1)

    @property
    def nearest(self) -> Numbers:
        """(N,) how near the best start came."""
        return self.distances[:, :, -1].min(axis=1)


def invert_in_slices(generator: nn.Sequential, images: NDArray[np.float32], seed: int) -> Slices[Inversion]:
    """Lead z by Adam down the squared distance, `STEPS` steps from `STARTS` starts, all pictures at once.

    Args:
        generator: in evaluation; its weights stay.
        images: (N, 8, 8).
        seed: of the starts, which all pictures share; drawn like the z of training.

    Yields:
        How many steps are done, of how many.
    """
    wanted = torch.from_numpy(images)[:, None].repeat_interleave(STARTS, dim=0)  # (N * STARTS, 1, 8, 8)
    z = draw_latent(STARTS, seed).repeat(len(images), 1).requires_grad_()
    optimiser = torch.optim.Adam([z], RATE)
    squares = []
    for step in range(STEPS + 1):
        with torch.enable_grad():
            made = generator(z)
            square = (made - wanted).square().sum(dim=(1, 2, 3))
        squares.append(square.detach())
        if step < STEPS:
            (z.grad,) = torch.autograd.grad(square.sum(), z)
            optimiser.step()
            yield step + 1, STEPS
    shape = len(images), STARTS
    distances = torch.stack(squares, dim=-1).sqrt().double().unflatten(0, shape).numpy()
    latents, pictures = (each.detach().unflatten(0, shape).numpy() for each in (z, made[:, 0]))
    return Inversion(distances, latents, pictures)
