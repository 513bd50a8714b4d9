"""Small pictures in classes, for tests."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from explorer.transfer.pictures import PictureSet


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
