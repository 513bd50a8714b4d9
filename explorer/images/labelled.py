"""Pictures with labels, each kept as the file it came in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.images.intake import open_image


@dataclass(frozen=True, eq=False)
class LabelledPictures:
    """What a map of pictures and a training have in common.

    Attributes:
        title: what a person calls them.
        files: N image files' bytes; every one can be opened.
        names: N file names, for people only: untrusted text.
        labels: (N,) places in `classes`.
        classes: names, untrusted text.

    Raises:
        ValueError: not as many names or labels as files.
    """

    title: str
    files: tuple[bytes, ...]
    names: tuple[str, ...]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        if not len(self.files) == len(self.names) == len(self.labels):
            raise ValueError(f"{len(self.files)} files, {len(self.names)} names and {len(self.labels)} labels")

    def __len__(self) -> int:
        return len(self.files)

    @cached_property
    def key(self) -> str:
        """A digest of all files and classes, for caches and to know them again."""
        digest = hashlib.sha256("\n".join(self.classes).encode())
        for file, label in zip(self.files, self.labels.tolist(), strict=True):
            digest.update(f"{label}:{len(file)}:".encode() + file)
        return digest.hexdigest()

    def image(self, place: int) -> Image.Image:
        """A picture, upright and RGB."""
        return open_image(self.files[place])
