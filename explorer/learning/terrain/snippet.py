"""A short program in plain PyTorch that walks the paths of the Learning page's terrain."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Final

import torch

from explorer.learning.optimisers import Optimiser
from explorer.learning.terrain.formula import Program
from explorer.learning.terrain.surfaces import Place, Surface
from explorer.snippet import snippet

_RANKS: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "neg": 3, "**": 4}
_WHOLE: Final = 5  # of what needs no brackets anywhere


def terrain_snippet(surface: Surface, rules: Mapping[str, Optimiser], start: Place, steps: int) -> str:
    """Every place of every path, in `paths`; those that PyTorch does not have are named and left out.

    Args:
        surface: What they go down.
        rules: By title.
        start: In the surface's own axes.
        steps: How many each makes.
    """
    theirs = {title: rule for title, rule in rules.items() if rule.bias_correction and rule.root}
    turned = [
        f"    angle = math.radians({surface.angle!r})",
        "    x, y = math.cos(angle) * x + math.sin(angle) * y, math.cos(angle) * y - math.sin(angle) * x",
    ]
    return snippet(
        *(["import math"] if surface.angle or surface.noise else []),
        "import torch",
        f"start = {list(surface.turn(start))!r}",
        "",
        "",
        "def loss(place):",
        "    x, y = place",
        *(turned if surface.angle else []),
        f"    return {write_formula(surface.formula.program)}",
        "",
        "",
        *(_write_noise(surface) if surface.noise else []),
        "optimizers = {",
        *(
            f'    "{title}": lambda place: torch.optim.{rule.name}([place], {_write_settings(rule)}),'
            for title, rule in theirs.items()
        ),
        *(f"    # {title} as set here is none of PyTorch's" for title in rules if title not in theirs),
        "}",
        "paths = {}",
        "for name, make in optimizers.items():",
        "    place = torch.tensor(start, dtype=torch.float64, requires_grad=True)",
        "    optimizer = make(place)",
        "    places = [place.detach().clone()]",
        *([f"    noise = draw_noise({surface.seed})"] if surface.noise else []),
        f"    for step in range({steps}):",
        "        optimizer.zero_grad()",
        "        loss(place).backward()",
        *([f"        place.grad += {surface.noise!r} * next(noise)"] if surface.noise else []),
        "        optimizer.step()",
        "        places.append(place.detach().clone())",
        "    paths[name] = torch.stack(places)",
        "    print(name, paths[name][-1].tolist(), loss(place).item())",
    )


def write_formula(program: Program) -> str:
    """The formula as Python with PyTorch's functions, with no brackets but those that it needs."""
    stack = list[tuple[str, int]]()
    for item in program:
        if isinstance(item, float):
            number = repr(item).removesuffix(".0")
            stack.append((f"({number})" if item < 0 else number, _WHOLE))
        elif item in ("x", "y"):
            stack.append((item, _WHOLE))
        elif item == "neg":
            stack.append((f"-{_bracket(stack.pop(), _RANKS[item])}", _RANKS[item]))
        elif item in _RANKS:
            # Left to right, but for powers, whose exponent may begin with a sign.
            rank, is_power = _RANKS[item], item == "**"
            right = _bracket(stack.pop(), _RANKS["neg"] if is_power else rank + 1)
            left = _bracket(stack.pop(), rank + is_power)
            stack.append((f"{left}{item}{right}" if is_power else f"{left} {item} {right}", rank))
        else:
            stack.append((f"torch.{item}({stack.pop()[0]})", _WHOLE))
    return stack[0][0]


def _bracket(part: tuple[str, int], least: int) -> str:
    return part[0] if part[1] >= least else f"({part[0]})"


def _write_settings(rule: Optimiser) -> str:
    """The rate, and what is not as PyTorch has it by itself."""
    known = signature(getattr(torch.optim, rule.name)).parameters
    settings = rule.torch_settings.items()
    return ", ".join(f"{name}={value!r}" for name, value in settings if name == "lr" or value != known[name].default)


def _write_noise(surface: Surface) -> list[str]:
    return [
        "def draw_noise(state):  # mulberry32, then Box and Muller",
        "    def uniform():",
        "        nonlocal state",
        "        state = (state + 0x6D2B79F5) & 0xFFFFFFFF",
        "        mixed = (state ^ state >> 15) * (state | 1) & 0xFFFFFFFF",
        "        mixed ^= (mixed + (mixed ^ mixed >> 7) * (mixed | 61)) & 0xFFFFFFFF",
        "        return (mixed ^ mixed >> 14) / 2**32",
        "",
        "    while True:",
        "        length, angle = math.sqrt(-2 * math.log(1 - uniform())), 2 * math.pi * uniform()",
        "        yield torch.tensor([length * math.cos(angle), length * math.sin(angle)], dtype=torch.float64)",
        "",
        "",
    ]
