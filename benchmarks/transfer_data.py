"""The largest set of pictures that is taken in, 5,000 photographs in a ZIP file: its memory, and what a look costs."""

import io
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from benchmarks.intake import peak_memory
from benchmarks.isolation import call_in_fresh_process
from benchmarks.results import Row

BOUND = 2048  # MB
CLASSES = 10
SIZE = (640, 480)


def measure(quick: bool) -> list[Row]:
    """Photographs of about 50 kB each, in ten classes."""
    count = 200 if quick else 5000
    with TemporaryDirectory() as folder:
        path = Path(folder) / "pictures.zip"
        call_in_fresh_process(write_pictures, path, count)
        peak, reading, looking, pairing = call_in_fresh_process(take_in, path)
        note = f"ZIP file of {path.stat().st_size / 2**20:.0f} MB; the whole process, the file's bytes and all"
    what = f"of {count:,} pictures"
    return [
        Row(f"reading and look {what}, peak memory", peak, "MB", BOUND, note),
        Row(f"reading {what}", reading, "s"),
        Row(f"hashes and sizes {what}", looking, "s"),
        Row(f"near-duplicates among all pairs {what}", pairing, "s", 5),
    ]


def write_pictures(path: Path, count: int) -> None:
    """Coarse colours and fine noise, which a JPEG cannot make small."""
    random = np.random.default_rng(0)
    noise = random.normal(0, 9, (*SIZE[::-1], 1)).astype(np.float32)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number in range(count):
            coarse = Image.fromarray(random.integers(0, 256, (6, 8, 3), dtype=np.uint8))
            pixels = np.asarray(coarse.resize(SIZE, Image.Resampling.BICUBIC), np.float32) + noise
            buffer = io.BytesIO()
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=75)
            archive.writestr(f"{number % CLASSES}/{number:05d}.jpg", buffer.getvalue())


def take_in(path: Path) -> tuple[float, float, float, float]:
    """MB that this process has had at most; seconds for reading, for looking, and for comparing all pairs."""
    from explorer.transfer.data.near_duplicates import find_pairs, image_statistics
    from explorer.transfer.data.sources import read_zip

    data = path.read_bytes()
    started = time.perf_counter()
    pictures = read_zip(data, path.name).pictures
    read = time.perf_counter()
    statistics = image_statistics(pictures)
    looked = time.perf_counter()
    find_pairs(statistics)
    return peak_memory(), read - started, looked - read, time.perf_counter() - looked
