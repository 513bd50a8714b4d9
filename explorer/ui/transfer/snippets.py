"""Python that gives the numbers of the Transfer page's "Inside" part.

Run from the project's root, with the trained network's file and "pictures.zip" beside it: both are on the page's last
part. Places count the pictures of the ZIP in its order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.transfer.evaluation.inside import Projection
from explorer.transfer.exporting import file_stem
from explorer.transfer.script import write_trial
from explorer.ui.kit.snippet import snippet
from explorer.ui.transfer.state import Trained


def movement_snippet(trained: Trained) -> str:
    """How far each layer moved."""
    return snippet(
        *_trained_lines(trained),
        "from explorer.transfer.evaluation.inside import moved_from_pretrained",
        "moved = moved_from_pretrained(trial, after)",
        "for layer, distance in moved.distance.items():",
        '    print(f"{layer}: {distance:.3%}, cosine {moved.likeness[layer]:.5f}")',
    )


def features_snippet(trained: Trained, method: Projection, places: NDArray[np.int64]) -> str:
    """Pictures as points before and after, and how well their classes lie apart."""
    return snippet(
        *_pictures_and_trained_lines(trained),
        "import numpy as np",
        "from explorer.transfer.features import features_of",
        "from explorer.transfer.evaluation.inside import project, separation, starting_network",
        "before = starting_network(trial, after.classes)",
        f"places = np.array({places.tolist()})",
        "labels = pictures.labels[places]",
        'for name, model in (("before", before), ("after", after)):',
        "    features = features_of(model, pictures, places)  # (N, D)",
        f"    points = project(features, {method!r})  # (N, 2)",
        "    print(name, points.shape, separation(features, labels))",
    )


def maps_snippet(trained: Trained, layer: str, place: int) -> str:
    """One layer's maps of one picture before and after."""
    return snippet(
        *_pictures_and_trained_lines(trained),
        "from explorer.transfer.evaluation.inside import maps_of, starting_network",
        "before = starting_network(trial, after.classes)",
        f"x = after.preprocessing.tensor(pictures.image({place}))  # (1, 3, S, S)",
        f"maps = maps_of(before, after, x, {layer!r})",
        "print(maps.before.shape, maps.after.shape, maps.changed.max())",
    )


def _trained_lines(trained: Trained) -> list[str]:
    """`trial`, and the trained network as `after`."""
    return [
        "from pathlib import Path",
        "from explorer.transfer.trial import Recipe, Trial",
        "from explorer.zoo import load_model",
        f"trial = {write_trial(trained.trial)}",
        f"weights = Path({f'{file_stem(trained.experiment)}.safetensors'!r}).read_bytes()",
        "after = load_model(trial.network, weights=weights)",
    ]


def _pictures_and_trained_lines(trained: Trained) -> list[str]:
    return [
        "from explorer.transfer.data.sources import read_zip",
        'pictures = read_zip(Path("pictures.zip").read_bytes(), "pictures.zip").pictures',
        *_trained_lines(trained),
    ]
