"""Attention that is part of the network itself, and what it says of a class."""

from explorer.saliency.attention.legrad import legrad
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

__all__ = [
    "BlockAttention",
    "Gates",
    "channel_gates",
    "class_relevance",
    "entropy_bits",
    "gated_maps",
    "legrad",
    "rollout",
    "self_attention",
]
