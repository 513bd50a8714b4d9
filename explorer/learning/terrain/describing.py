"""What paths down a surface come to, in words."""

from __future__ import annotations

from collections.abc import Mapping

from explorer.learning.terrain.descent import Path
from explorer.learning.terrain.surfaces import Surface
from explorer.neurons.describing import say_number, write_difference
from explorer.text import count_text

CLOSE = 1e-10  # between a path and PyTorch's, beyond which the path is chaotic


def say_end(surface: Surface, path: Path) -> str:
    """What comes of a path: "366 steps", "diverges at step 7", "loss 0.0025 after 1,000 steps"."""
    if path.diverged is not None:
        return f"diverges at step {path.diverged:,}"
    steps = None if surface.goal is None else path.arrives(surface.goal)
    if steps is not None:
        return count_text(steps, "step")
    return f"loss {say_number(path.losses[-1])} after {count_text(len(path.losses) - 1, 'step')}"


def say_who_stays(surface: Surface, paths: Mapping[str, Path]) -> str:
    """From which step on each is within a millionth of the minimum for good, and who only comes by; may be empty.

    Args:
        surface: What they go down.
        paths: By title.
    """
    goal = surface.goal
    if goal is None:
        return ""
    visits = {title: step for title, path in paths.items() if (step := path.arrives(goal)) is not None}
    stays = {title: step for title in visits if (step := paths[title].stays(goal)) is not None}
    parts = []
    if stays:
        parts.append("there for good: " + ", ".join(f"{title} from step {step:,} on" for title, step in stays.items()))
    for title, step in visits.items():
        if title not in stays:
            rise = say_number(float(paths[title].losses[step:].max()))
            parts.append(f"{title} only comes by, its loss rises to {rise} again")
    said = "; ".join(parts)
    return f"{said[0].upper()}{said[1:]}." if said else ""


def say_agreement(apart: Mapping[str, float], along: float, steps: int) -> str:
    """How far paths by hand and by PyTorch are apart.

    Args:
        apart: Of each path by title, at least one.
        along: Of the one that is farthest, where our steps are given the slopes of PyTorch's path.
        steps: How many were made.
    """
    most = max(apart, key=apart.__getitem__)
    said = (
        f"Paths of {count_text(len(apart), 'optimiser')} by hand and by `torch.optim` with autograd in float64, "
        f"{steps} steps: largest difference {write_difference(apart[most])}, {most}’s."
    )
    if apart[most] <= CLOSE:
        return said
    return (
        f"{said} That path is chaotic: the last digit of a slope decides where it goes. Along PyTorch’s own slopes the "
        f"largest difference is {write_difference(along)}."
    )
