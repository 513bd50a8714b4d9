"""The pictures that are put on a map: a person's ZIP file with or without classes, kept small."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.image_folders import FolderRejected, Limits, Remark, Skipped, clean_name, count_members, read_folders
from explorer.images import LabelledPictures

MOST: Final = 2000  # pictures of a map
FEWEST: Final = 4  # of which a map says anything at all
NO_CLASS: Final = -1
LIMITS: Final = Limits(
    bytes=500 * 2**20, members=2 * MOST, unpacked=1000 * 2**20, ratio=100, pixels=10_000_000_000
)  # as for pictures to train on
MOST_CLASSES: Final = 100
_SIDE: Final = 512  # pixels; more than networks see, less than a phone's

Tell = Callable[[int, int], object]  # (done, of)


class AlbumRejected(ValueError):
    """Pictures that make no map; the message is one sentence for the person who chose them."""


@dataclass(frozen=True, eq=False)
class Album(LabelledPictures):
    """Pictures of a map: a label is `NO_CLASS` where there is none, and there are no classes where nobody has sorted.

    Raises:
        AlbumRejected: too few pictures, or too many of them or of classes.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if not FEWEST <= len(self) <= MOST:
            raise AlbumRejected(f"A map takes {FEWEST} to {MOST:,} pictures; there are {len(self):,}.")
        if len(self.classes) > MOST_CLASSES:
            raise AlbumRejected(f"There are {len(self.classes):,} classes, more than the limit of {MOST_CLASSES}.")

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(map(len, self.files))

    def thumbnails(self, places: Sequence[int], side: int) -> list[NDArray[np.uint8]]:
        """(h, w, 3) uint8 each, at most `side` pixels a side."""
        made = []
        for place in places:
            image = self.image(place).copy()
            image.thumbnail((side, side))
            made.append(np.asarray(image))
        return made


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read from a ZIP file.

    Attributes:
        album: the pictures.
        skipped: names, untrusted text, and why they were left out, in a sentence.
        note: how the file was understood; "" for nothing.
    """

    album: Album
    skipped: tuple[tuple[str, str], ...]
    note: str


def read_album(data: bytes, title: str, tell: Tell = lambda done, of: None) -> Reading:
    """Pictures of a ZIP file, at most `MOST`, in the archive's order; a folder is a class, who lies in none has none.

    Args:
        data: the file, untrusted.
        title: of the album.
        tell: called after every file.

    Raises:
        AlbumRejected: not a readable ZIP file, beyond one of `LIMITS`, fewer than `FEWEST` pictures, or more than
            `MOST_CLASSES` classes.
    """
    files: list[bytes] = []
    names, folders, remarks = [], [], []
    skipped: list[tuple[str, str]] = []
    of = count_members(data)
    try:
        for place, each in enumerate(read_folders(data, LIMITS, loose=True), start=1):
            if isinstance(each, Remark):
                remarks.append(each.text)
            elif isinstance(each, Skipped):
                skipped.append((each.name, each.why))
            else:
                files.append(as_small_file(each.data, each.opened.image))
                names.append(clean_name(each.name))
                folders.append(each.folder)
            tell(min(place, of), of)
            if len(files) == MOST and place < of:
                remarks.append(f"A map holds {MOST:,} pictures: the first in the file are taken, the rest is left out.")
                break
    except FolderRejected as problem:
        raise AlbumRejected(str(problem)) from problem
    classes = tuple(sorted({*folders} - {""}))
    labels = np.array([classes.index(folder) if folder else NO_CLASS for folder in folders], np.int64)
    try:
        album = Album(title, tuple(files), tuple(names), labels, classes)
    except AlbumRejected as problem:
        raise AlbumRejected(f"{problem}{_say_first(skipped)}") from problem
    return Reading(album, tuple(skipped), " ".join(remarks))


def _say_first(skipped: Sequence[tuple[str, str]]) -> str:
    """That files were left out of pictures that are too few."""
    if not skipped:
        return ""
    name, why = skipped[0]
    return f" {len(skipped):,} of the files were left out, the first is {clean_name(name.rpartition('/')[2])}: {why}"


def as_small_file(data: bytes, image: Image.Image) -> bytes:
    """A picture's file as it came, or a JPEG of at most 512 pixels a side where it is larger.

    Args:
        data: the file; empty where there is none yet.
        image: what is in it.
    """
    if data and max(image.size) <= _SIDE and len(data) <= _SIDE**2:
        return data
    small = image.copy()
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def gather_album(
    title: str,
    loose: Sequence[tuple[str, Image.Image]],
    files: Sequence[bytes] = (),
    names: Sequence[str] = (),
    labels: Sequence[int] | NDArray[np.int64] = (),
    classes: Sequence[str] = (),
) -> Album:
    """Pictures in classes, then those without one, as many of these as there is room for.

    Args:
        title: of the album.
        loose: name and picture of those without a class.
        files, names, labels, classes: of the others, as in `Album`.

    Raises:
        AlbumRejected: as for `Album`.
    """
    added = loose[: max(0, MOST - len(files))]
    return Album(
        title,
        (*files, *(as_small_file(b"", image) for _, image in added)),
        (*names, *(name for name, _ in added)),
        np.array([*labels, *(NO_CLASS for _ in added)], np.int64),
        tuple(classes),
    )
