"""Where a classifier looked, and whether to believe it."""

from explorer.saliency.attention.weights import (
    BlockAttention,
    Gates,
    channel_gates,
    class_relevance,
    entropy_bits,
    gated_maps,
    rollout,
    self_attention,
)
from explorer.saliency.channels import estimate_losses, measure_losses
from explorer.saliency.concepts import Concepts, find_concepts
from explorer.saliency.covering import FILLS, MOST_TEXT, Box, Cover, Covered, Fill, Stroke, cover, cover_photo
from explorer.saliency.explaining import explain, possible_methods
from explorer.saliency.faithfulness import (
    BASELINES,
    Baseline,
    Curves,
    MaskedConfidence,
    agreement,
    average_drop,
    centred_blob,
    deletion_insertion,
    increase,
    masked_confidence,
    random_map,
)
from explorer.saliency.heatmap import Heatmap, Progress, SaliencyImpossible, Stopped
from explorer.saliency.inside import Inside, attention_inside, networks_with_attention
from explorer.saliency.layers import default_layer, layers_for
from explorer.saliency.methods import FAST, METHODS, Method
from explorer.saliency.parameter_randomization import explain_randomized, redraw, weighted_layers
from explorer.saliency.windows import WindowAttention, window_attention

__all__ = [
    "BASELINES",
    "FAST",
    "FILLS",
    "METHODS",
    "MOST_TEXT",
    "Baseline",
    "BlockAttention",
    "Box",
    "Concepts",
    "Cover",
    "Covered",
    "Curves",
    "Fill",
    "Gates",
    "Heatmap",
    "Inside",
    "MaskedConfidence",
    "Method",
    "Progress",
    "SaliencyImpossible",
    "Stopped",
    "Stroke",
    "WindowAttention",
    "agreement",
    "attention_inside",
    "average_drop",
    "centred_blob",
    "channel_gates",
    "class_relevance",
    "cover",
    "cover_photo",
    "default_layer",
    "deletion_insertion",
    "entropy_bits",
    "estimate_losses",
    "explain",
    "explain_randomized",
    "find_concepts",
    "gated_maps",
    "increase",
    "layers_for",
    "masked_confidence",
    "measure_losses",
    "networks_with_attention",
    "possible_methods",
    "random_map",
    "redraw",
    "rollout",
    "self_attention",
    "weighted_layers",
    "window_attention",
]
