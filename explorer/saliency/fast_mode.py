"""How like the fast maps are to the exact ones: read from the file that `python -m benchmarks.fast_mode` writes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MEASURED = Path(__file__).with_name("fast_mode.json")


@dataclass(frozen=True)
class Likeness:
    """Spearman rank correlation between fast and exact maps of one method, over photos.

    Attributes:
        method, network: what was measured.
        mean, least: -1 to 1.
        photos: how many.
        halves: whether the device was faster in half precision, which decides how the fast mode computes.
        date: when, ISO 8601.
    """

    method: str
    network: str
    mean: float
    least: float
    photos: int
    halves: bool
    date: str

    def describe(self) -> str:
        """The measurement in words."""
        return (
            f"rank correlation to the exact map {self.mean:.3f} on average over {self.photos} photos (least "
            f"{self.least:.3f}), measured with {self.network} on {self.date}"
        )


@cache
def read_measured() -> dict[str, Likeness]:
    """Everything that was measured, by method."""
    return {each["method"]: Likeness(**each) for each in json.loads(MEASURED.read_text(encoding="utf-8"))}
