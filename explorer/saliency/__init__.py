"""Where a classifier looked, and whether to believe it."""

from explorer.saliency.attention import BlockAttention, Gates, channel_gates, rollout, self_attention
from explorer.saliency.control import control, redraw, weighted_layers
from explorer.saliency.explaining import explain
from explorer.saliency.faithfulness import (
    BASELINES,
    Baseline,
    Curves,
    Kept,
    agreement,
    average_drop,
    centred_blob,
    deletion_insertion,
    increase,
    keep_lit,
    random_map,
)
from explorer.saliency.heatmap import Heatmap, Progress, SaliencyImpossible, Stopped
from explorer.saliency.layers import default_layer, layers_for
from explorer.saliency.methods import METHODS, Method

__all__ = [
    "BASELINES",
    "METHODS",
    "Baseline",
    "BlockAttention",
    "Curves",
    "Gates",
    "Heatmap",
    "Kept",
    "Method",
    "Progress",
    "SaliencyImpossible",
    "Stopped",
    "agreement",
    "average_drop",
    "centred_blob",
    "channel_gates",
    "control",
    "default_layer",
    "deletion_insertion",
    "explain",
    "increase",
    "keep_lit",
    "layers_for",
    "random_map",
    "redraw",
    "rollout",
    "self_attention",
    "weighted_layers",
]
