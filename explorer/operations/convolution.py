"""A convolution with free settings: what is possible, said in plain words, and the layer itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.operations.channel_view import NONE
from explorer.operations.explanation import describe_operation
from explorer.operations.kernels import write_kernel
from explorer.operations.sizes import SizeFormula, convolution_size, transposed_size
from explorer.snippet import snippet
from explorer.text import significant

Border = Literal["valid", "zeros", "reflect", "replicate", "circular"]
BORDERS: tuple[Border, ...] = get_args(Border)
ACTIVATION_MODULES: dict[str, nn.Module] = {
    "ReLU": nn.ReLU(),
    "leaky ReLU": nn.LeakyReLU(),
    "GELU": nn.GELU(),
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
}


class Impossible(ValueError):
    """PyTorch has no output for these settings; the message is its rule in plain words."""


@dataclass(frozen=True)
class Settings:
    """How a kernel goes over a picture.

    Attributes:
        stride, dilation, groups: as in `nn.Conv2d`.
        padding: cells added on each side; none where the border is "valid".
        border: what is in them. "valid" skips every place where the kernel would reach over the edge.
        transposed: `nn.ConvTranspose2d` instead; it knows no border, and `padding` cuts cells off.
        output_padding: of the transposed one: cells added below and to the right.
    """

    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1
    border: Border = "zeros"
    transposed: bool = False
    output_padding: int = 0

    @property
    def effective_padding(self) -> int:
        """Cells added on each side."""
        return 0 if self.border == "valid" and not self.transposed else self.padding

    def size(self, cells: int, kernel: int) -> SizeFormula:
        """The output's rows or columns for that many of the input."""
        padding = self.effective_padding
        if self.transposed:
            return transposed_size(cells, kernel, self.stride, padding, self.dilation, self.output_padding)
        return convolution_size(cells, kernel, self.stride, padding, self.dilation)


def check(settings: Settings, in_channels: int, filters: int, kernel: tuple[int, int], size: tuple[int, int]) -> None:
    """Whether PyTorch has an output.

    Args:
        settings: how the kernel goes over the picture.
        in_channels: of the picture.
        filters: how many output channels.
        kernel: rows and columns.
        size: rows and columns of the picture.

    Raises:
        Impossible: it has none.
    """
    groups, padding = settings.groups, settings.effective_padding
    if in_channels % groups or filters % groups:
        what = f"{in_channels} input channels" if in_channels % groups else f"{filters} filters"
        raise Impossible(
            f"{what} cannot be split into {groups} groups: groups must divide both the input channels and the filters."
        )
    for name, side, cells in (("rows", kernel[0], size[0]), ("columns", kernel[1], size[1])):
        span = settings.dilation * (side - 1) + 1
        if settings.transposed:
            if settings.output_padding >= max(settings.stride, settings.dilation):
                raise Impossible(
                    f"Output padding {settings.output_padding} must be smaller than the stride ({settings.stride}) or "
                    f"the dilation ({settings.dilation}): it only picks one of the sizes they leave open."
                )
            if settings.size(cells, side).value < 1:
                raise Impossible(f"Padding {padding} cuts off more {name} than the output has.")
            continue
        if span > cells + 2 * padding:
            raise Impossible(
                f"The kernel spans {span} {name} (dilation {settings.dilation} × ({side} − 1) + 1), more than the "
                f"padded input's {cells + 2 * padding}: it fits nowhere."
            )
        if settings.border == "reflect" and padding >= cells:
            raise Impossible(
                f"A mirror of {cells} {name} has at most {cells - 1} to show; padding {padding} asks for more."
            )
        if settings.border == "circular" and padding > cells:
            raise Impossible(f"Going round once gives {cells} {name}; padding {padding} asks for more.")


def build(settings: Settings, weight: NDArray[np.float32], in_channels: int) -> nn.Conv2d | nn.ConvTranspose2d:
    """PyTorch's layer.

    Args:
        settings: checked ones.
        weight: (filters, in_channels / groups, kh, kw); for a transposed layer too.
        in_channels: of the picture.
    """
    filters, _, *kernel = weight.shape
    side: tuple[int, int] = (kernel[0], kernel[1])
    tensor = torch.from_numpy(np.ascontiguousarray(weight))
    module: nn.Conv2d | nn.ConvTranspose2d
    if settings.transposed:
        module = nn.ConvTranspose2d(
            in_channels,
            filters,
            side,
            settings.stride,
            settings.padding,
            settings.output_padding,
            settings.groups,
            bias=False,
            dilation=settings.dilation,
        )
        # PyTorch keeps (in, out / groups, kh, kw) here.
        groups = settings.groups
        tensor = tensor.reshape(groups, filters // groups, in_channels // groups, *side).transpose(1, 2)
        tensor = tensor.reshape(in_channels, filters // groups, *side)
    else:
        mode = "zeros" if settings.border == "valid" else settings.border
        module = nn.Conv2d(
            in_channels,
            filters,
            side,
            settings.stride,
            settings.effective_padding,
            settings.dilation,
            settings.groups,
            bias=False,
            padding_mode=mode,
        )
    with torch.no_grad():
        module.weight.copy_(tensor)
    return module.eval().requires_grad_(False)


def pad(image: Tensor, cells: int, border: Border) -> Tensor:
    """A picture (C, H, W) with its border; "valid" has none."""
    if border == "valid" or not cells:
        return image
    mode = "constant" if border == "zeros" else border
    return F.pad(image[None], [cells] * 4, mode=mode)[0]


def count_overlaps(module: nn.Conv2d | nn.ConvTranspose2d, size: tuple[int, int]) -> NDArray[np.int64]:
    """How many kernel cells meet in each output cell, (H_out, W_out).

    In a transposed convolution whose kernel is not divisible by its stride the counts alternate, and so does the
    output: the checkerboard of Odena et al. 2016.
    """
    operation = describe_operation(module, (module.in_channels, *size))
    rows, columns = ((window_indices != NONE).sum(axis=1) for window_indices in (operation.rows, operation.columns))
    return np.outer(rows, columns)


def share_silenced(before: NDArray[np.floating], after: NDArray[np.floating]) -> float:
    """The share of cells an activation silences: of whose value less than half a percent is left."""
    alive = before != 0
    return float((alive & (np.abs(after) < 0.005 * np.abs(before))).sum() / max(1, before.size))


def padding_that_keeps(kernel: int, dilation: int) -> int | None:
    """The padding with which rows or columns keep their number at stride 1; None where no number of cells does.

    A kernel reaches over dilation * (kernel - 1) cells, which both sides share: an odd number cannot be shared.
    """
    reach = dilation * (kernel - 1)
    return None if reach % 2 else reach // 2


def describe_overlaps(module: nn.ConvTranspose2d, unit: int) -> str:
    """Whether a transposed convolution draws a checkerboard: by how many kernel cells meet, and by what they add up to.

    Even counts are half of it: on a constant picture the output is even only if the kernel's cells that meet add up to
    the same everywhere.

    Args:
        module: with a square kernel, and the same stride, padding and dilation for rows and columns.
        unit: the output channel.
    """
    side, stride, dilation = module.kernel_size[0], module.stride[0], module.dilation[0]
    padding, reach = int(module.padding[0]), dilation * (side - 1)
    cells = (reach + 2 * padding) // stride + 4
    start = max(0, reach - padding)  # from here on the edge is out of reach, and all repeats every `stride` cells
    period = np.s_[start : start + stride, start : start + stride]
    counts = [str(count) for count in np.unique(count_overlaps(module, (cells, cells))[period])]
    with torch.inference_mode():
        sums = module(torch.ones(1, module.in_channels, cells, cells))[0, unit].numpy()[period]
    weights = max(float(module.weight.abs().sum()), 1e-12)
    different = len(np.unique(np.round(sums / weights, 5)))
    divides = "is divisible by" if side % stride == 0 else "is not divisible by"
    said = f"Kernel {side} {divides} stride {stride}"
    if len(counts) == 1:
        said += f": away from the edge every cell is met by **{counts[0]}** kernel cell{'s' * (counts != ['1'])}. "
    else:
        apart = f", but its cells lie {dilation} apart" if side % stride == 0 else ""
        said += (
            f"{apart}: cells are met by **{', '.join(counts)}** kernel cells in turn, the grid behind the checkerboard "
            "that networks draw into pictures (Odena et al. 2016). "
        )
    if different > 1:
        other = "They are other ones from cell to cell: o" if len(counts) == 1 else "O"
        said += (
            f"{other}n a picture that is 1 everywhere this filter gives **{different} different values** in turn, from "
            f"{significant(float(sums.min()))} to {significant(float(sums.max()))}: a pattern of its own."
        )
    else:
        said += (
            "On a picture that is the same everywhere this filter gives the same everywhere: the numbers that meet add "
            "up alike."
        )
    if len(counts) > 1 and side % stride:
        said += " With a kernel that is a multiple of the stride the counts are even; the values need not be."
    return said


def activation_line(module: nn.Module, before: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What an activation makes of values as large as some sums: x and y, 201 points each."""
    reach = max(float(np.abs(before).max()), 1e-3)
    x = np.linspace(-reach, reach, 201, dtype=np.float32)
    with torch.inference_mode():
        return x, module(torch.from_numpy(x)).numpy()


def hint_size(given: tuple[int, ...], right: tuple[int, ...]) -> str:
    """What is wrong in a predicted output (channels, rows, columns), without giving it away."""
    wrong = [name for name, a, b in zip(("channels", "rows", "columns"), given, right, strict=True) if a != b]
    hint = " There is one channel for each filter." if "channels" in wrong else ""
    return f"Not yet: look at the {' and the '.join(wrong)} again.{hint}"


def convolution_snippet(
    opening: Sequence[str],
    kernels: Mapping[str, NDArray[np.float32]],
    settings: Settings,
    channels: int,
    activation: str,
) -> str:
    """Python that gives the maps of a convolution.

    Args:
        opening: gives `x`, the picture.
        kernels: (channels / groups, k, k) of every filter, by its name.
        settings: how they go over the picture.
        channels: of the picture.
        activation: a key of `ACTIVATION_MODULES`, or another word for none.
    """
    module = ACTIVATION_MODULES.get(activation)
    return snippet(
        *opening,
        "import numpy as np",
        "import torch",
        "from explorer.operations.convolution import Settings, build",
        "from explorer.operations.kernels import read_kernel",
        "kernels = [",
        *(f"    {write_kernel(kernel)!r},  # {name}" for name, kernel in kernels.items()),
        "]",
        "weight = np.stack([read_kernel(kernel) for kernel in kernels])  # (filters, C / groups, k, k)",
        f"settings = {settings!r}",
        f"layer = build(settings, weight, in_channels={channels})  # PyTorch's own layer",
        "maps = layer(x[None])[0]",
        *([f"maps = torch.nn.{module!r}(maps)"] if module is not None else []),
        "print(tuple(maps.shape), maps.mean().item(), maps.max().item())",
    )
