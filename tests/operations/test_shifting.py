"""A moved picture against NumPy's padding, and what must and must not move with it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.operations.convolution import Impossible
from explorer.operations.pooling import POOLINGS, Pooling, PoolingKind
from explorer.operations.pooling_comparison import describe_drift
from explorer.operations.shifting import MOST, pooled_drift, shift, total_variation


@given(st.integers(0, 8), st.integers(0, 8))
def test_shift_is_a_mirror_at_the_edge(rows: int, columns: int) -> None:
    x = torch.randn(2, 9, 11)
    wanted = np.pad(x.numpy(), ((0, 0), (rows, 0), (columns, 0)), mode="reflect")[:, :9, :11]
    np.testing.assert_array_equal(shift(x, rows, columns).numpy(), wanted)
    np.testing.assert_array_equal(shift(x[None], rows, columns)[0].numpy(), wanted)


@pytest.mark.parametrize("kind", [kind for kind in POOLINGS if kind != "global"])
@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize(("rows", "columns"), [(0, 1), (1, 0), (1, 1)])
def test_whole_strides_move_exactly(kind: PoolingKind, stride: int, rows: int, columns: int) -> None:
    x = torch.rand(1, 64, 64)
    pooling = Pooling(kind, stride if stride > 1 else 3, stride, 1 if stride == 1 else 0)
    drift = pooled_drift(x, pooling, rows, columns)
    assert len(drift) == MOST + 1
    assert max(drift[::stride]) < 1e-5
    if stride > 1:
        assert min(drift[stride // 2 :: stride]) > 0.05  # noise does not lie on a line between two cells


def test_drift_by_hand() -> None:
    """Slicing at stride 2, one pixel to the right: what it reads against the mean of its old neighbours."""
    x = torch.rand(1, 64, 64)
    found = pooled_drift(x, Pooling("slicing", 2, 2), 0, 1)[1]
    old, new = x[0, ::2, ::2], x[0, ::2, 1::2]  # new[j] is read where old[j + 1] was
    difference = (new[6:-6, 6:-7] - (old[6:-6, 6:-7] + old[6:-6, 7:-6]) / 2).square().mean().sqrt() / x.std()
    assert found == pytest.approx(float(difference), rel=0.05)  # a row or column more or less at the edge


def test_who_looks_at_no_window_strays_most() -> None:
    """On a picture with fine detail, as Zhang 2019 found."""
    rows, columns = np.mgrid[0:96, 0:96]
    x = torch.from_numpy((np.sin(1.9 * columns) + np.sin(rows / 5)).astype(np.float32))[None]
    drift = {kind: max(pooled_drift(x, Pooling(kind, 4, 2))) for kind in ("max", "average", "l2", "convolution")}
    assert max(drift.values()) < 0.5 * max(pooled_drift(x, Pooling("slicing", 4, 2)))


def test_a_global_mean_hardly_moves() -> None:
    x = torch.rand(3, 40, 40)
    assert max(pooled_drift(x, Pooling("global", 2, 2))) < 0.1
    constant = torch.ones(1, 40, 40)
    assert pooled_drift(constant, Pooling("average")) == [0.0] * (MOST + 1)


def test_nothing_but_edges_is_said() -> None:
    with pytest.raises(Impossible, match="nothing but edges"):
        pooled_drift(torch.rand(1, 16, 64), Pooling("max", 4, 4))


@given(st.integers(0, 99))
def test_total_variation_is_half_the_distance(seed: int) -> None:
    first, second = torch.randn(2, 5, generator=torch.Generator().manual_seed(seed)).softmax(1)
    found = float(total_variation(first, second))
    assert found == pytest.approx(float((first - second).clamp(min=0).sum()), abs=1e-6)
    assert float(total_variation(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))) == 1.0


def test_most_and_least_are_those_of_the_chart() -> None:
    """Every curve counts, the global mean's too, by its highest point; equals are all named."""
    drift: dict[PoolingKind, list[float]] = {"max": [0, 0.5, 0.2], "l2": [0, 0.3, 0], "slicing": [0, 0.4, 0.5]}
    assert "“Max” and “Strided slicing” stray most here, and “L2” least." in describe_drift(drift, 2)
    assert "and “Global average” least." in describe_drift({**drift, "global": [0, 0.1, 0.25]}, 2)
    assert "all stray alike" in describe_drift({"max": [0.0], "average": [0.0]}, 1)
