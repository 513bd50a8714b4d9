"""A person's own image folder as a ZIP file, for the experiment: every picture's middle square, 32 x 32.

How an untrusted archive is read safely: `explorer.image_folders`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from explorer.augmentation.experiment import Pictures
from explorer.augmentation.rejection import PipelineRejected
from explorer.image_folders import FolderRejected, Limits, Remark, Skipped, read_folders

SIDE = 32  # pixels of a picture in the experiment
LEAST_CLASSES, LEAST_PICTURES = 2, 5
MOST_CLASSES = 50
MAX_BYTES = 200 * 2**20
MAX_MEMBERS = 5000
MAX_UNPACKED = 500 * 2**20
MAX_RATIO = 100
MAX_PIXELS = 2_000_000_000  # what a minute or so can decode

Reason = Literal["file", "archive", "link", "name", "loose", "few"]
_REASONS: dict[Reason, tuple[str, str]] = {
    "file": ("file that is no readable picture", "files that are no readable pictures"),
    "archive": ("archive inside the archive", "archives inside the archive"),
    "link": ("link", "links"),
    "name": ("file with a hidden or odd name", "files with hidden or odd names"),
    "loose": ("picture outside any folder", "pictures outside any folder"),
    "few": (
        f"picture in a folder with fewer than {LEAST_PICTURES}",
        f"pictures in folders with fewer than {LEAST_PICTURES}",
    ),
}


@dataclass(frozen=True, eq=False)
class ImageFolder:
    """What was read from a ZIP file.

    Attributes:
        pictures: (N, 3, 32, 32), sorted by class; the middle square of every picture.
        skipped: how many files were left out, by reason.
        remarks: sentences on how the file was understood.
    """

    pictures: Pictures
    skipped: dict[Reason, int]
    remarks: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """How the file was understood, and what was left out; "" for nothing."""
        parts = [f"{count:,} {_REASONS[reason][count != 1]}" for reason, count in self.skipped.items()]
        if not parts:
            return " ".join(self.remarks)
        left = f"Left out: {', '.join(parts[:-1])}{' and ' if len(parts) > 1 else ''}{parts[-1]}."
        return " ".join([*self.remarks, left])


def read_image_zip(data: bytes) -> ImageFolder:
    """Read a ZIP file with one folder a class: the folder that a picture lies in names its class.

    So folders around the classes do not matter, and "train/cat" and "test/cat" are one class.

    Raises:
        PipelineRejected: not a readable ZIP file, beyond one of the limits, protected by a password, or fewer than two
            folders with five pictures each.
    """
    limits = Limits(MAX_BYTES, MAX_MEMBERS, MAX_UNPACKED, MAX_RATIO, MAX_PIXELS)
    skipped: Counter[Reason] = Counter()
    found: dict[str, list[NDArray[np.uint8]]] = {}
    remarks: list[str] = []
    try:
        for each in read_folders(data, limits):
            if isinstance(each, Remark):
                remarks.append(each.text)
            elif isinstance(each, Skipped):
                skipped[each.reason] += 1
            else:
                found.setdefault(each.folder, []).append(shrink(each.opened.image))
    except FolderRejected as problem:
        raise PipelineRejected(str(problem)) from problem
    pictures = _gather(found, skipped)
    return ImageFolder(pictures, {reason: skipped[reason] for reason in _REASONS if skipped[reason]}, tuple(remarks))


def take_evenly(pictures: Pictures, count: int) -> Pictures:
    """The first pictures of every class, as many of each as make `count` together; at least five of each."""
    each = max(LEAST_PICTURES, -(-count // len(pictures.classes)))
    places = [np.flatnonzero(pictures.labels == label)[:each] for label in range(len(pictures.classes))]
    chosen = np.sort(np.concatenate(places))
    return Pictures(pictures.images[chosen], pictures.labels[chosen], pictures.classes)


def shrink(image: Image.Image) -> NDArray[np.uint8]:
    """(3, 32, 32) the middle square of a picture, made smaller or, if it is tiny, larger."""
    square = ImageOps.fit(image, (SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


def _gather(found: dict[str, list[NDArray[np.uint8]]], skipped: Counter[Reason]) -> Pictures:
    """The classes with enough pictures, in the order of their names."""
    if not found:
        raise PipelineRejected("The ZIP file holds no pictures in folders; put one folder for each class into it.")
    classes = sorted(name for name, pictures in found.items() if len(pictures) >= LEAST_PICTURES)
    if len(classes) < LEAST_CLASSES:
        counts = ", ".join(f"{name!r} {len(found[name])}" for name in sorted(found)[:5])
        more = f" and {len(found) - 5:,} more folders" if len(found) > 5 else ""
        raise PipelineRejected(
            f"An experiment needs at least two folders with {LEAST_PICTURES} readable pictures each; "
            f"this ZIP file has {counts}{more}."
        )
    if len(classes) > MOST_CLASSES:
        raise PipelineRejected(f"The ZIP file holds {len(classes):,} classes, more than the limit of {MOST_CLASSES}.")
    skipped["few"] += sum(len(pictures) for name, pictures in found.items() if name not in classes)
    images = np.stack([pixels for name in classes for pixels in found[name]])
    labels = np.repeat(np.arange(len(classes), dtype=np.int64), [len(found[name]) for name in classes])
    return Pictures(images, labels, tuple(classes))
