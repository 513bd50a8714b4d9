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
from torch import Tensor, nn

from explorer.training.datasets import LabelledImages, load_split, needs_data
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


def to_storage(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights in fp16; biases and batch statistics, small and sensitive, as they are."""
    return {key: (value.half() if value.ndim > 1 else value).contiguous() for key, value in state.items()}


def round_as_stored(network: nn.Module) -> None:
    """Give a network the weights that its file will have, and make it ready for measuring."""
    network.load_state_dict({key: value.float() for key, value in to_storage(network.state_dict()).items()})
    network.eval().requires_grad_(False)


def load_shipped(recipe: Recipe) -> nn.Module:
    """The network as it is in `models/`, float32, in evaluation mode."""
    network = recipe.finish(recipe.build())
    state = load_file(MODELS / recipe.name / "weights.safetensors")
    network.load_state_dict(
        {key: value.float() if value.is_floating_point() else value for key, value in state.items()}
    )
    return network


def make(recipe: Recipe, train: LabelledImages, test: LabelledImages, from_cycle: int) -> float:
    """Train, write weights and card, return the accuracy of the written file.

    Args:
        recipe: what to do.
        train, test: the splits.
        from_cycle: 1 for all of it; a later one goes on from the shipped weights, whose cycles are taken as done.
    """
    path = MODELS / recipe.name / "card.json"
    spent = json.loads(path.read_text(encoding="utf-8"))["training"]["seconds"] if from_cycle > 1 else 0
    start = load_shipped(recipe) if from_cycle > 1 else None
    started = time.perf_counter()
    rest = replace(recipe, cycles=recipe.cycles[from_cycle - 1 :])
    network = fit(rest, train, test, log=lambda line: print(line, flush=True), start=start)
    seconds = spent + time.perf_counter() - started
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(to_storage(network.state_dict()), path.parent / "weights.safetensors")
    measured = accuracy(load_shipped(recipe), test, recipe.mean, recipe.std)
    path.write_text(json.dumps(describe(recipe, network, test, seconds, measured), indent=2) + "\n", encoding="utf-8")
    return measured


def describe(
    recipe: Recipe, network: nn.Module, test: LabelledImages, seconds: float, measured: float
) -> dict[str, object]:
    """The card of a network: what it is, what made it, what was measured."""
    weights = MODELS / recipe.name / "weights.safetensors"
    return {
        "name": recipe.name,
        "title": recipe.title,
        "architecture": recipe.name.replace("-", "_"),
        "parameters": sum(p.numel() for p in network.parameters()),
        "input_size": recipe.input_size,
        "mean": recipe.mean,
        "std": recipe.std,
        "classes": test.classes,
        "data": SOURCES[recipe.data],
        "note": recipe.note,
        "training": {
            "command": f"python -m explorer.training {recipe.name}",
            "epochs": sum(cycle.epochs for cycle in recipe.cycles),
            "cycles": [{"epochs": cycle.epochs, "learning_rate": cycle.learning_rate} for cycle in recipe.cycles],
            "seed": recipe.seed,
            "batch_size": recipe.batch_size,
            "weight_decay": recipe.weight_decay,
            "seconds": round(seconds),
            "machine": "2 CPU cores shared with other work, bf16 autocast",
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


@needs_data
def main() -> None:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m explorer.training", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(RECIPES)}; all of them by default")
    parser.add_argument("--evaluate", action="store_true", help="measure what is shipped instead of training")
    parser.add_argument("--from-cycle", type=int, default=1, help="go on from the shipped weights with this cycle")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in RECIPES]:
        parser.error(f"there is no {unknown[0]}; there are {', '.join(RECIPES)}")
    for name in options.names or RECIPES:
        recipe = RECIPES[name]
        test = load_split(recipe.data, recipe.test_split)
        if options.evaluate:
            measured = accuracy(load_shipped(recipe), test, recipe.mean, recipe.std)
        else:
            measured = make(recipe, load_split(recipe.data, recipe.train_split), test, options.from_cycle)
        print(f"{name}: {measured:.2%} of {len(test.images):,}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
