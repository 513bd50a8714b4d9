"""Small picture sets for tests: what is to be learned can be seen by anybody."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from explorer.transfer.data.pictures import PictureSet


def coloured_pictures(each: int = 10, side: int = 40, classes: int = 2, seed: int = 0) -> PictureSet:
    """Noise around one colour a class, as PNG files, all pictures of a class together."""
    drawn = np.random.default_rng(seed)
    colours = [(210, 60, 60), (60, 90, 210), (70, 190, 80), (200, 190, 60)][:classes]
    files, names, labels = [], [], []
    for label, colour in enumerate(colours):
        for number in range(each):
            noise = drawn.normal(0, 40, (side, side, 3))
            pixels = (np.array(colour) + noise).clip(0, 255).astype(np.uint8)
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "PNG")
            files.append(buffer.getvalue())
            names.append(f"{number}.png")
            labels.append(label)
    titles = ("red", "blue", "green", "yellow")[:classes]
    return PictureSet("colours", tuple(files), tuple(names), np.array(labels, dtype=np.int64), titles)


def noise_file(seed: int, size: tuple[int, int] = (24, 20), kind: str = "PNG") -> bytes:
    """A picture file that no other seed gives, rough enough to have a perceptual hash of its own."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    coarse.resize(size, Image.Resampling.BICUBIC).save(buffer, kind)
    return buffer.getvalue()


def noise_set(counts: tuple[int, ...] = (6, 7), title: str = "Noise", first: int = 0) -> PictureSet:
    """As many pictures of each class."""
    labels = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    files = tuple(noise_file(first + number) for number in range(len(labels)))
    names = tuple(f"{number}.png" for number in range(len(labels)))
    return PictureSet(title, files, names, labels, tuple(f"class {number}" for number in range(len(counts))))
