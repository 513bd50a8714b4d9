"""Losses of two numbers to go down: each is a formula, which may be turned, and whose gradient may be noisy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import cos, log, pi, radians, sin, sqrt
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from explorer.learning.terrain.formula import Dual, Formula, FormulaRejected, read_formula
from explorer.neurons.activations import Numbers

MOST_CONDITION: Final = 1e4
TARGET: Final = 1e-6  # above the minimum, from which on a path has arrived
LARGEST: Final = 1e12  # of a loss or of a place, before a path counts as diverged
_ROUNDING: Final = 1e-14
_UINT32: Final = 0xFFFFFFFF

Place = tuple[float, float]


@dataclass(frozen=True)
class Surface:
    """A loss over the plane.

    Attributes:
        title: Its name for people.
        formula: In the surface's own axes.
        start: Where paths begin, in the surface's own axes.
        reach: What is drawn goes from -reach to reach on both axes.
        minimum: The least loss there is; None where it is not known.
        angle: By how many degrees the surface is turned about the origin, against the clock.
        noise: Standard deviation of what is added to each of the gradient's numbers at every step.
        seed: Of the noise.
    """

    title: str
    formula: Formula
    start: Place
    reach: float
    minimum: float | None
    angle: float = 0.0
    noise: float = 0.0
    seed: int = 0

    def measure(self, x: ArrayLike, y: ArrayLike) -> Dual:
        """Loss and its gradient without noise at places of one shape, all in the axes of the plane."""
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        c, s = self._turn
        with np.errstate(all="ignore"):
            loss, by_x, by_y = self.formula.evaluate(c * x + s * y, c * y - s * x)
            return Dual(loss, c * by_x - s * by_y, s * by_x + c * by_y)

    @property
    def goal(self) -> float | None:
        """The loss at which a path has arrived: the minimum and a millionth; None where it is not known, or noisy."""
        return None if self.minimum is None or self.noise else self.minimum + TARGET

    def turn(self, place: Place) -> Place:
        """Where a place of the surface's own axes lies in the plane."""
        (c, s), (x, y) = self._turn, place
        return c * x - s * y, s * x + c * y

    @property
    def _turn(self) -> tuple[float, float]:
        return cos(radians(self.angle)), sin(radians(self.angle))

    def draw_noise(self, steps: int) -> Numbers:
        """(steps, 2) what is added to the gradient of every step, whoever goes down: standard normals times `noise`.

        Two uniform numbers a step become two normal ones (Box and Muller 1958, doi.org/10.1214/aoms/1177706645).
        """
        numbers = draw_uniforms(self.seed)
        pairs = [(sqrt(-2.0 * log(1.0 - next(numbers))), 2.0 * pi * next(numbers)) for _ in range(steps)]
        normals = [(length * cos(angle), length * sin(angle)) for length, angle in pairs]
        return self.noise * np.array(normals).reshape(steps, 2)


def draw_uniforms(seed: int) -> Iterator[float]:
    """Numbers from 0 to below 1, the same on every machine and in the browser: mulberry32, Tommy Ettinger 2017."""
    state = seed & _UINT32
    while True:
        state = (state + 0x6D2B79F5) & _UINT32
        mixed = (state ^ state >> 15) * (state | 1) & _UINT32
        mixed ^= (mixed + ((mixed ^ mixed >> 7) * (mixed | 61))) & _UINT32
        yield (mixed ^ mixed >> 14) / 2**32


def valley(condition: float) -> Surface:
    """A valley whose curvature across is `condition` times that along it, which is 1.

    Args:
        condition: From 1 to 10,000.

    Raises:
        ValueError: If it is not.
    """
    if not 1 <= condition <= MOST_CONDITION:
        raise ValueError(f"the condition number is {condition}, not one from 1 to {MOST_CONDITION:,.0f}")
    return Surface("narrow valley", read_formula(f"0.5*(x**2 + {condition:.10g}*y**2)"), (1.0, 0.3), 1.5, 0.0)


def own_surface(text: str) -> Surface:
    """What a person typed.

    Raises:
        FormulaRejected: If it is no formula, or has no finite loss and gradient at the start.
    """
    surface = Surface("own formula", read_formula(text), (1.0, 0.3), 2.0, None)
    check_start(surface, surface.start)
    return surface


def check_start(surface: Surface, start: Place) -> None:
    """That paths can begin there, in the surface's own axes.

    Raises:
        FormulaRejected: If loss or gradient is not finite, or the loss beyond 10^12.
    """
    near = [each + _ROUNDING * max(1.0, abs(each)) * np.array([-1, 0, 1]) for each in start]  # as turning may leave it
    loss, *slopes = surface.formula.evaluate(*np.meshgrid(*near))
    if (np.abs(loss) > LARGEST).any():
        raise FormulaRejected("The loss at the start is beyond 10¹²; move the start or make the formula smaller.")
    for values, name in zip((loss, *slopes), ("The loss", "The slope by x", "The slope by y"), strict=True):
        if not np.isfinite(values).all():
            at = f"({start[0]:.4g}, {start[1]:.4g})".replace("-", "−")
            raise FormulaRejected(
                f"{name} is not a finite number at the start {at}; move the start or mend the formula."
            )


SURFACES: Final[Mapping[str, Surface]] = {
    "valley": valley(100),
    "rosenbrock": Surface("Rosenbrock's valley", read_formula("(1 - x)**2 + 100*(y - x**2)**2"), (-1.2, 1.0), 2.0, 0.0),
    "saddle": Surface("saddle", read_formula("0.5*x**2 - 0.5*y**2 + 0.25*y**4"), (1.2, 0.001), 1.5, -0.25),
    "dips": Surface(
        "two dips", read_formula("x**4 - 0.2*x**3 - 2*x**2 + 0.6*x + y**2"), (1.5, 1.0), 2.0, -1.4
    ),  # by x 4 (x + 1) (x - 0.15) (x - 1): -1.4 at x = -1, -0.6 at x = 1
    "plateau": Surface("plateau", read_formula("1 - exp(-x**2 - 2*y**2)"), (2.0, 0.8), 2.5, 0.0),
    "noise": replace(valley(10), title="noisy valley", noise=0.5),
}
"""By name, in the order in which they are offered; "own" comes after them."""
