"""One plane through several paths, against the covariance's eigenvectors and PyTorch's networks at its places."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from explorer.learning.real_network.loss_plane import cast_shadow, fit_plane, measure_surface
from explorer.learning.real_network.networks import Task, build, first_numbers, measure_losses
from explorer.neurons.activations import Numbers
from explorer.neurons.digits import load_digits
from explorer.neurons.points import point_set
from tests.slices import gather

TASKS = {"mlp": Task(point_set("blobs", 3)), "cnn": Task(None)}


def draw_paths(seed: int, paths: int, places: int, numbers: int) -> list[Numbers]:
    random = np.random.default_rng(seed)
    return [np.cumsum(random.normal(size=(places, numbers)), axis=0) for _ in range(paths)]


@given(st.integers(0, 9999), st.integers(1, 4), st.integers(2, 12), st.integers(2, 30))
def test_the_plane_is_that_of_principal_component_analysis(seed: int, paths: int, places: int, numbers: int) -> None:
    every = draw_paths(seed, paths, places, numbers)
    plane = fit_plane(every)
    points = np.concatenate(every)
    variances, directions = np.linalg.eigh(np.cov(points, rowvar=False))
    np.testing.assert_allclose(plane.centre, points.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(plane.explained, variances[:-3:-1] / variances.sum(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-12)
    if len(points) > 3:  # of two points there is no second direction
        theirs = directions.T[:-3:-1]
        signs = np.sign((plane.axes * theirs).sum(axis=1, keepdims=True))
        np.testing.assert_allclose(plane.axes, signs * theirs, atol=1e-6)


@given(st.integers(0, 9999), st.integers(1, 3))
def test_a_shadow_is_the_nearest_place_and_how_far_it_is(seed: int, paths: int) -> None:
    every = draw_paths(seed, paths, 6, 12)
    plane = fit_plane(every)
    squares = [(path**2).sum(axis=1) for path in every]
    for path, true in zip(every, squares, strict=True):
        shadow = cast_shadow(plane, path, true, lambda numbers: (numbers**2).sum(axis=1))
        for place, point, distance, drawn in zip(shadow.places, path, shadow.distances, shadow.drawn, strict=True):
            weights, *_ = np.linalg.lstsq(plane.axes.T, point - plane.centre, rcond=None)
            np.testing.assert_allclose(place, weights, atol=1e-9)
            foot = plane.centre + weights @ plane.axes
            assert distance == pytest.approx(np.sqrt(((point - foot) ** 2).sum()), abs=1e-9)
            assert drawn == pytest.approx((foot**2).sum())
    whole = sum(((path - plane.centre) ** 2).sum() for path in every)
    off = sum((cast_shadow(plane, path, path[:, 0], lambda n: n[:, 0]).distances ** 2).sum() for path in every)
    assert 1 - off / whole == pytest.approx(sum(plane.explained))


def test_two_losses_part_by_a_factor_either_way() -> None:
    plane = fit_plane([np.eye(4)[:3]])
    true, drawn = np.array([1.0, 1.0, 1.0]), np.array([2.1, 0.45, 1.9])
    shadow = cast_shadow(plane, np.eye(4)[:3], true, lambda numbers: drawn)
    assert shadow.parted(2.0).tolist() == [True, True, False]
    assert cast_shadow(plane, np.eye(4)[:3], true, lambda numbers: true).parted(1.0).sum() == 0
    assert cast_shadow(plane, np.eye(4)[:3], true, lambda numbers: true * 0).parted(1e9).all()


def loss_of(network: nn.Sequential, kind: str) -> float:
    """By PyTorch alone."""
    if kind == "mlp":
        points = TASKS[kind].points
        assert points
        return F.cross_entropy(
            network(torch.tensor(points.rows, dtype=torch.float64)), torch.tensor(points.classes)
        ).item()
    data = load_digits()
    x = torch.tensor(data.images[data.training]).unsqueeze(1)
    return F.cross_entropy(network(x), torch.tensor(data.labels[data.training])).item()


@pytest.mark.parametrize("kind", TASKS)
def test_the_surface_is_the_loss_of_the_network_at_each_place(kind: str) -> None:
    task = TASKS[kind]
    starts = [first_numbers(task, seed).double().numpy() for seed in range(4)]
    paths = [np.stack(starts[:2]), np.stack(starts[2:])]
    plane = fit_plane(paths)
    places = np.concatenate([plane.project(path) for path in paths])
    told, surface = gather(measure_surface(plane, places, 5, lambda numbers: measure_losses(task, numbers)))
    assert told == [(row, 5) for row in range(1, 6)]
    assert surface.first.min() < places[:, 0].min() < places[:, 0].max() < surface.first.max()
    assert surface.second.min() < places[:, 1].min() < places[:, 1].max() < surface.second.max()
    network = build(task)
    tolerance = 1e-12 if kind == "mlp" else 1e-5
    for row, column in ((0, 0), (2, 2), (1, 4)):
        numbers = plane.centre + surface.first[column] * plane.axes[0] + surface.second[row] * plane.axes[1]
        nn.utils.vector_to_parameters(torch.from_numpy(numbers).to(task.dtype), network.parameters())
        assert surface.losses[row, column] == pytest.approx(loss_of(network, kind), rel=tolerance)
    nn.utils.vector_to_parameters(torch.from_numpy(plane.centre).to(task.dtype), network.parameters())
    assert measure_losses(task, plane.centre[None])[0] == pytest.approx(loss_of(network, kind), rel=tolerance)
