"""Labelled image folders as tensors in memory. The folders themselves are never part of the project."""

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from explorer.datasets import IMAGENETTE_CLASSES, DatasetMissing, locate


def needs_data(command: Callable[[], None]) -> Callable[[], int]:
    """Makes a command of what may raise `DatasetMissing`: it gives 0, or says what is missing and gives 2."""

    @functools.wraps(command)
    def run() -> int:
        try:
            command()
        except DatasetMissing as missing:
            print(missing, file=sys.stderr)
            return 2
        return 0

    return run


@dataclass(frozen=True)
class LabelledImages:
    """Pictures of one size and their classes.

    Attributes:
        images: (N, 3, H, W) uint8.
        labels: (N,) int64, indices into `classes`.
        classes: names, in the order of the folders.
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]


def load_split(name: str, split: str) -> LabelledImages:
    """One split of a data set in memory.

    Args:
        name: "cifar10" (splits "train", "test") or "imagenette" ("train", "val").
        split: which one.

    Raises:
        DatasetMissing: it is not on this machine.
        KeyError: no such data set.
    """
    root = locate(name)
    folder = next(path for path in (root / split, root / "imagenette" / split) if path.is_dir())
    folders = sorted(path for path in folder.iterdir() if path.is_dir())
    pictures: list[np.ndarray] = []
    labels: list[int] = []
    for label, class_folder in enumerate(folders):
        for path in sorted(class_folder.iterdir()):
            with Image.open(path) as image:
                pictures.append(np.asarray(image.convert("RGB")))
            labels.append(label)
    images = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()  # (N, 3, H, W)
    classes = tuple(IMAGENETTE_CLASSES.get(path.name, path.name) for path in folders)
    return LabelledImages(images, torch.tensor(labels), classes)
