"""Which pixels a cell depends on, measured by gradients and compared with what interval arithmetic says.

The measured network has the same windows, but nothing in it can hide a dependence: all its weights are positive,
maximum pooling is average pooling, and its activations have no flat part.
"""

import copy
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import VGG

from explorer.anatomy import Axis, ReceptiveField
from explorer.zoo import list_shipped

from .networks import OURS, as_model, facts_of, make_input, open_any, values_of_graph

Box = tuple[int, int, int, int]  # left, top, right, bottom

PLAIN = [
    "resnet18",
    "vgg11",
    "squeezenet1_1",
    "mobilenet_v2",
    "googlenet",
    "densenet121",
    "shufflenet_v2_x1_0",
    "convnext_tiny",
    "mnasnet0_5",
    *OURS,
]
GATED = ["mobilenet_v3_small", "efficientnet_b0", "regnet_y_400mf"]


def lay_open(network: nn.Module) -> nn.Module:
    """A copy in double precision whose gradients are positive wherever there is a dependence."""
    shared = {id(t): t for t in [*network.parameters(), *network.buffers()]}
    network = copy.deepcopy(network, shared)
    if isinstance(network, VGG):
        network.classifier = nn.Identity()  # it alone is a gigabyte in double precision
    for path, module in list(network.named_modules()):
        if isinstance(module, nn.MaxPool2d):
            pool = nn.AvgPool2d(module.kernel_size, module.stride, module.padding, ceil_mode=module.ceil_mode)
            network.set_submodule(path, pool)
        elif isinstance(module, (nn.Sigmoid, nn.Hardsigmoid)):
            network.set_submodule(path, nn.Sigmoid())
        elif isinstance(module, (nn.ReLU6, nn.Hardswish, nn.SiLU, nn.GELU, nn.Softplus)):
            network.set_submodule(path, nn.Softplus())
        elif isinstance(module, nn.LayerNorm):  # over channels: it moves nothing between cells
            network.set_submodule(path, nn.Identity())
        elif isinstance(module, nn.BatchNorm2d):
            network.set_submodule(path, nn.BatchNorm2d(module.num_features))
        elif isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            weight = module.weight
            # Every cell a weighted mean of what it sees: values stay near 1, however deep the network.
            module.weight = nn.Parameter((0.5 + torch.rand(weight.shape, dtype=torch.double)) / weight[0].numel())
            if module.bias is not None:
                module.bias = nn.Parameter(torch.zeros(len(module.bias), dtype=torch.double))
        elif hasattr(module, "layer_scale"):
            module.layer_scale = nn.Parameter(torch.ones_like(module.layer_scale, dtype=torch.double))
    return network.double().eval().requires_grad_(False)


def measure_support(output: Tensor, row: int, column: int, x: Tensor) -> Box | None:
    """The hull of the pixels with a gradient from one cell; None where there are none."""
    (gradient,) = torch.autograd.grad(output[0, :, row, column].sum(), x, retain_graph=True)
    seen = gradient[0].abs().sum(0)
    assert seen.isfinite().all()
    rows, columns = seen.sum(1).nonzero().flatten().tolist(), seen.sum(0).nonzero().flatten().tolist()
    if not rows:
        return None
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def contains(box: tuple[float, ...], support: Box, slack: float = 1e-9) -> bool:
    left, top, right, bottom = box
    return (
        left <= support[0] + slack
        and top <= support[1] + slack
        and right >= support[2] - slack
        and bottom >= support[3] - slack
    )


def sample(names: list[str], count: int) -> list[str]:
    return [names[round(index * (len(names) - 1) / (count - 1))] for index in range(count)]


def trace_cells(name: str, count: int) -> list[tuple[str, tuple[float, ...], Box]]:
    """Of some layers, functional ones among them: name, stated box and measured support of a few cells."""
    model, x = open_any(name), make_input(name)
    facts = facts_of(model, x)
    maps = [layer for layer, fact in facts.items() if len(fact.shape) == 3 and fact.kind != "layer_norm"]
    merges = [layer for layer in maps if facts[layer].kind in ("add", "concatenate", "multiply")]
    wanted = list(dict.fromkeys([*sample(maps, count), *(sample(merges, 3) if merges else [])]))
    x = torch.ones_like(x, dtype=torch.double).requires_grad_()
    outputs = values_of_graph(lay_open(model.network), x)
    height, width = x.shape[2:]
    found = []
    for layer in wanted:
        output, fact = outputs[layer], facts[layer]
        if fact.channel_axis == 3:
            output = output.permute(0, 3, 1, 2)
        rows, columns = fact.resolution
        for row, column in {(rows // 2, columns // 2), (0, 0), (rows // 3, columns - 1)}:
            support = measure_support(output, row, column, x)
            box = fact.receptive_field.box(row, column, height, width)
            if fact.kind == "SamePadding" and support is None:  # a zero that was put there depends on nothing
                continue
            assert support is not None
            found.append((layer, box, support))
    return found


@pytest.mark.parametrize("name", [*PLAIN, *list_shipped()])
def test_receptive_field_is_the_support_of_the_gradient(name: str) -> None:
    for layer, box, support in trace_cells(name, count=7):
        assert box == pytest.approx(support, abs=1e-9), layer


@pytest.mark.parametrize("name", GATED)
def test_gates_see_the_whole_image(name: str) -> None:
    side = float(make_input(name).shape[-1])
    gated = 0
    for layer, box, support in trace_cells(name, count=12):
        assert contains(box, support), layer
        if support == (0, 0, side, side):
            gated += 1
            assert box == (0, 0, side, side), layer
    assert gated > 10


class Residual(nn.Module):
    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + self.shortcut(x)


class Branches(nn.Module):
    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class Gate(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, channels, 1)
        self.excite = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        gate = self.excite(self.squeeze(x.mean((2, 3), keepdim=True)))
        return gate * x


def expect_supports(network: nn.Module, layer: str, height: int, width: int, exact: bool) -> None:
    """Compare all cells of one module's or container's final layer with the measured supports."""
    model = as_model(network)
    fact = facts_of(model, torch.randn(1, 3, height, width))[layer]
    x = torch.ones(1, 3, height, width, dtype=torch.double, requires_grad=True)
    output = lay_open(network)(x)
    rows, columns = fact.resolution
    assert output.shape[2:] == (rows, columns)
    for row in range(rows):
        for column in range(columns):
            support = measure_support(output, row, column, x)
            if support is None:
                continue
            box = fact.receptive_field.box(row, column, height, width)
            assert contains(box, support), (row, column)
            if exact:
                assert box == pytest.approx(support), (row, column)


def conv(kernel: int | tuple[int, int], stride: int = 1, **options: int) -> nn.Conv2d:
    return nn.Conv2d(3, 3, kernel, stride, **options)


def test_residual_addition_is_the_hull_of_both() -> None:
    wide = nn.Sequential(conv(3, 2, padding=1), conv(5, padding=2))
    narrow = nn.Conv2d(3, 3, 1, 2)
    expect_supports(Residual(wide, narrow), "add", 15, 19, exact=True)
    model = as_model(Residual(wide, narrow))
    field = facts_of(model, torch.randn(1, 3, 15, 19))["add"].receptive_field
    assert (field.size, field.stride, field.offset) == ((11, 11), (2, 2), (-5, -5))


def test_concatenation_is_the_hull_of_all_branches() -> None:
    branches = Branches(conv(1), conv(3, padding=1), conv((1, 7), padding=(0, 3)), nn.AvgPool2d(5, 1, 2))
    expect_supports(branches, "cat", 12, 14, exact=True)


def test_lopsided_branches_reach_to_both_sides() -> None:
    left, right = nn.Conv2d(3, 3, 4, 2, padding=3), nn.Conv2d(3, 3, 4, 2, padding=0)
    network = Residual(nn.Sequential(left, nn.Conv2d(3, 3, 4)), right)
    expect_supports(network, "add", 16, 16, exact=False)


@pytest.mark.parametrize("before", [conv(3, 2, padding=1), conv(3), nn.Identity()])
def test_every_cell_behind_a_gate_sees_the_whole_image(before: nn.Module) -> None:
    network = nn.Sequential(before, Gate(3))
    expect_supports(network, "1.mul", 13, 13, exact=True)


def test_cells_after_a_gate_and_another_convolution_see_the_whole_image() -> None:
    network = nn.Sequential(conv(3, 2, padding=1), Gate(3), conv(3, 2, padding=1))
    expect_supports(network, "2", 13, 17, exact=True)


def test_padding_by_hand_loses_no_pixel() -> None:
    network = nn.Sequential(conv(3, 2, padding=1), nn.ZeroPad2d((1, 2, 3, 1)), conv(3))
    expect_supports(network, "2", 13, 17, exact=False)


def test_reflected_padding_loses_no_pixel() -> None:
    network = nn.Sequential(nn.ReflectionPad2d(2), conv(3), conv(1, 2))
    expect_supports(network, "2", 11, 9, exact=False)


def test_upsampling_loses_no_pixel() -> None:
    for mode in ("nearest", "bilinear"):
        network = nn.Sequential(conv(3, 2, padding=1), nn.Upsample(scale_factor=2, mode=mode), conv(3, padding=1))
        expect_supports(network, "2", 13, 17, exact=False)


def test_group_norm_sees_the_whole_map() -> None:
    network = nn.Sequential(conv(3, 2, padding=1), nn.GroupNorm(1, 3), conv(3))
    for fact in facts_of(as_model(network), torch.randn(1, 3, 13, 13)).values():
        if fact.name != "0":
            rows, columns = fact.resolution
            assert fact.receptive_field.box(0, 0, 13, 13) == (0, 0, 13, 13)
            assert fact.receptive_field.box(rows - 1, columns - 1, 13, 13) == (0, 0, 13, 13)


@st.composite
def draw_stacks(draw: st.DrawFn, inexact: bool) -> list[nn.Module]:
    """Up to five windows of random size, stride, padding and dilation, rows and columns each their own."""
    layers: list[nn.Module] = []
    kinds = ["conv", "average", "maximum"] + (["transposed", "adaptive", "upsample"] if inexact else [])
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(kinds))
        kernel = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
        stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
        padding = (draw(st.integers(0, kernel[0] // 2)), draw(st.integers(0, kernel[1] // 2)))
        dilation = draw(st.integers(1, 3))
        if kind == "conv":
            if draw(st.booleans()):
                layers.append(nn.Conv2d(3, 3, kernel, padding="same", dilation=dilation))
            else:
                layers.append(nn.Conv2d(3, 3, kernel, stride, padding, dilation=dilation))
        elif kind == "average":
            layers.append(nn.AvgPool2d(kernel, stride, padding, ceil_mode=draw(st.booleans())))
        elif kind == "maximum":
            layers.append(nn.MaxPool2d(kernel, stride, padding, ceil_mode=draw(st.booleans())))
        elif kind == "transposed":
            layers.append(nn.ConvTranspose2d(3, 3, kernel, stride, padding, dilation=dilation))
        elif kind == "adaptive":
            layers.append(nn.AdaptiveAvgPool2d((draw(st.integers(1, 6)), draw(st.integers(1, 6)))))
        else:
            layers.append(nn.Upsample((draw(st.integers(1, 40)), draw(st.integers(1, 40))), mode="bilinear"))
    return layers


def check_stack(layers: list[nn.Module], height: int, width: int, place: tuple[float, float], exact: bool) -> None:
    x = torch.ones(1, 3, height, width, dtype=torch.double, requires_grad=True)
    network = nn.Sequential(*layers)
    try:
        output = lay_open(network)(x)
    except RuntimeError:  # a window larger than what is left of the map
        return
    fact = facts_of(as_model(network), torch.randn(1, 3, height, width))[str(len(layers) - 1)]
    rows, columns = fact.resolution
    row, column = int(place[0] * rows), int(place[1] * columns)
    support = measure_support(output, row, column, x)
    if support is None:  # the cell lies in the padding altogether
        return
    field = fact.receptive_field
    box = field.box(row, column, height, width)
    assert contains(box, support)
    whole = field.box(row, column, 10**6, 10**6)
    top, left = field.offset[0] + row * field.stride[0], field.offset[1] + column * field.stride[1]
    # Near the border a hole of a dilated window can lie where the hull is cut; inside, the hull is exact.
    if exact and top >= 0 and left >= 0 and whole[2] <= width and whole[3] <= height:
        assert box == support


unit = st.floats(0, 1, exclude_max=True)


@given(draw_stacks(inexact=False), st.integers(8, 40), st.integers(8, 40), st.tuples(unit, unit))
def test_stacks_of_windows_are_exact(
    layers: list[nn.Module], height: int, width: int, place: tuple[float, float]
) -> None:
    check_stack(layers, height, width, place, exact=True)


@given(draw_stacks(inexact=True), st.integers(8, 40), st.integers(8, 40), st.tuples(unit, unit))
def test_stacks_with_other_resolutions_lose_no_pixel(
    layers: list[nn.Module], height: int, width: int, place: tuple[float, float]
) -> None:
    check_stack(layers, height, width, place, exact=False)


@given(st.integers(1, 7), st.integers(1, 4), st.integers(0, 3), st.integers(1, 3), st.integers(1, 3))
def test_window_arithmetic(kernel: int, stride: int, padding: int, dilation: int, before: int) -> None:
    """One more window on an axis whose cell i sees [i * before - 2, i * before + 3)."""
    axis = Axis(5, before, -2).window(kernel, stride, padding, dilation)
    for cell in range(4):
        seen = [cell * stride - padding + tap * dilation for tap in range(kernel)]
        assert axis.offset + cell * axis.stride == min(seen) * before - 2
        assert axis.offset + cell * axis.stride + axis.size == max(seen) * before + 3


def test_box_is_left_top_right_bottom() -> None:
    field = ReceptiveField(rows=Axis(5, 2, -2), columns=Axis(7, 4, -3))
    assert field.box(1, 2, 100, 200) == (5, 0, 12, 5)
    assert field.box(0, 0, 100, 200) == (0, 0, 4, 3)
    assert field.box(49, 49, 100, 200) == (193, 96, 200, 100)
    assert (field.size, field.stride, field.offset) == ((5, 7), (2, 4), (-2, -3))


def test_resnet18s_published_sizes() -> None:
    """As the literature has them: 435 pixels at the end of ResNet-18, 150 after VGG-11's last pooling."""
    facts = facts_of(open_any("resnet18"), make_input("resnet18"))
    assert facts["conv1"].receptive_field.size == (7, 7)
    assert facts["maxpool"].receptive_field.size == (11, 11)
    assert facts["layer4.1.relu_1"].receptive_field.size == (435, 435)
    assert facts["layer4.1.relu_1"].receptive_field.stride == (32, 32)
    assert facts_of(open_any("vgg11"), make_input("vgg11"))["features.20"].receptive_field.size == (150, 150)
    assert math.isclose(facts["avgpool"].receptive_field.box(0, 0, 96, 96)[2], 96)


class Calling(nn.Module):
    """A function between two convolutions, as a layer of its own name."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.before, self.function, self.after = conv(3, 2, padding=1), function, conv(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.function(self.before(x)))


def resized(mode: str, **options: object) -> Callable[[Tensor], Tensor]:
    return lambda x: F.interpolate(x, mode=mode, **options)  # type: ignore[arg-type]


KERNEL = torch.rand(3, 3, 3, 3, dtype=torch.double) + 0.5
MEETING: dict[str, Callable[[Tensor], Tensor]] = {
    **{
        f"{mode}, {options}": resized(mode, **options)
        for mode in ("nearest", "nearest-exact", "bilinear", "bicubic", "area")
        for options in ({"scale_factor": 1.4}, {"scale_factor": 0.3}, {"size": (17, 3)}, {"size": (2, 1)})
    },
    **{
        f"{mode}, aligned, {size}": resized(mode, size=size, align_corners=True)
        for mode in ("bilinear", "bicubic")
        for size in ((15, 4), (1, 31))
    },
    **{f"{mode}, antialiased": resized(mode, size=(3, 2), antialias=True) for mode in ("bilinear", "bicubic")},
    **{
        f"pad {mode} {sides}": lambda x, mode=mode, sides=sides: F.pad(x, sides, mode=mode)
        for mode in ("constant", "reflect", "replicate", "circular")
        for sides in ((1, 3, 0, 2), (4, 0, 2, 4))
    },
    "conv_transpose2d": lambda x: F.conv_transpose2d(x, KERNEL.to(x.dtype), padding=1),
    "conv_transpose2d by keyword": lambda x: F.conv_transpose2d(
        input=x, weight=KERNEL.to(x.dtype), stride=2, dilation=(1, 2), output_padding=1
    ),
    "conv2d by keyword": lambda x: F.conv2d(input=x, weight=KERNEL.to(x.dtype), padding=1),
    "instance_norm": F.instance_norm,
    "group_norm": lambda x: F.group_norm(x, 3),
    "layer_norm over columns": lambda x: F.layer_norm(x, x.shape[-1:]),
    "batch_norm with the map's statistics": lambda x: F.batch_norm(x, None, None, training=True),
    "softmax over rows": lambda x: x.softmax(2),
    "cumsum": lambda x: x.cumsum(-1),
    "flip": lambda x: x.flip((2, 3)),
    "roll": lambda x: x.roll(2, 3),
    "mT of a square": lambda x: x[..., :7, :7].mT,
    "rot90": lambda x: x[..., :7, :7].rot90(1, (2, 3)),
    "sort": lambda x: x.sort(dim=2, descending=True).values,
    "gather": lambda x: x.gather(3, torch.arange(x.shape[3]).flip(0).expand(x.shape)),
    "cells in any order": lambda x: x[:, :, list(range(x.shape[2]))[::-1]],
    "channels in any order": lambda x: x[:, [2, 0, 1]],
    "grid_sample": lambda x: F.grid_sample(
        x, F.affine_grid(-torch.eye(2, 3)[None].to(x.dtype), x.shape, align_corners=False), align_corners=False
    ),
    "linear along columns": lambda x: F.linear(x, torch.ones(x.shape[-1], x.shape[-1], dtype=x.dtype)),
    "matmul": lambda x: x @ torch.ones(x.shape[-1], x.shape[-1], dtype=x.dtype),
    "transpose by keyword": lambda x: torch.transpose(input=x, dim0=3, dim1=2),
    "InstanceNorm2d": nn.InstanceNorm2d(3),
    "BatchNorm2d without statistics": nn.BatchNorm2d(3, track_running_stats=False),
    "Softmax": nn.Softmax(3),
    "Upsample": nn.Upsample(scale_factor=2.5, mode="bicubic"),
}


@pytest.mark.parametrize("name", MEETING)
def test_no_function_loses_a_pixel(name: str) -> None:
    """Every cell of the layer behind it, its support measured at a random picture, since some of these are no sums."""
    network = Calling(MEETING[name]).eval()
    height, width = 13, 19
    x = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    fact = facts_of(as_model(copy.deepcopy(network)), x)["after"]
    exact = x.double().requires_grad_()
    output = network.double()(exact)
    rows, columns = fact.resolution
    assert output.shape[2:] == (rows, columns)
    for row in range(rows):
        for column in range(columns):
            support = measure_support(output, row, column, exact)
            if support is not None:
                assert contains(fact.receptive_field.box(row, column, height, width), support), (row, column)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padding_that_repeats_the_map(mode: str) -> None:
    """Over-reaching too: more is put there than the window after it is wide."""
    for kernel, padding, stride in ((3, 1, 1), (3, 4, 2), ((2, 5), (3, 1), 3), (4, 2, 1)):
        layers = nn.Sequential(
            conv(3, 2, padding=1), nn.Conv2d(3, 3, kernel, stride, padding, padding_mode=mode), conv(2)
        )
        for layer in ("1", "2"):
            expect_supports(layers[: int(layer) + 1], layer, 15, 19, exact=False)
    same = nn.Sequential(conv(3), nn.Conv2d(3, 3, 4, padding="same", dilation=2, padding_mode=mode))
    expect_supports(same, "1", 15, 19, exact=False)


@pytest.mark.parametrize("kind", [nn.ZeroPad2d, nn.ReflectionPad2d, nn.ReplicationPad2d])
def test_a_padding_module_and_a_convolution_are_one(kind: type[nn.ZeroPad2d]) -> None:
    """What a convolution with padding sees, which for zeros is measured to be exact."""
    together = nn.Sequential(conv(3, 2, padding=1), kind((1, 2, 2, 1)), conv(5, 2))
    expect_supports(together, "2", 13, 17, exact=kind is nn.ZeroPad2d)
    field = facts_of(as_model(together), torch.randn(1, 3, 13, 17))["2"].receptive_field
    assert (field.size, field.stride, field.offset) == ((11, 11), (4, 4), (-5, -3))


@given(
    st.sampled_from(["constant", "reflect", "replicate", "circular"]),
    st.tuples(*[st.integers(0, 4)] * 4),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 2),
)
def test_repeating_padding_arithmetic(
    mode: str, sides: tuple[int, int, int, int], kernel: int, stride: int, dilation: int
) -> None:
    """Two paddings and a window over nine cells: which cells each output reads is followed one by one."""
    cells: list[int | None] = list(range(9))
    axis = Axis()
    for before, after in (sides[:2], sides[2:]):
        axis = axis.padded(before, after, len(cells), mode)  # type: ignore[arg-type]
        numpy_mode = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode]
        cells = list(
            np.pad(
                np.array(cells, float),
                (before, after),
                numpy_mode,
                **({"constant_values": np.nan} if mode == "constant" else {}),
            )
        )  # type: ignore[call-overload]
    axis = axis.window(kernel, stride, dilation=dilation).hull
    reach = dilation * (kernel - 1)
    for number, first in enumerate(range(0, len(cells) - reach, stride)):
        seen = [cell for cell in cells[first : first + reach + 1 : dilation] if cell == cell]
        if seen:
            assert axis.offset + number * axis.stride <= min(seen)
            assert axis.offset + number * axis.stride + axis.size >= max(seen) + 1
