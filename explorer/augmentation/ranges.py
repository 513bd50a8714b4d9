"""The ranges of the controls: which values of a parameter make sense, by the parameter's name.

A name that means two things (`scale` of a rotation and of a crop) has one entry for each, under "Transform.name".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["number", "integer", "range", "pair", "choice", "switch", "colour"]
Value = None | bool | int | float | str | tuple[float, ...]

INTERPOLATIONS = ("nearest", "bilinear", "bicubic")
PADDING_MODES = ("constant", "edge", "reflect", "symmetric")
POLICIES = ("imagenet", "cifar10", "svhn")
BLACK = (0, 0, 0)
NO_START: Any = object()  # a fresh step starts with the default of the signature


@dataclass(frozen=True)
class Range:
    """What a control may be set to.

    Attributes:
        kind: "number" and "integer" are one value, "range" two in ascending order, "pair" two that are independent
            (across, down), "choice" a word, "switch" yes or no, "colour" red, green and blue from 0 to 255.
        low, high, step: of numbers; whole ones are `low` plus a multiple of `step`.
        choices: of a "choice".
        unit: behind the number.
        whole: whether the numbers are whole.
        optional: whether None is allowed, which switches the parameter off.
        start: what a fresh step has; the signature's default unless given.
    """

    kind: Kind
    low: float = 0.0
    high: float = 1.0
    step: float = 0.01
    choices: tuple[str, ...] = ()
    unit: str = ""
    whole: bool = False
    optional: bool = False
    start: Any = NO_START


def _whole(low: int, high: int, **more: Any) -> Range:
    return Range("integer", low, high, **{"step": 1, "whole": True, **more})


def _pixels(low: int, high: int, **more: Any) -> Range:
    return _whole(low, high, unit="px", **more)


RANGES: dict[str, Range] = {
    # Where things are.
    "degrees": Range("range", -180, 180, 1, unit="°", start=(-30.0, 30.0)),
    "translate": Range("pair", 0, 0.5, 0.01, optional=True, start=(0.1, 0.1)),
    "RandomAffine.scale": Range("range", 0.1, 3, 0.05, unit="x", optional=True, start=(0.8, 1.2)),
    "shear": Range("range", -60, 60, 1, unit="°", optional=True),
    "expand": Range("switch"),
    "distortion_scale": Range("number", 0, 1, 0.05),
    "ElasticTransform.alpha": Range("number", 0, 300, 5),
    "ElasticTransform.sigma": Range("number", 0.5, 15, 0.5, unit="px"),
    "RandomCrop.size": _pixels(1, 1024, start=160),
    "CenterCrop.size": _pixels(1, 1024, start=160),
    "RandomResizedCrop.size": _pixels(1, 1024, start=224),
    "Resize.size": _pixels(1, 1024, start=128),
    "RandomResizedCrop.scale": Range("range", 0.01, 1, 0.01, unit="of the area"),
    "RandomResizedCrop.ratio": Range("range", 0.2, 5, 0.05),
    "padding": _pixels(0, 512, optional=True),
    "Pad.padding": _pixels(0, 512, start=16),
    "pad_if_needed": Range("switch"),
    "padding_mode": Range("choice", choices=PADDING_MODES),
    "side_range": Range("range", 1, 4, 0.1, unit="x"),
    "max_size": _pixels(2, 2048, optional=True),
    "RandomResize.min_size": _pixels(1, 1023, start=96),
    "RandomResize.max_size": _pixels(2, 1024, start=256),
    "RandomShortestSize.min_size": _pixels(1, 1024, start=160),
    "target_size": Range("pair", 1, 1024, 1, unit="px", whole=True, start=(224, 224)),
    "scale_range": Range("range", 0.1, 4, 0.1, unit="x"),
    "interpolation": Range("choice", choices=INTERPOLATIONS),
    "RandomRotation.interpolation": Range("choice", choices=INTERPOLATIONS, start="bilinear"),
    "RandomAffine.interpolation": Range("choice", choices=INTERPOLATIONS, start="bilinear"),
    "fill": Range("colour", 0, 255, 1, whole=True, start=BLACK),
    # Colours.
    "ColorJitter.brightness": Range("range", 0, 3, 0.05, unit="x", optional=True, start=(0.6, 1.4)),
    "ColorJitter.contrast": Range("range", 0, 3, 0.05, unit="x", optional=True, start=(0.6, 1.4)),
    "ColorJitter.saturation": Range("range", 0, 3, 0.05, unit="x", optional=True, start=(0.6, 1.4)),
    "ColorJitter.hue": Range("range", -0.5, 0.5, 0.01, unit="of the circle", optional=True, start=(-0.05, 0.05)),
    "brightness": Range("range", 0, 3, 0.005, unit="x"),
    "contrast": Range("range", 0, 3, 0.05, unit="x"),
    "saturation": Range("range", 0, 3, 0.05, unit="x"),
    "hue": Range("range", -0.5, 0.5, 0.01, unit="of the circle"),
    "RandomPhotometricDistort.p": Range("number", 0, 1, 0.05),
    "bits": _whole(1, 8, unit="bits", start=3),
    "threshold": Range("number", 0, 255, 1, start=128.0),
    "sharpness_factor": Range("number", 0, 10, 0.1, unit="x", start=2.0),
    # Blur, noise, erasing.
    "kernel_size": _pixels(1, 51, step=2, start=5),
    "GaussianBlur.sigma": Range("range", 0.1, 10, 0.1, unit="px"),
    "mean": Range("number", -0.5, 0.5, 0.01),
    "GaussianNoise.sigma": Range("number", 0, 0.5, 0.01),
    "clip": Range("switch"),
    "quality": Range("range", 1, 100, 1, whole=True, start=(10, 60)),
    "RandomErasing.scale": Range("range", 0.01, 1, 0.01, unit="of the area"),
    "RandomErasing.ratio": Range("range", 0.1, 10, 0.1),
    "value": Range("colour", 0, 255, 1, whole=True, start=BLACK),
    # Automatic policies.
    "policy": Range("choice", choices=POLICIES),
    "num_ops": _whole(1, 6),
    "magnitude": _whole(0, 60),
    "num_magnitude_bins": _whole(2, 61),
    "severity": _whole(1, 10),
    "mixture_width": _whole(1, 6),
    "chain_depth": _whole(-1, 6),
    "AugMix.alpha": Range("number", 0.1, 5, 0.1),
    "all_ops": Range("switch"),
}

# Policies leave the fill out by default, which is black too.
RANGES |= {
    f"{name}.fill": Range("colour", 0, 255, 1, whole=True, optional=True)
    for name in ("RandAugment", "TrivialAugmentWide", "AutoAugment", "AugMix")
}

# Parameters without a control: the value they always have, and why.
FIXED: dict[str, tuple[Any, str]] = {
    "center": (None, "the middle of the picture"),
    "antialias": (True, "Pillow always smooths when it shrinks"),
    "inplace": (False, "the person's picture must stay as it is"),
    "num_output_channels": (3, "networks here read three channels"),
}


def range_of(transform: str, parameter: str) -> Range | None:
    """The range of a transform's parameter; None where there is no control for it."""
    return RANGES.get(f"{transform}.{parameter}", RANGES.get(parameter))
