"""Which input pixels a cell of a feature map can depend on: exact arithmetic on intervals.

Along one axis of the image, cell i of a map sees the pixels of the half-open interval
[offset + i * stride, offset + i * stride + size). Every operation maps such an arithmetic
progression to another one (Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional
Neural Networks", https://distill.pub/2019/computing-receptive-fields).
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """What cell 0 of an axis sees, and how far each next cell moves. In pixels of the input.

    Attributes:
        size: pixels from the first to the last that a cell can depend on.
        stride: pixels from one cell's window to the next one's.
        offset: first pixel of cell 0's window; negative where it begins in the padding.
    """

    size: float = 1.0
    stride: float = 1.0
    offset: float = 0.0

    def window(self, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> Axis:
        """The axis after a sliding window (convolution, pooling)."""
        reach = dilation * (kernel - 1)
        return Axis(self.size + reach * self.stride, self.stride * stride, self.offset - padding * self.stride)

    def transposed_window(self, kernel: int, stride: int, padding: int, dilation: int, cells: int) -> Axis:
        """The axis after a transposed convolution of `cells` input cells: the hull of what each output cell sees.

        Output cell o gathers from input cells i with o = i * stride - padding + j * dilation.
        """
        reach = dilation * (kernel - 1)
        # The lowest i for cell o is ceil((o + padding - reach) / stride) >= (o + padding - reach) / stride.
        first = (padding - reach) / stride
        return Axis(self.size + reach / stride * self.stride, self.stride / stride, self.offset + first * self.stride)

    def adaptive(self, cells: int, outputs: int) -> Axis:
        """The axis after adaptive pooling from `cells` to `outputs`: the hull where windows differ in size."""
        step = cells / outputs
        starts = [math.floor(i * cells / outputs) - i * step for i in range(outputs)]
        ends = [math.ceil((i + 1) * cells / outputs) - i * step for i in range(outputs)]
        first, last = min(starts), max(ends)
        return Axis(self.size + (last - first - 1) * self.stride, step * self.stride, self.offset + first * self.stride)

    def resampled(self, cells: int, outputs: int, reach: int = 1) -> Axis:
        """The axis after interpolation from `cells` to `outputs`, each output mixing cells up to `reach` away."""
        step = cells / outputs
        return Axis(
            self.size + 2 * reach * self.stride,
            self.stride * step,
            self.offset + (step / 2 - 0.5 - reach) * self.stride,
        )

    def whole(self, cells: int) -> Axis:
        """All `cells` together, as one cell: global pooling, flattening."""
        return self.window(max(cells, 1), stride=max(cells, 1))

    def spread(self, cells: int, stride: float) -> Axis:
        """One cell laid over `cells` that lie `stride` pixels apart: a window wide enough that each sees all it saw."""
        reach = (cells - 1) * stride
        return Axis(self.size + reach, stride, self.offset - reach)

    def merge(self, other: Axis, cells: int) -> Axis:
        """The hull of two axes that meet cell by cell: addition, concatenation, gating.

        Where the strides differ, a window wide enough for every one of the `cells`.
        """
        stride = max(self.stride, other.stride) if cells == 1 else min(self.stride, other.stride)
        last = cells - 1
        first = min(axis.offset + min(0.0, last * (axis.stride - stride)) for axis in (self, other))
        end = max(axis.offset + axis.size + max(0.0, last * (axis.stride - stride)) for axis in (self, other))
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
