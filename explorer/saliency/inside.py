"""Which networks have attention inside, and of which kind."""

from __future__ import annotations

from typing import Literal

from torch import nn
from torchvision.models.swin_transformer import ShiftedWindowAttention, ShiftedWindowAttentionV2
from torchvision.ops.misc import SqueezeExcitation

from explorer.zoo import VisionModel, download, list_torchvision, list_transformers

Inside = Literal["gates", "tokens", "windows"]
OURS = "photo-vit"  # has attention, and works offline
_NAMED = 6  # networks in one sentence
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


def describe_absence(name: str) -> str:
    """That a network has no attention inside, which ones have, and which of those open without a download."""
    here = [other for other in networks_with_attention() if other != OURS and download.is_cached(other)]
    available = (
        f"on this machine already: {', '.join(here[:_NAMED])}{' and others' if len(here) > _NAMED else ''}"
        if here
        else "they are downloaded on first use"
    )
    return (
        f"{name} has no attention inside. {OURS}, a small transformer of ours, has and works offline. Channel gates "
        f"are in MobileNetV3, EfficientNet and RegNet-Y, self-attention in ViT and Swin; "
        f"{available}."
    )
