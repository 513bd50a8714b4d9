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
    describe_overlaps,
    pad,
    padding_that_keeps,
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


@given(st.integers(1, 9), st.integers(1, 5), st.sampled_from([nn.Conv2d, nn.ConvTranspose2d]))
def test_the_padding_that_keeps_the_size(kernel: int, dilation: int, kind: type[nn.Conv2d]) -> None:
    """Tried with every padding there could be, even kernels and dilated ones too."""
    keeping = []
    for padding in range(21):
        layer = kind(1, 1, kernel, padding=padding, dilation=dilation)
        if layer(torch.zeros(1, 1, 50, 50)).shape[2:] == (50, 50):
            keeping.append(padding)
    found = padding_that_keeps(kernel, dilation)
    assert keeping == ([] if found is None else [found])


@pytest.mark.parametrize("padding", [0, 1, 6])
@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "weights"),
    [
        (4, 2, 1, "random"),
        (4, 2, 1, "ones"),
        (3, 2, 1, "random"),
        (3, 2, 1, "bilinear"),
        (3, 2, 1, "edge"),
        (4, 2, 2, "random"),
        (5, 3, 2, "random"),
        (3, 1, 1, "random"),
        (1, 3, 1, "random"),
    ],
)
def test_a_checkerboard_is_told_by_counts_and_by_values(
    kernel: int, stride: int, dilation: int, weights: str, padding: int
) -> None:
    """Measured in the middle of what large constant pictures give, the counts with a kernel of ones."""
    weight = {
        "random": np.random.default_rng(0).normal(size=(kernel, kernel)),
        "ones": np.ones((kernel, kernel)),
        "bilinear": np.outer([0.5, 1, 0.5], [0.5, 1, 0.5]) if kernel == 3 else None,
        "edge": np.outer([1.0, 2, 1], [-1, 0, 1]) if kernel == 3 else None,
    }[weights]
    ones = torch.ones(1, 1, 24, 24, dtype=torch.double)
    middle = slice(24 * stride // 2, 24 * stride // 2 + 12)
    sums, counts = (
        F.conv_transpose2d(ones, torch.from_numpy(each)[None, None], None, stride, dilation=dilation)[0, 0]
        for each in (weight, np.ones((kernel, kernel)))
    )
    different = len(np.unique(sums[middle, middle].numpy().round(8)))
    met = ", ".join(str(int(count)) for count in np.unique(counts[middle, middle].numpy()))
    settings = Settings(stride=stride, dilation=dilation, padding=padding, transposed=True)
    module = build(settings, weight.astype(np.float32)[None, None], 1)
    assert isinstance(module, nn.ConvTranspose2d)
    said = describe_overlaps(module, 0)
    assert f"met by **{met}** kernel cell" in said
    assert (f"**{different} different values**" in said) == (different > 1)
    assert ("gives the same everywhere" in said) == (different == 1)
    assert f"is {'' if kernel % stride == 0 else 'not '}divisible by stride {stride}" in said
