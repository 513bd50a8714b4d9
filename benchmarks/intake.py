"""The largest photo a phone makes, 48 megapixels: what taking it in costs."""

import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psutil

from benchmarks.isolation import call_in_fresh_process
from benchmarks.results import Row
from benchmarks.timing import seconds_of
from explorer.images import open_image
from explorer.samples import read_sample

SIZE = (8064, 6048)
BOUND = 250  # MB


def measure(quick: bool) -> list[Row]:
    """A plain JPEG, which phones write, and a progressive one, which needs the most memory."""
    rows = []
    repetitions = 2 if quick else 20
    with TemporaryDirectory() as folder:
        for name, progressive in (("JPEG", False), ("progressive JPEG", True)):
            path = Path(folder) / f"{name}.jpg"
            call_in_fresh_process(write_photo, path, progressive)
            peak, seconds = call_in_fresh_process(take_in, path, repetitions)
            note = f"file of {path.stat().st_size / 2**20:.1f} MB"
            rows.append(Row(f"intake of a {name} of 48 megapixels, peak memory", peak, "MB", BOUND, note))
            rows.append(Row(f"intake of a {name} of 48 megapixels", seconds * 1000, "ms"))
    return rows


def write_photo(path: Path, progressive: bool) -> None:
    """A sample photograph, magnified."""
    open_image(read_sample("coffee")).resize(SIZE).save(path, "JPEG", quality=90, progressive=progressive)


def take_in(path: Path, repetitions: int) -> tuple[float, float]:
    """MB that the first intake takes at its peak, with the file's bytes, and the median seconds of the next ones."""
    before = psutil.Process().memory_info().rss / 2**20
    data = path.read_bytes()
    open_image(data)
    peak = peak_memory() - before
    return peak, median(seconds_of(lambda: open_image(data)) for _ in range(repetitions))


def peak_memory() -> float:
    """MB that this process has had at most."""
    try:  # not ru_maxrss where it can be helped: on Linux a child inherits that of the process that started it
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    except FileNotFoundError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (2**20 if sys.platform == "darwin" else 1024)
