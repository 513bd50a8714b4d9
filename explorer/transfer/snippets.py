"""Python that gives the numbers of the Transfer page.

Run from the project's root; what a snippet reads is on the page too: "pictures.zip", a trained network's file, or
arrays. Places count the pictures of the ZIP in its order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from explorer.snippet import snippet
from explorer.transfer.evaluation.inside import Projection
from explorer.transfer.experiment import Experiment
from explorer.transfer.exporting import file_stem
from explorer.transfer.script import write_trial
from explorer.zoo import Preprocessing


def movement_snippet(experiment: Experiment) -> str:
    """How far each layer moved."""
    return snippet(
        *_trained_lines(experiment),
        "from explorer.transfer.evaluation.inside import moved_from_pretrained",
        "moved = moved_from_pretrained(trial, after)",
        "for layer, distance in moved.distance.items():",
        '    print(f"{layer}: {distance:.3%}, cosine {moved.likeness[layer]:.5f}")',
    )


def features_snippet(experiment: Experiment, method: Projection, places: NDArray[np.int64]) -> str:
    """Pictures as points before and after, and how well their classes lie apart."""
    return snippet(
        *_pictures_and_trained_lines(experiment),
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


def maps_snippet(experiment: Experiment, layer: str, place: int) -> str:
    """One layer's maps of one picture before and after."""
    return snippet(
        *_pictures_and_trained_lines(experiment),
        "from explorer.transfer.evaluation.inside import maps_of, starting_network",
        "before = starting_network(trial, after.classes)",
        f"x = after.preprocessing.tensor(pictures.image({place}))  # (1, 3, S, S)",
        f"maps = maps_of(before, after, x, {layer!r})",
        "print(maps.before.shape, maps.after.shape, maps.changed.max())",
    )


def _trained_lines(experiment: Experiment) -> list[str]:
    """`trial`, and the trained network as `after`."""
    return [
        "from pathlib import Path",
        "from explorer.transfer.trial import Recipe, Trial",
        "from explorer.zoo import load_model",
        f"trial = {write_trial(experiment.trial)}",
        f"weights = Path({f'{file_stem(experiment)}.safetensors'!r}).read_bytes()",
        "after = load_model(trial.network, weights=weights)",
    ]


def _pictures_and_trained_lines(experiment: Experiment) -> list[str]:
    return [
        "from explorer.transfer.data.sources import read_zip",
        'pictures = read_zip(Path("pictures.zip").read_bytes(), "pictures.zip").pictures',
        *_trained_lines(experiment),
    ]


def mistakes_snippet() -> str:
    """Python that counts the matrix again, and finds the surest error."""
    return snippet(
        "import numpy as np",
        "from sklearn.metrics import confusion_matrix",
        "",
        'answers = np.load("mistakes.npz")  # the download',
        'labels, predicted = answers["labels"], answers["predicted"]  # (seeds, T)',
        'classes = range(len(answers["classes"]))',
        "confusion = sum(confusion_matrix(*each, labels=classes) for each in zip(labels, predicted))",
        "print(confusion)",
        'sureness = np.where(predicted == labels, 0.0, answers["probabilities"].max(axis=2))  # (seeds, T)',
        "seed, picture = np.unravel_index(sureness.argmax(), sureness.shape)",
        'print(answers["places"][seed, picture], sureness.max())',
    )


def similarity_snippet() -> str:
    """Python that measures the features again."""
    return snippet(
        "import numpy as np",
        "",
        "from explorer.transfer.evaluation.similarity import measure_similarity",
        "",
        'data = np.load("features.npz")',
        'similarity = measure_similarity(data["features"], data["labels"])',
        "print(similarity, similarity.separation)",
    )


def answers_snippet() -> str:
    """Python that gives the intervals of the table from the answers."""
    return snippet(
        "import numpy as np",
        "",
        "from explorer.transfer.evaluation.resampling import accuracy_interval",
        "",
        'answers = np.load("answers.npz")',
        'labels, places = answers["labels"], answers["places"]  # (seeds, T)',
        "intervals = {}",
        'for name in set(answers) - {"labels", "places", "classes"}:',
        "    told = answers[name].argmax(axis=2)  # (seeds, T)",
        "    right = np.full((len(told), places.max() + 1), np.nan)  # a column a picture",
        "    np.put_along_axis(right, places[: len(told)], told == labels[: len(told)], axis=1)",
        "    intervals[name] = low, high = accuracy_interval(right)",
        '    print(f"{name}: {np.nanmean(right):.1%}, {low:.1%} to {high:.1%}")',
    )


def pictures_snippet(code: Sequence[str], without_duplicates: bool, seed: int) -> str:
    """Python that gives the arrays on the page."""
    left_out = [
        "from explorer.transfer.data.near_duplicates import leave_out_duplicates",
        "pictures = leave_out_duplicates(pictures, find_pairs(image_statistics(pictures)))",
    ]
    return snippet(
        *code,
        "from explorer.transfer.data.near_duplicates import find_pairs, image_statistics",
        *(left_out if without_duplicates else []),
        "from explorer.transfer.data.splitting import split",
        f"parts = split(pictures.labels, seed={seed})",
        "statistics = image_statistics(pictures)",
        "pairs = find_pairs(statistics).places",
        "print(len(pictures), len(parts.training), len(parts.validation), len(parts.test), len(pairs))",
    )


def use_snippet(network: str, stem: str) -> str:
    """Python that asks the trained network about a picture of one's own."""
    return snippet(
        "from pathlib import Path",
        "",
        "from explorer.images import open_image",
        "from explorer.zoo import load_model",
        "",
        f"model = load_model({network!r}, weights=Path({f'{stem}.safetensors'!r}).read_bytes())",
        'x = model.preprocessing.tensor(open_image(Path("photo.jpg").read_bytes())).to(model.device)  # (1, 3, S, S)',
        "probabilities = model.network(x).softmax(dim=1)[0].tolist()",
        "for name, probability in zip(model.classes, probabilities):",
        '    print(f"{name}: {probability:.2%}")',
    )


def onnx_snippet(preprocessing: Preprocessing, stem: str) -> str:
    """Python that asks the ONNX file about a picture of one's own, with Pillow and onnxruntime only."""
    return snippet(
        "import json",
        "",
        "import numpy as np",
        "import onnxruntime",
        "from PIL import Image, ImageOps",
        "",
        f"session = onnxruntime.InferenceSession({f'{stem}.onnx'!r})",
        'classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])',
        'image = ImageOps.exif_transpose(Image.open("photo.jpg")).convert("RGB")',
        "# The shorter side is brought to its length, then the centre is cut out.",
        f"width, height = ({preprocessing.resize} * side // min(image.size) for side in image.size)",
        f"image = image.resize((width, height), Image.Resampling.{preprocessing.interpolation.upper()})",
        f"left, top = (round((side - {preprocessing.size}) / 2) for side in (width, height))",
        f"image = image.crop((left, top, left + {preprocessing.size}, top + {preprocessing.size}))",
        "pixels = np.asarray(image, np.float32).transpose(2, 0, 1)[None] / 255  # (1, 3, S, S), between 0 and 1",
        'logits = session.run(["logits"], {"pixels": pixels})[0][0].astype(np.float64)',
        "probabilities = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()",
        "for name, probability in zip(classes, probabilities):",
        '    print(f"{name}: {probability:.2%}")',
    )
