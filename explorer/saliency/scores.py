"""The number that is explained, and noise that is the same in every thread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from explorer.saliency.heatmap import SaliencyImpossible


@dataclass(frozen=True)
class TargetScore:
    """The score of one class, or the lead of one over another; logits, before the softmax.

    Attributes:
        target: index of the class; None for the most probable one, which `settle` finds.
        contrast: index of the class whose logit is subtracted.
        similar: classes whose mean logit is subtracted, where there is no `contrast`.
        share: how much of it.
    """

    target: int | None
    contrast: int | None = None
    similar: tuple[int, ...] = ()
    share: float = 1.0

    def settle(self, logits: Tensor) -> TargetScore:
        """The same with a class, now that the logits (num_classes,) are known.

        Raises:
            SaliencyImpossible: the most probable class would be set against itself.
        """
        target = int(logits.argmax()) if self.target is None else self.target
        if target == self.contrast:
            raise SaliencyImpossible("A class cannot be set against itself; choose another one.")
        return replace(self, target=target)

    def of_one(self, logits: Tensor) -> Tensor:
        """From (num_classes, ...) to (...)."""
        others = self.similar if self.contrast is None else (self.contrast,)
        return logits[self.target] - self.share * logits[list(others)].mean(0) if others else logits[self.target]

    def of_batch(self, logits: Tensor) -> Tensor:
        """From (B, num_classes) to (B,)."""
        return self.of_one(logits.T)


class SeededNoise(TorchFunctionMode):
    """`torch.normal(mean, deviations)` in this thread draws from a generator of its own, whatever library calls it.

    captum draws from the process's generator, where sessions would take numbers from each other. The generator is the
    CPU's, since every device draws other numbers.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(seed)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is not torch.normal:
            return func(*args, **kwargs)
        mean, deviations = args
        return func(mean, deviations.cpu(), generator=self.generator).to(deviations.device)
