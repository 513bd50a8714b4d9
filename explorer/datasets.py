"""Data sets beside the project, never in it: found under `EXPLORER_DATA`, unpacked into a cache on first use."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

from filelock import FileLock

from explorer.disk import cache_folder

ARCHIVES = {
    "cifar10": "cifar10.tar.xz",
    "imagenette": "imagenette128.tar.xz",
    "flickr8k": "flickr8k160.tar.xz",
    "hymenoptera": "hymenoptera.tar.xz",
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


def has_dataset(name: str) -> bool:
    """Whether `locate` would find it."""
    root = os.environ.get("EXPLORER_DATA")
    return bool(root) and (Path(str(root)) / ARCHIVES[name]).is_file()


def locate(name: str) -> Path:
    """The folder of a data set, unpacked on first use.

    Args:
        name: one of `ARCHIVES`.

    Raises:
        DatasetMissing: `EXPLORER_DATA` is not set or does not hold the archive.
        KeyError: no such data set.
    """
    root = os.environ.get("EXPLORER_DATA")
    if not root:
        raise DatasetMissing(f"Set EXPLORER_DATA to the folder that holds {ARCHIVES[name]}.")
    archive = Path(root) / ARCHIVES[name]
    if not archive.is_file():
        raise DatasetMissing(f"EXPLORER_DATA holds no {ARCHIVES[name]}.")
    target = cache_folder() / name
    if not target.is_dir():
        cache_folder().mkdir(parents=True, exist_ok=True)
        staging = cache_folder() / f"{name}.unpacking"
        with FileLock(cache_folder() / f"{name}.lock", mode=0o600):  # several servers may want it at once
            if not target.is_dir():
                shutil.rmtree(staging, ignore_errors=True)  # of one that was killed at it
                with tarfile.open(archive) as tar:
                    tar.extractall(staging, filter="data")
                staging.rename(target)  # so that a half-unpacked folder is never taken for a whole one
    return target
