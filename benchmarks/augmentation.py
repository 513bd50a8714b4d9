"""Augmentation: sixteen draws of five steps, and a sweep of forty-one points over the bare network."""

from functools import partial
from statistics import median

import numpy as np
import torch

from benchmarks.results import Row
from benchmarks.timing import compare, seconds_of
from explorer.augmentation import EXAMPLE, SWEEPS, Pipeline, Step, sweep
from explorer.images import open_image
from explorer.rendering import encode_png
from explorer.samples import read_sample
from explorer.zoo import load_model

DRAWS, SIDE, DRAWS_BOUND = 16, 224, 200  # ms
POINTS, SWEEP_BOUND = 41, 2.0
# What a step costs depends on the step: the page's own pipeline is promised, a slow one is told beside it.
SLOW = Pipeline(
    (
        Step("ElasticTransform"),
        Step("RandomPerspective", {}, 1.0),
        Step("GaussianBlur", {"kernel_size": 9}),
        Step("GaussianNoise"),
        Step("AugMix"),
    )
)


def measure(quick: bool) -> list[Row]:
    """Draws put side by side and encoded; sweeps of a photo of its full size."""
    return [*_draws(1 if quick else 30), *_sweeps(1 if quick else 10)]


def _draws(repetitions: int) -> list[Row]:
    image = open_image(read_sample("coffee")).resize((SIDE, SIDE))

    def render(pipeline: Pipeline, first: int) -> None:
        tiles = np.stack([np.asarray(draw.image) for draw in pipeline.draw_many(image, DRAWS, first)])
        rows = tiles.reshape(DRAWS // 4, 4, SIDE, SIDE, 3).swapaxes(1, 2)  # four pictures beside each other
        encode_png(rows.reshape(DRAWS // 4 * SIDE, 4 * SIDE, 3))

    rows = []
    for name, pipeline, bound in (("the page's five steps", EXAMPLE, DRAWS_BOUND), ("five slow steps", SLOW, None)):
        render(pipeline, 0)  # to warm up
        # Other seeds each time: what fires and what it costs differs from draw to draw.
        seconds = median(seconds_of(partial(render, pipeline, DRAWS * number)) for number in range(repetitions))
        steps = ", ".join(step.transform for step in pipeline.steps)
        rows.append(
            Row(
                f"{DRAWS} draws of {name} at {SIDE} px, drawn and encoded as one PNG",
                seconds * 1000,
                "ms",
                bound,
                f"{steps}; median of {repetitions}",
            )
        )
    return rows


def _sweeps(repetitions: int) -> list[Row]:
    model = load_model("photo-net", device="cpu")
    image = open_image(read_sample("coffee"))
    x = model.preprocessing.tensor(image).repeat(POINTS, 1, 1, 1)

    def bare() -> None:
        with torch.inference_mode():
            model.network(x)

    rows = []
    note = f"medians of {repetitions}, in turns"
    for name in SWEEPS:
        run = partial(sweep, model, image, name)
        ours, theirs = compare(partial(seconds_of, run), partial(seconds_of, bare), repetitions, warm_up=1)
        what = f"{name} in {POINTS} points on {model.name}, over {POINTS} bare forwards in one batch"
        rows.append(Row(what, ours / theirs, "x", SWEEP_BOUND, note))
    return rows
