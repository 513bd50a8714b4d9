"""The same paths by PyTorch alone: autograd for the slopes, `torch.optim` for the steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import cos, radians, sin
from typing import Final

import numpy as np
import torch
from torch import Tensor

from explorer.learning.optimisers import Ledger, Optimiser
from explorer.learning.terrain.descent import Path
from explorer.learning.terrain.formula import Program
from explorer.learning.terrain.surfaces import LARGEST, Place, Surface
from explorer.neurons.activations import Numbers

_SIGNS: Final[Mapping[str, Callable[[Tensor, Tensor], Tensor]]] = {
    "+": torch.add,
    "-": torch.sub,
    "*": torch.mul,
    "/": torch.div,
    "**": torch.pow,
}


def walk_by_torch(surface: Surface, rules: Sequence[Optimiser], start: Place, steps: int) -> Numbers:
    """(rules, steps + 1, 2) places, not cut off where they diverge.

    Args:
        surface: What they go down.
        rules: With bias correction and root, as PyTorch has them.
        start: In the surface's own axes.
        steps: How many each makes.

    Raises:
        ValueError: If PyTorch has no such rule.
    """
    return _walk(surface, rules, start, steps)[0]


def find_difference(path: Path, places: Numbers) -> float:
    """How far apart the two go at most, as a share of the place where it is beyond 1.

    Args:
        path: As far as it goes.
        places: (N + 1, 2) by PyTorch.
    """
    return _find_distance(path.places, places[: len(path.places)])


def find_step_difference(surface: Surface, rule: Optimiser, start: Place, steps: int) -> float:
    """How far apart both come, as above, where our steps are given the slopes of PyTorch's path.

    Where a path is chaotic, the last digit of a slope decides where it goes; what a step does with a slope is certain.
    """
    (places,), (gradients,) = _walk(surface, [rule], start, steps)
    held = (np.abs(places) <= LARGEST).all(axis=1)
    end = len(places) if held.all() else int(held.argmin())
    rate, ledger = np.array(rule.rate), Ledger()
    ours = [places[0]]
    for count in range(1, end):
        ledger = rule.step(rate, count, ledger, ours[-1], gradients[count - 1])
        ours.append(ledger["place"])
    return _find_distance(np.stack(ours), places[:end])


def _find_distance(ours: Numbers, theirs: Numbers) -> float:
    return float((np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs))).max())


def _walk(surface: Surface, rules: Sequence[Optimiser], start: Place, steps: int) -> tuple[Numbers, Numbers]:
    """(rules, steps + 1, 2) places and (rules, steps, 2) slopes with their noise."""
    if not all(rule.bias_correction and rule.root for rule in rules):
        raise ValueError("PyTorch always corrects the bias and takes the root")
    parameters = [torch.tensor(surface.turn(start), dtype=torch.float64) for _ in rules]
    optimisers = [
        getattr(torch.optim, rule.name)([parameter], **rule.torch_settings, foreach=False)
        for rule, parameter in zip(rules, parameters, strict=True)
    ]
    noise = torch.from_numpy(surface.draw_noise(steps))
    places, slopes = [torch.stack(parameters)], []
    for step in range(steps):
        slopes.append(_differentiate(surface, places[-1]) + noise[step])
        for parameter, slope, optimiser in zip(parameters, slopes[-1], optimisers, strict=True):
            parameter.grad = slope
            optimiser.step()
        places.append(torch.stack(parameters))
    return np.asarray(torch.stack(places, 1)), np.asarray(torch.stack(slopes, 1))


def _differentiate(surface: Surface, places: Tensor) -> Tensor:
    """(N, 2) slopes at (N, 2) places."""
    places = places.detach().requires_grad_()
    c, s = cos(radians(surface.angle)), sin(radians(surface.angle))
    x, y = places.unbind(1)
    loss = _evaluate(surface.formula.program, c * x + s * y, c * y - s * x)
    return torch.autograd.grad(loss.sum(), places)[0]


def _evaluate(program: Program, x: Tensor, y: Tensor) -> Tensor:
    stack = list[Tensor]()
    for item in program:
        if isinstance(item, float):
            stack.append(torch.tensor(item, dtype=torch.float64))
        elif item in ("x", "y"):
            stack.append(x if item == "x" else y)
        elif item in _SIGNS:
            right = stack.pop()
            stack.append(_SIGNS[item](stack.pop(), right))
        else:
            stack.append(getattr(torch, item)(stack.pop()))
    return stack[0]
