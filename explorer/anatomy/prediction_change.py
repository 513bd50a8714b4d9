"""Two predictions of one network, before and after something was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.rendering import format_percent


@dataclass(frozen=True, eq=False)
class PredictionChange:
    """What a change does to a prediction.

    Attributes:
        before, after: (num_classes,) probabilities.
        target: index of the class that is asked about.
        likely: how many classes of either prediction are compared, so up to twice as many and the one asked about.
    """

    before: NDArray[np.float32]
    after: NDArray[np.float32]
    target: int
    likely: int = 4

    @classmethod
    def of_best(cls, before: NDArray[np.float32], after: NDArray[np.float32], likely: int = 5) -> PredictionChange:
        """The change as seen by the class that was the most probable one."""
        return cls(before, after, int(before.argmax()), likely)

    def shown(self) -> list[int]:
        """The most probable classes of both and the one asked about, in falling order of what they were before."""
        likely = [int(index) for each in (self.before, self.after) for index in each.argsort()[::-1][: self.likely]]
        return sorted({*likely, self.target}, key=lambda index: -self.before[index])

    def bars(self, names: Sequence[str]) -> tuple[list[str], list[float], list[float]]:
        """Names, probabilities after and before of the classes that are shown, given the names of all."""
        shown = self.shown()
        after, before = ([float(each[index]) for index in shown] for each in (self.after, self.before))
        return [names[index] for index in shown], after, before

    def describe(self, names: Sequence[str]) -> str:
        """How far the class moved, and whether the prediction is another one."""
        old, new = (float(each[self.target]) for each in (self.before, self.after))
        first, then = int(self.before.argmax()), int(self.after.argmax())
        if np.allclose(self.before, self.after, rtol=1e-5, atol=1e-7):
            return f"**{names[self.target]}** stays at {format_percent(old)}: nothing has changed."
        said = f"**{names[self.target]}** goes from {format_percent(old)} to {format_percent(new)}"
        if first == then:
            return f"{said}; the prediction stays {'the same' if then == self.target else f'**{names[then]}**'}."
        share = "" if then == self.target else f" with {format_percent(float(self.after[then]))}"
        was = "" if first == self.target else f", no longer {names[first]}"
        return f"{said}; the prediction is now **{names[then]}**{share}{was}."
