"""The directories of tags that TIFF and EXIF share (TIFF 6.0, section 2; BigTIFF), read within bounds."""

import re
import struct
from dataclasses import dataclass
from typing import Literal

Order = Literal["<", ">"]
ORIENTATION = 274
_MOST_TAGS = 4096
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_LETTERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}


@dataclass(frozen=True)
class Entry:
    """One tag: its number, the type and count of its values, and the field with the values or their place."""

    tag: int
    kind: int
    count: int
    field: bytes

    @property
    def bytes(self) -> int:
        """How many bytes the values take."""
        return _SIZES[self.kind] * self.count


@dataclass(frozen=True)
class Directory:
    """The first directory of a TIFF or of EXIF data.

    Attributes:
        data: the whole file.
        order: of bytes, as `struct` writes it.
        big: whether it is a BigTIFF, whose offsets have 8 bytes.
        entries: by tag, the first of each.
        place: where it begins.
        following: where the next directory begins, 0 after the last.
    """

    data: bytes
    order: Order
    big: bool
    entries: dict[int, Entry]
    place: int
    following: int

    def values(self, entry: Entry) -> bytes:
        """The bytes of a tag's values.

        Raises:
            ValueError: the file ends before they do.
        """
        if entry.bytes <= len(entry.field):
            return entry.field[: entry.bytes]
        (place,) = struct.unpack(f"{self.order}{'Q' if self.big else 'I'}", entry.field)
        if place + entry.bytes > len(self.data):
            raise ValueError("a tag points beyond the end of the file")
        return self.data[place : place + entry.bytes]

    def numbers(self, tag: int, *missing: int, most: int = 16) -> tuple[int, ...]:
        """A tag's whole numbers, or those for a file without it.

        Raises:
            ValueError: there are more than `most`, or they are no whole numbers.
        """
        entry = self.entries.get(tag)
        if entry is None:
            return missing
        if entry.count > most or entry.kind not in _LETTERS:
            raise ValueError(f"tag {tag} is damaged")
        return struct.unpack(f"{self.order}{entry.count}{_LETTERS[entry.kind]}", self.values(entry))

    def number(self, tag: int, missing: int) -> int:
        """A tag's only or first number, or that for a file without it."""
        return (self.numbers(tag, missing) or (missing,))[0]


def read_directory(data: bytes) -> Directory:
    """Read the first directory.

    Raises:
        ValueError, struct.error: it is damaged.
    """
    order: Order = "<" if data[:2] == b"II" else ">"
    (version,) = struct.unpack_from(f"{order}H", data, 2)
    big = version == 43
    (place,) = struct.unpack_from(f"{order}{'Q' if big else 'I'}", data, 8 if big else 4)
    (count,) = struct.unpack_from(f"{order}{'Q' if big else 'H'}", data, place)
    if count > _MOST_TAGS:
        raise ValueError("too many tags")
    start = place
    place += 8 if big else 2
    entries: dict[int, Entry] = {}
    for _ in range(count):
        tag, kind, number = struct.unpack_from(f"{order}HH{'Q' if big else 'I'}", data, place)
        field = data[place + (12 if big else 8) : place + (20 if big else 12)]
        place += 20 if big else 12
        if kind in _SIZES:
            entries.setdefault(tag, Entry(tag, kind, number, field))
    following = struct.unpack_from(f"{order}{'Q' if big else 'I'}", data, place)[0] if place < len(data) else 0
    return Directory(data, order, big, entries, start, following)


def count_pages(directory: Directory, most: int) -> int:
    """How many directories follow one another, this one included, counted up to `most` without reading them."""
    data, order, big, place = directory.data, directory.order, directory.big, directory.following
    pages, seen = 1, {0, directory.place}
    while place not in seen and place < len(data) - 8 and pages < most:
        seen.add(place)
        pages += 1
        (count,) = struct.unpack_from(f"{order}{'Q' if big else 'H'}", data, place)
        place += 8 + 20 * count if big else 2 + 12 * count
        if place > len(data) - (8 if big else 4):
            break
        (place,) = struct.unpack_from(f"{order}{'Q' if big else 'I'}", data, place)
    return pages


def find_orientation(exif: bytes, xmp: bytes) -> int:
    """The EXIF orientation that a file's metadata names, 1 to 8; 1 where they say nothing or are broken.

    Only this one tag is read: EXIF data can point at the same bytes from thousands of tags.
    """
    try:
        found = read_directory(exif.removeprefix(b"Exif\0\0")).number(ORIENTATION, 0)
    except (ValueError, struct.error):
        found = 0
    if not found and (named := re.search(rb"tiff:Orientation(?:=[\"']|>)([1-8])", xmp[: 2**20])):
        found = int(named[1])
    return found if 1 <= found <= 8 else 1
