"""A whole layer under the microscope: its operation, the exact input, the framework's output, what follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explorer.operations.channel_view import ChannelView, Step
from explorer.operations.explanation import Operation, combine, describe_operation


@dataclass(frozen=True, eq=False)
class Following:
    """One elementwise layer after the operation, for all channels.

    Attributes:
        name: as shown.
        kind: as in `Step`.
        scale, shift: (O,) of "affine"; None otherwise.
        slope: of "leaky_relu".
    """

    name: str
    kind: str
    scale: NDArray[np.float32] | None = None
    shift: NDArray[np.float32] | None = None
    slope: float = 0.01

    def step(self, channel: int) -> Step:
        """What it does to one channel."""
        if self.scale is None or self.shift is None:
            return Step(self.name, self.kind, slope=self.slope)
        return Step(self.name, self.kind, scale=float(self.scale[channel]), shift=float(self.shift[channel]))


@dataclass(frozen=True, eq=False)
class LayerBreakdown:
    """One layer on one image.

    Attributes:
        operation: what it does.
        input: (C, H, W) float32, exactly what it read.
        output: (O, H_out, W_out) float32, the framework's.
        following: elementwise layers after it.
        final: (O, H_out, W_out) after those; None where there are none.
    """

    operation: Operation
    input: NDArray[np.float32]
    output: NDArray[np.float32]
    following: tuple[Following, ...] = ()
    final: NDArray[np.float32] | None = None

    @property
    def shown(self) -> NDArray[np.float32]:
        """(O, H_out, W_out) after the elementwise layers, where there are any."""
        return self.output if self.final is None else self.final

    def products(self, channel: int) -> NDArray[np.float64]:
        """What every slice of a filter makes of the input map it reads; their sum and the bias are the output map.

        Args:
            channel: output channel of a convolution.

        Returns:
            (I / groups, H_out, W_out).

        Raises:
            ValueError: the layer is no convolution.
        """
        operation = self.operation
        kernel = operation.kernel(channel)
        if kernel is None:
            raise ValueError(f"A {operation.kind} layer has no filters.")
        reads = operation.reads(channel)
        read = self.input[reads.start : reads.stop]
        made = np.zeros((len(read), len(operation.rows), len(operation.columns)))
        # Place by place of the window: all windows at once would take as many times the memory as a slice has weights.
        for (i, j), weights in zip(np.ndindex(kernel.shape[1:]), kernel.reshape(len(kernel), -1).T, strict=True):
            rows, columns = operation.rows[:, i], operation.columns[:, j]
            below, right = np.flatnonzero(rows >= 0), np.flatnonzero(columns >= 0)  # neither padding nor nothing
            values = read[:, rows[below]][:, :, columns[right]]
            with np.errstate(invalid="ignore"):  # infinite weights times zero
                made[:, below[:, None], right] += weights[:, None, None] * values.astype(np.float64)
        return made

    def payload_bytes(self, channel: int) -> int:
        """What `channel view` would send to a browser for one channel, its input included."""
        kernel = self.operation.kernel(channel)
        cells = self.output[channel].size * (1 if self.final is None else 2)
        read = len(self.operation.reads(channel)) * self.input[0].size
        return 4 * (read + cells + (0 if kernel is None else kernel.size))

    def channel_view(
        self,
        channel: int,
        most_bytes: int,
        cell: tuple[int, int] | None = None,
        *,
        names: Sequence[str] = (),
        colours: Sequence[str] = (),
        backdrop: bytes | None = None,
        title: str = "",
    ) -> ChannelView:
        """One output channel, ready to be shown.

        Args:
            channel: which.
            most_bytes: beyond this only the numbers of one cell go along.
            cell: which cell's then; the middle one by default.
            names, colours: of the layer's input channels, all of them or none.
            backdrop: a PNG to draw in place of the input.
            title: of the layer and map.

        Raises:
            IndexError: there is no such channel or cell.
        """
        operation = self.operation
        if not 0 <= channel < len(self.output):
            raise IndexError(f"There is no map {channel} among {len(self.output)}.")
        reads = operation.reads(channel)
        read = self.input[reads.start : reads.stop]
        kernel = operation.kernel(channel)
        more: dict[str, Any] = {}
        if self.payload_bytes(channel) > most_bytes:
            rows, columns = self.output.shape[1:]
            cell = cell or (rows // 2, columns // 2)
            patch = operation.patch(read, *cell)
            strongest = int(np.argmax(np.abs(np.nansum(combine(operation.kind, patch, kernel), axis=(1, 2)))))
            more = {"patch": patch, "patch_cell": cell, "preview": np.ascontiguousarray(read[strongest])}
        every = names or [f"channel {number}" for number in range(operation.in_channels)]
        return ChannelView(
            operation=operation.kind,
            rows=operation.rows,
            columns=operation.columns,
            input=None if more else np.ascontiguousarray(read),
            input_size=(self.input.shape[1], self.input.shape[2]),
            kernel=None if kernel is None else np.ascontiguousarray(kernel),
            bias=None if operation.bias is None else float(operation.bias[channel]),
            output=np.ascontiguousarray(self.output[channel]),
            divisor=operation.divisor,
            steps=tuple(layer.step(channel) for layer in self.following),
            final=None if self.final is None else np.ascontiguousarray(self.final[channel]),
            channel_names=tuple(every[number] for number in reads),
            channel_colours=tuple(colours[number] for number in reads) if colours else (),
            backdrop=backdrop,
            signed_input=bool(self.input.min() < 0),
            signed_output=bool(self.output.min() < 0),
            title=title,
            **more,
        )


ACTIVATIONS: dict[type[nn.Module], str] = {
    nn.ReLU: "relu",
    nn.ReLU6: "relu6",
    nn.LeakyReLU: "leaky_relu",
    nn.GELU: "gelu",
    nn.Sigmoid: "sigmoid",
    nn.Tanh: "tanh",
    nn.SiLU: "silu",
    nn.Hardswish: "hardswish",
}


def describe_following(name: str, module: nn.Module) -> Following | None:
    """An elementwise layer as the microscope works it out; None where it is none, or one it does not know."""
    if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None and module.running_var is not None:
        # In evaluation a fixed line per channel: (v - mean) / sqrt(variance + eps) * weight + bias.
        scale = 1 / torch.sqrt(module.running_var + module.eps)
        scale = scale if module.weight is None else scale * module.weight
        shift = -module.running_mean * scale
        shift = shift if module.bias is None else shift + module.bias
        slopes, offsets = (part.detach().float().cpu().numpy() for part in (scale, shift))
        return Following(name, "affine", slopes, offsets)
    if isinstance(module, nn.GELU) and module.approximate != "none":
        return None
    kind = ACTIVATIONS.get(type(module))
    slope = float(module.negative_slope) if isinstance(module, nn.LeakyReLU) else 0.01
    return None if kind is None else Following(name, kind, slope=slope)


def break_down_module(module: nn.Module, x: Tensor, activation: nn.Module | None = None) -> LayerBreakdown:
    """One layer on one input, and an activation after it.

    Args:
        module: one of `explanation.SUPPORTED`.
        x: (C, H, W) float32.
        activation: one of `ACTIVATIONS`.

    Raises:
        OperationUnsupported: the layer is of another kind.
        RuntimeError: PyTorch refuses the input.
    """
    with torch.inference_mode():
        output = module(x[None])
        final = None if activation is None else activation(output)
    following = None if activation is None else describe_following(type(activation).__name__, activation)
    return LayerBreakdown(
        operation=describe_operation(module, tuple(x.shape)),
        input=x.detach().float().cpu().numpy(),
        output=output[0].float().cpu().numpy(),
        following=() if following is None else (following,),
        final=None if final is None or following is None else final[0].float().cpu().numpy(),
    )
