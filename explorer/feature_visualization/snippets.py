"""Python that grows what the page shows."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.feature_visualization.growing import Recipe
from explorer.feature_visualization.objective import Objective
from explorer.snippet import snippet


def preferred_snippet(
    opening: Sequence[str], objective: Objective, recipe: Recipe, cell: tuple[int, int] | None = None
) -> str:
    """Python that grows the same pictures.

    Args:
        opening: gives `model`; for a direction `preprocessing` and `image` as well.
        objective: what for.
        recipe: how.
        cell: of the layer on the image, whose channels are the direction.
    """
    given = [f"{objective.kind!r}"]
    if objective.kind != "class":
        given.append(f"{objective.layer!r}")
    if objective.kind != "direction":
        given.append(f"unit={objective.unit}")
    else:
        given.append("direction=direction")
    if objective.negative:
        given.append("negative=True")
    taken = (
        [
            "from explorer.feature_visualization import record_maps",
            f"maps = record_maps(model, preprocessing.tensor(image), {objective.layer!r})",
            f"direction = tuple(maps[:, {cell[0]}, {cell[1]}].tolist())",
        ]
        if cell is not None
        else []
    )
    return snippet(
        *opening,
        *taken,
        "from explorer.feature_visualization import Objective, Recipe, grow",
        "from explorer.slices import finish",
        f"objective = Objective({', '.join(given)})",
        f"recipe = {recipe!r}",
        "grown = finish(grow(model, objective, recipe))",
        "print(grown.pixels.shape, grown.values)",
    )
