"""A trained network to take home: safetensors with a card. Other forms: `onnx_file`, `script`.

The safetensors file is what every page opens as a person's own weights, so it is handed over by itself, not in an
archive; its metadata hold the card as well, and the card is a file of its own for those who only want to read.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import platform
import struct
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch
import torchvision

from explorer.transfer.experiment import Experiment
from explorer.transfer.trial import STRATEGY_TITLES
from explorer.zoo import Preprocessing, VisionModel, list_shipped, read_card
from explorer.zoo.weights import read_weights

CARD = "card"  # where the metadata of a safetensors file hold it, as JSON


def as_card(
    experiment: Experiment, model: VisionModel, pictures_title: str, date: datetime.date | None = None
) -> dict[str, Any]:
    """What is to be known of a trained network, in the form of the cards in `models/`.

    Args:
        experiment: a finished one.
        model: the trained network, as `load_model(trial.network, weights=...)` opens it.
        pictures_title: what a person calls the pictures.
        date: of the card; today if None.
    """
    trial = experiment.trial
    counts = f"{experiment.training} to train, {experiment.validation} to validate, {experiment.test} to test"
    right = int(experiment.right.sum())
    return {
        "name": trial.network,
        "title": f"{trial.network}, {STRATEGY_TITLES[trial.strategy].lower()}, {pictures_title}",
        "architecture": _architecture(trial.network),
        "parameters": model.parameters,
        **describe_preprocessing(model.preprocessing),
        "classes": list(experiment.classes),
        "data": {"name": pictures_title, "split": f"stratified, seed {trial.split_seed}: {counts}"},
        "note": _begin(experiment),
        "training": {
            "trial": trial.to_dict(),
            "epochs": experiment.curve.epochs[-1] if experiment.curve.epochs else 0,
            "trainable": experiment.trainable,
            "seconds": round(experiment.seconds, 3),
            "precision": experiment.precision,
            "machine": experiment.device,
            "stopped": experiment.stopped,
        },
        "accuracy": {"value": experiment.accuracy, "right": right, "split": f"test, {experiment.test:,} pictures"},
        "versions": {
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "torchvision": str(torchvision.__version__),
        },
        "storage": "fp32",
        "date": (date or datetime.date.today()).isoformat(),
    }


def describe_preprocessing(preprocessing: Preprocessing) -> dict[str, Any]:
    """From a picture to the network's input, under the names of the cards in `models/`."""
    values = asdict(preprocessing)
    return {
        "input_size": values["size"],
        "resize": values["resize"],
        "fit": values["fit"],
        "interpolation": values["interpolation"],
        "mean": list(values["mean"]),
        "std": list(values["std"]),
    }


def as_safetensors(weights: bytes, card: Mapping[str, Any]) -> bytes:
    """The trained network's file with its card among the metadata.

    Args:
        weights: what a training wrote as "weights.safetensors".
        card: from `as_card`.

    Returns:
        A safetensors file that `load_model(trial.network, weights=...)` and every page's "Own weights" open; the same
        bytes for the same card.

    Raises:
        WeightsRejected: `weights` is no whole safetensors file.
    """
    _, metadata = read_weights(weights)
    (length,) = struct.unpack("<Q", weights[:8])
    header = json.loads(weights[8 : 8 + length])
    # Only the header is written anew: the library would put its entries in another order each time, and the card of
    # one download could not name the digest of the other.
    header["__metadata__"] = {**metadata, CARD: json.dumps(card)}
    text = json.dumps(header, sort_keys=True).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of eight bytes
    return struct.pack("<Q", len(text)) + text + weights[8 + length :]


def card_text(card: Mapping[str, Any], file: bytes) -> str:
    """The card as a JSON file that also says which file it belongs to.

    Args:
        card: from `as_card`.
        file: from `as_safetensors`.
    """
    return json.dumps({**card, "sha256": hashlib.sha256(file).hexdigest()}, indent=2, ensure_ascii=False) + "\n"


def file_stem(experiment: Experiment) -> str:
    """What the files of an experiment are called, without an extension."""
    trial = experiment.trial
    share = f"-{round(100 * trial.share)}-percent" if trial.share < 1 else ""
    return f"{trial.network}-{trial.strategy}-seed-{trial.seed}{share}"


def _architecture(network: str) -> str:
    return str(read_card(network)["architecture"]) if network in list_shipped() else network


def _begin(experiment: Experiment) -> str:
    if experiment.trial.strategy == "scratch":
        return "Every weight began at random."
    return f"It began from the weights of {experiment.trial.network}; the last layer is new."


def describe(experiment: Experiment, title: str) -> str:
    """What a network was trained on and how, in a line."""
    trial = experiment.trial
    return f"{title}: {STRATEGY_TITLES[trial.strategy].lower()}, seed {trial.seed}"


def make_files(experiment: Experiment, model: VisionModel, weights: bytes, title: str) -> tuple[bytes, str]:
    """The safetensors file with the card in it, and the card with the file's digest; arguments as for `as_card`."""
    card = as_card(experiment, model, title)
    data = as_safetensors(weights, card)
    return data, card_text(card, data)
