"""Every network the explorer can open, under one type.

`list_shipped` and `read_card` answer without torch, so that the home page need not wait for it;
everything that needs torch is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from explorer.zoo.catalogue import (
    list_missing,
    list_models,
    list_shipped,
    list_torchvision,
    list_transformers,
    read_card,
    say_missing,
)

if TYPE_CHECKING:
    from explorer.zoo.download import WeightsUnavailable
    from explorer.zoo.listing import Listing, describe_listing
    from explorer.zoo.loading import ModelUnknown, describe_preprocessing, load_model, random_model
    from explorer.zoo.preprocessing import FITS, Fit, Preprocessing
    from explorer.zoo.vision_model import VisionModel, publish
    from explorer.zoo.weights import WeightsMismatch, WeightsRejected

_HOMES = {
    "Listing": "listing",
    "describe_listing": "listing",
    "describe_preprocessing": "loading",
    "load_model": "loading",
    "random_model": "loading",
    "ModelUnknown": "loading",
    "WeightsUnavailable": "download",
    "FITS": "preprocessing",
    "Fit": "preprocessing",
    "Preprocessing": "preprocessing",
    "VisionModel": "vision_model",
    "publish": "vision_model",
    "WeightsMismatch": "weights",
    "WeightsRejected": "weights",
}

__all__ = [
    "FITS",
    "Fit",
    "Listing",
    "ModelUnknown",
    "Preprocessing",
    "VisionModel",
    "WeightsMismatch",
    "WeightsRejected",
    "WeightsUnavailable",
    "describe_listing",
    "describe_preprocessing",
    "list_missing",
    "list_models",
    "list_shipped",
    "list_torchvision",
    "list_transformers",
    "load_model",
    "publish",
    "random_model",
    "read_card",
    "say_missing",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
