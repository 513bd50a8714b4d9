"""Classes that a person names and fills, file by file."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from explorer.images import ImageRejected, open_image
from explorer.rendering import draw_picture_grid
from explorer.transfer.data.pictures import MOST_CLASSES, MOST_PICTURES
from explorer.transfer.data.sources import LIMITS, Intake, IntakeRejected, accept, gather

_PREVIEW: Final = 6  # pictures of a class beside its dropper
OWN_TITLE: Final = "My classes"


@dataclass
class OwnClass:
    """A class that a person fills.

    Attributes:
        number: its own, never used again.
        name: as typed.
        files: (name, file) of every picture, as `accept` gave it.
        preview: the last ones side by side, as PNG; b"" for none.
        turn: of its dropper, which is a new one after each drop.
    """

    number: int
    name: str
    files: list[tuple[str, bytes]] = field(default_factory=list)
    preview: bytes = b""
    turn: int = 0

    def put(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Take accepted files in."""
        self.files.extend(files)
        last = [np.asarray(open_image(file)) for _, file in self.files[-_PREVIEW:]]
        self.preview = draw_picture_grid(last, columns=_PREVIEW, side=72).png if last else b""

    def empty(self) -> None:
        """Give all pictures back."""
        self.files.clear()
        self.preview = b""


@dataclass(eq=False)
class OwnClasses:
    """All of them, and what could not be taken in at the last drop."""

    classes: list[OwnClass] = field(default_factory=lambda: [OwnClass(0, "Class 1"), OwnClass(1, "Class 2")])
    skipped: list[tuple[str, str]] = field(default_factory=list)
    made: int = 2
    shots: set[str] = field(default_factory=set)
    version: int = 0
    composed: tuple[int, Intake | IntakeRejected] | None = None

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(len(file) for each in self.classes for _, file in each.files)

    def add(self) -> None:
        """One more class."""
        if len(self.classes) < MOST_CLASSES:
            self.made += 1
            self.classes.append(OwnClass(self.made - 1, f"Class {self.made}"))
            self.version += 1

    def remove(self, own: OwnClass) -> None:
        """A class with its pictures."""
        self.classes.remove(own)
        self.version += 1

    def take_in(self, own: OwnClass, files: Sequence[tuple[str, bytes]]) -> None:
        """Files onto a class; what is no picture, or too much, is listed."""
        self.skipped = []
        count = sum(len(each.files) for each in self.classes)
        size = self.size
        taken: list[tuple[str, bytes]] = []
        for name, data in files:
            if count + len(taken) == MOST_PICTURES:
                self.skipped.append((name, f"There are {MOST_PICTURES:,} pictures already, the most that are taken."))
                continue
            try:
                kept = accept(data)
            except ImageRejected as problem:
                self.skipped.append((name, str(problem)))
                continue
            size += len(kept)
            if size > LIMITS.unpacked:
                self.skipped.append((name, f"The pictures take {LIMITS.unpacked // 2**20:,} MB already."))
                continue
            taken.append((name, kept))
        own.put(taken)
        self.version += 1

    def compose(self) -> Intake | IntakeRejected:
        """The set that these classes make, or why they make none; as before, unless something has changed."""
        if self.composed is None or self.composed[0] != self.version:
            self.composed = (self.version, self._compose())
        return self.composed[1]

    def _compose(self) -> Intake | IntakeRejected:
        names = [unicodedata.normalize("NFC", own.name.strip()) for own in self.classes]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            return IntakeRejected(f"Two classes are called {twice!r}; give one of them another name.")
        try:
            files = {name: own.files for name, own in zip(names, self.classes, strict=True)}
            return gather(OWN_TITLE, files, accepted=True)
        except IntakeRejected as problem:
            return problem
