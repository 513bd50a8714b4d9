"""Every shipped network is what its card says."""

import hashlib
import math
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors import safe_open

from explorer.datasets import locate
from explorer.training.__main__ import SOURCES
from explorer.training.datasets import IMAGENETTE_CLASSES
from explorer.training.packaged_card import describe
from explorer.training.recipes import IMAGENETTE_IN_IMAGENET, RECIPES
from explorer.zoo import load_model, read_card
from explorer.zoo.catalogue import MODELS, PACKAGED, list_own

LIMITS = {"tiny-vgg": 60_000, "five-by-five": 130_000, "mini-resnet": 3_000_000, "photo-net": 4_000_000}
TRAINED = [name for name in list_own() if name not in (*PACKAGED, "photo-vit")]  # of that one: test_vit_recipe.py
PICTURES = {"tiny-vgg": 1000, "five-by-five": 1000, "mini-resnet": 1000, "photo-net": 600}


@pytest.mark.parametrize("name", TRAINED)
def test_the_file_is_the_one_the_card_describes(name: str) -> None:
    card, file = read_card(name), MODELS / name / "weights.safetensors"
    assert card["name"] == name
    assert card["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    with safe_open(file, "pt") as tensors:
        kinds = {tensors.get_slice(key).get_dtype() for key in tensors.keys() if key.endswith("weight")}  # noqa: SIM118
    assert "F16" in kinds
    assert {path.name for path in (MODELS / name).iterdir()} == {"weights.safetensors", "card.json"}


@pytest.mark.parametrize("name", TRAINED)
def test_the_network_is_the_one_the_card_describes(name: str) -> None:
    card, model = read_card(name), load_model(name, device="cpu")
    assert card["parameters"] == model.parameters <= LIMITS[name]
    assert model.classes == tuple(card["classes"])
    assert len(set(model.classes)) == 10
    assert all(parameter.isfinite().all() for parameter in model.network.parameters())


@pytest.mark.parametrize("name", TRAINED)
def test_the_card_states_the_recipe(name: str) -> None:
    card, recipe = read_card(name), RECIPES[name]
    assert card["data"] == SOURCES[recipe.data]
    assert card["data"]["licence"]
    assert card["data"]["split"]
    assert card["training"]["command"] == f"python -m explorer.training {name}"
    assert card["accuracy"]["command"] == f"python -m explorer.training --evaluate {name}"
    assert card["training"]["seconds"] > 0
    for key in ("seed", "batch_size", "weight_decay"):
        assert card["training"][key] == getattr(recipe, key)
    assert card["training"]["cycles"] == [
        {"epochs": cycle.epochs, "learning_rate": cycle.learning_rate} for cycle in recipe.cycles
    ]
    assert (card["input_size"], tuple(card["mean"]), tuple(card["std"])) == (recipe.input_size, recipe.mean, recipe.std)
    assert 0.5 < card["accuracy"]["value"] < 1


def test_every_recipe_is_shipped_or_none() -> None:
    assert set(TRAINED) in (set(), set(RECIPES))


@pytest.mark.parametrize("name", PACKAGED)
def test_the_card_of_a_packaged_network_is_what_its_command_writes(name: str) -> None:
    card = read_card(name)
    assert {key: value for key, value in card.items() if key != "accuracy"} == describe()
    assert card["accuracy"]["command"] == "python -m explorer.training.packaged_card"
    assert 0.5 < card["accuracy"]["measured"]["top1"] < card["accuracy"]["measured"]["top5"] < 1
    model = load_model(name, device="cpu")
    assert card["parameters"] == model.parameters
    assert len(set(model.classes)) == len(model.classes) == 1000
    assert all(parameter.isfinite().all() for parameter in model.network.parameters())


@pytest.mark.parametrize("name", TRAINED)
def test_the_measured_accuracy_is_true(name: str, data_folder: Path) -> None:
    """Through the zoo and its preprocessing, as the dashboard sees a picture; the same share of every class."""
    model, recipe, card = load_model(name, device="cpu"), RECIPES[name], read_card(name)
    root = locate(recipe.data)
    split = next(path for path in (root / recipe.test_split, root / "imagenette" / recipe.test_split) if path.is_dir())
    folders = sorted(path for path in split.iterdir() if path.is_dir())
    assert [IMAGENETTE_CLASSES.get(path.name, path.name) for path in folders] == list(model.classes)
    network = model.network.to(memory_format=torch.channels_last)  # the same numbers, sooner
    hits, count = 0, 0
    for label, folder in enumerate(folders):
        files = sorted(folder.iterdir())[: PICTURES[name] // len(folders)]
        x = torch.cat([model.preprocessing.tensor(Image.open(path).convert("RGB")) for path in files])
        with torch.inference_mode():
            # A few at a time, which a CPU's cache holds.
            hits += sum(int((network(few).argmax(1) == label).sum()) for few in x.split(8))
        count += len(files)
    assert count == PICTURES[name]
    stated = card["accuracy"]["value"]
    standard_error = math.sqrt(stated * (1 - stated) / count)
    assert abs(hits / count - stated) < 3 * standard_error


def test_imagenettes_classes_are_where_the_distillation_looks() -> None:
    from torchvision.models import MobileNet_V2_Weights

    names = MobileNet_V2_Weights.DEFAULT.meta["categories"]
    assert [names[index].lower() for index in IMAGENETTE_IN_IMAGENET] == [
        # torchvision says "gas pump" and "garbage truck" as Imagenette does, and writes "French horn" in capitals.
        name.lower()
        for name in IMAGENETTE_CLASSES.values()
    ]
