"""What training changed inside a network, in sentences."""

from __future__ import annotations

import numpy as np

from explorer.anatomy import LayerFacts
from explorer.text import count_text, shape_text, significant
from explorer.transfer.evaluation.inside import Maps, Moved, Projection, Separation
from explorer.transfer.trial import Strategy


def say_movement(moved: Moved) -> str:
    """Which layers moved, and which most, in a sentence or two."""
    names = list(moved.distance)
    went = [name for name in names if moved.distance[name] > 0]
    if not went:
        return f"**No pretrained layer moved**: all {len(names)} are frozen, only what is new has learned."
    most = max(went, key=lambda name: moved.distance[name])
    half = len(names) // 2
    early, late = (
        float(np.mean([moved.distance[name] for name in part])) for part in (names[:half] or names, names[half:])
    )
    where = "later layers moved more" if late > early else "earlier layers moved more"
    return (
        f"**{len(went)} of {count_text(len(names), 'pretrained layer')} moved**, most of all `{most}` by "
        f"{significant(100 * moved.distance[most])} % of its length; {where} on average, {significant(100 * late)} % "
        f"in the second half of the network against {significant(100 * early)} % in the first."
    )


def say_separation(before: Separation, after: Separation) -> str:
    """What became of the classes, in a sentence."""
    gained = after.neighbours - before.neighbours
    if before == after:
        return "**The features are the same**: what the last layer reads comes from frozen layers."
    verb = "lie further apart" if gained > 0 else "lie no further apart" if gained == 0 else "lie closer together"
    return (
        f"**The classes {verb}** for their neighbours: {100 * before.neighbours:.1f} % of the pictures had their own "
        f"class around them before, {100 * after.neighbours:.1f} % have it after."
    )


def separation_table(before: Separation, after: Separation) -> str:
    """Both measures as a Markdown table."""
    rows = [
        "| In all dimensions | Before | After |",
        "|:--|--:|--:|",
        f"| Silhouette, −1 to 1 | {_number(before.silhouette)} | {_number(after.silhouette)} |",
        f"| Classified correctly by {count_text(after.count, 'neighbour')} | {100 * before.neighbours:.1f} % | "
        f"{100 * after.neighbours:.1f} % |",
    ]
    return "\n".join(rows)


def _number(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "too few pictures"


def say_points(strategy: Strategy, method: Projection, group: str, shown: int, count: int) -> str:
    """What the points of `project` are, and what can be read off them.

    Args:
        strategy: of the training.
        method: that arranged the points.
        group: "all" pictures or those of the "test".
        shown, count: pictures that are points, and all of them.
    """
    many = f"{shown:,} of {count:,} pictures. " if group == "all" and shown < count else ""
    rings = "Rings were learned from or watched, full points are test pictures. " if group == "all" else ""
    far = (
        "In t-SNE distances between groups and their sizes mean little. "
        if method == "tsne"
        else "Axes are the two directions in which the pictures differ most; each panel has directions of its own. "
    )
    new = " New layers before the last one began at random." if strategy == "truncated" else ""
    return f"{many}{rings}{far}Hover shows the file's name.{new}"


def say_change(layer: str, facts: LayerFacts, maps: Maps) -> str:
    """How much of the layer's answer changed, in a sentence."""
    size = f"`{layer}`, {facts.kind}, `{shape_text(facts.shape)}`"
    before = float(np.sqrt(np.square(maps.before.astype(np.float64)).mean()))
    if not maps.changed.any():
        return f"{size}: **nothing changed**; it and everything before it is frozen."
    change = float(np.sqrt(np.square(maps.changed).mean()))
    share = f", {significant(100 * change / before)} % of the maps' own size" if before else ""
    moved = int((maps.changed > 0).sum())
    many = f"{moved} of {count_text(len(maps.changed), 'map')} changed"
    return f"{size}: {many}, by {significant(change)} on average{share}."
