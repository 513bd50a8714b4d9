"""Python that gives what the Augmentation page shows.

`opening` are lines that give `model`, which sees the square whole, and `image`, the square that is changed; a pipeline
is named by its JSON.
"""

from __future__ import annotations

from collections.abc import Sequence

from explorer.augmentation.motion import Motion
from explorer.augmentation.work import POINTS
from explorer.snippet import snippet


def draws_snippet(opening: Sequence[str], pipeline: str, count: int, seed: int) -> str:
    """Python that gives draws."""
    return snippet(
        *opening,
        "from explorer.augmentation import Pipeline",
        f"pipeline = Pipeline.from_json({pipeline!r})",
        f"draws = pipeline.draw_many(image, {count}, seed={seed})",
        "for draw in draws:",
        "    print(draw.seed, draw.image.size, draw.description)",
    )


def probabilities_snippet(opening: Sequence[str], pipeline: str, count: int, seed: int) -> str:
    """Python that gives what a network makes of draws and of the `photo`, and the average of the draws."""
    return snippet(
        *opening,
        "from explorer.augmentation import Pipeline, average_draws, probabilities_of_draws",
        f"pipeline = Pipeline.from_json({pipeline!r})",
        f"average = average_draws(model, image, pipeline, count={count}, seed={seed})",
        "found = probabilities_of_draws(model, image, [draw.image for draw in average.draws])",
        "for place in found.order:",
        "    print(f'draw {place + 1}', found.of_target[place], average.draws[place].description)",
        "best = average.mean.argmax()",
        "single = model.with_preprocessing(preprocessing).probabilities(photo)",
        "print(model.classes[best], average.mean[best], average.spread[best], single[best])",
    )


def sweep_snippet(opening: Sequence[str], name: str) -> str:
    """Python that gives the curves of a sweep, and where the prediction flips."""
    return snippet(
        *opening,
        "from explorer.augmentation import flips, sweep",
        f"result = sweep(model, image, {name!r})",
        "for index in result.top(3):",
        "    print(model.classes[index], result.probabilities[:, index])",
        "for flip in flips(result):",
        "    print(flip.before, flip.after, model.classes[flip.old], '->', model.classes[flip.new], flip.probability)",
    )


def inside_snippet(opening: Sequence[str], motion: Motion | None, pipeline: str, seed: int, layer: str) -> str:
    """Python that gives the numbers of the layers and the maps of one; without a motion a draw changes the picture."""
    if motion is not None:
        lines = [
            "from explorer.augmentation import Motion, compare_maps, measure_invariance",
            f"found = measure_invariance(model, image, motion={motion!r})",
        ]
    else:
        lines = [
            "from explorer.augmentation import Pipeline, compare_maps, measure_invariance",
            f"pipeline = Pipeline.from_json({pipeline!r})",
            f"found = measure_invariance(model, image, augmented=pipeline.draw(image, seed={seed}))",
        ]
    return snippet(
        *opening,
        "from PIL import Image",
        *lines,
        "for each in found.layers:",
        "    print(each.name, each.invariance, each.equivariance, each.chance)",
        "whole = model.with_preprocessing(model.preprocessing.with_fit('squash'))  # both are squares of its size",
        "pictures = [Image.fromarray(each) for each in (found.original, found.changed)]",
        f"compared = compare_maps(whole, {layer!r}, *pictures)",
        "print(compared.layer, compared.difference.shape, compared.cosine)",
    )


def mixing_snippet(pictures: Sequence[str], name: str, seed: int, share: float | None, alpha: float, side: int) -> str:
    """Python that mixes two pictures.

    Args:
        pictures: lines that give `image1` and `image2`.
        name: "mix_up" or "cut_mix".
        seed, share, alpha, side: as for these.
    """
    return snippet(
        f"from explorer.augmentation import {name}",
        *pictures,
        f"mixed = {name}([image1, image2], seed={seed}, share={share!r}, alpha={alpha!r}, side={side})[0]",
        "print(mixed.formula)",
    )


def normalisation_snippet(opening: Sequence[str], dim: float, bright: float) -> str:
    """Python that gives the numbers before and after normalisation, and how far two lights of a photo are apart."""
    return snippet(
        *opening,
        "from explorer.augmentation import dim_and_bright, normalise",
        "found = normalise(image, preprocessing.mean, preprocessing.std)",
        "print(found.before.mean, found.before.std, found.after.mean, found.after.std)",
        f"meeting = dim_and_bright(image, preprocessing.mean, preprocessing.std, dim={dim!r}, bright={bright!r})",
        "for stage in meeting.stages:",
        "    print(stage.title, stage.gap)",
    )


def experiment_snippet(source: str, title: str, count: int, pipeline: str, steps: int, seed: int) -> str:
    """Python that trains the same two networks; arguments as for `work.Order`."""
    if source == "own":
        imports = [
            "from pathlib import Path",
            "from explorer.augmentation import Pipeline, read_image_zip, take_evenly, train_twice",
        ]
        data = f"take_evenly(read_image_zip(Path({title!r}).read_bytes()).pictures, {count})"
    else:
        imports = [
            "from explorer.augmentation import Pipeline, train_twice",
            "from explorer.augmentation.work import load_pictures",
        ]
        data = f"load_pictures({source!r}, {count})"
    return snippet(
        *imports,
        f"pipeline = Pipeline.from_json({pipeline!r})",
        f"data = {data}",
        f"experiment = train_twice(data, pipeline, steps={steps}, seed={seed}, points={POINTS})",
        "print(experiment.description)",
    )
