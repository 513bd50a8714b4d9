"""Labelled image folders as tensors in memory. The folders themselves are never part of the project."""

import os
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

ARCHIVES = {
    "cifar10": "cifar10.tar.xz",
    "imagenette": "imagenette128.tar.xz",
    "flickr8k": "flickr8k160.tar.xz",
}

IMAGENETTE_CLASSES = {
    "n01440764": "tench",
    "n02102040": "English springer",
    "n02979186": "cassette player",
    "n03000684": "chain saw",
    "n03028079": "church",
    "n03394916": "French horn",
    "n03417042": "garbage truck",
    "n03425413": "gas pump",
    "n03445777": "golf ball",
    "n03888257": "parachute",
}


class DatasetMissing(RuntimeError):
    """The data set is not on this machine; the message says where it is looked for."""


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


def cache_folder() -> Path:
    """Where data sets are unpacked and stages of a training wait: `EXPLORER_CACHE`, or `~/.cache/cnn-explorer`."""
    return Path(os.environ.get("EXPLORER_CACHE", "~/.cache/cnn-explorer")).expanduser()


def locate(name: str) -> Path:
    """The folder of a data set under `EXPLORER_DATA`, unpacked into the cache on first use.

    Raises:
        DatasetMissing: `EXPLORER_DATA` is not set or does not hold the archive.
    """
    root = os.environ.get("EXPLORER_DATA")
    if not root:
        raise DatasetMissing(f"Set EXPLORER_DATA to the folder that holds {ARCHIVES[name]}.")
    archive = Path(root) / ARCHIVES[name]
    if not archive.is_file():
        raise DatasetMissing(f"EXPLORER_DATA holds no {ARCHIVES[name]}.")
    cache = cache_folder()
    target = cache / name
    if not target.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        staging = cache / f"{name}.unpacking-{os.getpid()}"
        with tarfile.open(archive) as tar:
            tar.extractall(staging, filter="data")
        staging.rename(target)  # so that a half-unpacked folder is never taken for a whole one
    return target


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
