"""Which networks there are. Reads cards, not weights, and imports no torch for the shipped ones."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

MODELS = Path(__file__).parents[2] / "models"
ARCHITECTURES = {"tiny_vgg": "tiny-vgg", "mini_resnet": "mini-resnet", "photo_net": "photo-net"}
# Torchvision lists transformers among its classifiers; they have no feature maps to look at layer by layer.
_NO_CNN = ("vit_", "swin_", "maxvit_")
# Those whose attention we can read, of a size that one opens on a laptop. The second version of Swin attends by another
# formula, and MaxViT mixes both kinds.
_TRANSFORMERS = ("vit_b_16", "vit_b_32", "swin_t", "swin_s", "swin_b")


@cache
def read_card(name: str) -> dict[str, Any]:
    """The card of a shipped network.

    Raises:
        KeyError: no network of that name is shipped.
    """
    path = MODELS / name / "card.json"
    if name not in list_shipped():
        raise KeyError(name)
    card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return card


@cache
def list_shipped() -> tuple[str, ...]:
    """Names of the networks in `models/`, the one made for photographs first."""
    names = {path.parent.name for path in MODELS.glob("*/card.json")} & set(ARCHITECTURES.values())
    return tuple(sorted(names, key=lambda name: (name != "photo-net", name)))


@cache
def list_torchvision() -> tuple[str, ...]:
    """Names of torchvision's classification CNNs that come with official weights."""
    from torchvision import models

    names = models.list_models(module=models, exclude=[f"{prefix}*" for prefix in _NO_CNN])
    return tuple(sorted(names))


def list_transformers() -> tuple[str, ...]:
    """Names of torchvision's vision transformers that `load_model` opens too: for their attention, not for maps."""
    return _TRANSFORMERS


def list_models() -> list[str]:
    """Every CNN that `load_model` opens, the shipped ones first."""
    return [*list_shipped(), *list_torchvision()]
