"""`python -m explorer.training [--evaluate] NAME ...`: make or measure the networks in `models/`."""

import argparse
import hashlib
import json
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from explorer.training.datasets import DatasetMissing, LabelledImages, load_split
from explorer.training.recipes import RECIPES, Recipe, accuracy, fit

MODELS = Path(__file__).parents[2] / "models"
SOURCES = {
    "cifar10": {
        "name": "CIFAR-10",
        "licence": "none stated",
        "cite": "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
        "split": "the official one: 50,000 to train, 10,000 to test",
    },
    "imagenette": {
        "name": "Imagenette, 128 px",
        "licence": "photographs from ImageNet: research use",
        "cite": "Howard 2019, Imagenette; Deng et al. 2009, ImageNet",
        "split": "the official one: 9,469 to train, 3,925 to validate",
    },
}
NOTES = {
    "tiny-vgg": "Trained with batch normalisation after every convolution, folded into the weights afterwards.",
    "mini-resnet": "Labels only.",
    "photo-net": "Distilled: a MobileNetV2 with ImageNet weights, loaded through torchvision, gave its opinion on "
    "six crops of every training photo; the network learns from the labels and from that opinion. "
    "The teacher has seen ImageNet's training photos, of which Imagenette's are a part.",
}


def to_storage(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights in fp16; biases and batch statistics, small and sensitive, as they are."""
    return {key: (value.half() if value.ndim > 1 else value).contiguous() for key, value in state.items()}


def measure(recipe: Recipe, test: LabelledImages) -> float:
    """Accuracy of the shipped file on the test split."""
    network = recipe.finish(recipe.build())
    state = load_file(MODELS / recipe.name / "weights.safetensors")
    network.load_state_dict(
        {key: value.float() if value.is_floating_point() else value for key, value in state.items()}
    )
    return accuracy(network, test, recipe.mean, recipe.std)


def make(recipe: Recipe, train: LabelledImages, test: LabelledImages) -> float:
    """Train, write weights and card, return the accuracy of the written file."""
    started = time.perf_counter()
    network = fit(recipe, train, test, log=lambda line: print(line, flush=True))
    seconds = time.perf_counter() - started
    folder = MODELS / recipe.name
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "weights.safetensors"
    save_file(to_storage(network.state_dict()), weights)
    measured = measure(recipe, test)
    card = {
        "name": recipe.name,
        "title": recipe.title,
        "architecture": recipe.name.replace("-", "_"),
        "parameters": sum(p.numel() for p in network.parameters()),
        "input_size": recipe.input_size,
        "mean": recipe.mean,
        "std": recipe.std,
        "classes": test.classes,
        "data": SOURCES[recipe.data],
        "note": NOTES[recipe.name],
        "training": {
            "command": f"python -m explorer.training {recipe.name}",
            "epochs": recipe.epochs,
            "seed": recipe.seed,
            "batch_size": recipe.batch_size,
            "learning_rate": recipe.learning_rate,
            "weight_decay": recipe.weight_decay,
            "seconds": round(seconds),
            "machine": "2 CPU cores, bf16 autocast",
            "date": date.today().isoformat(),
        },
        "accuracy": {
            "value": measured,
            "split": f"{recipe.test_split}, {len(test.images):,} pictures",
            "command": f"python -m explorer.training --evaluate {recipe.name}",
        },
        "storage": "fp16 weights, fp32 biases and batch statistics",
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return measured


def main() -> int:
    """Parse the command line and do it; 2 where the data is missing."""
    parser = argparse.ArgumentParser(prog="python -m explorer.training", description=__doc__)
    parser.add_argument("names", nargs="+", choices=sorted(RECIPES), metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument("--evaluate", action="store_true", help="measure what is shipped instead of training")
    parser.add_argument("--epochs", type=int, help="train for another number of epochs")
    options = parser.parse_args()
    for name in options.names:
        recipe = RECIPES[name]
        if options.epochs:
            recipe = replace(recipe, epochs=options.epochs)
        try:
            test = load_split(recipe.data, recipe.test_split)
            if options.evaluate:
                measured = measure(recipe, test)
            else:
                measured = make(recipe, load_split(recipe.data, recipe.train_split), test)
        except DatasetMissing as missing:
            print(missing, file=sys.stderr)
            return 2
        print(f"{name}: {measured:.2%} of {len(test.images):,}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
