"""Which networks have attention inside, and of which kind."""

from __future__ import annotations

from typing import Literal

from torch import nn
from torchvision.models.swin_transformer import ShiftedWindowAttention, ShiftedWindowAttentionV2
from torchvision.ops.misc import SqueezeExcitation

from explorer.zoo import VisionModel, list_torchvision, list_transformers

Inside = Literal["gates", "tokens", "windows"]
_GATED = ("efficientnet_", "mobilenet_v3_", "regnet_y_")


def attention_inside(model: VisionModel) -> Inside | None:
    """The kind of attention a network has: channel gates, self-attention with a class token, attention in windows."""
    kinds = {type(module) for module in model.network.modules()}
    if nn.MultiheadAttention in kinds and hasattr(model.network, "class_token"):
        return "tokens"
    if ShiftedWindowAttention in kinds and ShiftedWindowAttentionV2 not in kinds:
        return "windows"
    return "gates" if any(issubclass(kind, SqueezeExcitation) for kind in kinds) else None


def networks_with_attention() -> tuple[str, ...]:
    """Names of the zoo's networks for which `attention_inside` has an answer, CNNs first."""
    return (*(name for name in list_torchvision() if name.startswith(_GATED)), *list_transformers())
