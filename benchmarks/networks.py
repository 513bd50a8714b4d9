"""The shipped networks: how large their files are and how long opening one takes. Nothing was promised here."""

from functools import partial
from statistics import median

from benchmarks.results import Row
from benchmarks.timing import seconds_of
from explorer.zoo import list_shipped, load_model
from explorer.zoo.catalogue import MODELS, PACKAGED


def measure(quick: bool) -> list[Row]:
    """Torch is imported already, and the file in the system's cache."""
    rows = []
    repetitions = 2 if quick else 20
    for name in list_shipped():
        load = partial(seconds_of, partial(load_model, name))
        load()  # to warm up
        seconds = median(load() for _ in range(repetitions))
        rows.append(Row(f"open {name}", seconds * 1000, "ms", note=f"median of {repetitions}"))
        if name not in PACKAGED:  # those are not in the repository
            size = (MODELS / name / "weights.safetensors").stat().st_size
            rows.append(Row(f"weights of {name}", size / 2**20, "MB"))
    return rows
