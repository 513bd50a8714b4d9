"""Pooling against PyTorch's functions, NumPy by brute force, and scikit-image's PSNR."""

from math import inf, isnan
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.operations import break_down_module
from explorer.operations.convolution import Impossible
from explorer.operations.pooling import (
    POOLINGS,
    Pooling,
    PoolingKind,
    binomial_kernel,
    build_pooling,
    check_pooling,
    pool,
    pooling_input,
    psnr,
    unpool,
)
from explorer.operations.pooling_comparison import describe_psnr, pooling_line


@st.composite
def cases(draw: Any, kinds: tuple[PoolingKind, ...] = POOLINGS) -> tuple[Tensor, Pooling]:
    """A picture and settings that are possible on it."""
    window = draw(st.integers(2, 8))
    padding = draw(st.integers(0, window // 2))
    stride = draw(st.integers(1, 8))
    height, width = (draw(st.integers(max(1, window - 2 * padding), 20)) for _ in range(2))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    x = torch.randn(draw(st.integers(1, 3)), height, width, generator=generator)
    return x, Pooling(draw(st.sampled_from(kinds)), window, stride, padding)


def expected(x: Tensor, pooling: Pooling) -> Tensor:
    """By PyTorch's functions."""
    image, (k, s, p) = x[None], (pooling.window, pooling.stride, pooling.padding)
    if pooling.kind == "max":
        return F.max_pool2d(image, k, s, p)[0]
    if pooling.kind == "average":
        return F.avg_pool2d(image, k, s, p)[0]
    if pooling.kind == "l2":
        return (F.avg_pool2d(image**2, k, s, p) * k * k).sqrt()[0]
    if pooling.kind == "adaptive":
        return F.adaptive_avg_pool2d(image, tuple(F.max_pool2d(image, k, s, p).shape[2:]))[0]
    if pooling.kind == "global":
        return x.mean(dim=(1, 2), keepdim=True)
    if pooling.kind == "slicing":
        return x[:, ::s, ::s]
    padded = F.pad(x, [p] * 4).unfold(1, k, s).unfold(2, k, s)  # (C, h, w, k, k)
    return (padded * binomial_kernel(k)).sum(dim=(3, 4))


@given(cases())
def test_every_kind_is_what_pytorch_gives(case: tuple[Tensor, Pooling]) -> None:
    x, pooling = case
    pooled = pool(x, pooling)
    torch.testing.assert_close(pooled.output, expected(x, pooling), rtol=1e-5, atol=1e-6)
    assert tuple(pooled.output.shape) == (len(x), pooling.size(x.shape[1]), pooling.size(x.shape[2]))


@given(cases())
def test_the_layer_under_the_microscope_gives_the_same(case: tuple[Tensor, Pooling]) -> None:
    x, pooling = case
    module = build_pooling(pooling, len(x), (x.shape[1], x.shape[2]))
    breakdown = break_down_module(module, pooling_input(x, pooling))
    np.testing.assert_allclose(breakdown.output, pool(x, pooling).output.numpy(), rtol=1e-6, atol=1e-6)
    channel_view = breakdown.channel_view(0, 10**9)
    assert channel_view.output_size == tuple(breakdown.output.shape[1:])
    assert channel_view.channels == 1  # every channel by itself, the strided convolution too


@given(cases(("max", "slicing")))
def test_every_value_lies_where_it_is_said_to(case: tuple[Tensor, Pooling]) -> None:
    x, pooling = case
    pooled = pool(x, pooling)
    assert pooled.sources is not None
    for channel, rows in enumerate(pooled.sources.tolist()):
        for i, row in enumerate(rows):
            for j, (r, q) in enumerate(row):
                assert x[channel, r, q] == pooled.output[channel, i, j]
                if pooling.kind == "max":
                    top, left = (place * pooling.stride - pooling.padding for place in (i, j))
                    assert top <= r < top + pooling.window
                    assert left <= q < left + pooling.window


def test_of_equal_values_the_first_wins() -> None:
    sources = pool(torch.zeros(1, 4, 4), Pooling("max")).sources
    assert sources is not None
    assert sources[0].tolist() == [[[0, 0], [0, 2]], [[2, 0], [2, 2]]]


@pytest.mark.parametrize("size", [(8, 8), (12, 6)])
@pytest.mark.parametrize("window", [2, 3])
def test_max_goes_back_as_pytorchs_unpooling(size: tuple[int, int], window: int) -> None:
    x = torch.randn(2, *size)
    output, indices = F.max_pool2d(x[None], window, window, return_indices=True)
    back = F.max_unpool2d(output, indices, window, window, output_size=size)[0]
    torch.testing.assert_close(unpool(pool(x, Pooling("max", window, window))), back)


def test_slicing_goes_back_to_its_cells_and_leaves_zeros() -> None:
    x = torch.randn(2, 7, 7)
    back = unpool(pool(x, Pooling("slicing", 2, 3)))
    wanted = torch.zeros_like(x)
    wanted[:, ::3, ::3] = x[:, ::3, ::3]
    torch.testing.assert_close(back, wanted)


@given(cases())
def test_spreading_is_the_mean_of_the_windows_over_a_cell(case: tuple[Tensor, Pooling]) -> None:
    """By loops: what every window of the output writes into the cells it reads."""
    x, pooling = case
    pooled = pool(x, pooling)
    values = pooled.output / pooling.window if pooling.kind == "l2" else pooled.output
    back = unpool(pooled, filled=True)
    rows, columns = (pooling.window_indices(cells) for cells in x.shape[1:])
    total, count = np.zeros(x.shape[1:]), np.zeros(x.shape[1:])
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            for r in row[row >= 0]:
                for q in column[column >= 0]:
                    total[r, q] += float(values[0, i, j])
                    count[r, q] += 1
    read = count > 0
    np.testing.assert_allclose(back[0].numpy()[read], (total[read] / count[read]), rtol=1e-4, atol=1e-5)
    # A cell that nobody read takes after the nearest read row and column.
    covered = np.flatnonzero(read.any(1)), np.flatnonzero(read.any(0))
    for r, q in np.argwhere(~read)[:20]:
        near = [axis[np.abs(axis - place).argmin()] for axis, place in zip(covered, (r, q), strict=True)]
        assert back[0, r, q] == back[0, near[0], near[1]]


@pytest.mark.parametrize("kind", ["average", "adaptive", "l2", "convolution"])
@pytest.mark.parametrize("filled", [False, True])
def test_a_constant_comes_back_whole(kind: PoolingKind, filled: bool) -> None:
    x = torch.full((1, 12, 12), 0.75)
    torch.testing.assert_close(unpool(pool(x, Pooling(kind, 4, 3)), filled), x)


def test_one_window_covers_all_in_global_pooling() -> None:
    x = torch.randn(3, 5, 9)
    back = unpool(pool(x, Pooling("global")))
    torch.testing.assert_close(back, x.mean(dim=(1, 2), keepdim=True).expand_as(x))


@pytest.mark.parametrize("side", range(2, 9))
def test_the_binomial_kernel_is_a_box_blurred_again_and_again(side: int) -> None:
    row = np.array([1.0])
    for _ in range(side - 1):
        row = np.convolve(row, [0.5, 0.5])
    np.testing.assert_allclose(binomial_kernel(side).numpy(), np.outer(row, row), rtol=1e-6)


def test_a_window_of_two_makes_the_strided_convolution_an_average() -> None:
    x = torch.randn(2, 9, 9)
    torch.testing.assert_close(pool(x, Pooling("convolution")).output, pool(x, Pooling("average")).output)


@given(st.floats(0.01, 2.0), st.integers(0, 50))
def test_psnr_is_the_formula_and_scikit_images(spread: float, seed: int) -> None:
    noise = np.random.default_rng(seed)
    original = noise.random((3, 8, 9)).astype(np.float32)
    restored = (original + spread * noise.normal(size=original.shape)).astype(np.float32)
    error = np.mean((original.astype(np.float64) - restored) ** 2)
    found = psnr(torch.from_numpy(original), torch.from_numpy(restored), 1.0)
    assert found == pytest.approx(10 * np.log10(1.0 / error), rel=1e-9)
    assert found == pytest.approx(peak_signal_noise_ratio(original, restored, data_range=1.0), abs=1e-5)
    span = float(original.max() - original.min())
    assert psnr(torch.from_numpy(original), torch.from_numpy(restored)) == pytest.approx(
        peak_signal_noise_ratio(original, restored, data_range=span), abs=1e-5
    )


def test_psnr_at_its_ends() -> None:
    x = torch.rand(1, 4, 4)
    assert psnr(x, x.clone()) == inf
    assert isnan(psnr(torch.ones(1, 4, 4), torch.zeros(1, 4, 4)))  # no range to measure by
    assert isnan(psnr(x, torch.full_like(x, inf)))


@pytest.mark.parametrize(
    ("pooling", "size", "words"),
    [
        (Pooling("max", 3, 1, 2), (9, 9), ("Padding 2", "half of the window (3)")),
        (Pooling("average", 8), (7, 20), ("8 × 8", "7 rows")),
        (Pooling("l2", 8), (20, 6), ("8 × 8", "6 columns")),
        (Pooling("convolution", 8, 1, 1), (5, 20), ("8 × 8", "7 rows")),
        (Pooling("max", 2, 0), (9, 9), ("at least 1",)),
        (Pooling("max", 2, 1, -1), (9, 9), ("at least 0",)),
    ],
)
def test_what_is_impossible_is_said(pooling: Pooling, size: tuple[int, int], words: tuple[str, ...]) -> None:
    with pytest.raises(Impossible) as caught:
        pool(torch.zeros(1, *size), pooling)
    assert all(word in str(caught.value) for word in words)


@given(st.integers(1, 8), st.integers(1, 5), st.integers(0, 5), st.integers(1, 9), st.integers(1, 9))
def test_refused_exactly_where_pytorch_refuses(window: int, stride: int, padding: int, height: int, width: int) -> None:
    x = torch.zeros(1, 1, height, width)
    try:
        F.max_pool2d(x, window, stride, padding)
        possible = True
    except RuntimeError:
        possible = False
    try:
        check_pooling(Pooling("max", window, stride, padding), (height, width))
        found = True
    except Impossible:
        found = False
    assert found == possible


@pytest.mark.parametrize("kind", ["global", "slicing"])
def test_what_has_no_window_takes_any_size(kind: PoolingKind) -> None:
    assert pool(torch.ones(1, 1, 1), Pooling(kind, 8, 8, 0)).output.tolist() == [[[1.0]]]


def test_psnr_in_words() -> None:
    assert describe_psnr(24.16) == "24.2 dB"
    assert describe_psnr(float("inf")) == "nothing lost"
    assert "constant" in describe_psnr(float("nan"))


@pytest.mark.parametrize("kind", POOLINGS)
def test_the_line_shown_makes_the_layer(kind: PoolingKind) -> None:
    x = torch.rand(3, 17, 22)
    pooling = Pooling(kind, 3, 2, 1)
    layer = eval(pooling_line(pooling, (3, 17, 22)), {"nn": nn})
    if kind in ("convolution", "slicing"):
        with torch.no_grad():
            layer.weight.copy_(torch.ones(1) if kind == "slicing" else binomial_kernel(3))
    torch.testing.assert_close(layer(x[None])[0], pool(x, pooling).output)
