"""An input made from noise, step by step, that a network answers to as much as possible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.feature_visualization.basis import Basis, draw_pictures, draw_start
from explorer.feature_visualization.moving import draw_moves, move
from explorer.feature_visualization.objective import Objective, take_aim
from explorer.slices import Slices
from explorer.zoo import VisionModel

SIDE: Final = 128  # pixels
STEPS: Final = 256
RATE: Final = 0.1  # of Adam
LIKENESS: Final = 1.0  # what pictures that are wholly alike lose, as times the objective
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Recipe:
    """How an input is made.

    Attributes:
        basis: what is turned: decorrelated waves and colours, or bare pixels.
        moves: whether the network sees the picture moved a little, by chance anew at each step.
        count: how many pictures, each unlike the others.
        seed: of the noise at the start and of the moves.
        side: of the pictures, in pixels.
        steps: of Adam.
    """

    basis: Basis = "waves"
    moves: bool = True
    count: int = 1
    seed: int = 0
    side: int = SIDE
    steps: int = STEPS


@dataclass(frozen=True, eq=False)
class Grown:
    """What was made.

    Attributes:
        pixels: (B, side, side, 3).
        values: (B,) of the objective, for these very pixels, unmoved.
        start: (B,) the same for the noise at the start.
        path: (steps,) mean over the pictures at every step, as they were moved.
        layer: where it was measured: the one that was asked for, or what it rectifies; "" for a class.
    """

    pixels: Pixels
    values: NDArray[np.float64]
    start: NDArray[np.float64]
    path: NDArray[np.float64]
    layer: str


def grow(
    model: VisionModel,
    objective: Objective,
    recipe: Recipe,
    show: Callable[[Callable[[], Grown]], object] | None = None,
) -> Slices[Grown]:
    """Gradient ascent from noise (Olah et al. 2017, "Feature Visualization").

    Args:
        model: from the zoo.
        objective: what the network is to answer.
        recipe: how; on the CPU the same one gives the same pixels.
        show: called after every step; what it is given makes what has been grown so far, as a recipe of so many steps
            would.

    Raises:
        ObjectiveImpossible: this network has nothing of the kind.
    """
    aim = take_aim(model, objective, recipe.side)
    random = torch.Generator().manual_seed(recipe.seed)
    numbers = draw_start(recipe.basis, recipe.count, recipe.side, random).to(model.device).requires_grad_()
    adam = torch.optim.Adam([numbers], lr=RATE)
    sign = -1.0 if objective.negative else 1.0

    def rest() -> tuple[Pixels, NDArray[np.float64]]:
        with torch.no_grad():
            pixels = _as_pixels(draw_pictures(recipe.basis, numbers))
            return pixels, aim.run(model.preprocessing.as_input(pixels).to(model.device))[0].double().cpu().numpy()

    _, start = rest()
    path: list[float] = []

    def so_far() -> Grown:
        return Grown(*rest(), start, np.array(path), "" if objective.kind == "class" else aim.facts.name)

    for step in range(1, recipe.steps + 1):
        with torch.enable_grad():
            pictures = draw_pictures(recipe.basis, numbers)
            moved = move(pictures, draw_moves(recipe.count, random)) if recipe.moves else pictures
            values, maps = aim.run(model.preprocessing.normalise(moved))
            loss = -sign * values.mean()
            if recipe.count > 1 and maps.shape[2] > 1:
                loss = loss + LIKENESS * values.detach().abs().mean() * measure_likeness(maps)
            (numbers.grad,) = torch.autograd.grad(loss, numbers)
        adam.step()
        path.append(float(values.detach().mean()))
        if show is not None:
            show(so_far)
        yield step, recipe.steps
    return so_far()


def measure_likeness(maps: Tensor) -> Tensor:
    """The mean cosine between the Gram matrices of every two pictures' maps (B, C, cells), B at least 2.

    A Gram matrix says which channels are active together, wherever that is: the texture (Olah et al. 2017, section on
    diversity).
    """
    grams = (maps @ maps.mT).flatten(1)
    grams = grams / grams.norm(dim=1, keepdim=True).clamp(min=1e-12)
    count = len(maps)
    return ((grams @ grams.T).sum() - count) / (count * (count - 1))


def _as_pixels(pictures: Tensor) -> Pixels:
    pixels: Pixels = (pictures * 255).round().to(torch.uint8).movedim(1, 3).contiguous().cpu().numpy()
    return pixels
