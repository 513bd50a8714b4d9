"""A `models/` folder of its own for tests that must not depend on which networks are shipped."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.torch import save_file
from torch import nn

from explorer.zoo import architectures, catalogue, loading

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def forget_models() -> None:
    catalogue.list_shipped.cache_clear()
    catalogue.read_card.cache_clear()


@pytest.fixture(scope="session")
def made_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our networks with random weights, stored in half precision as the shipped ones are."""
    models = tmp_path_factory.mktemp("made") / "models"
    for function, name in catalogue.ARCHITECTURES.items():
        if name in catalogue.PACKAGED:
            continue
        network: nn.Module = getattr(architectures, function)()
        state = {key: value.half() if value.ndim > 1 else value for key, value in network.state_dict().items()}
        folder = models / name
        folder.mkdir(parents=True)
        save_file(state, folder / "weights.safetensors")
        side = 128 if name == "photo-net" else 32
        card = {
            "name": name,
            "title": name.title(),
            "input_size": side,
            "mean": [0.49, 0.48, 0.45],
            "std": [0.25, 0.24, 0.26],
            "classes": CLASSES,
            "sha256": hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest(),
        }
        (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    (models / "half-trained").mkdir()
    return models


@pytest.fixture
def own_models(made_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of them that the test may change, in the place of those that are shipped."""
    shutil.copytree(made_models, tmp_path / "models")
    monkeypatch.setattr(catalogue, "MODELS", tmp_path / "models")
    monkeypatch.setattr(loading, "MODELS", tmp_path / "models")
    forget_models()
    yield tmp_path / "models"
    monkeypatch.undo()
    forget_models()
