"""Whether looking around in a network for long makes the server grow."""

import gc

import psutil

from benchmarks.isolation import call_in_fresh_process
from benchmarks.results import Row

BOUND = 100  # MB


def measure(quick: bool) -> list[Row]:
    """100 rounds through ResNet-18 at 64 px, which takes a minute or two; ten at 224 px, as large as it gets."""
    return [
        Row(
            f"growth from round 1 to {rounds} of opening all layers of ResNet-18 at {size} px",
            call_in_fresh_process(grow, size, rounds),
            "MB",
            BOUND,
            "resident memory of a process that computes grids as the page does",
        )
        for size, rounds in ((64, 2 if quick else 100), (224, 2 if quick else 10))
    ]


def grow(size: int, rounds: int) -> float:
    """MB of resident memory that this process has more after the last round than after the first.

    The caches hold fewer grids than the network has layers, so every grid is computed in every round.
    """
    from benchmarks.resnet18 import resnet18_at_hand, resnet18_on
    from explorer.ui.layers.panels import compute_grid, layer_names

    with resnet18_at_hand():
        subject = resnet18_on("coffee", size)
        layers = list(layer_names(subject))

        def open_all() -> float:
            for layer in layers:
                compute_grid(subject, layer, "index", "each", 1)
            gc.collect()
            return psutil.Process().memory_info().rss / 2**20

        after_first = open_all()
        for _ in range(rounds - 1):
            after_last = open_all()
    return after_last - after_first
