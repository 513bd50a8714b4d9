"""What learns in a strategy, as columns to draw: the layers with weights, gathered in stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2

import torch

from explorer.anatomy import Stage, stages, summarize_layers
from explorer.rendering.figures.strategy import DrawnStage
from explorer.text import with_unit
from explorer.transfer.plan import PlannedLayer, plan
from explorer.transfer.trial import Strategy
from explorer.zoo import VisionModel

SENTENCES: Mapping[Strategy, str] = {
    "scratch": "Every weight begins at random: what these pictures alone can teach.",
    "head": "The pretrained layers stay as they are; only a new last layer learns.",
    "truncated": "The first stages stay as they are; the rest is cut off, and new layers learn on top of them.",
    "full": "Every weight learns on from where it was pretrained, the old ones at a lower rate than the new head.",
    "gradual": "The new head learns first; then the layers below join it, one stage after another.",
    "norm": "Only scale and shift of the batch norm layers learn, and a new head.",
}
MOST_COLUMNS = 32  # that a phone can show


@dataclass(frozen=True)
class Drawn:
    """A strategy on a network, ready to be drawn.

    Attributes:
        trained, parameters: weights that learn, and all that are there.
        stages: the columns.
    """

    trained: int
    parameters: int
    stages: tuple[DrawnStage, ...]


def describe_weights(drawn: Drawn) -> str:
    """How many of the weights learn; short, for a phone."""
    every = with_unit(drawn.parameters, "")
    return f"all {every}" if drawn.trained == drawn.parameters else f"{with_unit(drawn.trained, '')} of {every}"


def plan_columns(model: VisionModel, classes: int, strategy: Strategy, kept: int) -> Drawn:
    """The columns of a network under a strategy.

    Args:
        model: the network as it is.
        classes: how many there are to learn.
        strategy: what is done to it.
        kept: for "truncated", stages that are kept; 0 for about half of them.

    Raises:
        TransferRejected: the strategy cannot be done on this network.
    """
    planned = plan(model, classes, strategy, kept if strategy == "truncated" else 0)
    size = model.preprocessing.size
    facts = summarize_layers(model, torch.zeros(1, 3, size, size))
    coarse = stages(facts)
    fine = stages(facts, [stage.key for stage in coarse if stage.closed])
    drawn = _columns(planned, fine, size)
    if len(drawn) > MOST_COLUMNS:
        drawn = _columns(planned, coarse, size)
    present = [each for each in planned if each.state != "removed"]
    return Drawn(
        sum(each.parameters for each in present if each.state != "frozen"),
        sum(each.parameters for each in present),
        tuple(drawn),
    )


def _columns(planned: Sequence[PlannedLayer], columns: Sequence[Stage], size: int) -> list[DrawnStage]:
    """The layers with weights, gathered in stages, norms with the layer before them."""
    stage_of = {layer.name: stage for stage in columns for layer in stage.layers}
    drawn: list[DrawnStage] = []
    last: Stage | None = None
    for each in planned:
        stage, part = stage_of.get(each.name), (each.state, each.parameters)
        before = drawn[-1].parts[-1][0] if drawn else None
        same_side = (before == "removed") == (each.state == "removed")
        # What scratch or a cut adds is in no stage of the network as it was.
        joins = stage is last if stage is not None else before == each.state
        if drawn and same_side and (joins or "Norm" in each.kind):
            drawn[-1] = replace(drawn[-1], parts=(*drawn[-1].parts, part))
            continue
        title, side = (stage.title, stage.last.resolution[0]) if stage else (each.name.partition(".")[0], 1)
        drawn.append(DrawnStage(title, _height(side, size), (part,)))
        last = stage
    return drawn


def _height(side: int, size: int) -> float:
    """0.18 for a single cell, 1 for the picture's resolution; every halving takes the same step."""
    return 0.18 + 0.82 * log2(max(1, side)) / max(1.0, log2(size))
