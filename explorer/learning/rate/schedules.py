"""Learning rates over time as `torch.optim.lr_scheduler` has them: constant, in steps, along a cosine, warmed up."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch.optim.lr_scheduler import LRScheduler
    from torch.optim.optimizer import Optimizer

Kind = Literal["constant", "step", "cosine", "warm_up", "warm_up_cosine"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
GAMMA: Final = 0.1  # what "step" multiplies the rate by after each third
WARM_UP: Final = 0.05  # of all steps, as on Transfer
FIRST: Final = 0.01  # of the peak, with which a warm-up begins


@dataclass(frozen=True)
class Schedule:
    """Which rate every step has.

    Attributes:
        kind: "constant"; "step", a tenth after each third; "cosine", half a wave from the peak towards 0; "warm_up", a
            straight rise over the first twentieth and constant from there; "warm_up_cosine", the rise, then a cosine.
        peak: the largest rate.
        steps: how many in all.

    Raises:
        ValueError: the kind is unknown, the peak is below zero or there are fewer than two steps.
    """

    kind: Kind
    peak: float
    steps: int

    def __post_init__(self) -> None:
        """See above."""
        if self.kind not in KINDS or not self.peak >= 0 or self.steps < 2:
            raise ValueError(f"no schedule: {self.kind}, peak {self.peak}, {self.steps} steps")

    @property
    def warm_up(self) -> int:
        """Steps of the rise, at least one."""
        return max(1, round(WARM_UP * self.steps))

    @property
    def third(self) -> int:
        """Steps after which "step" goes down."""
        return ceil(self.steps / 3)

    def rates(self) -> NDArray[np.float64]:
        """(steps,) the rate of each step."""
        t = np.arange(self.steps)
        return self.peak * _SHARES[self.kind](self, t)


def _step(schedule: Schedule, t: NDArray[np.int_]) -> NDArray[np.float64]:
    return GAMMA ** np.asarray(t // schedule.third, dtype=np.float64)


def _cosine(schedule: Schedule, t: NDArray[np.int_]) -> NDArray[np.float64]:
    return _half_wave(t, schedule.steps)


def _warm_up(schedule: Schedule, t: NDArray[np.int_]) -> NDArray[np.float64]:
    return FIRST + (1 - FIRST) * np.minimum(t / schedule.warm_up, 1.0)


def _warm_up_cosine(schedule: Schedule, t: NDArray[np.int_]) -> NDArray[np.float64]:
    rise = schedule.warm_up
    return np.where(t < rise, _warm_up(schedule, t), _half_wave(t - rise, schedule.steps - rise))


def _half_wave(t: NDArray[np.int_], steps: int) -> NDArray[np.float64]:
    return (1 + np.cos(np.pi * t / steps)) / 2


_SHARES: Final = {
    "constant": lambda schedule, t: np.ones(t.shape),
    "step": _step,
    "cosine": _cosine,
    "warm_up": _warm_up,
    "warm_up_cosine": _warm_up_cosine,
}


def schedule_by_pytorch(schedule: Schedule, optimiser: Optimizer) -> LRScheduler:
    """PyTorch's own scheduler of the same rates, for an optimiser whose rate is the peak."""
    from torch.optim import lr_scheduler

    if schedule.kind == "constant":
        return lr_scheduler.ConstantLR(optimiser, factor=1.0)
    if schedule.kind == "step":
        return lr_scheduler.StepLR(optimiser, schedule.third, GAMMA)
    if schedule.kind == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimiser, schedule.steps)
    rise = lr_scheduler.LinearLR(optimiser, FIRST, total_iters=schedule.warm_up)
    if schedule.kind == "warm_up":
        return rise
    fall = lr_scheduler.CosineAnnealingLR(optimiser, schedule.steps - schedule.warm_up)
    return lr_scheduler.SequentialLR(optimiser, [rise, fall], [schedule.warm_up])


def scheduler_lines(schedule: Schedule) -> list[str]:
    """The same as lines of a program in which `optimizer` has the peak as its rate and `lr_scheduler` is imported."""
    rise = f"lr_scheduler.LinearLR(optimizer, {FIRST}, total_iters={schedule.warm_up})"
    if schedule.kind == "warm_up_cosine":
        return [
            f"rise = {rise}",
            f"fall = lr_scheduler.CosineAnnealingLR(optimizer, {schedule.steps - schedule.warm_up})",
            f"scheduler = lr_scheduler.SequentialLR(optimizer, [rise, fall], [{schedule.warm_up}])",
        ]
    made = {
        "constant": "lr_scheduler.ConstantLR(optimizer, factor=1.0)",
        "step": f"lr_scheduler.StepLR(optimizer, {schedule.third}, {GAMMA})",
        "cosine": f"lr_scheduler.CosineAnnealingLR(optimizer, {schedule.steps})",
        "warm_up": rise,
    }[schedule.kind]
    return [f"scheduler = {made}"]
