"""Every network the explorer can open, under one type.

`list_shipped` and `read_card` answer without torch, so that the home page need not wait for it;
everything that needs torch is imported when it is first asked for.
"""

from typing import TYPE_CHECKING

import lazy_loader

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
    from explorer.zoo.weights import WeightsMismatch, WeightsRejected, WeightsWrapped

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "download": ["WeightsUnavailable"],
        "listing": ["Listing", "describe_listing"],
        "loading": ["ModelUnknown", "describe_preprocessing", "load_model", "random_model"],
        "preprocessing": ["FITS", "Fit", "Preprocessing"],
        "vision_model": ["VisionModel", "publish"],
        "weights": ["WeightsMismatch", "WeightsRejected", "WeightsWrapped"],
    },
)

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
    "WeightsWrapped",
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
