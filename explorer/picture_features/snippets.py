"""Python that puts an album on a plane and gives the numbers of the page."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.picture_features.planes import Kind
from explorer.snippet import snippet


def map_snippet(opening: Sequence[str], layers: Sequence[str], layer: str, kind: Kind, neighbours: int) -> str:
    """A plane, its trustworthiness, and the nearest pictures of the first one.

    Args:
        opening: lines that make `model`, `preprocessing` and `album`.
        layers: names of all that are read.
        layer: whose features lay the plane out.
        kind: of plane.
        neighbours: how many count as the nearest.
    """
    made = "project_by_pca(rows)" if kind == "pca" else "finish(project_by_tsne(rows))"
    return snippet(
        *opening,
        "from math import inf",
        "from explorer.picture_features.features import read_features",
        "from explorer.picture_features.neighbours import distances_by_cosine, distances_on_map, rank_neighbours",
        f"from explorer.picture_features.planes import measure_trust, project_by_{kind}",
        "from explorer.slices import finish",
        f"layers = {[*layers]!r}",
        "features = finish(read_features(model.with_preprocessing(preprocessing), album, layers, seconds=inf))",
        f"rows = features.layers[{layer!r}]  # (pictures, channels): each map's mean",
        f"points = {made}.points",
        "near = rank_neighbours(distances_by_cosine(rows))",
        f"trust = measure_trust(near, rank_neighbours(distances_on_map(points)), {neighbours})",
        f"print(points.shape, trust, [album.names[place] for place in near[0, :{neighbours}]])",
    )
