"""Which input pixels a cell of a feature map can depend on: exact arithmetic on intervals.

Along one axis of the image, cell i of a map sees the pixels of the half-open interval
[offset + i * stride, offset + i * stride + size). Every operation maps such an arithmetic
progression to another one (Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional
Neural Networks", https://distill.pub/2019/computing-receptive-fields).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

Shape = tuple[int, ...]
PaddingMode = Literal["constant", "reflect", "replicate", "circular"]

_ROUNDED = 1e-4  # cells by which PyTorch's places, in single precision, may be off


def _reach_back(mode: PaddingMode, side: int, cells: int) -> int:
    """How many cells further in than where it lies the outermost of `side` cells of padding was taken from, at most."""
    return {"constant": 0, "reflect": 2 * side, "replicate": side, "circular": cells + side - 1}[mode]


@dataclass(frozen=True)
class Axis:
    """What cell 0 of an axis sees, and how far each next cell moves. In pixels of the input.

    Attributes:
        size: pixels from the first to the last that a cell can depend on.
        stride: pixels from one cell's window to the next one's.
        offset: first pixel of cell 0's window; negative where it begins in the padding.
        ahead: pixels after the window that cell 0 can depend on besides, since padding repeats cells from there; cell i
            has i * stride less of them. Nothing that is reported has any: see `hull`.
        behind: the same before the window of the last cell.
    """

    size: float = 1.0
    stride: float = 1.0
    offset: float = 0.0
    ahead: float = 0.0
    behind: float = 0.0

    @property
    def hull(self) -> Axis:
        """The axis with windows that hold everything a cell can depend on, wherever it lies."""
        return Axis(self.size + self.ahead + self.behind, self.stride, self.offset - self.behind)

    def padded(self, before: int, after: int, cells: int = 1, mode: PaddingMode = "constant") -> Axis:
        """The axis with cells put before and after its `cells`; they see what they would if the map went on there.

        Where they repeat cells instead, that is further in: those put before a map see what `ahead` says.
        """
        ahead, behind = (
            max(0.0, owed + side * self.stride if owed else 0.0)
            + (_reach_back(mode, side, cells) * self.stride if side > 0 else 0.0)
            for owed, side in ((self.ahead, before), (self.behind, after))
        )
        return replace(self, offset=self.offset - before * self.stride, ahead=ahead, behind=behind)

    def window(self, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> Axis:
        """The axis after a sliding window (convolution, pooling)."""
        reach = dilation * (kernel - 1) * self.stride
        axis = self.padded(padding, padding)
        return Axis(
            axis.size + reach,
            axis.stride * stride,
            axis.offset,
            max(0.0, axis.ahead - reach),
            max(0.0, axis.behind - reach),
        )

    def transposed_window(self, kernel: int, stride: int, padding: int, dilation: int, cells: int) -> Axis:
        """The axis after a transposed convolution of `cells` input cells: the hull of what each output cell sees.

        Output cell o gathers from input cells i with o = i * stride - padding + j * dilation.
        """
        seen, reach = self.hull, dilation * (kernel - 1)
        # The lowest i for cell o is ceil((o + padding - reach) / stride) >= (o + padding - reach) / stride.
        first = (padding - reach) / stride
        return Axis(seen.size + reach / stride * seen.stride, seen.stride / stride, seen.offset + first * seen.stride)

    def gathering(self, reads: Sequence[tuple[int, int]], step: float) -> Axis:
        """The axis of outputs of which each reads the cells from a first to a last one: the hull where they differ.

        Args:
            reads: first and last cell, of each output.
            step: cells from one output's to the next one's.
        """
        seen = self.hull
        first = min(low - i * step for i, (low, _) in enumerate(reads))
        last = max(high - i * step for i, (_, high) in enumerate(reads))
        return Axis(seen.size + (last - first) * seen.stride, step * seen.stride, seen.offset + first * seen.stride)

    def adaptive(self, cells: int, outputs: int) -> Axis:
        """The axis after adaptive pooling from `cells` to `outputs`."""
        reads = [(i * cells // outputs, math.ceil((i + 1) * cells / outputs) - 1) for i in range(outputs)]
        return self.gathering(reads, cells / outputs)

    def resampled(
        self,
        cells: int,
        outputs: int,
        mode: str = "bilinear",
        *,
        align_corners: bool = False,
        antialias: bool = False,
        scale: float | None = None,
    ) -> Axis:
        """The axis after `torch.nn.functional.interpolate` from `cells` to `outputs`, which has the same arguments.

        Args:
            cells, outputs: before and after.
            mode, align_corners, antialias: as PyTorch has them.
            scale: the factor, where it was given instead of the size; 5 cells times 1.5 are 7 outputs, 2/3 apart.
        """
        if mode == "area":
            return self.adaptive(cells, outputs)
        step = 1 / scale if scale else cells / outputs
        if align_corners:
            step = (cells - 1) / (outputs - 1) if outputs > 1 else 0.0
        reach = 2 if mode == "bicubic" else 1
        support = reach * max(step, 1.0)
        reads = []
        for i in range(outputs):
            middle = i * step if align_corners else (i + 0.5) * step - 0.5
            if mode.startswith("nearest"):
                middle = i * step if mode == "nearest" else (i + 0.5) * step
                low, high = middle - _ROUNDED, middle + _ROUNDED
            elif antialias:
                middle = (i + 0.5) * step
                low, high = middle - support + 0.5 - _ROUNDED, middle + support - 0.5 + _ROUNDED
            else:
                low, high = middle + 1 - reach - _ROUNDED, middle + reach + _ROUNDED
            reads.append((min(max(math.floor(low), 0), cells - 1), min(max(math.floor(high), 0), cells - 1)))
        return self.gathering(reads, step or float(cells))

    def whole(self, cells: int) -> Axis:
        """All `cells` together, as one cell: global pooling, flattening."""
        return self.window(max(cells, 1), stride=max(cells, 1))

    def spread(self, cells: int, stride: float) -> Axis:
        """One cell laid over `cells` that lie `stride` pixels apart: a window wide enough that each sees all it saw."""
        seen, reach = self.hull, (cells - 1) * stride
        return Axis(seen.size + reach, stride, seen.offset - reach)

    def merge(self, other: Axis, cells: int) -> Axis:
        """The hull of two axes that meet cell by cell: addition, concatenation, gating.

        Where the strides differ, a window wide enough for every one of the `cells`.
        """
        stride = max(self.stride, other.stride) if cells == 1 else min(self.stride, other.stride)
        last = cells - 1
        both = (self.hull, other.hull)
        first = min(axis.offset + min(0.0, last * (axis.stride - stride)) for axis in both)
        end = max(axis.offset + axis.size + max(0.0, last * (axis.stride - stride)) for axis in both)
        return Axis(end - first, stride, first)


@dataclass(frozen=True)
class ReceptiveField:
    """What the cells of a feature map can depend on, in pixels of the input."""

    rows: Axis
    columns: Axis

    @property
    def size(self) -> tuple[float, float]:
        """Height and width of one cell's window."""
        return self.rows.size, self.columns.size

    @property
    def stride(self) -> tuple[float, float]:
        """How far the window moves from one cell to the next, down and to the right."""
        return self.rows.stride, self.columns.stride

    @property
    def offset(self) -> tuple[float, float]:
        """Where the window of cell (0, 0) begins; negative inside the padding."""
        return self.rows.offset, self.columns.offset

    def box(self, row: int, column: int, height: int, width: int) -> tuple[float, float, float, float]:
        """The window of one cell, cut to an input of `height` x `width`: left, top, right, bottom in pixels."""
        top = self.rows.offset + row * self.rows.stride
        left = self.columns.offset + column * self.columns.stride
        return (
            max(0.0, left),
            max(0.0, top),
            min(float(width), left + self.columns.size),
            min(float(height), top + self.rows.size),
        )


@dataclass(frozen=True)
class Geometry:
    """Where the cells of a tensor lie.

    Attributes:
        field: what one cell sees.
        axes: positions of rows and columns in the tensor's shape; None once there is one cell for the whole image.
        shape: of the tensor.
    """

    field: ReceptiveField
    axes: tuple[int, int] | None
    shape: Shape

    @classmethod
    def of_input(cls, shape: Shape) -> Geometry:
        """Of an image (B, 3, H, W): every cell sees its own pixel."""
        return cls(ReceptiveField(Axis(), Axis()), (len(shape) - 2, len(shape) - 1), shape)

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns."""
        return (1, 1) if self.axes is None else (self.shape[self.axes[0]], self.shape[self.axes[1]])

    @property
    def is_upright(self) -> bool:
        """Whether rows and columns are the last two axes, where windows slide; not so where there is a single cell."""
        return self.axes == (len(self.shape) - 2, len(self.shape) - 1)

    @property
    def channel_axis(self) -> int:
        """The axis that is neither batch, rows nor columns."""
        return next((axis for axis in range(1, len(self.shape)) if axis not in (self.axes or ())), 1)

    def collapsed(self, shape: Shape) -> Geometry:
        """One cell that sees everything the map sees."""
        rows, columns = self.cells
        field = ReceptiveField(self.field.rows.whole(rows), self.field.columns.whole(columns))
        return Geometry(field, None, shape)

    def mixed(self, shape: Shape) -> Geometry:
        """Every cell may see everything the map sees."""
        one = self.collapsed(shape)
        if len(shape) < 4 or tuple(shape[-2:]) == (1, 1):
            return one
        rows, columns = (
            axis.spread(cells, axis.stride / cells)
            for axis, cells in zip((one.field.rows, one.field.columns), shape[-2:], strict=True)
        )
        return Geometry(ReceptiveField(rows, columns), (len(shape) - 2, len(shape) - 1), shape)

    def reshaped(self, shape: Shape) -> Geometry:
        """After an operation that is known only by its result."""
        if self.axes is None:
            return replace(self, shape=shape)
        if len(shape) == len(self.shape) and tuple(shape[axis] for axis in self.axes) == self.cells:
            return replace(self, shape=shape)
        if len(shape) >= 3 and shape[-2:] == self.cells and self.axes == (len(self.shape) - 2, len(self.shape) - 1):
            return replace(self, axes=(len(shape) - 2, len(shape) - 1), shape=shape)
        return self.mixed(shape)

    def permuted(self, order: Sequence[int], shape: Shape) -> Geometry:
        """After `permute(order)`."""
        if self.axes is None:
            return replace(self, shape=shape)
        order = [axis % len(shape) for axis in order]
        return replace(self, axes=(order.index(self.axes[0]), order.index(self.axes[1])), shape=shape)
