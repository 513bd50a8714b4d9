"""Convolutions and their filters against what PyTorch itself holds and does, and against sums written out."""

import itertools
import math
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from explorer.anatomy import (
    Convolution,
    Edit,
    FilterOrder,
    connection_matrix,
    describe_response,
    filter_weights,
    find_convolutions,
    frequency_response,
    most_similar,
    norm_scale,
    record,
    strongest_slices,
    summarise_filters,
    unit_filters,
)
from explorer.anatomy.filters import find_dead, group_filters, near_duplicates
from explorer.zoo import list_shipped, random_model

from .networks import SIDES, as_model, open_any

NETWORKS = [*list_shipped(), *(name for name in SIDES if "_" in name or name[-1].isdigit()), "resnext50_32x4d"]


def open_network(name: str) -> tuple[tuple[Convolution, ...], dict[str, nn.Module], int]:
    model = random_model(name) if name == "resnext50_32x4d" else open_any(name)
    size = SIDES.get(name, 48)
    return find_convolutions(model, size), dict(model.network.named_modules()), size


def convolutions(*layers: nn.Module, size: int = 16) -> tuple[Convolution, ...]:
    return find_convolutions(as_model(nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())), size)


# Finding them, and counting.


@pytest.mark.parametrize("name", dict.fromkeys(NETWORKS))
def test_every_convolution_is_found_and_its_parameters_are_counted(name: str) -> None:
    found, modules, _ = open_network(name)
    expected = {path for path, module in modules.items() if isinstance(module, nn.Conv2d)}
    assert {convolution.path for convolution in found} == expected
    assert len(found) == len(expected)
    for convolution in found:
        module = modules[convolution.path]
        count = sum(parameter.numel() for parameter in module.parameters())
        assert convolution.parameters == count
        assert eval(convolution.parameter_sum.replace("×", "*")) == count
        assert (convolution.out_channels, convolution.depth, *convolution.kernel) == tuple(module.weight.shape)
        assert (convolution.depthwise, convolution.pointwise) == (
            module.groups == module.in_channels > 1,
            module.kernel_size == (1, 1),
        )


def test_order_and_shapes_are_those_of_the_pass() -> None:
    found, modules, size = open_network("mobilenet_v2")
    order: list[tuple[str, tuple[int, ...], tuple[int, ...]]] = []
    handles = [
        module.register_forward_hook(
            lambda _module, args, output, path=path: order.append((path, args[0].shape[1:], output.shape[1:]))
        )
        for path, module in modules.items()
        if isinstance(module, nn.Conv2d)
    ]
    modules[""](torch.zeros(1, 3, size, size))
    for handle in handles:
        handle.remove()
    assert [(c.path, c.input_shape, c.output_shape) for c in found] == order
    assert [c.path for c in found if c.sees_photo] == ["features.0.0"]
    for convolution in found:
        norm = modules[convolution.norm]
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.num_features == convolution.out_channels
        assert convolution.edited_layer == convolution.norm


def test_what_takes_no_part_comes_last() -> None:
    class WithSpare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.spare = nn.Conv2d(3, 4, 3)
            self.used = nn.Conv2d(3, 5, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.used(x).mean(dim=(2, 3))

    used, spare = find_convolutions(as_model(WithSpare()), 16)
    assert (used.path, used.layer, used.output_shape) == ("used", "used", (5, 14, 14))
    assert (spare.path, spare.layer, spare.output_shape) == ("spare", "", None)
    assert spare.dense_parameters is None
    assert spare.parameters == 4 * 27 + 4
    assert not spare.sees_photo


def test_a_norm_counts_only_where_it_alone_reads() -> None:
    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.bn = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.conv(x)
            return (self.bn(y) + y).mean(dim=(2, 3))

    (convolution,) = find_convolutions(as_model(Branching()), 16)
    assert (convolution.norm, convolution.edited_layer) == ("", "conv")


@pytest.mark.parametrize("padding", ["same", "valid", 2])
def test_settings_are_told_as_pytorch_has_them(padding: int | str) -> None:
    module = nn.Conv2d(3, 4, (3, 5), padding=padding, dilation=(2, 1), bias=False, padding_mode="reflect")
    (c,) = convolutions(module)
    assert c.kernel == (3, 5)
    assert c.dilation == (2, 1)
    assert c.padding == (padding if isinstance(padding, str) else (2, 2))
    assert c.padding_mode == "reflect"
    assert (c.bias, c.biases, c.transposed) == (False, 0, False)


def test_a_dense_layer_for_the_same_job() -> None:
    (convolution,) = convolutions(nn.Conv2d(3, 2, 3, stride=2), size=7)
    dense = nn.Linear(3 * 7 * 7, 2 * 3 * 3)  # from every input cell to every output cell
    assert convolution.dense_parameters == sum(parameter.numel() for parameter in dense.parameters())
    assert eval(convolution.dense_sum.replace("×", "*")) == convolution.dense_parameters


def test_colours_are_claimed_only_of_the_photo() -> None:
    first, second, wide = convolutions(nn.Conv2d(3, 3, 3), nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1))
    assert (first.sees_photo, second.sees_photo, wide.sees_photo) == (True, False, False)


# Who reads whom.


@settings(max_examples=25)
@given(groups=st.integers(1, 4), depth=st.integers(1, 3), outs=st.integers(1, 3), transposed=st.booleans())
def test_connections_are_where_gradients_are(groups: int, depth: int, outs: int, transposed: bool) -> None:
    kind = nn.ConvTranspose2d if transposed else nn.Conv2d
    module = kind(groups * depth, groups * outs, 3, groups=groups)
    (convolution,) = find_convolutions(
        as_model(nn.Sequential(nn.Conv2d(3, groups * depth, 1), module, nn.Flatten())), 8
    )[1:]
    x = torch.randn(1, groups * depth, 8, 8, requires_grad=True)
    y = module.requires_grad_(True)(x)
    reads = [
        torch.autograd.grad(y[0, output].sum(), x, retain_graph=True)[0][0].abs().amax(dim=(1, 2)) > 0
        for output in range(groups * outs)
    ]
    np.testing.assert_array_equal(connection_matrix(convolution), torch.stack(reads).numpy())
    assert convolution.transposed == transposed
    # The filters of either kind: output o is made by filter o of the channels it reads.
    weights = filter_weights(module)
    assert weights.shape == (groups * outs, depth, 3, 3)
    spot = torch.zeros(1, groups * depth, 5, 5)
    for output, part in itertools.product(range(groups * outs), range(depth)):
        spot.zero_()[0, convolution.inputs_of(output)[part], 2, 2] = 1
        with torch.no_grad():
            answer = (module(spot) - module(spot * 0))[0, output].numpy()
        stamp = answer[2:5, 2:5] if transposed else answer[::-1, ::-1]  # a cross-correlation turns the kernel round
        np.testing.assert_allclose(stamp, weights[output, part], atol=1e-6)


def test_only_convolutions_have_filters() -> None:
    with pytest.raises(TypeError, match="Linear"):
        filter_weights(nn.Linear(3, 4))
    assert norm_scale(nn.BatchNorm2d(3, affine=False)) is None


# The filters among themselves.


def with_twins() -> np.ndarray:
    """Eight random filters; 5 is 1 with a little noise, 6 is 2 times three, 7 is nothing."""
    weights = np.random.default_rng(0).normal(size=(8, 4, 3, 3)).astype(np.float32)
    weights[5] = weights[1] + 0.02 * weights[0]
    weights[6] = 3 * weights[2]
    weights[7] *= 1e-9
    return weights


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Written out, number by number."""
    a, b = a.ravel().tolist(), b.ravel().tolist()
    return sum(p * q for p, q in zip(a, b, strict=True)) / math.sqrt(sum(p * p for p in a) * sum(q * q for q in b))


def test_cosines_are_those_written_out() -> None:
    weights = with_twins()
    units = unit_filters(weights)
    for i, j in itertools.combinations(range(7), 2):
        assert float(units[i] @ units[j]) == pytest.approx(cosine(weights[i], weights[j]), abs=1e-5)
    similar = most_similar(units, 1, 3)
    expected = sorted(((cosine(weights[1], weights[j]), j) for j in (0, 2, 3, 4, 5, 6)), reverse=True)
    assert [number for number, _ in similar][:1] == [5]
    assert [value for _, value in similar] == pytest.approx([value for value, _ in expected[:3]], abs=1e-5)


def test_near_duplicates_and_the_dead() -> None:
    summary = summarise_filters(with_twins())
    assert summary.duplicates.tolist() == [[1, 5], [2, 6]]
    assert summary.duplicates_of(5) == (1,)
    assert summary.duplicates_of(0) == ()
    assert np.flatnonzero(summary.dead).tolist() == [7]
    assert summary.group_of(6) == (2, 6)
    assert summary.groups[1] == 0  # the largest first, of equals the one with the smallest number
    assert summary.groups[2] == 1
    assert not summary.muted.any()


def test_pairs_do_not_depend_on_how_many_rows_are_compared_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.random.default_rng(1).normal(size=(300, 1, 2, 2)).astype(np.float32)
    units = unit_filters(weights)
    whole = np.argwhere(np.triu(units @ units.T, 1) > 0.95)
    assert len(whole) > 100
    np.testing.assert_array_equal(near_duplicates(units), whole)
    monkeypatch.setattr("explorer.anatomy.filters._ROWS_AT_ONCE", 7)
    np.testing.assert_array_equal(near_duplicates(units), whole)


def average_linkage(units: np.ndarray, threshold: float) -> list[set[int]]:
    """By the definition: join the two groups with the largest mean cosine as long as it is above the threshold."""
    groups = [{i} for i in range(len(units))]
    cosines = units.astype(np.float64) @ units.T.astype(np.float64)
    while len(groups) > 1:
        mean, a, b = max(
            (cosines[np.ix_(list(p), list(q))].mean(), i, j)
            for (i, p), (j, q) in itertools.combinations(enumerate(groups), 2)
        )
        if mean <= threshold:
            break
        groups[a] |= groups.pop(b)
    return groups


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), count=st.integers(1, 14))
def test_groups_are_those_of_average_linkage(seed: int, count: int) -> None:
    units = unit_filters(np.random.default_rng(seed).normal(size=(count, 1, 1, 3)).astype(np.float32))
    groups = group_filters(units)
    found = [set(np.flatnonzero(groups == group).tolist()) for group in range(groups.max() + 1)]
    expected = sorted(average_linkage(units, 0.5), key=lambda group: (-len(group), min(group)))
    assert found == expected


def test_dead_is_relative_to_the_others() -> None:
    assert find_dead(np.array([2.0, 2.0, 4.0, 0.0021, 0.0019])).tolist() == [False, False, False, False, True]
    assert find_dead(np.zeros(4)).all()
    assert not find_dead(np.array([1.0, np.inf, np.nan, 2.0])).any()
    assert find_dead(np.array([])).shape == (0,)


def test_a_norm_that_scales_to_nothing_is_told() -> None:
    weights = with_twins()
    scale = np.array([1, -1, 1, 1e-9, 1, 1, 1, 1], dtype=np.float32)
    assert np.flatnonzero(summarise_filters(weights, scale).muted).tolist() == [3]


def test_values_that_are_not_finite_are_like_no_other() -> None:
    weights = with_twins()
    weights[1, 0, 0, 0], weights[2, 0, 0, 0] = np.inf, np.nan
    summary = summarise_filters(weights)
    assert summary.duplicates.size == 0
    assert not summary.dead[[1, 2]].any()
    assert sorted(summary.order("norm").tolist()) == list(range(8))
    assert set(summary.order("norm")[-2:].tolist()) == {1, 2}
    assert strongest_slices(weights)[1] != 0


@pytest.mark.parametrize("by", get_args(FilterOrder))
def test_orders(by: str) -> None:
    summary = summarise_filters(with_twins())
    order = summary.order(by)
    assert sorted(order.tolist()) == list(range(8))
    key = {
        "index": lambda number: number,
        "norm": lambda number: -summary.norms[number],
        "group": lambda number: (summary.groups[number], number),
    }[by]
    assert order.tolist() == sorted(range(8), key=key)


def test_the_strongest_slice() -> None:
    weights = with_twins()
    norms = [[np.linalg.norm(part) for part in kernel] for kernel in weights]
    assert strongest_slices(weights).tolist() == [int(np.argmax(each)) for each in norms]


def test_many_large_filters() -> None:
    """Memory for the cosines of 2048 filters comes in portions; the vectors alone have 4608 numbers each."""
    weights = np.random.default_rng(0).normal(size=(2048, 512, 3, 3)).astype(np.float32)
    weights[2047] = -weights[0]
    weights[1000] = weights[0]
    assert near_duplicates(unit_filters(weights)).tolist() == [[0, 1000]]


# Frequencies.


def transform(kernel: np.ndarray, fy: float, fx: float) -> float:
    """The magnitude of a kernel's Fourier transform at one frequency in cycles a pixel, by the sum."""
    terms = [
        kernel[y, x] * np.exp(-2j * np.pi * (fy * y + fx * x))
        for y, x in itertools.product(*(range(side) for side in kernel.shape))
    ]
    return abs(sum(terms))


@settings(max_examples=15)
@given(height=st.integers(1, 7), width=st.integers(1, 7), seed=st.integers(0, 99))
def test_the_response_is_the_sum_written_out(height: int, width: int, seed: int) -> None:
    kernel = np.random.default_rng(seed).normal(size=(height, width))
    response = frequency_response(kernel, side=8)
    expected = [[transform(kernel, (i - 4) / 8, (j - 4) / 8) for j in range(8)] for i in range(8)]
    np.testing.assert_allclose(response, expected, atol=1e-9)
    assert response[4, 4] == pytest.approx(abs(kernel.sum()), abs=1e-9)


def test_responses_have_64_steps_and_bounds() -> None:
    assert frequency_response(np.ones((3, 3))).shape == (64, 64)
    for kernel in (np.ones(3), np.ones((65, 3))):
        with pytest.raises(ValueError, match="64 × 64"):
            frequency_response(kernel)


def test_a_single_weight_passes_all_alike() -> None:
    band = describe_response(frequency_response(np.array([[2.0]])))
    assert band is not None
    assert band.low == pytest.approx(math.pi / 16, abs=0.01)
    assert band.flat == pytest.approx(1)
    assert band.oriented == pytest.approx(0, abs=1e-9)
    assert describe_response(frequency_response(np.zeros((3, 3)))) is None


def test_low_and_high_passes_are_told_apart() -> None:
    box = describe_response(frequency_response(np.ones((5, 5))))
    laplacian = describe_response(frequency_response(np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0.0]])))
    assert box is not None
    assert laplacian is not None
    assert box.low > 0.8
    assert box.flat == pytest.approx(1)
    assert laplacian.low < 0.1
    assert laplacian.flat == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 120, 135])
def test_a_wave_lies_along_its_direction(angle: float) -> None:
    y, x = np.mgrid[-7:8, -7:8]
    along = x * math.cos(math.radians(angle)) - y * math.sin(math.radians(angle))  # rows run down, angles up
    gabor = np.exp(-(x**2 + y**2) / 18) * np.cos(2 * math.pi * along / 4)
    band = describe_response(frequency_response(gabor))
    assert band is not None
    assert abs((band.direction - angle + 90) % 180 - 90) < 1
    assert band.oriented > 0.8


# Cause and effect.


def test_an_edit_after_the_norm_takes_a_filter_away() -> None:
    model = open_any("resnet18")
    convolution = find_convolutions(model, 96)[0]
    x = torch.randn(1, 3, 96, 96)
    edited = record(model, x, layers=["relu"], edits=[Edit(convolution.edited_layer, channels=(3, 9))])["relu"].maps
    assert (edited[[3, 9]] == 0).all()
    assert (edited[[0, 1]] > 0).any()


@pytest.mark.parametrize("mode", ["zeros", "reflect", "circular"])
def test_the_first_convolution_sees_the_photo_whatever_it_is_padded_with(mode: str) -> None:
    network = nn.Sequential(nn.Conv2d(3, 3, 3, padding=2, padding_mode=mode), nn.Conv2d(3, 3, 1))
    first, second = find_convolutions(as_model(network), 16)
    assert (first.sees_photo, second.sees_photo) == (True, False)
