from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from explorer.operations.convolution import (
    BORDERS,
    Impossible,
    Settings,
    build,
    check,
    count_overlaps,
    pad,
    share_silenced,
)


@st.composite
def situations(draw: Any) -> tuple[Settings, int, int, tuple[int, int], tuple[int, int]]:
    chosen = Settings(
        stride=draw(st.integers(1, 4)),
        padding=draw(st.integers(0, 6)),
        dilation=draw(st.integers(1, 4)),
        groups=draw(st.sampled_from([1, 2, 3])),
        border=draw(st.sampled_from(BORDERS)),
        transposed=draw(st.booleans()),
        output_padding=draw(st.integers(0, 4)),
    )
    channels, filters = draw(st.sampled_from([1, 3])), draw(st.integers(1, 4))
    kernel = (draw(st.integers(1, 7)), draw(st.integers(1, 7)))
    return chosen, channels, filters, kernel, (draw(st.integers(1, 8)), draw(st.integers(1, 8)))


@given(situations())
def test_possible_is_what_pytorch_does(case: Any) -> None:
    """The check refuses exactly what PyTorch refuses, and the formula gives the real shape."""
    chosen, channels, filters, kernel, size = case
    reads = channels // chosen.groups if channels % chosen.groups == 0 else channels
    weight = np.random.default_rng(0).normal(size=(filters, reads, *kernel)).astype(np.float32)
    x = torch.randn(channels, *size)
    try:
        check(chosen, channels, filters, kernel, size)
    except Impossible:
        with pytest.raises((RuntimeError, ValueError)):
            build(chosen, weight, channels)(x[None])
        return
    output = build(chosen, weight, channels)(x[None])[0]
    rows, columns = (chosen.size(cells, side).value for cells, side in zip(size, kernel, strict=True))
    assert tuple(output.shape) == (filters, rows, columns)
    formula = chosen.size(size[0], kernel[0])
    assert formula.worked.endswith(f"= {rows}")


@pytest.mark.parametrize("border", BORDERS)
def test_a_border_is_what_the_layer_pads_with(border: Any) -> None:
    """Padding by hand and then skipping the edge is the same as the layer's own padding."""
    x = torch.rand(3, 9, 7)
    weight = np.random.default_rng(0).normal(size=(2, 3, 3, 3)).astype(np.float32)
    own = build(Settings(padding=2, border=border), weight, 3)(x[None])
    by_hand = build(Settings(border="valid"), weight, 3)(pad(x, 2, border)[None])
    torch.testing.assert_close(own, by_hand)


@pytest.mark.parametrize("groups", [1, 3])
def test_a_transposed_layer_takes_the_same_kernels(groups: int) -> None:
    """Its output is the gradient of the convolution that swaps in and out, whatever the groups."""
    weight = np.random.default_rng(0).normal(size=(6, 3 // groups, 3, 3)).astype(np.float32)
    x = torch.rand(1, 3, 5, 5)
    output = build(Settings(stride=2, groups=groups, transposed=True), weight, 3)(x)
    expected = torch.zeros(1, 6, 11, 11)
    for out in range(6):
        group = out // (6 // groups)
        for place in range(3 // groups):
            source = group * (3 // groups) + place
            for row in range(5):
                for column in range(5):
                    area = expected[0, out, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
                    area += x[0, source, row, column] * torch.from_numpy(weight[out, place])
    torch.testing.assert_close(output, expected)


@pytest.mark.parametrize(("kernel", "stride", "even"), [(4, 2, True), (3, 2, False), (2, 2, True), (5, 3, False)])
def test_overlaps_are_counted(kernel: int, stride: int, even: bool) -> None:
    """A transposed convolution of ones counts how often each cell is met; the same inside where it divides."""
    module = build(Settings(stride=stride, transposed=True), np.ones((1, 1, kernel, kernel), np.float32), 1)
    counts = count_overlaps(module, (7, 6))
    expected = F.conv_transpose2d(torch.ones(1, 1, 7, 6), torch.ones(1, 1, kernel, kernel), stride=stride)[0, 0]
    np.testing.assert_array_equal(counts, expected.numpy())
    inner = counts[kernel:-kernel, kernel:-kernel]
    assert (len(np.unique(inner)) == 1) == even


def test_silenced_cells() -> None:
    before = np.array([-2.0, -1.0, 0.0, 1.0], np.float32)
    assert share_silenced(before, nn.ReLU()(torch.from_numpy(before)).numpy()) == 0.5
    assert share_silenced(before, nn.LeakyReLU()(torch.from_numpy(before)).numpy()) == 0
    assert share_silenced(before, nn.Sigmoid()(torch.from_numpy(before)).numpy()) == 0
    assert share_silenced(before[:0], before[:0]) == 0
