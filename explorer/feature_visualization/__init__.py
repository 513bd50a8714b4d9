"""The input that a channel, a cell, a class or a direction of a network prefers, made from noise."""

from explorer.feature_visualization.basis import Basis, fine_share
from explorer.feature_visualization.growing import SIDE, STEPS, Grown, Recipe, grow
from explorer.feature_visualization.objective import (
    Kind,
    Objective,
    ObjectiveImpossible,
    driven_layer,
    find_layers,
    record_maps,
    score_direction,
)

__all__ = [
    "SIDE",
    "STEPS",
    "Basis",
    "Grown",
    "Kind",
    "Objective",
    "ObjectiveImpossible",
    "Recipe",
    "driven_layer",
    "find_layers",
    "fine_share",
    "grow",
    "record_maps",
    "score_direction",
]
