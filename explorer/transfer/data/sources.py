"""Where a person's pictures come from: a ZIP file, files dropped onto classes, or a set that is built in.

Whatever is uploaded is judged here: what cannot be used is listed with its reason, and the rest is kept.
"""

from __future__ import annotations

import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from explorer import images
from explorer.image_folders import (
    FolderRejected,
    Limits,
    Remark,
    Skipped,
    clean_name,
    count_members,
    is_plain,
    read_comment,
    read_folders,
)
from explorer.images import ImageRejected, read_apart
from explorer.transfer.data.built_in import BUILT_IN, list_built_in, load_built_in, official_split
from explorer.transfer.data.pictures import LEAST_CLASSES, LEAST_PICTURES, MOST_CLASSES, MOST_PICTURES, PictureSet
from explorer.transfer.trial import TransferRejected

LIMITS = Limits(
    bytes=500 * 2**20,
    members=2 * MOST_PICTURES,
    unpacked=1000 * 2**20,
    ratio=100,
    pixels=10_000_000_000,  # what some minutes can decode
)
MAX_SIDE = 1024  # pixels; no network here sees more, and every page decodes the pictures again
MAX_KEPT = 2 * 2**20  # bytes of one picture

Tell = Callable[[int, int], None]  # (done, of)
Skips = tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class Intake:
    """What was read.

    Attributes:
        pictures: what can be trained on.
        skipped: what was left out: its name, untrusted text, and why, in a sentence.
        note: how the file was understood, and what was done to the rest; "" for nothing.
    """

    pictures: PictureSet
    skipped: Skips
    note: str


class IntakeRejected(TransferRejected):
    """Nothing that can be trained on.

    Attributes:
        skipped: as for `Intake`.
    """

    def __init__(self, message: str, skipped: Skips = ()) -> None:
        super().__init__(message)
        self.skipped = skipped


class _Basket:
    """Pictures as they come, in the form they are kept in."""

    def __init__(self) -> None:
        self.files: list[bytes] = []
        self.names: list[str] = []
        self.folders: list[str] = []
        self.skipped: list[tuple[str, str]] = []
        self.remarks: list[str] = []
        self.made_smaller = 0

    def put(self, folder: str, name: str, data: bytes, opened: images.Intake | None) -> None:
        if len(self.files) == MOST_PICTURES:
            raise IntakeRejected(f"There are more than {MOST_PICTURES:,} pictures, the most that are taken.")
        kept = data if opened is None else make_small(data, opened)
        self.made_smaller += kept is not data
        self.files.append(kept)
        self.names.append(clean_name(name))
        self.folders.append(folder)

    def skip(self, name: str, why: str) -> None:
        self.skipped.append((name, why))

    def close(self, title: str, order: Sequence[str]) -> Intake:
        """A set of the classes that have enough pictures, in this order."""
        counts = {name: self.folders.count(name) for name in order}
        classes = tuple(name for name in order if counts[name] >= LEAST_PICTURES)
        if len(classes) < LEAST_CLASSES:
            raise IntakeRejected(_say_too_few(counts), tuple(self.skipped))
        if len(classes) > MOST_CLASSES:
            raise IntakeRejected(f"There are {len(classes):,} classes, more than the limit of {MOST_CLASSES}.")
        for name in order:
            if name not in classes:
                self.skip(name, f"The class has only {counts[name]} of the {LEAST_PICTURES} pictures that it takes.")
        places = {name: place for place, name in enumerate(classes)}
        rows = [row for row in zip(self.files, self.names, self.folders, strict=True) if row[2] in places]
        pictures = PictureSet(
            title,
            tuple(file for file, _, _ in rows),
            tuple(name for _, name, _ in rows),
            np.array([places[folder] for _, _, folder in rows], np.int64),
            classes,
        )
        return Intake(pictures, tuple(self.skipped), self._note())

    def _note(self) -> str:
        if not self.made_smaller:
            return " ".join(self.remarks)
        each = "1 picture was" if self.made_smaller == 1 else f"{self.made_smaller:,} pictures were"
        smaller = f"{each} larger than {MAX_SIDE:,} pixels a side or {MAX_KEPT // 2**20} MB and saved again, smaller."
        return " ".join([*self.remarks, smaller])


def read_zip(data: bytes, title: str, tell: Tell | None = None) -> Intake:
    """Read a ZIP file with one folder a class, in the archive's order; classes in the order of their names.

    What `PictureSet.to_zip` wrote becomes the same set again; `reopen` does that faster.

    Args:
        data: the file.
        title: of the set.
        tell: called after every file.

    Raises:
        IntakeRejected: not a readable ZIP file, beyond one of `LIMITS`, or fewer than two folders with five pictures.
    """
    basket, written, of = _Basket(), _read_note(data), count_members(data)
    try:
        for place, each in enumerate(read_folders(data, LIMITS)):
            if isinstance(each, Remark):
                basket.remarks.append(each.text)
            elif isinstance(each, Skipped):
                basket.skip(each.name, each.why)
            else:
                basket.put(each.folder, _without_number(each.name, written), each.data, each.opened)
            if tell is not None:
                tell(min(place + 1, of), of)
    except FolderRejected as problem:
        raise IntakeRejected(str(problem)) from problem
    return basket.close(title, _order(written, set(basket.folders)))


def reopen(data: bytes, title: str) -> PictureSet:
    """The set that `PictureSet.to_zip` wrote, without looking into its pictures again: not for an untrusted file.

    Raises:
        TransferRejected: it was written by something else.
    """
    written = _read_note(data)
    if written is None:
        raise TransferRejected("These pictures were not put into a ZIP file here.")
    places = {name: place for place, name in enumerate(written)}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            rows = [(*member.filename.partition("/"), archive.read(member)) for member in archive.infolist()]
        return PictureSet(
            title,
            tuple(file for _, _, _, file in rows),
            tuple(_without_number(name, written) for _, _, name, _ in rows),
            np.array([places[folder] for folder, _, _, _ in rows], np.int64),
            tuple(written),
        )
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise TransferRejected("The ZIP file of these pictures is damaged.") from error


def gather(
    title: str, classes: Mapping[str, Sequence[tuple[str, bytes]]], tell: Tell | None = None, accepted: bool = False
) -> Intake:
    """Files that were dropped onto named classes, or photos of a camera; classes and files in the order given.

    Names are told apart in their composed form (NFC), as in a ZIP file.

    Args:
        title: of the set.
        classes: (name, file) of each class.
        tell: called after every file.
        accepted: whether all files come from `accept`, so that they need not be opened again.

    Raises:
        IntakeRejected: a class has a name that a folder cannot have, or fewer than two classes have five pictures.
    """
    basket = _Basket()
    classes = {unicodedata.normalize("NFC", name): files for name, files in classes.items()}
    for name in classes:
        check_class_name(name)
    of = sum(map(len, classes.values()))
    done = seen = 0
    for folder, files in classes.items():
        for name, data in files:
            done += 1
            try:
                opened = None if accepted else read_apart(data)
            except ImageRejected as problem:
                basket.skip(name, str(problem))
                continue
            seen += opened.original_size[0] * opened.original_size[1] if opened is not None else 0
            if seen > LIMITS.pixels:
                raise IntakeRejected(f"The pictures have more than {LIMITS.pixels / 1e6:,.0f} megapixels together.")
            basket.put(folder, name, data, opened)
            if tell is not None:
                tell(done, of)
    return basket.close(title, list(classes))


def accept(data: bytes) -> bytes:
    """One file as it is kept.

    Raises:
        ImageRejected: it is no picture that can be read.
    """
    return make_small(data, read_apart(data))


def check_class_name(name: str) -> None:
    """Whether a folder can have this name, on any machine.

    Raises:
        IntakeRejected: it cannot.
    """
    if not is_plain(name) or "/" in name or "\\" in name or name == "__MACOSX":
        raise IntakeRejected(
            f"{name!r} cannot be the name of a class: up to 80 letters, without / \\ or : and no dot in front."
        )


def make_small(data: bytes, opened: images.Intake) -> bytes:
    """A picture's file as it is kept: as it came, or a JPEG of at most `MAX_SIDE` pixels where it is large."""
    if max(opened.original_size) <= MAX_SIDE and len(data) <= MAX_KEPT:
        return data
    image = opened.image.copy()
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def _read_note(data: bytes) -> list[str] | None:
    """The classes that `PictureSet.to_zip` notes in the archive's comment; None where it was not written by it."""
    try:
        note: Any = json.loads(read_comment(data))
        classes = list(map(str, note["classes"])) if note["numbered"] is True else []
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return classes if classes and len(set(classes)) == len(classes) else None


def _order(written: list[str] | None, folders: set[str]) -> list[str]:
    """The classes in the order of the note, then of their names."""
    noted = [name for name in written or () if name in folders]
    return [*noted, *sorted(folders.difference(noted))]


def _without_number(name: str, written: list[str] | None) -> str:
    return name if written is None else re.sub(r"^\d{5} ", "", name)


def _say_too_few(counts: Mapping[str, int]) -> str:
    if not counts:
        return "There are no pictures in folders; put one folder for each class into the ZIP file."
    told = ", ".join(f"{name!r} has {count:,}" for name, count in list(counts.items())[:5])
    more = f", and there are {len(counts) - 5:,} more" if len(counts) > 5 else ""
    return f"It takes at least {LEAST_CLASSES} classes with {LEAST_PICTURES} readable pictures each; {told}{more}."


__all__ = [
    "BUILT_IN",
    "Intake",
    "IntakeRejected",
    "accept",
    "gather",
    "list_built_in",
    "load_built_in",
    "official_split",
    "read_zip",
    "reopen",
]
