"""What a classifier that never saw the generator makes of its pictures: digits or none, and all ten or a few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

SURE: Final = 0.9  # a judge that gives a class more than this share has named a picture


@dataclass(frozen=True)
class Judgement:
    """Of many pictures.

    Attributes:
        named: share of them that the judge names, with more than `SURE`.
        classes: share of each digit among what it takes all pictures for, ten numbers.
    """

    named: float
    classes: tuple[float, ...]

    @property
    def entropy(self) -> float:
        """In bits: 3.32 where the ten digits come evenly, 0 where there is but one."""
        shares = np.array([share for share in self.classes if share > 0])
        return float(-(shares * np.log2(shares)).sum())


def judge(classifier: nn.Module, pictures: Tensor) -> Judgement:
    """The word of a classifier of ten digits on pictures (N, 1, 8, 8)."""
    with torch.inference_mode():
        largest, digits = classifier(pictures).softmax(dim=1).max(dim=1)
    counts = torch.bincount(digits, minlength=10).tolist()
    named = int((largest > SURE).sum()) / len(pictures)
    return Judgement(named, tuple(count / len(pictures) for count in counts))
