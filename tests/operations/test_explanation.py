from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from explorer.operations import NONE, PAD, CellExplanation, OperationUnsupported, describe_operation, explain_cell

property_test = settings(suppress_health_check=[HealthCheck.too_slow])


def check_everywhere(module: nn.Module, x: Tensor, cells: int = 12, seed: int = 0) -> None:
    """Explain cells all over the output, corners included, and compare with what PyTorch's own layer gives."""
    module.eval()
    with torch.inference_mode():
        output = module(x[None])[0]
    operation = describe_operation(module, tuple(x.shape))
    assert (len(operation.rows), len(operation.columns)) == tuple(output.shape[1:])
    generator = np.random.default_rng(seed)
    last = tuple(side - 1 for side in output.shape)
    places = [(0, 0, 0), last, *(tuple(int(generator.integers(side)) for side in output.shape) for _ in range(cells))]
    for place in places:
        found = explain_cell(module, x, place)
        assert found.framework_value == float(output[place])
        size = max(abs(found.value), size_of(found))
        assert abs(found.difference) <= 1e-5 * size + 1e-12, (module, place, found.value, found.framework_value)


def size_of(found: CellExplanation) -> float:
    """How large the numbers are whose rounding errors add up."""
    return float(np.nansum(np.abs(found.terms))) / found.divisor + abs(found.bias)


@st.composite
def convolutions(draw: Any) -> tuple[nn.Module, Tensor]:
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    kernel = (draw(st.integers(1, 5)), draw(st.integers(1, 5)))
    dilation = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    stride = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    height, width = draw(st.integers(3, 14)), draw(st.integers(3, 14))
    same = draw(st.booleans())
    padding: Any = "same" if same else (draw(st.integers(0, 4)), draw(st.integers(0, 4)))
    mode = draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
    if same:
        stride = (1, 1)
    pads = [
        d * (k - 1) - d * (k - 1) // 2 if same else p
        for d, k, p in zip(dilation, kernel, (0, 0) if same else padding, strict=True)
    ]
    for side, pad, k, d in zip((height, width), pads, kernel, dilation, strict=True):
        assume(side + 2 * pad >= d * (k - 1) + 1)
        assume(mode != "reflect" or pad < side)
        assume(mode != "circular" or pad <= side)
    torch.manual_seed(draw(st.integers(0, 99)))
    bias = draw(st.booleans())
    module = nn.Conv2d(2 * groups, 3 * groups, kernel, stride, padding, dilation, groups, bias, mode)
    return module, torch.randn(2 * groups, height, width)


@property_test
@given(convolutions())
def test_convolutions(case: tuple[nn.Module, Tensor]) -> None:
    check_everywhere(*case)


@st.composite
def transposed(draw: Any) -> tuple[nn.Module, Tensor]:
    groups = draw(st.sampled_from([1, 2]))
    sides = []
    for _ in range(2):
        kernel, stride, dilation = draw(st.integers(1, 5)), draw(st.integers(1, 4)), draw(st.integers(1, 2))
        padding = draw(st.integers(0, 2))
        extra = draw(st.integers(0, max(stride, dilation) - 1))
        size = draw(st.integers(1, 7))
        assume((size - 1) * stride - 2 * padding + dilation * (kernel - 1) + extra + 1 >= 1)
        sides.append((kernel, stride, padding, extra, dilation, size))
    kernel, stride, padding, extra, dilation, size = zip(*sides, strict=True)
    torch.manual_seed(draw(st.integers(0, 99)))
    module = nn.ConvTranspose2d(
        2 * groups, 3 * groups, kernel, stride, padding, extra, groups, draw(st.booleans()), dilation
    )
    return module, torch.randn(2 * groups, *size)


@property_test
@given(transposed())
def test_transposed_convolutions(case: tuple[nn.Module, Tensor]) -> None:
    check_everywhere(*case)


@st.composite
def pools(draw: Any) -> tuple[nn.Module, Tensor]:
    kernel = (draw(st.integers(1, 5)), draw(st.integers(1, 5)))
    stride = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    padding = tuple(draw(st.integers(0, side // 2)) for side in kernel)
    ceil = draw(st.booleans())
    size = (draw(st.integers(3, 13)), draw(st.integers(3, 13)))
    dilation = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
    kind = draw(st.sampled_from(["max", "average", "l2"]))
    dilation = dilation if kind == "max" else (1, 1)
    padding = (0, 0) if kind == "l2" else padding
    for side, pad, k, d in zip(size, padding, kernel, dilation, strict=True):
        assume(side + 2 * pad >= d * (k - 1) + 1)
    if kind == "max":
        module: nn.Module = nn.MaxPool2d(kernel, stride, padding, dilation, ceil_mode=ceil)
    elif kind == "average":
        divisor = draw(st.sampled_from([None, None, 3]))
        module = nn.AvgPool2d(kernel, stride, padding, ceil, draw(st.booleans()), divisor)
    else:
        module = nn.LPPool2d(2, kernel, stride)
    torch.manual_seed(draw(st.integers(0, 99)))
    return module, torch.randn(2, *size)


@property_test
@given(pools())
def test_pooling(case: tuple[nn.Module, Tensor]) -> None:
    check_everywhere(*case)


@property_test
@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_adaptive_pooling(height: int, width: int, rows: int, columns: int, largest: bool) -> None:
    module = (nn.AdaptiveMaxPool2d if largest else nn.AdaptiveAvgPool2d)((rows, columns))
    check_everywhere(module, torch.randn(2, height, width))


@pytest.mark.parametrize(
    "module",
    [nn.AdaptiveAvgPool2d(1), nn.AdaptiveAvgPool2d((None, 2)), nn.AdaptiveMaxPool2d((3, None)), nn.MaxPool2d(2)],
)
def test_global_and_default_settings(module: nn.Module) -> None:
    check_everywhere(module, torch.randn(3, 8, 6))


def test_every_number_of_a_cell_is_named() -> None:
    conv = nn.Conv2d(3, 4, 3, stride=2, padding=1)
    x = torch.randn(3, 7, 7)
    found = explain_cell(conv, x, (2, 0, 3))
    assert found.rows.tolist() == [PAD, 0, 1]
    assert found.columns.tolist() == [5, 6, PAD]
    assert found.patch.shape == found.terms.shape == (3, 3, 3)
    assert (found.patch[:, 0] == 0).all()
    np.testing.assert_array_equal(found.patch[:, 1:, :2], x[:, 0:2, 5:7].numpy())
    np.testing.assert_array_equal(found.kernel, conv.weight[2].detach().numpy())
    np.testing.assert_allclose(np.nansum(found.terms) + found.bias, found.framework_value, rtol=1e-5, atol=1e-6)
    assert list(found.channels) == [0, 1, 2]


def test_depthwise_reads_one_channel() -> None:
    found = explain_cell(nn.Conv2d(6, 12, 3, groups=6), torch.randn(6, 5, 5), (7, 1, 1))
    assert list(found.channels) == [3]


def test_a_place_between_two_inputs_reads_nothing() -> None:
    found = explain_cell(nn.ConvTranspose2d(1, 1, 3, stride=2), torch.randn(1, 4, 4), (0, 3, 3))
    assert found.rows.tolist() == [NONE, 1, NONE]
    assert np.isnan(found.patch).sum() == 8


def test_half_precision_weights_are_read_as_numbers() -> None:
    conv = nn.Conv2d(2, 2, 3)
    assert describe_operation(conv.half(), (2, 5, 5)).weight.dtype == np.float32


def test_other_layers_are_refused_by_name() -> None:
    with pytest.raises(OperationUnsupported, match="Linear"):
        explain_cell(nn.Linear(3, 3), torch.randn(1, 3, 3), (0, 0, 0))
    with pytest.raises(OperationUnsupported, match="L2"):
        describe_operation(nn.LPPool2d(3, 2), (1, 4, 4))


@pytest.mark.parametrize("index", [(4, 0, 0), (0, 5, 0), (0, 0, -1)])
def test_a_cell_that_is_not_there(index: tuple[int, int, int]) -> None:
    with pytest.raises(IndexError, match="no cell"):
        explain_cell(nn.Conv2d(3, 4, 3), torch.randn(3, 7, 7), index)


def test_nan_in_the_input_is_not_taken_for_a_gap() -> None:
    x = torch.ones(1, 4, 4)
    x[0, 0, 0] = float("inf")
    found = explain_cell(nn.AvgPool2d(2), x, (0, 1, 1))
    assert found.divisor == 4
