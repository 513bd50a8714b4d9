"""What is needed to work out one output channel of one layer by hand: indices, input, kernel, the framework's values.

Plain arrays, no torch. An operation is described by its window indices: the input row that each kernel row reads for
each output row, and the same for columns. Stride, dilation, padding and its modes, adaptive windows and transposed
convolutions differ in nothing else, so whoever shows or checks a channel view needs one mechanism for all of them.
"""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

PAD: Final = -1
"""A tap on a padded zero: it takes part, with the value 0."""

NONE: Final = -2
"""A tap that reads nothing and does not take part."""

OPERATIONS: Final = ("convolution", "max", "average", "l2")
STEPS: Final = ("affine", "relu", "relu6", "leaky_relu", "gelu", "sigmoid", "tanh", "silu", "hardswish")


@dataclass(frozen=True)
class Step:
    """One elementwise step after the sum.

    Attributes:
        name: As shown, such as "bn1" or "ReLU".
        kind: One of `STEPS`. "affine" is value * `scale` + `shift`; "gelu" is the exact one, with erf.
        scale: Of "affine".
        shift: Of "affine".
        slope: Of "leaky_relu", below zero.

    Raises:
        ValueError: If there is no such kind.
    """

    name: str
    kind: str
    scale: float = 1.0
    shift: float = 0.0
    slope: float = 0.01

    def __post_init__(self) -> None:
        if self.kind not in STEPS:
            raise ValueError(f"no step is called {self.kind!r}; there are {', '.join(STEPS)}")


@dataclass(frozen=True, eq=False)
class ChannelView:
    """One output channel of one layer, ready to be explained cell by cell.

    A value is the sum over c, i, j of input[c, rows[r, i], columns[q, j]] * kernel[c, i, j], plus bias; for pooling the
    largest, the mean or the root of the sum of squares of input[0, rows[r, i], columns[q, j]].

    Attributes:
        operation: One of `OPERATIONS`. Transposed convolutions are convolutions with other window indices.
        rows: (H_out, kh) the input row that each kernel row reads, `PAD` or `NONE`.
        columns: (W_out, kw) the same for columns.
        input: (C, H, W) the channels that this output channel reads. None where it is too large to send, then `patch`.
        input_size: (H, W).
        kernel: (C, kh, kw), None for pooling.
        bias: None where there is none.
        output: (H_out, W_out) the framework's values of the operation itself, before `steps`.
        divisor: Of average pooling; None for the number of window indices in the window that are not `NONE`.
        steps: What comes after the sum, in order.
        final: (H_out, W_out) the framework's values after all steps.
        channel_names: One for each channel, or empty for "channel 0", "channel 1" and so on.
        channel_colours: A CSS colour for each channel, or empty.
        patch: (C, kh, kw) what `patch_cell` reads where `input` is None: 0 where padded, NaN at `NONE`.
        patch_cell: (row, column) of the output, None before the first click.
        preview: (H, W) where `input` is None: one input channel to draw the window on.
        backdrop: A PNG drawn in place of the input channel, stretched to H x W.
        signed_input: Whether the sign of the input carries meaning, for the colours.
        signed_output: The same for the output.
        title: Such as "layer1.0.conv1, map 3".

    Raises:
        ValueError: If the parts do not fit together; the message names the part.
    """

    operation: str
    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    input: NDArray[np.float32] | None
    input_size: tuple[int, int]
    kernel: NDArray[np.float32] | None
    bias: float | None
    output: NDArray[np.float32]
    divisor: float | None = None
    steps: tuple[Step, ...] = ()
    final: NDArray[np.float32] | None = None
    channel_names: tuple[str, ...] = ()
    channel_colours: tuple[str, ...] = ()
    patch: NDArray[np.float32] | None = None
    patch_cell: tuple[int, int] | None = None
    preview: NDArray[np.float32] | None = None
    backdrop: bytes | None = None
    signed_input: bool = False
    signed_output: bool = False
    title: str = ""

    def __post_init__(self) -> None:
        self._check_indices()
        self._check_channels()
        _check_shape("output", self.output, self.output_size)
        _check_shape("final", self.final, self.output_size)
        _check_shape("preview", self.preview, self.input_size)
        if self.steps and self.final is None:
            raise ValueError("steps need the framework's values after them, as final")
        if (self.patch is None) != (self.patch_cell is None):
            raise ValueError("patch and patch_cell come together")
        if self.patch_cell is not None and not all(
            0 <= place < size for place, size in zip(self.patch_cell, self.output_size, strict=True)
        ):
            raise ValueError(f"patch_cell {self.patch_cell} is not on an output of {self.output_size}")
        for field in fields(self):
            array = getattr(self, field.name)
            wanted = np.int32 if field.name in ("rows", "columns") else np.float32
            if isinstance(array, np.ndarray) and array.dtype != wanted:
                raise ValueError(f"{field.name} must be {np.dtype(wanted)}, not {array.dtype}")

    @property
    def output_size(self) -> tuple[int, int]:
        """(H_out, W_out)."""
        return len(self.rows), len(self.columns)

    @property
    def window(self) -> tuple[int, int]:
        """(kh, kw)."""
        return int(self.rows.shape[1]), int(self.columns.shape[1])

    @property
    def channels(self) -> int:
        """How many input channels this output channel reads."""
        for array in (self.kernel, self.input, self.patch):
            if array is not None:
                return len(array)
        return 1

    def _check_indices(self) -> None:
        for name, indices, size in (
            ("rows", self.rows, self.input_size[0]),
            ("columns", self.columns, self.input_size[1]),
        ):
            if indices.ndim != 2 or indices.size == 0:
                raise ValueError(f"{name} must be a table (output cells, window indices), not of shape {indices.shape}")
            if indices.min() < NONE or indices.max() >= size:
                raise ValueError(
                    f"{name} read from {indices.min()} to {indices.max()}, but the input has 0 to {size - 1}"
                )

    def _check_channels(self) -> None:
        if self.operation not in OPERATIONS:
            raise ValueError(f"no operation is called {self.operation!r}; there are {', '.join(OPERATIONS)}")
        if (self.kernel is None) == (self.operation == "convolution"):
            raise ValueError("a convolution needs a kernel, and pooling has none")
        if self.kernel is None and self.channels != 1:
            raise ValueError(f"pooling reads one channel, not {self.channels}")
        _check_shape("kernel", self.kernel, (self.channels, *self.window))
        _check_shape("input", self.input, (self.channels, *self.input_size))
        _check_shape("patch", self.patch, (self.channels, *self.window))
        for name, entries in (("channel_names", self.channel_names), ("channel_colours", self.channel_colours)):
            if entries and len(entries) != self.channels:
                raise ValueError(f"{len(entries)} {name} for {self.channels} channels")


def _check_shape(name: str, array: NDArray[np.float32] | None, shape: tuple[int, ...]) -> None:
    if array is not None and array.shape != shape:
        raise ValueError(f"{name} must have the shape {shape}, not {array.shape}")
