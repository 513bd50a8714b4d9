"""Parts of a photo covered by hand: which, in a form that fits into an address, and what the network then gets.

Places are fractions of the network's input square, from its upper left corner, so that a cover means the same at every
resolution and for every picture. Painting it is the browser's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil, floor
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.saliency.faithfulness import Prepared, make_baseline

Fill = Literal["blur", "grey", "noise"]
FILLS: tuple[Fill, ...] = get_args(Fill)
MOST_TEXT = 6000  # characters: links longer than this are cut on their way by some programs
_STEPS = 1000  # to the side: the text form counts in thousandths
_MARK = re.compile(r"[bs](?:\.[0-9]{1,4}){3,}", re.ASCII)


def _steps(*fractions: float) -> list[int]:
    return [round(fraction * _STEPS) for fraction in fractions]


@dataclass(frozen=True)
class Box:
    """An upright rectangle.

    Attributes:
        left, top, right, bottom: 0 to 1; at least a thousandth wide and high.
    """

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        left, top, right, bottom = _steps(self.left, self.top, self.right, self.bottom)
        if not (0 <= left < right <= _STEPS and 0 <= top < bottom <= _STEPS):
            raise ValueError(f"A box lies within 0 to 1, left of right and top above bottom; this one is {self}.")

    def paint(self, mask: NDArray[np.bool_]) -> None:
        """Set the pixels of a mask (H, W) whose centres lie in the box."""
        rows, columns = _centres(mask.shape[0]), _centres(mask.shape[1])
        inside = (self.top <= rows) & (rows < self.bottom)
        mask[inside[:, None] & ((self.left <= columns) & (columns < self.right))[None, :]] = True


@dataclass(frozen=True)
class Stroke:
    """A round brush led along a line.

    Attributes:
        radius: of the brush; 0.001 to 0.5.
        points: at least one, each (x, y) from 0 to 1; one alone is a dot.
    """

    radius: float
    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if not 1 <= round(self.radius * _STEPS) <= _STEPS // 2:
            raise ValueError(f"A brush has a radius of 0.001 to 0.5, not {self.radius}.")
        places = [step for point in self.points for step in _steps(*point)]
        if not places or min(places) < 0 or max(places) > _STEPS:
            raise ValueError("A stroke has at least one point, and all of them lie within 0 to 1.")

    def paint(self, mask: NDArray[np.bool_]) -> None:
        """Set the pixels of a mask (H, W) whose centres the brush passes over."""
        height, width = mask.shape
        rows, columns = _centres(height), _centres(width)
        for (x0, y0), (x1, y1) in zip(self.points, self.points[1:] or self.points, strict=False):
            # A long line over a large picture: only the pixels about each of its pieces are measured.
            top, bottom = _reach(min(y0, y1) - self.radius, max(y0, y1) + self.radius, height)
            left, right = _reach(min(x0, x1) - self.radius, max(x0, x1) + self.radius, width)
            x, y = columns[None, left:right], rows[top:bottom, None]
            length = (x1 - x0) ** 2 + (y1 - y0) ** 2
            along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length if length else 0.0
            along = np.clip(along, 0.0, 1.0)
            distance = (x - x0 - along * (x1 - x0)) ** 2 + (y - y0 - along * (y1 - y0)) ** 2
            mask[top:bottom, left:right] |= distance <= self.radius**2


def _centres(side: int) -> NDArray[np.float64]:
    """Where the pixels of a side are, as fractions of it."""
    return (np.arange(side) + 0.5) / side


def _reach(low: float, high: float, side: int) -> tuple[int, int]:
    """The pixels of a side that lie between two fractions, and at most one more at each end."""
    return max(0, floor(low * side - 0.5)), min(side, ceil(high * side + 0.5))


@dataclass(frozen=True)
class Cover:
    """Everything that is covered, in the order it was painted.

    Attributes:
        marks: boxes and strokes; they may overlap.
    """

    marks: tuple[Box | Stroke, ...] = ()

    @classmethod
    def from_text(cls, text: str) -> Cover:
        """Read what `to_text` wrote.

        Raises:
            ValueError: it is something else, or longer than `MOST_TEXT`.
        """
        if len(text) > MOST_TEXT:
            raise ValueError(f"A cover takes at most {MOST_TEXT} characters, not {len(text)}.")
        return cls(tuple(_read_mark(mark) for mark in text.split("_")) if text else ())

    def to_text(self) -> str:
        """The marks in thousandths of the side: "b.LEFT.TOP.RIGHT.BOTTOM", "s.RADIUS.X.Y.X.Y…", "_" between them.

        Letters, digits, dots and underscores only, which stand in an address as they are.
        """
        return "_".join(_write_mark(mark) for mark in self.marks)

    def mask(self, size: tuple[int, int]) -> NDArray[np.bool_]:
        """(H, W), True where the centre of a pixel is covered.

        Args:
            size: rows and columns.
        """
        mask = np.zeros(size, np.bool_)
        for mark in self.marks:
            mark.paint(mask)
        return mask


def _write_mark(mark: Box | Stroke) -> str:
    if isinstance(mark, Box):
        return ".".join(["b", *map(str, _steps(mark.left, mark.top, mark.right, mark.bottom))])
    return ".".join(["s", *map(str, _steps(mark.radius, *(place for point in mark.points for place in point)))])


def _read_mark(text: str) -> Box | Stroke:
    if not _MARK.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is neither a box (b.LEFT.TOP.RIGHT.BOTTOM) nor a stroke (s.RADIUS.X.Y…).")
    numbers = [int(number) / _STEPS for number in text[2:].split(".")]
    if text[0] == "b":
        if len(numbers) != 4:
            raise ValueError(f"A box has four sides; {text[:40]!r} has {len(numbers)}.")
        return Box(*numbers)
    radius, *places = numbers
    if len(places) % 2:
        raise ValueError("The points of a stroke have two numbers each; the last one has only one.")
    return Stroke(radius, tuple(zip(places[::2], places[1::2], strict=True)))


def cover(model: Prepared, x: Tensor, mask: NDArray[np.bool_], fill: Fill = "blur", seed: int = 0) -> Tensor:
    """The picture with its covered pixels replaced.

    No fill is neutral: grey has edges of its own, a blur keeps the colours, and noise is a texture.

    Args:
        model: whose normalisation it is, from the zoo or a captioner.
        x: (1, 3, H, W), normalised.
        mask: (H, W), True where covered.
        fill: "blur" and "grey" (the mean colour) as in `deletion_insertion`, or "noise": for every pixel and channel a
            normal number about the picture's own mean and standard deviation in that channel, kept between black and
            white.
        seed: of the noise; it is the same on every device, and wherever the mask lies.

    Returns:
        (1, 3, H, W) on x's device.

    Raises:
        ValueError: the mask has another size than x, or there is no such fill.
    """
    if mask.shape != tuple(x.shape[2:]):
        raise ValueError(f"The mask has {mask.shape} pixels, the input {tuple(x.shape[2:])}.")
    if fill not in FILLS:
        raise ValueError(f"There is no fill {fill!r}; there are {', '.join(FILLS)}.")
    x = x.detach()
    nothing = _make_noise(model, x, seed) if fill == "noise" else make_baseline(model, x, fill)
    return torch.where(torch.from_numpy(mask).to(x.device), nothing, x)


def _make_noise(model: Prepared, x: Tensor, seed: int) -> Tensor:
    drawn = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed)).to(x)
    axes = (0, 2, 3)
    noise = x.mean(axes, keepdim=True) + x.std(axes, keepdim=True, correction=0) * drawn
    mean, std = (
        torch.tensor(each).to(x).view(1, 3, 1, 1) for each in (model.preprocessing.mean, model.preprocessing.std)
    )
    return torch.clamp(noise, -mean / std, (1 - mean) / std)


@dataclass(frozen=True, eq=False)
class Covered:
    """A photo covered in part.

    Attributes:
        mask: (H, W), True where covered.
        x: (3, H, W) what the network gets, normalised.
        pixels: (H, W, 3) uint8, the same as a picture.
    """

    mask: NDArray[np.bool_]
    x: NDArray[np.float32]
    pixels: NDArray[np.uint8]

    @property
    def share(self) -> float:
        """How much of the photo is covered, 0 to 1."""
        return float(self.mask.mean())


def cover_photo(model: Prepared, x: Tensor, painted: Cover, fill: Fill) -> tuple[Tensor, Covered]:
    """What a network gets of a covered photo: for the network, and to be looked at.

    Args:
        model: whose normalisation it is.
        x: (1, 3, H, W), normalised.
        painted: what is covered.
        fill: as for `cover`.
    """
    mask = painted.mask((x.shape[2], x.shape[3]))
    covered = cover(model, x, mask, fill)
    return covered, Covered(mask, covered[0].cpu().numpy(), model.preprocessing.unnormalise(covered))
