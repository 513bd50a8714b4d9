"""`make bench`, or `python -m benchmarks [NAME ...]`: speed and memory against their bounds.

Each module in `NAMES` is one benchmark, a function `measure(quick) -> list[Row]`, and runs in a process of its
own, so that none pays for another's caches. What is compared is timed in turns (A B A B ...), so that a busy moment
meets both sides. Timings mean something on a quiet machine only.
"""

from importlib import import_module

from benchmarks.results import Row

NAMES = (
    "recording",
    "page",
    "microscope",
    "neurons",
    "learning",
    "sequences",
    "generators",
    "pictures",
    "saliency",
    "feature_visualization",
    "augmentation",
    "captioning",
    "transfer",
    "strategies",
    "deck",
    "startup",
    "memory",
    "intake",
    "transfer_data",
    "networks",
    "serving",
)


def measure(name: str, quick: bool) -> list[Row]:
    """Run one benchmark in this process; `quick` repeats little, to see whether it works."""
    rows: list[Row] = import_module(f"benchmarks.{name}").measure(quick)
    return rows
