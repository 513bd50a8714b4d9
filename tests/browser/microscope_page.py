"""A page of its own for the microscope: every kind of layer, its indices found by brute force and values by PyTorch.

The window indices are worked out here and not by the library, so that the browser has an independent oracle.
`?case=NAME` chooses a layer, as does the field, `?channel=N` its output channel, `?pinned=R,C` the cell that is held.
"""

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from explorer.samples import read_sample
from explorer.ui.components import NONE, PAD, ChannelView, Step, microscope

WindowIndices = NDArray[np.int32]
CASES: dict[str, Callable[[int], ChannelView]] = {}


def case(build: Callable[[int], ChannelView]) -> Callable[[int], ChannelView]:
    CASES[build.__name__] = build
    return build


def slide(size: int, kernel: int, stride: int, padding: int, dilation: int, mode: str, cells: int) -> WindowIndices:
    """The input index behind each tap, read off an axis of indices that was padded as the input would be."""
    modes = {"zeros": "constant", "none": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    settings = {"constant_values": PAD if mode == "zeros" else NONE} if mode in ("zeros", "none") else {}
    axis = np.pad(np.arange(size), padding, mode=modes[mode], **settings)
    axis = np.append(
        axis, np.full(kernel * dilation + stride, NONE)
    )  # windows that stick out where sizes are rounded up
    return np.array([[axis[o * stride + k * dilation] for k in range(kernel)] for o in range(cells)], np.int32)


def spread(size: int, kernel: int, stride: int, padding: int, dilation: int, cells: int) -> WindowIndices:
    """The same for a transposed convolution, by walking from the input and noting where each cell adds."""
    window_indices = np.full((cells, kernel), NONE, np.int32)
    for i in range(size):
        for k in range(kernel):
            o = i * stride - padding + k * dilation
            if 0 <= o < cells:
                window_indices[o, k] = i
    return window_indices


def adapt(size: int, cells: int) -> WindowIndices:
    """The same for adaptive pooling, found by asking PyTorch which inputs move an output."""
    x = torch.zeros(1, 1, size, requires_grad=True)
    reads = []
    for output in functional.adaptive_avg_pool1d(x, cells)[0, 0]:
        (gradient,) = torch.autograd.grad(output, x, retain_graph=True)
        reads.append(torch.nonzero(gradient[0, 0]).flatten().tolist())
    longest = max(map(len, reads))
    return np.array([read + [NONE] * (longest - len(read)) for read in reads], np.int32)


def random_input(channels: int, height: int, width: int, *, positive: bool = False) -> Tensor:
    torch.manual_seed(channels + height)
    x = torch.randn(1, channels, height, width)
    x = functional.avg_pool2d(x, 3, 1, 1) * 3  # so that maps look like something
    return functional.relu(x) if positive else x


@torch.inference_mode()
def of_convolution(
    layer: nn.Module, x: Tensor, channel: int, steps: tuple[Step, ...] = (), after: nn.Module | None = None
) -> ChannelView:
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn(parameter.shape) / parameter[0].numel() ** 0.5)
    output = layer(x)
    sizes = list(
        zip(x.shape[2:], layer.kernel_size, layer.stride, layer.padding, layer.dilation, output.shape[2:], strict=True)
    )
    per_group = x.shape[1] // layer.groups
    group = channel // (output.shape[1] // layer.groups)
    if isinstance(layer, nn.ConvTranspose2d):
        rows, columns = (spread(*size) for size in sizes)
        kernel = layer.weight[group * per_group : (group + 1) * per_group, channel % (output.shape[1] // layer.groups)]
    else:
        mode = layer.padding_mode
        rows, columns = (slide(*size[:5], mode, size[5]) for size in sizes)
        kernel = layer.weight[channel]
    return ChannelView(
        operation="convolution",
        rows=rows,
        columns=columns,
        input=x[0, group * per_group : (group + 1) * per_group].numpy(),
        input_size=tuple(x.shape[2:]),
        kernel=kernel.numpy(),
        bias=None if layer.bias is None else float(layer.bias[channel]),
        output=output[0, channel].numpy(),
        steps=steps,
        final=None if after is None else after(output)[0, channel].numpy(),
        signed_input=bool((x < 0).any()),
        signed_output=True,
        title="conv, map 0",
    )


def of_pooling(
    operation: str,
    rows: WindowIndices,
    columns: WindowIndices,
    x: Tensor,
    channel: int,
    output: Tensor,
    divisor: float | None = None,
) -> ChannelView:
    return ChannelView(
        operation=operation,
        rows=rows,
        columns=columns,
        input=x[0, channel : channel + 1].numpy(),
        input_size=tuple(x.shape[2:]),
        kernel=None,
        bias=None,
        output=output[0, channel].numpy(),
        divisor=divisor,
        signed_input=bool((x < 0).any()),
        signed_output=bool((x < 0).any()),
    )


def photo(size: int) -> tuple[Image.Image, Tensor]:
    image = Image.open(io.BytesIO(read_sample("cat"))).convert("RGB").resize((size, size))
    x = torch.from_numpy(np.asarray(image, np.float32).transpose(2, 0, 1).copy())[None] / 255
    return image, (x - 0.45) / 0.225


@case
def first_layer(channel: int) -> ChannelView:
    image, x = photo(112)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    layer = nn.Conv2d(3, 8, 3, padding=1)
    found = of_convolution(layer, x, channel, (Step("ReLU", "relu"),), nn.ReLU())
    return replace(
        found,
        channel_names=("red", "green", "blue"),
        channel_colours=("#d62728", "#2ca02c", "#1f77b4"),
        backdrop=buffer.getvalue(),
        title="conv1, map 0",
    )


@case
def photo_5x5(channel: int) -> ChannelView:
    return replace(
        of_convolution(nn.Conv2d(3, 4, 5, 2, 2), photo(128)[1], channel), channel_names=("red", "green", "blue")
    )


@case
def many(channel: int) -> ChannelView:
    norm = nn.BatchNorm2d(64).eval()
    scale, shift = 1.25, -0.5
    norm.weight.data.fill_(scale * (1 + norm.eps) ** 0.5)
    norm.bias.data.fill_(shift)
    steps = (Step("bn1", "affine", scale=scale, shift=shift), Step("ReLU", "relu"))
    layer = nn.Conv2d(64, 64, 3, padding=1, bias=False)
    return of_convolution(
        layer, random_input(64, 64, 64, positive=True), channel, steps, nn.Sequential(norm, nn.ReLU())
    )


@case
def deep(channel: int) -> ChannelView:
    return of_convolution(
        nn.Conv2d(512, 4, 3, padding=1), random_input(512, 14, 14), channel, (Step("GELU", "gelu"),), nn.GELU()
    )


@case
def depthwise(channel: int) -> ChannelView:
    layer = nn.Conv2d(32, 32, 3, stride=2, padding=1, groups=32)
    return of_convolution(layer, random_input(32, 56, 56), channel, (Step("ReLU6", "relu6"),), nn.ReLU6())


@case
def grouped(channel: int) -> ChannelView:
    return of_convolution(nn.Conv2d(12, 6, (3, 2), (2, 1), (1, 0), (1, 2), 3), random_input(12, 17, 20), channel)


@case
def pointwise(channel: int) -> ChannelView:
    return of_convolution(nn.Conv2d(24, 4, 1), random_input(24, 14, 14), channel, (Step("SiLU", "silu"),), nn.SiLU())


@case
def reflected(channel: int) -> ChannelView:
    return of_convolution(nn.Conv2d(2, 2, 7, 2, 3, padding_mode="reflect"), random_input(2, 24, 30), channel)


@case
def replicated(channel: int) -> ChannelView:
    layer = nn.Conv2d(2, 2, 3, 1, 2, 2, padding_mode="replicate")
    return of_convolution(layer, random_input(2, 9, 9), channel, (Step("Hardswish", "hardswish"),), nn.Hardswish())


@case
def circular(channel: int) -> ChannelView:
    layer = nn.Conv2d(2, 2, 3, 1, 2, 2, padding_mode="circular")
    return of_convolution(layer, random_input(2, 12, 12), channel, (Step("Tanh", "tanh"),), nn.Tanh())


@case
def transposed(channel: int) -> ChannelView:
    layer = nn.ConvTranspose2d(6, 4, 3, 2, 1, output_padding=1, groups=2)
    return of_convolution(layer, random_input(6, 10, 12), channel, (Step("Sigmoid", "sigmoid"),), nn.Sigmoid())


@case
def sparse_transposed(channel: int) -> ChannelView:  # cells between the inputs read nothing at all
    step = Step("LeakyReLU", "leaky_relu", slope=0.2)
    return of_convolution(nn.ConvTranspose2d(4, 2, 2, 3), random_input(4, 7, 7), channel, (step,), nn.LeakyReLU(0.2))


@case
def maximum(channel: int) -> ChannelView:
    x = random_input(4, 56, 56, positive=True)  # many zeros, so many equal values
    rows = slide(56, 3, 2, 1, 1, "none", 28)
    return of_pooling("max", rows, rows, x, channel, functional.max_pool2d(x, 3, 2, 1))


@case
def rounded_up(channel: int) -> ChannelView:
    x = random_input(2, 14, 13)
    output = functional.max_pool2d(x, 3, 2, ceil_mode=True)
    rows, columns = (
        slide(size, 3, 2, 0, 1, "none", cells) for size, cells in zip((14, 13), output.shape[2:], strict=True)
    )
    return of_pooling("max", rows, columns, x, channel, output)


@case
def average(channel: int) -> ChannelView:
    x = random_input(2, 20, 20)
    rows = slide(20, 3, 2, 1, 1, "zeros", 10)
    return of_pooling("average", rows, rows, x, channel, functional.avg_pool2d(x, 3, 2, 1))


@case
def average_inside(channel: int) -> ChannelView:
    x = random_input(2, 20, 20)
    rows = slide(20, 3, 2, 1, 1, "none", 10)
    return of_pooling("average", rows, rows, x, channel, functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False))


@case
def average_divided(channel: int) -> ChannelView:
    x = random_input(2, 20, 20)
    rows = slide(20, 2, 2, 0, 1, "zeros", 10)
    output = functional.avg_pool2d(x, 2, 2, divisor_override=3)
    return of_pooling("average", rows, rows, x, channel, output, divisor=3)


@case
def adaptive(channel: int) -> ChannelView:
    x = random_input(2, 23, 17)
    return of_pooling("average", adapt(23, 6), adapt(17, 5), x, channel, functional.adaptive_avg_pool2d(x, (6, 5)))


@case
def overall(channel: int) -> ChannelView:
    x = random_input(3, 56, 56, positive=True)
    return of_pooling("average", adapt(56, 1), adapt(56, 1), x, channel, functional.adaptive_avg_pool2d(x, 1))


@case
def root(channel: int) -> ChannelView:
    x = random_input(2, 21, 21, positive=True)
    rows = slide(21, 4, 3, 0, 1, "none", 6)
    return of_pooling("l2", rows, rows, x, channel, functional.lp_pool2d(x, 2, 4, 3))


@case
def one_channel_zero(channel: int) -> ChannelView:
    return of_convolution(nn.Conv2d(1, 1, 3, bias=False), torch.zeros(1, 1, 8, 8), channel)


def withhold(channel_view: ChannelView, cell: tuple[int, int] | None) -> ChannelView:
    """What a page sends of a layer whose input is too large: the numbers of one cell, and one map to look at."""
    patch = None
    if cell is not None:
        ys, xs = channel_view.rows[cell[0]][:, None], channel_view.columns[cell[1]][None]
        read = channel_view.input[:, np.maximum(ys, 0), np.maximum(xs, 0)]
        patch = np.where((ys == NONE) | (xs == NONE), np.nan, np.where((ys == PAD) | (xs == PAD), 0, read))
        patch = patch.astype(np.float32)
    return replace(channel_view, input=None, preview=channel_view.input[0], patch=patch, patch_cell=cell)


def show() -> None:
    st.set_page_config(layout="wide")
    query = st.query_params
    if query.get("sidebar"):
        st.sidebar.write("as wide as on the other pages")
    name = st.text_input(
        "Case", "first_layer", key="case", bind="query-params", on_change=query.pop, args=("pinned", "")
    )
    pinned = tuple(map(int, query["pinned"].split(","))) if "pinned" in query else None
    channel = st.segmented_control("Map", [0, 1], default=int(query.get("channel", 0)))
    channel_view = CASES[name.removeprefix("withheld_")](channel or 0)
    if name.startswith("withheld_"):
        channel_view = withhold(channel_view, pinned)
    clicked = microscope(channel_view, pinned=pinned, key=f"microscope_{name}")
    if clicked is not None:
        if clicked == pinned:
            del query["pinned"]
        else:
            query["pinned"] = f"{clicked[0]},{clicked[1]}"
        st.rerun()


if __name__ == "__main__":
    show()
