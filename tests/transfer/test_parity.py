"""Predictions that are shown, of the exported safetensors, and of the ONNX file, on the same image files."""

from __future__ import annotations

import json

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

from explorer.images import open_image
from explorer.transfer.exporting import as_card, as_safetensors
from explorer.transfer.onnx_file import as_onnx
from explorer.transfer.training import run_experiment
from explorer.transfer.trial import STRATEGIES, Recipe, Trial
from explorer.zoo import load_model
from tests.transfer.making_pictures import coloured_pictures

pytestmark = pytest.mark.usefixtures("operators_read_once")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The test files of a set, on disk, as a person has them."""
    pictures = coloured_pictures(each=10, side=45, classes=3)
    folder = tmp_path_factory.mktemp("files")
    for place, data in enumerate(pictures.files):
        (folder / f"{place}.png").write_bytes(data)
    return pictures, folder


def softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


NETWORKS = {
    **dict.fromkeys(STRATEGIES, "tiny-vgg"),
    "norm": "mini-resnet",  # the plain stack has no norms of its own
}


@pytest.mark.parametrize(
    ("network", "strategy"),
    [
        *((network, strategy) for strategy, network in NETWORKS.items()),
        *(("efficientnet-lite0", strategy) for strategy in ("head", "truncated")),
    ],
)
def test_shown_and_exported_predictions_agree_on_the_same_files(files, network, strategy, tmp_path):
    pictures, folder = files
    trial = Trial(network, strategy, Recipe(epochs=2, batch_size=8, learning_rate=0.01), device="cpu")
    experiment = run_experiment(pictures, trial, folder=tmp_path)
    weights = (tmp_path / "weights.safetensors").read_bytes()
    card = as_card(experiment, load_model(network, "cpu", weights), "Files")
    opened = load_model(network, "cpu", as_safetensors(weights, card))
    assert opened.classes == pictures.classes

    paths = [folder / f"{place}.png" for place in experiment.test_places]
    x = torch.cat([opened.preprocessing.tensor(open_image(path.read_bytes())) for path in paths])
    with torch.inference_mode():
        exported = softmax(opened.network(x).numpy())
    np.testing.assert_allclose(exported, experiment.test_probabilities, atol=1e-4)
    assert (exported.argmax(axis=1) == experiment.test_probabilities.argmax(axis=1)).all()

    session = onnxruntime.InferenceSession(as_onnx(opened))
    about = json.loads(session.get_modelmeta().custom_metadata_map["preprocessing"])
    # As its metadata say, with Pillow alone.
    pixels = np.stack([read_with_pillow(path, about) for path in paths])
    written = softmax(session.run(["logits"], {"pixels": pixels})[0])
    np.testing.assert_allclose(written, experiment.test_probabilities, atol=1e-4)
    assert (written.argmax(axis=1) == experiment.test_probabilities.argmax(axis=1)).all()


def read_with_pillow(path, about: dict) -> np.ndarray:
    """(3, S, S) float32 between 0 and 1."""
    assert (about["fit"], about["channels"]) == ("crop", "RGB")
    image, side = Image.open(path).convert(about["channels"]), about["input_size"]
    width, height = (about["resize"] * each // min(image.size) for each in image.size)
    image = image.resize((width, height), Image.Resampling[about["interpolation"].upper()])
    left, top = round((width - side) / 2), round((height - side) / 2)
    return np.asarray(image.crop((left, top, left + side, top + side)), np.float32).transpose(2, 0, 1) / 255
