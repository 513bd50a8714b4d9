"""What changes from early to late layers: which pictures are near, and whether they are of one class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.picture_features.features import Features
from explorer.picture_features.neighbours import distances_by_cosine, rank_neighbours, share_kept, share_of_class
from explorer.slices import Slices


@dataclass(frozen=True, eq=False)
class Depth:
    """Every layer's nearest pictures.

    Attributes:
        neighbours: k, how many count as the nearest.
        nearest: by layer, from early to late, (N, k) places among the pictures that were reached, nearest first.
        cosines: by layer, (N, k) with those.
        like_last: by layer, the share of the nearest that are among the nearest by the last layer too.
        of_class: by layer, the share of the nearest that have the picture's own class; none where there are no two
            classes.
    """

    neighbours: int
    nearest: dict[str, NDArray[np.int64]]
    cosines: dict[str, NDArray[np.float64]]
    like_last: dict[str, float]
    of_class: dict[str, float]


def compare_layers(features: Features, labels: NDArray[np.int64], neighbours: int) -> Slices[Depth]:
    """Nearest pictures by every layer, in slices of one layer.

    Args:
        features: of the pictures that were reached.
        labels: (N,) of those; negative for none.
        neighbours: how many count as the nearest.
    """
    nearest, cosines, of_class = {}, {}, {}
    sorted_by_people = len(np.unique(labels[labels >= 0])) > 1
    for done, (name, rows) in enumerate(features.layers.items(), start=1):
        distances = distances_by_cosine(rows)
        ranked = rank_neighbours(distances)
        nearest[name] = ranked[:, :neighbours].copy()
        cosines[name] = 1.0 - np.take_along_axis(distances, nearest[name], axis=1)
        if sorted_by_people:
            of_class[name] = share_of_class(ranked, labels, neighbours)
        yield done, len(features.layers)
    last = nearest[next(reversed(nearest))]
    like_last = {name: share_kept(each, last, neighbours) for name, each in nearest.items()}
    return Depth(neighbours, nearest, cosines, like_last, of_class)
