"""Several heatmaps tested for faithfulness beside two maps that know nothing, and what comes of it in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.rendering import format_percent
from explorer.saliency.faithfulness import (
    Baseline,
    Curves,
    MaskedConfidence,
    centred_blob,
    deletion_insertion,
    masked_confidence,
    random_map,
)
from explorer.saliency.heatmap import Progress
from explorer.zoo import VisionModel

RANDOM, BLOB = "Random map", "Blob in the middle"
_CELLS = 8  # of the random map on a side: as coarse as a class activation map


@dataclass(frozen=True)
class Faithfulness:
    """What tests make of one map.

    Attributes:
        curves: of deletion and insertion.
        masked: the probability for what the map lights up.
    """

    curves: Curves
    masked: MaskedConfidence

    @property
    def gain(self) -> float:
        """Insertion less deletion, areas under the curves."""
        return self.curves.insertion_area - self.curves.deletion_area

    def table_row(self, name: str) -> dict[str, str]:
        """The map in numbers, by the titles of a table's columns."""
        return {
            "Map": name,
            "Deletion": f"{self.curves.deletion_area:.3f}",
            "Insertion": f"{self.curves.insertion_area:.3f}",
            "Gain": f"{self.gain:.3f}",
            "Drop": format_percent(self.masked.drop),
            "Rise": "yes" if self.masked.increased else "no",
        }


def measure_faithfulness(
    model: VisionModel,
    x: Tensor,
    values: NDArray[np.float32],
    target: int,
    baseline: Baseline,
    progress: Progress | None = None,
) -> Faithfulness:
    """Test one map; the arguments are those of `deletion_insertion`."""
    curves = deletion_insertion(model, x, values, target, baseline=baseline, progress=progress)
    return Faithfulness(curves, masked_confidence(model, x, values, target))


def ignorant_maps(size: tuple[int, int]) -> dict[str, NDArray[np.float32]]:
    """Two maps (H, W) that know nothing of a picture, by name: what any heatmap should beat."""
    return {RANDOM: random_map(size, cells=_CELLS), BLOB: centred_blob(size)}


def rank_maps(tested: Mapping[str, Faithfulness]) -> list[str]:
    """Names of maps, the most faithful first."""
    return sorted(tested, key=lambda name: tested[name].gain, reverse=True)


def judge_faithfulness(tested: Mapping[str, Faithfulness]) -> str:
    """Which map is the most faithful, and which are no better than those that know nothing.

    Args:
        tested: by name, those of `ignorant_maps` among them.
    """
    ours = [name for name in rank_maps(tested) if name not in (RANDOM, BLOB)]
    best, bar = ours[0], max(tested[name].gain for name in (RANDOM, BLOB))
    poor = [name for name in ours if tested[name].gain <= bar]
    if len(poor) == len(ours):
        return (
            "On this photo **no heatmap does better than a map that knows nothing**: do not take them for reasons. "
            "The class may be spread over the whole photo, or in its middle."
        )
    curves = tested[best].curves
    said = (
        f"On this photo **{best}** is the most faithful: insertion {curves.insertion_area:.2f}, deletion "
        f"{curves.deletion_area:.2f}; the better of the two that know nothing has a difference of {bar:.2f}."
    )
    return said + (f" No better than that: {', '.join(poor)}." if poor else " All of them beat it.")
