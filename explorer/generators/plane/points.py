"""The real points of the plane: of a ready shape, drawn, pasted, or on a photo's edges; and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Final

import numpy as np
from PIL import Image

from explorer.generators.plane.mixtures import BANDWIDTH, DRAWN_POINTS, SHAPES, Mixture
from explorer.neurons.activations import Numbers
from explorer.neurons.points import LARGEST, MOST_POINTS, PointsRejected, read_number, shorten, split_row
from explorer.neurons.strokes import Stroke

FEWEST: Final = 20  # points
_EXTENT: Final = 0.9  # to which a person's points are scaled, of the longer side from its middle
_SIDE: Final = 160  # pixels of the longer side of a photo whose edges are looked for
_STRONGEST: Final = 0.08  # share of a photo's pixels among which edges are drawn
_FLAT: Final = 8.0  # the steepest rise of a photo, in grey levels a pixel, below which it has no edges
_PEN: Final = 0.03  # standard deviation about a drawn line


@dataclass(frozen=True)
class Reals:
    """Points that the generator is to imitate.

    Attributes:
        rows: x and y of each, at least `FEWEST`, in the square that is looked at.
        shape: The name of a ready shape, whose density is known; "" where only the points are.
    """

    rows: tuple[tuple[float, float], ...]
    shape: str = ""

    @cached_property
    def places(self) -> Numbers:
        """(N, 2)"""
        return np.array(self.rows)

    @cached_property
    def density(self) -> Mixture:
        """Behind the kernel of `BANDWIDTH`: in closed form for a ready shape, else the kernel density of the points."""
        return SHAPES[self.shape]().blurred(BANDWIDTH) if self.shape else Mixture(self.places, BANDWIDTH)


def shape_points(shape: str) -> Reals:
    """Points of a ready shape, the same each time, to four digits behind the point."""
    return Reals(_as_rows(SHAPES[shape]().draw(DRAWN_POINTS)), shape)


def read_places(text: str) -> Reals:
    """Points from rows of x and y, parted as those of `explorer.neurons.points`; columns beyond these do not count.

    They are moved and scaled, both columns alike, to fit into the square.

    Raises:
        PointsRejected: With a sentence that names the row, counted from 1, or says what would work.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line]
    if lines and all(read_number(field) is None for field in split_row(lines[0][1])[:2]):
        lines = lines[1:]
    if len(lines) > MOST_POINTS:
        raise PointsRejected(f"{len(lines):,} points are too many: {MOST_POINTS} at most.")
    return _fit(np.array([_read_row(number, line) for number, line in lines]).reshape(-1, 2))


def _read_row(number: int, line: str) -> tuple[float, float]:
    fields = split_row(line)
    if len(fields) < 2:
        raise PointsRejected(f"Row {number} has one column: two are needed, x and y.")
    place = []
    for name, field in zip("xy", fields, strict=False):
        value = read_number(field.replace(",", "."))
        if value is None or not isfinite(value):
            raise PointsRejected(f"Row {number}: {name} is “{shorten(field)}”, which is no finite number.")
        if abs(value) > LARGEST:
            raise PointsRejected(f"Row {number}: {name} is {value:g}, beyond ±{LARGEST:g}.")
        place.append(value)
    return place[0], place[1]


def stroke_points(strokes: Sequence[Stroke]) -> Reals:
    """Points along drawn lines at equal distances, a little beside them by chance.

    Raises:
        PointsRejected: Nothing was drawn, or only one dot.
    """
    parts = [
        (np.array(start) / 50.0 - 1.0, np.array(end) / 50.0 - 1.0)
        for stroke in strokes
        for start, end in zip(stroke, stroke[1:] or stroke, strict=False)
    ]
    lengths = np.array([float(np.hypot(*(end - start))) for start, end in parts])
    if not lengths.sum():
        raise PointsRejected("A dot has no shape: draw a line, or several.")
    ends = np.cumsum(lengths)
    along = (np.arange(DRAWN_POINTS) + 0.5) / DRAWN_POINTS * ends[-1]
    which = np.searchsorted(ends, along)
    share = (along - ends[which]) / lengths[which] + 1.0
    starts, stops = (np.array([part[side] for part in parts])[which] for side in (0, 1))
    places = starts + share[:, None] * (stops - starts)
    places += _PEN * np.random.default_rng(0).standard_normal(places.shape)
    return Reals(_as_rows(places * (_EXTENT, -_EXTENT)))  # drawn from the top


def edge_points(photo: Image.Image) -> Reals:
    """Points by chance on a photo's edges, the same each time.

    Edges are where the grey picture rises steeply, by the two kernels of Sobel (Sobel and Feldman 1968): of its pixels
    the steepest 8 in 100, each with a share of the points as large as its rise.

    Raises:
        PointsRejected: The photo is of one colour, or rises nowhere.
    """
    small = photo.convert("L")
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    grey = np.pad(np.asarray(small, np.float64), 1, mode="edge")
    across, down = grey[:, 2:] - grey[:, :-2], grey[2:] - grey[:-2]
    rises = np.hypot(across[:-2] + 2.0 * across[1:-1] + across[2:], down[:, :-2] + 2.0 * down[:, 1:-1] + down[:, 2:])
    rises /= 8.0  # of Sobel's weights: grey levels a pixel
    if rises.max() < _FLAT:
        raise PointsRejected("This photo has no edges: it is of one colour, or too smooth. Choose another photo.")
    shares = np.where(rises >= np.quantile(rises, 1.0 - _STRONGEST), rises, 0.0).ravel()
    chance = np.random.default_rng(0)
    pixels = chance.choice(shares.size, DRAWN_POINTS, p=shares / shares.sum())
    rows, columns = np.unravel_index(pixels, rises.shape)
    places = np.stack([columns, -rows], axis=-1) + chance.uniform(-0.5, 0.5, (DRAWN_POINTS, 2))
    return _fit(places)


def _fit(places: Numbers) -> Reals:
    """Moved and scaled alike, so that the longer side of the points fills the square but for a margin."""
    if len(places) < FEWEST:
        raise PointsRejected(f"{len(places)} points are too few to have a shape: {FEWEST} at least.")
    low, high = places.min(axis=0), places.max(axis=0)
    length = float((high - low).max())
    if not length:
        raise PointsRejected("All points are equal: there is nothing to imitate but one place.")
    return Reals(_as_rows((places - (low + high) / 2) * (2 * _EXTENT / length)))


def _as_rows(places: Numbers) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in places.round(4))
