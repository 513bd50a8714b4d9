"""`python -m explorer.training.vit_recipe [--evaluate]`: make or measure `photo-vit`.

Its early stages are EfficientNet-Lite0's and stay as they are, so that they look at every training photo only a few
times, before training; the transformer then learns from the cells they gave. The rest of that network is the teacher.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import date

import torch
from PIL import Image
from safetensors.torch import save_file

from explorer.training.__main__ import SOURCES, to_storage
from explorer.training.datasets import LabelledImages, load_split, needs_data
from explorer.training.vit_training import AT_ONCE, Recipe, fit, look
from explorer.zoo import VisionModel, load_model
from explorer.zoo.catalogue import MODELS, read_card
from explorer.zoo.photo_vit import STAGES_USED, PhotoViT

NAME, TEACHER = "photo-vit", "efficientnet-lite0"


@torch.inference_mode()
def accuracy(model: VisionModel, data: LabelledImages) -> float:
    """Share of photos whose most probable class is theirs, float32, as the dashboard sees a picture."""
    hits = 0
    for images, labels in zip(data.images.split(AT_ONCE), data.labels.split(AT_ONCE), strict=True):
        x = torch.cat([model.preprocessing.tensor(Image.fromarray(i.permute(1, 2, 0).numpy())) for i in images])
        hits += int((model.network(x).argmax(1) == labels).sum())
    return hits / len(data.labels)


def describe(recipe: Recipe, network: PhotoViT, data: LabelledImages, seconds: float) -> dict[str, object]:
    """The card, without what is measured and the checksum."""
    teacher = read_card(TEACHER)
    return {
        "name": NAME,
        "title": "Photo ViT, convolutions and a transformer, Imagenette",
        "architecture": "photo_vit",
        "parameters": sum(p.numel() for p in network.parameters()),
        "input_size": teacher["input_size"],
        "resize": teacher["input_size"],  # all of the photo that a square can hold
        "interpolation": teacher["interpolation"],
        "mean": teacher["mean"],
        "std": teacher["std"],
        "classes": data.classes,
        "data": SOURCES["imagenette"],
        "note": f"Stem and stages 1 to {STAGES_USED} of seven are {TEACHER}'s, unchanged (Apache-2.0, Google; "
        f"converted by the author of {teacher['package']['name']}). The transformer behind them was trained here; the "
        f"whole of {TEACHER} was its teacher, on the same views of every training photo. Pairs of training photos "
        "taught it to name one of the two and to gather from that one, by rollout. ImageNet's training photos, on "
        "which the early stages and the teacher were trained, hold most photos of both of Imagenette's splits: at most "
        "500 of the 3,925 can be from ImageNet's own validation photos.",
        "training": {
            "command": "python -m explorer.training.vit_recipe",
            "teacher": TEACHER,
            "recipe": asdict(recipe),
            "seconds": round(seconds),
            "machine": "2 CPU cores shared with other work, bf16 autocast",
            "date": date.today().isoformat(),
        },
        "storage": "fp16 weights, fp32 biases and batch statistics",
    }


def make(recipe: Recipe, train: LabelledImages, test: LabelledImages, log: Callable[[str], None]) -> float:
    """Train, write weights and card, return the accuracy of the written file."""
    started = time.perf_counter()
    teacher = load_model(TEACHER, device="cpu")
    network = fit(recipe, look(train, recipe, teacher, log), teacher, log)
    return write(describe(recipe, network, train, time.perf_counter() - started), network, test)


def write(card: dict[str, object], network: PhotoViT, test: LabelledImages) -> float:
    """Write weights and card, and return the accuracy of the written file, which the card tells."""
    weights, path = MODELS / NAME / "weights.safetensors", MODELS / NAME / "card.json"
    weights.parent.mkdir(parents=True, exist_ok=True)
    save_file(to_storage(network.state_dict()), weights)
    card["sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")  # the zoo opens what has a card
    measured = accuracy(load_model(NAME, device="cpu"), test)
    card["accuracy"] = {
        "value": measured,
        "split": f"val, {len(test.labels):,} pictures",
        "command": "python -m explorer.training.vit_recipe --evaluate",
    }
    path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return measured


@needs_data
def main() -> None:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m explorer.training.vit_recipe", description=__doc__)
    parser.add_argument("--evaluate", action="store_true", help="measure what is shipped instead of training")
    options = parser.parse_args()
    test = load_split("imagenette", "val")
    if options.evaluate:
        measured = accuracy(load_model(NAME, device="cpu"), test)
    else:
        measured = make(Recipe(), load_split("imagenette", "train"), test, lambda line: print(line, flush=True))
    print(f"{NAME}: {measured:.2%} of {len(test.labels):,}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
