"""Deletion, insertion, drop and agreement, where the answer is known."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import gaussian_filter
from scipy.stats import spearmanr
from torchcam.metrics import ClassificationMetric

from explorer.saliency import (
    BASELINES,
    MaskedConfidence,
    Stopped,
    agreement,
    average_drop,
    centred_blob,
    deletion_insertion,
    explain,
    increase,
    masked_confidence,
    random_map,
)
from explorer.saliency.faithfulness import make_baseline

from .networks import block_model, make_input, open_model

SIZE, TOP, LEFT, SIDE = 16, 4, 8, 4


def block_map() -> np.ndarray:
    values = np.zeros((SIZE, SIZE), np.float32)
    values[TOP : TOP + SIDE, LEFT : LEFT + SIDE] = 1.0
    return values


def probability(share: float, gain: float = 10.0) -> float:
    """Of class 1, when a share of the block is white."""
    return 1 / (1 + float(np.exp(-gain * share)))


def test_curves_of_the_map_that_is_right_and_of_its_opposite() -> None:
    model, x = block_model(), torch.ones(1, 3, SIZE, SIZE)
    curves = deletion_insertion(model, x, block_map(), 1, steps=16, baseline="grey")
    shares = np.minimum(1, curves.fractions * SIZE**2 / SIDE**2)
    np.testing.assert_allclose(curves.fractions, np.linspace(0, 1, 17))
    np.testing.assert_allclose(curves.deletion, [probability(1 - share) for share in shares], rtol=1e-5)
    np.testing.assert_allclose(curves.insertion, [probability(share) for share in shares], rtol=1e-5)
    assert curves.deletion_area == pytest.approx(0.5 + (probability(1) - 0.5) / 32, abs=1e-4)

    opposite = deletion_insertion(model, x, -block_map(), 1, steps=16, baseline="grey")
    np.testing.assert_allclose(opposite.deletion[:-2], probability(1), rtol=1e-5)
    assert curves.deletion_area < opposite.deletion_area
    assert curves.insertion_area > opposite.insertion_area


def test_the_right_map_beats_the_random_and_the_centred_one() -> None:
    model, x = block_model(), torch.ones(1, 3, SIZE, SIZE)
    maps = [explain(model, x, "occlusion", 1).values, random_map((SIZE, SIZE)), centred_blob((SIZE, SIZE))]
    curves = [deletion_insertion(model, x, values, 1, baseline="grey") for values in maps]
    assert curves[0].deletion_area < min(each.deletion_area for each in curves[1:])
    assert curves[0].insertion_area > max(each.insertion_area for each in curves[1:])


@settings(max_examples=25)
@given(arrays(np.float32, (SIZE, SIZE), elements=st.floats(-1, 1, width=32)), st.integers(1, 40))
def test_the_ends_are_the_picture_and_the_baseline_and_order_is_all_that_counts(values: np.ndarray, steps: int) -> None:
    model, x = block_model(), torch.ones(1, 3, SIZE, SIZE)
    curves = deletion_insertion(model, x, values, 1, steps=steps, baseline="grey")
    assert curves.deletion[0] == curves.insertion[-1] == pytest.approx(probability(1))
    assert curves.deletion[-1] == curves.insertion[0] == pytest.approx(0.5)
    assert 0.5 <= curves.deletion_area <= 1
    # All scores of a step add up: what deletion has taken, insertion has given back.
    given_back = np.log(curves.insertion / (1 - curves.insertion)) + np.log(curves.deletion / (1 - curves.deletion))
    np.testing.assert_allclose(given_back, 10, rtol=1e-3)
    again = deletion_insertion(model, x, 2 * values, 1, steps=steps, baseline="grey")
    np.testing.assert_array_equal(curves.deletion, again.deletion)


def test_what_is_no_number_goes_last() -> None:
    model, x = block_model(), torch.ones(1, 3, SIZE, SIZE)
    values = np.where(block_map() > 0, np.nan, 0.0).astype(np.float32)
    curves = deletion_insertion(model, x, values, 1, steps=16, baseline="grey")
    np.testing.assert_allclose(curves.deletion[:-2], probability(1), rtol=1e-5)


def test_baselines() -> None:
    model = open_model("photo-net")
    x = make_input(model, 64)
    assert not make_baseline(model, x, "grey").any()
    assert model.preprocessing.unnormalise(make_baseline(model, x, "black")).max() == 0
    blurred = make_baseline(model, x, "blur")[0].numpy()
    wanted = np.stack([gaussian_filter(channel, 64 / 20, mode="mirror", truncate=2.2) for channel in x[0].numpy()])
    np.testing.assert_allclose(blurred, wanted, atol=0.02)
    for side in (1, 2, 3):
        assert make_baseline(model, torch.ones(1, 3, side, side), "blur").shape == (1, 3, side, side)
    with pytest.raises(ValueError, match="noise"):
        make_baseline(model, x, "noise")  # type: ignore[arg-type]
    assert set(BASELINES) == {"blur", "grey", "black"}


def test_sizes_that_differ_and_stops() -> None:
    model, x = block_model(), torch.ones(1, 3, SIZE, SIZE)
    with pytest.raises(ValueError, match="pixels"):
        deletion_insertion(model, x, np.zeros((4, 4)), 1)
    with pytest.raises(ValueError, match="pixels"):
        masked_confidence(model, x, np.zeros((4, 4)), 1)
    with pytest.raises(ValueError, match="one size"):
        agreement([np.zeros((4, 4)), np.zeros((5, 4))])
    seen: list[tuple[int, int]] = []
    with pytest.raises(Stopped):
        deletion_insertion(model, x, block_map(), 1, progress=lambda done, total: bool(seen.append((done, total))))
    assert seen == [(16, 66)]


def test_keeping_the_lit_part() -> None:
    model, x = block_model(), torch.ones(1, 3, SIZE, SIZE)
    right, wrong, blank = (
        masked_confidence(model, x, values, 1) for values in (block_map(), 1 - block_map(), 0 * block_map())
    )
    assert right == MaskedConfidence(pytest.approx(probability(1)), pytest.approx(probability(1)))
    assert right.drop == 0
    assert not right.increased
    assert wrong == blank == MaskedConfidence(pytest.approx(probability(1)), pytest.approx(0.5))
    assert wrong.drop == pytest.approx(1 - 0.5 / probability(1))
    half = x.clone()
    half[:, :, :TOP] = -4.0  # speaks neither for nor against: the block is elsewhere
    assert masked_confidence(model, half, block_map(), 1).masked == pytest.approx(probability(1))
    assert average_drop([right, wrong]) == pytest.approx(wrong.drop / 2)
    assert (
        increase(
            [
                MaskedConfidence(0.2, 0.4),
                MaskedConfidence(0.4, 0.2),
                MaskedConfidence(0.3, 0.3),
                MaskedConfidence(0.1, 0.9),
            ]
        )
        == 0.5
    )
    assert MaskedConfidence(0.0, 0.0).drop == 0


def test_drop_is_torchcams() -> None:
    from torchcam.methods import LayerCAM

    model = open_model("photo-net")
    x = make_input(model, 64)
    heatmap = explain(model, x, "layer-cam", 3, "stages.stage3.block2.relu2")
    kept = masked_confidence(model, x, heatmap.values, 3)
    with LayerCAM(model.network, "stages") as extractor:
        metric = ClassificationMetric(extractor, lambda logits: torch.softmax(logits, -1))
        metric.update(x.clone().requires_grad_(), 3)
        summary = metric.summary()
    assert kept.drop == pytest.approx(float(summary["avg_drop"]), abs=0.02)
    assert kept.increased == (summary["conf_increase"] == 1)


def test_reference_maps() -> None:
    assert np.array_equal(random_map((5, 7), 1), random_map((5, 7), 1))
    assert not np.array_equal(random_map((5, 7), 1), random_map((5, 7), 2))
    coarse = random_map((64, 64), cells=4)
    assert np.abs(np.diff(coarse, axis=0)).max() < 0.1
    blob = centred_blob((9, 15))
    assert np.unravel_index(blob.argmax(), blob.shape) == (4, 7)
    assert blob.max() == 1
    np.testing.assert_array_equal(blob, blob[::-1, ::-1])


@given(st.lists(arrays(np.float32, (4, 5), elements=st.integers(-4, 4).map(float)), min_size=2, max_size=4))
def test_agreement_is_spearmans(maps: list[np.ndarray]) -> None:
    got = agreement(maps)
    for row, first in enumerate(maps):
        for column, second in enumerate(maps):
            if np.ptp(first) == 0 or np.ptp(second) == 0:
                assert np.isnan(got[row, column])
            else:
                assert got[row, column] == pytest.approx(spearmanr(first.ravel(), second.ravel()).statistic, abs=1e-9)


def test_maps_without_an_order_agree_with_none() -> None:
    fine = random_map((4, 4))
    broken = fine.copy()
    broken[0, 0] = np.nan
    assert np.isnan(agreement([fine, broken])[0, 1])
    assert agreement([fine, -fine])[0, 1] == pytest.approx(-1)
