"""Pooling with free settings: seven ways to make a picture smaller, the layers that do it, and the way back.

The ways: the largest value of a window; its mean; the root of its sum of squares (L2); the mean of windows spread
evenly over the input (adaptive), as many as the other ways have; the mean of everything (global); a strided
convolution, each channel by itself, with the fixed binomial kernel that Zhang 2019 ("Making convolutional networks
shift-invariant again") blurs with, so a window of two is the average; and strided slicing, which reads one cell of
every stride and looks at no window.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, inf, log10, nan
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.operations.convolution import Impossible
from explorer.operations.sizes import convolution_size
from explorer.operations.window_indices import WindowIndices, adaptive_indices, pooling_indices

PoolingKind = Literal["max", "average", "l2", "adaptive", "global", "convolution", "slicing"]
POOLINGS: tuple[PoolingKind, ...] = get_args(PoolingKind)
PLACED: tuple[PoolingKind, ...] = ("max", "slicing")  # every output cell is one input cell


@dataclass(frozen=True)
class Pooling:
    """A way to make a picture smaller.

    Attributes:
        kind: one of `POOLINGS`.
        window: side of the window in cells. "global" takes everything, "slicing" one cell.
        stride: cells from one window to the next. "adaptive" and "global" have none of their own.
        padding: cells added on each side: zeros that count, but for "max", which leaves them out. "adaptive", "global"
            and "slicing" add none.
    """

    kind: PoolingKind
    window: int = 2
    stride: int = 2
    padding: int = 0

    def size(self, cells: int) -> int:
        """The output's rows or columns for that many of the input."""
        if self.kind == "global":
            return 1
        if self.kind == "slicing":
            return convolution_size(cells, 1, self.stride).value
        return convolution_size(cells, self.window, self.stride, self.padding).value

    def window_indices(self, cells: int) -> WindowIndices:
        """(outputs, places) the input cells along one axis that stand behind each output cell, see `window indices`.

        Those of "slicing" are the `stride` cells from the one it reads to the next.
        """
        if self.kind in ("adaptive", "global"):
            return adaptive_indices(cells, self.size(cells))
        if self.kind == "slicing":
            return pooling_indices(cells, self.stride, self.stride, ceil_mode=True)
        return pooling_indices(cells, self.window, self.stride, self.padding)


@dataclass(frozen=True, eq=False)
class Pooled:
    """What pooling made of a picture.

    Attributes:
        pooling: how.
        input: (C, H, W).
        output: (C, h, w), PyTorch's.
        sources: (C, h, w, 2) row and column of the input cell that became each output cell, where it is a single one
            (`PLACED`); otherwise None. Of equal values max pooling takes the first.
    """

    pooling: Pooling
    input: Tensor
    output: Tensor
    sources: Tensor | None


def check_pooling(pooling: Pooling, size: tuple[int, int]) -> None:
    """Whether PyTorch has an output.

    Args:
        pooling: how.
        size: rows and columns of the picture.

    Raises:
        Impossible: it has none.
    """
    window, padding = pooling.window, pooling.padding
    if min(window, pooling.stride) < 1 or padding < 0:
        raise Impossible("Window and stride must be at least 1, and padding at least 0.")
    if pooling.kind in ("global", "slicing"):
        return
    if 2 * padding > window:
        raise Impossible(
            f"Padding {padding} is more than half of the window ({window}): a window could lie on nothing but padding."
        )
    for name, cells in zip(("rows", "columns"), size, strict=True):
        if window > cells + 2 * padding:
            raise Impossible(
                f"A window of {window} × {window} does not fit on {cells + 2 * padding} {name}, padding included."
            )


def binomial_kernel(side: int) -> Tensor:
    """(side, side): a row of Pascal's triangle times itself, with sum 1; the smoothest small blur."""
    row = torch.tensor([comb(side - 1, place) for place in range(side)], dtype=torch.float32)
    return torch.outer(row, row) / 4.0 ** (side - 1)


def build_pooling(pooling: Pooling, channels: int, size: tuple[int, int]) -> nn.Module:
    """PyTorch's layer, for what `pooling_input` gives.

    Args:
        pooling: a checked one.
        channels: of the picture.
        size: rows and columns of the picture; "adaptive" asks for them.
    """
    window, stride, padding = pooling.window, pooling.stride, pooling.padding
    if pooling.kind == "max":
        return nn.MaxPool2d(window, stride, padding)
    if pooling.kind == "average":
        return nn.AvgPool2d(window, stride, padding)
    if pooling.kind == "l2":
        return nn.LPPool2d(2, window, stride)
    if pooling.kind in ("adaptive", "global"):
        return nn.AdaptiveAvgPool2d((pooling.size(size[0]), pooling.size(size[1])))
    sliced = pooling.kind == "slicing"
    kernel = torch.ones(1, 1) if sliced else binomial_kernel(window)
    conv = nn.Conv2d(
        channels, channels, len(kernel), stride, 0 if sliced else padding, groups=channels, bias=False
    )  # each channel by itself
    with torch.no_grad():
        conv.weight.copy_(kernel.expand_as(conv.weight))
    return conv.eval().requires_grad_(False)


def pooling_input(x: Tensor, pooling: Pooling) -> Tensor:
    """What the layer reads: the picture (C, H, W) itself, but for L2, whose layer in PyTorch cannot pad."""
    return F.pad(x, [pooling.padding] * 4) if pooling.kind == "l2" else x


def pool(x: Tensor, pooling: Pooling) -> Pooled:
    """Make a picture smaller.

    Args:
        x: (C, H, W).
        pooling: how.

    Raises:
        Impossible: PyTorch has no output for these settings.

    Example:
        >>> pool(torch.arange(16.0).reshape(1, 4, 4), Pooling("max")).output.tolist()
        [[[5.0, 7.0], [13.0, 15.0]]]
    """
    size = (x.shape[1], x.shape[2])
    check_pooling(pooling, size)
    sources = None
    with torch.inference_mode():
        if pooling.kind == "max":
            output, flat = F.max_pool2d(
                x[None], pooling.window, pooling.stride, pooling.padding, return_indices=True
            )  # the same call as the layer's, which would not say where
            output = output[0]
            sources = torch.stack([flat[0] // size[1], flat[0] % size[1]], dim=-1)
        else:
            output = build_pooling(pooling, x.shape[0], size).to(x)(pooling_input(x, pooling)[None])[0]
        if pooling.kind == "slicing":
            rows, columns = (torch.arange(cells, device=x.device) * pooling.stride for cells in output.shape[1:])
            grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1)  # (h, w, 2)
            sources = grid.expand(x.shape[0], *grid.shape)
    return Pooled(pooling, x, output, sources)


def unpool(pooled: Pooled, filled: bool = False) -> Tensor:
    """The way back to the input's size, as well as it can be done.

    Values that come from one cell each go back to it, and all other cells become zero, as `nn.MaxUnpool2d` does it. All
    other kinds spread a value over its window, where windows overlap their mean counts, and a cell that no window reads
    takes after the nearest one that is read; an L2 value is divided by the window's side first, which makes it the root
    of the mean of squares.

    Args:
        pooled: what `pool` gave.
        filled: spread those values too that could go back to one cell; one of "slicing" over the cells up to the next.

    Returns:
        (C, H, W).
    """
    x, output = pooled.input, pooled.output
    if pooled.sources is not None and not filled:
        flat = pooled.sources[..., 0] * x.shape[2] + pooled.sources[..., 1]
        empty = torch.zeros(x.shape[0], x.shape[1] * x.shape[2], dtype=x.dtype, device=x.device)
        return empty.scatter(1, flat.flatten(1), output.flatten(1)).reshape(x.shape)
    values = output / pooled.pooling.window if pooled.pooling.kind == "l2" else output
    rows, columns = (_reading(pooled.pooling, cells, x) for cells in x.shape[1:])
    counts = torch.outer(rows.sum(0), columns.sum(0))  # (H, W) windows over each cell, never 0
    return (rows.T @ values @ columns) / counts


def _reading(pooling: Pooling, cells: int, like: Tensor) -> Tensor:
    """(outputs, cells) 1 where an output cell reads an input cell, along one axis, or the nearest one that is read."""
    window_indices = pooling.window_indices(cells)
    table = np.zeros((len(window_indices), cells), np.float32)
    outputs, places = np.nonzero(window_indices >= 0)
    table[outputs, window_indices[outputs, places]] = 1.0
    read = np.flatnonzero(table.any(axis=0))
    nearest = read[np.abs(np.arange(cells)[:, None] - read[None, :]).argmin(axis=1)]
    return torch.from_numpy(np.ascontiguousarray(table[:, nearest])).to(like)


def psnr(original: Tensor, restored: Tensor, data_range: float | None = None) -> float:
    """Peak signal-to-noise ratio in dB: 10 log10(range² / mean squared error).

    Args:
        original, restored: of one shape.
        data_range: between the least and the greatest value there can be; by default between those that are in the
            original.

    Returns:
        Infinity where nothing was lost; NaN for a range of zero, or where a value is not finite.
    """
    wide = original.double()
    span = float(wide.max() - wide.min()) if data_range is None else data_range
    error = float((wide - restored.double()).square().mean())
    if error == 0:
        return inf
    ratio = span**2 / error
    return 10 * log10(ratio) if 0 < ratio < inf else nan
