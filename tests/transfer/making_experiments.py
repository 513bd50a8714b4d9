"""Trainings that never were: experiments with answers as a test wants them."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.experiment import Curve, Experiment
from explorer.transfer.trial import Recipe, Strategy, Trial

CLASSES = ("ants", "bees", "wasps")
CURVE = Curve((0, 1), (0, 6), (1.1, 0.7), (0.0, 1e-3), (0.0, 1.5), (0.3, 0.8), (1.1, 0.6), (0.3, 0.8), (0.1, 2.0))


def make_experiment(
    strategy: Strategy = "head",
    seed: int = 0,
    accuracy: float = 0.8,
    *,
    right: Sequence[bool] | None = None,
    tested: int = 60,
    classes: tuple[str, ...] = CLASSES,
    network: str = "tiny-vgg",
    share: float = 1.0,
    recipe: Recipe | None = None,
    training: int = 180,
    **more: Any,
) -> Experiment:
    """A finished training; which test pictures are right is drawn by its seed and strategy, unless it is given."""
    random = np.random.default_rng([seed, len(strategy), ord(strategy[0]), round(1000 * share)])
    told_rightly = random.random(tested) < accuracy if right is None else np.array(right)
    labels = np.arange(len(told_rightly)) % len(classes)
    wrong = (labels + random.integers(1, len(classes), len(labels))) % len(classes)
    told = np.where(told_rightly, labels, wrong)
    probabilities = random.dirichlet(np.ones(len(classes)), len(labels)) * 0.4
    probabilities[np.arange(len(labels)), told] += 0.6  # above what all others have together
    return Experiment(
        Trial(network, strategy, recipe or Recipe(), seed=seed, share=share, device="cpu"),
        classes,
        max(len(classes), round(training * share)),
        len(labels),
        len(labels),
        curve=Curve(
            (0, 1), (0, 6), (1.1, 0.7), (0.0, 1e-3), (0.0, 1.5), (0.3, 0.8), (1.1, 0.6), (0.3, 0.8), (0.1, 2.0)
        ),
        steps=6,
        test_places=2 * np.arange(len(labels)),
        test_labels=labels,
        test_probabilities=probabilities.astype(np.float32),
        **{
            "trainable": 1539 if strategy == "head" else 80_000,
            "parameters": 80_000,
            "seconds": 2.0 + seed,
            "device": "CPU",
            **more,
        },
    )


def make_seeds(strategy: Strategy, accuracy: float, seeds: int = 3, **more: Any) -> list[Experiment]:
    """One training for each seed."""
    return [make_experiment(strategy, seed, accuracy, **more) for seed in range(seeds)]


def make_pictures(count: int = 120, classes: tuple[str, ...] = CLASSES) -> PictureSet:
    """Small pictures whose colour tells their class; places and labels fit `make_experiment`."""
    random = np.random.default_rng(0)
    labels = np.arange(count) // 2 % len(classes)
    files = []
    for label in labels.tolist():
        pixels = random.integers(0, 90, (20, 30, 3), dtype=np.uint8)
        pixels[..., label % 3] += 120
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        files.append(buffer.getvalue())
    names = tuple(f"picture {number}.png" for number in range(count))
    return PictureSet("Toy insects", tuple(files), names, labels, classes)
