"""Draws as arrays and records, without the image library: what a cache and a file can keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.augmentation.drawing import Draw, DrawnStep
from explorer.augmentation.experiment import Pictures
from explorer.augmentation.invariance import Invariance, MapComparison
from explorer.augmentation.pipeline import Pipeline
from explorer.augmentation.predicting import DrawProbabilities, TestTimeAverage
from explorer.rendering import draw_picture_grid

_SHOWN = 8  # pictures to train on, before and after a pipeline


@dataclass(frozen=True, eq=False)
class Drawn:
    """One draw, without the image library: what a cache can keep.

    Attributes:
        pixels: (H, W, 3) uint8.
        seed: of this draw.
        steps: what each step did.
        description: that in one line.
    """

    pixels: NDArray[np.uint8]
    seed: int
    steps: tuple[DrawnStep, ...]
    description: str


def keep_draw(draw: Draw) -> Drawn:
    """The pixels and the words of a draw."""
    return Drawn(np.array(draw.image), draw.seed, draw.steps, draw.description)


def full_grid(draws: Sequence[Drawn]) -> bytes:
    """The grid for a download, every draw at its true size where they have one size."""
    side = max(max(each.pixels.shape[:2]) for each in draws)
    return draw_picture_grid([each.pixels for each in draws], columns=4, side=min(side, 1024)).png


def draw_record(draw: Drawn) -> dict[str, object]:
    """What was drawn, as JSON values."""
    return {"seed": draw.seed, "steps": [_step_record(step) for step in draw.steps]}


def _step_record(step: DrawnStep) -> dict[str, object]:
    return {
        "transform": step.transform,
        "fired": step.fired,
        "parameters": step.parameters,
        "operations": [{"name": each.name, "magnitude": each.magnitude} for each in step.operations],
    }


def draw_arrays(draws: Sequence[Drawn]) -> dict[str, NDArray[np.generic]]:
    """The pictures, their seeds, and which steps fired: (N, steps)."""
    fired = np.array([[step.fired for step in each.steps] for each in draws])
    pictures = {f"draw{number}": each.pixels for number, each in enumerate(draws, 1)}
    return {"seeds": np.array([each.seed for each in draws]), "fired": fired, **pictures}


def draw_pictures(pictures: Pictures, pipeline: Pipeline, seed: int) -> tuple[bytes, bytes]:
    """Some pictures to train on as they are and through a pipeline, evenly taken, as PNG.

    Raises:
        PipelineRejected: it cannot be done on them.
    """
    images = pictures.images.transpose(0, 2, 3, 1)
    chosen = images[np.linspace(0, len(images) - 1, _SHOWN).astype(int)]
    draws = [pipeline.draw(Image.fromarray(each), seed + number) for number, each in enumerate(chosen)]
    before = draw_picture_grid(list(chosen), columns=_SHOWN, side=72)
    after = draw_picture_grid([np.array(each.resize((32, 32))) for each in draws], columns=_SHOWN, side=72)
    return before.png, after.png


def probability_arrays(
    found: DrawProbabilities, average: TestTimeAverage, classes: Sequence[str]
) -> dict[str, NDArray[np.generic]]:
    """What a network makes of draws, and their mean, for a file."""
    return {
        "classes": np.array(classes),
        "single": found.single,
        "probabilities": found.probabilities,
        "order": found.order,
        "mean": average.mean,
        "spread": average.spread,
    }


def invariance_arrays(found: Invariance, compared: MapComparison) -> dict[str, NDArray[np.generic]]:
    """The maps of one layer for two pictures, and every layer's numbers; NaN where equivariance was not measured."""
    follows = [np.nan if each.equivariance is None else each.equivariance for each in found.layers]
    return {
        "original": compared.original,
        "augmented": compared.augmented,
        "difference": compared.difference,
        "layers": np.array([each.name for each in found.layers]),
        "invariance": np.array([each.invariance for each in found.layers]),
        "equivariance": np.array(follows),
        "chance": np.array([each.chance for each in found.layers]),
    }
