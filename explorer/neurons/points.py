"""Points of a plane with a class each: sets made by rule, and a person's own from pasted text or a CSV file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite
from typing import Final

import numpy as np

from explorer.neurons.activations import Numbers
from explorer.text import can_be_shown

MOST_POINTS: Final = 500
MOST_CLASSES: Final = 6
MOST_BYTES: Final = 100_000
LARGEST: Final = 1e6  # magnitude of a coordinate
_LONGEST_NAME = 40  # letters
_EACH_SET = 200  # points of a set that is drawn


class PointsRejected(ValueError):
    """Text that gives no points; the message names the row and is meant for the person."""


@dataclass(frozen=True)
class Points:
    """Points and their classes.

    Attributes:
        rows: x1 and x2 of each point.
        classes: Of each point, from 0.
        names: Of the classes.
    """

    rows: tuple[tuple[float, float], ...]
    classes: tuple[int, ...]
    names: tuple[str, ...]

    @cached_property
    def places(self) -> Numbers:
        """(N, 2)"""
        return np.array(self.rows)

    @property
    def count(self) -> int:
        """How many classes there are."""
        return len(self.names)

    def scaled(self) -> Points:
        """The same with mean 0 and standard deviation 1 in each column."""
        places = (self.places - self.places.mean(axis=0)) / self.places.std(axis=0)
        return replace(self, rows=tuple((float(first), float(second)) for first, second in places))


def _corners(chance: np.random.Generator, classes: int) -> Iterator[tuple[Numbers, int]]:
    for corner in ((0, 0), (0, 1), (1, 0), (1, 1)):
        yield np.array([corner], float), int(corner[0] != corner[1])


def _xor(chance: np.random.Generator, classes: int) -> Iterator[tuple[Numbers, int]]:
    for corner in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        yield corner + chance.normal(0, 0.35, (_EACH_SET // 4, 2)), int(corner[0] != corner[1])


def _circles(chance: np.random.Generator, classes: int) -> Iterator[tuple[Numbers, int]]:
    for kind, radius in enumerate((0.5, 1.3)):
        yield _on_circle(radius, _angles(0, 2, _EACH_SET // 2)) + chance.normal(0, 0.12, (_EACH_SET // 2, 2)), kind


def _moons(chance: np.random.Generator, classes: int) -> Iterator[tuple[Numbers, int]]:
    noise = chance.normal(0, 0.12, (2, _EACH_SET // 2, 2))
    angles = _angles(0, 1, _EACH_SET // 2)
    yield _on_circle(1, angles) + (-0.5, -0.25) + noise[0], 0
    yield -_on_circle(1, angles) + (0.5, 0.25) + noise[1], 1


def _spiral(chance: np.random.Generator, classes: int) -> Iterator[tuple[Numbers, int]]:
    along = np.linspace(0.08, 1, _EACH_SET // 2)
    for kind in range(2):
        turned = _on_circle(1.6 * along, np.pi * (3 * along + kind))
        yield turned + chance.normal(0, 0.04, turned.shape), kind


def _blobs(chance: np.random.Generator, classes: int) -> Iterator[tuple[Numbers, int]]:
    for kind, middle in enumerate(_on_circle(1.2, _angles(0, 2, classes + 1)[:-1])):
        yield middle + chance.normal(0, 0.28, (_EACH_SET // classes, 2)), kind


def _angles(start: float, end: float, count: int) -> Numbers:
    """In halves of a turn."""
    return np.pi * np.linspace(start, end, count)


def _on_circle(radius: float | Numbers, angles: Numbers) -> Numbers:
    return np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=-1)


SETS: Final[Mapping[str, Callable[[np.random.Generator, int], Iterator[tuple[Numbers, int]]]]] = {
    "xor": _xor,
    "corners": _corners,
    "circles": _circles,
    "moons": _moons,
    "spiral": _spiral,
    "blobs": _blobs,
}
"""By name: XOR as clouds round its four corners and as these alone, a disc in a ring, two moons, two
spirals, 2 to 6 round blobs."""


def point_set(name: str, classes: int = 2) -> Points:
    """A set of `SETS`, the same each time, to four digits behind the point; only "blobs" has more than two classes."""
    parts = list(SETS[name](np.random.default_rng(0), classes))
    places = np.concatenate([part for part, _ in parts]).round(4)
    kinds = [kind for part, kind in parts for _ in part]
    names = tuple(str(kind) for kind in range(max(kinds) + 1))
    return Points(tuple((float(first), float(second)) for first, second in places), tuple(kinds), names)


def read_points(text: str) -> Points:
    """Points from rows of x1, x2 and a class.

    Columns are parted by tabs, semicolons, commas or spaces, whichever of these comes first in that order; where commas
    do not part columns, they may stand for the decimal point. A first row that begins with no number is a header.

    Raises:
        PointsRejected: With a sentence that names the row, counted from 1.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line]
    if lines and _is_header(split_row(lines[0][1])):
        lines = lines[1:]
    if not lines:
        raise PointsRejected("There are no points: each row needs x1, x2 and a class.")
    if len(lines) > MOST_POINTS:
        raise PointsRejected(f"{len(lines):,} points are too many: {MOST_POINTS} at most.")
    rows, kinds = zip(*(_read_row(number, split_row(line)) for number, line in lines), strict=True)
    names = tuple(dict.fromkeys(kinds))
    if len(names) > MOST_CLASSES:
        number = lines[kinds.index(names[MOST_CLASSES])][0]
        raise PointsRejected(f"Row {number} brings the {MOST_CLASSES + 1}th class: {MOST_CLASSES} at most.")
    if len(names) < 2:
        raise PointsRejected(f"Every row has the same class, {names[0]}: two are needed at least.")
    for column, values in enumerate(zip(*rows, strict=True), 1):
        if min(values) == max(values):
            raise PointsRejected(f"Column x{column} is {values[0]:g} in every row, so it tells nothing apart.")
    return Points(rows, tuple(names.index(kind) for kind in kinds), names)


def split_row(line: str) -> list[str]:
    """The fields of a row as `read_points` parts them, three at most where spaces do."""
    for mark in "\t;,":
        if mark in line:
            fields = [field.strip().strip('"') for field in line.split(mark)]
            return fields if mark == "," else [*(field.replace(",", ".") for field in fields[:2]), *fields[2:]]
    return re.split(r"\s+", line, maxsplit=2)


def _is_header(fields: list[str]) -> bool:
    return len(fields) == 3 and all(read_number(field) is None for field in fields[:2])


def read_number(text: str) -> float | None:
    """What a field says, infinity and NaN too; None where it is no number."""
    try:
        return float(text)
    except ValueError:
        return None


def _read_row(number: int, fields: list[str]) -> tuple[tuple[float, float], str]:
    if len(fields) != 3:
        raise PointsRejected(f"Row {number} has {len(fields)} columns: three are needed, x1, x2 and a class.")
    place = []
    for column, field in enumerate(fields[:2], 1):
        value = read_number(field)
        if value is None or not isfinite(value):
            raise PointsRejected(f"Row {number}: x{column} is “{shorten(field)}”, which is no finite number.")
        if abs(value) > LARGEST:
            raise PointsRejected(f"Row {number}: x{column} is {value:g}, beyond ±{LARGEST:g}.")
        place.append(value)
    kind = fields[2]
    if not can_be_shown(kind) or len(kind) > _LONGEST_NAME:
        raise PointsRejected(f"Row {number}: a class needs a name of 1 to {_LONGEST_NAME} visible letters.")
    return (place[0], place[1]), kind


def shorten(text: str) -> str:
    """A field as a message shows it."""
    return text if len(text) <= 20 else f"{text[:20]}…"
