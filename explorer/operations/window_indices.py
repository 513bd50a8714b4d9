"""Which input cells an output cell reads, along one axis.

Convolution, transposed convolution and every kind of pooling read a rectangular window, so rows and columns
can be told apart, and one table an axis says everything: for every output index and every place in the
window, the input index, `PAD` for a zero that counts, or `NONE` for a place that reads nothing.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.operations.channel_view import NONE, PAD

PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]
WindowIndices = NDArray[np.int32]


def convolution_indices(
    size: int, kernel: int, stride: int, padding: tuple[int, int], dilation: int, mode: PaddingMode = "zeros"
) -> WindowIndices:
    """The window indices of a convolution: place t of output o reads o * stride - padding + t * dilation.

    Args:
        size: input cells along this axis.
        kernel, stride, dilation: as in `nn.Conv2d`.
        padding: cells added before and after.
        mode: what is in them.

    Returns:
        (size_out, kernel).
    """
    before, after = padding
    outputs = (size + before + after - dilation * (kernel - 1) - 1) // stride + 1
    places = np.arange(outputs)[:, None] * stride - before + np.arange(kernel)[None, :] * dilation
    return _fold(places, size, mode).astype(np.int32)


def _fold(places: NDArray[np.int_], size: int, mode: PaddingMode) -> NDArray[np.int_]:
    """Places outside 0 .. size - 1 brought back to where their value comes from."""
    if mode == "replicate":
        return places.clip(0, size - 1)
    if mode == "circular":
        return places % size
    if mode == "reflect":  # about the outermost cell, which is not repeated
        period = max(1, 2 * (size - 1))
        folded = places % period
        return np.minimum(folded, period - folded)
    return np.where((places >= 0) & (places < size), places, PAD)


def without_padding(indices: WindowIndices, before: int, size: int) -> WindowIndices:
    """The same indices on the `size` cells that there were before zeros were put around them, `before` in front."""
    places = indices - before
    outside = (places < 0) | (places >= size)
    return np.where(indices < 0, indices, np.where(outside, PAD, places)).astype(np.int32)


def transposed_indices(
    size: int, kernel: int, stride: int, padding: int, dilation: int, output_padding: int = 0
) -> WindowIndices:
    """Those of a transposed convolution: place t of output o reads (o + padding - t * dilation) / stride, if whole.

    Returns:
        (size_out, kernel); places between two input cells read nothing.
    """
    outputs = (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1
    places = np.arange(outputs)[:, None] + padding - np.arange(kernel)[None, :] * dilation
    sources, rest = np.divmod(places, stride)
    return np.where((rest == 0) & (sources >= 0) & (sources < size), sources, NONE).astype(np.int32)


def pooling_indices(
    size: int,
    kernel: int,
    stride: int,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    count_padding: bool = False,
) -> WindowIndices:
    """The window indices of a pooling window.

    Args:
        size: input cells along this axis.
        kernel, stride, padding, dilation, ceil_mode: as in `nn.MaxPool2d`.
        count_padding: padded cells are zeros that count (`count_include_pad` of average pooling), not left out. What
            `ceil_mode` reaches beyond them never counts.

    Returns:
        (size_out, kernel).
    """
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    outputs = -(-room // stride) + 1 if ceil_mode else room // stride + 1
    if ceil_mode and (outputs - 1) * stride >= size + padding:
        outputs -= 1  # PyTorch's rule: the last window begins inside the input or its left padding
    places = np.arange(outputs)[:, None] * stride - padding + np.arange(kernel)[None, :] * dilation
    inside = (places >= 0) & (places < size)
    padded = ~inside & (places < size + padding) if count_padding else np.zeros_like(inside)
    return np.where(inside, places, np.where(padded, PAD, NONE)).astype(np.int32)


def adaptive_indices(size: int, outputs: int) -> WindowIndices:
    """Those of adaptive pooling: output o reads floor(o * size / outputs) up to ceil((o + 1) * size / outputs).

    Returns:
        (outputs, widest window); narrower windows end in places that read nothing.
    """
    starts = np.arange(outputs) * size // outputs
    ends = -(-(np.arange(outputs) + 1) * size // outputs)
    places = starts[:, None] + np.arange(int((ends - starts).max()))[None, :]
    return np.where(places < ends[:, None], places, NONE).astype(np.int32)
