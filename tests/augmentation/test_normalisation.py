"""Which normalisation brings a dim and a bright version together, and which does not."""

import numpy as np
import pytest
from PIL import Image
from scipy.stats import wasserstein_distance

from explorer.augmentation import PipelineRejected, channel_histograms, dim_and_bright, normalise
from tests.anatomy.networks import open_shipped

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def test_the_numbers_are_those_that_the_network_gets(photo: Image.Image) -> None:
    preprocessing = open_shipped("photo-net").preprocessing
    fitted = preprocessing.fitted(photo)
    found = normalise(fitted, preprocessing.mean, preprocessing.std)
    wanted = preprocessing.tensor(photo)[0].permute(1, 2, 0).numpy()
    assert np.abs(found.values - wanted).max() < 1e-5
    assert np.allclose(found.before.mean, np.asarray(fitted).reshape(-1, 3).mean(axis=0) / 255)
    assert np.allclose(found.after.mean, (found.before.mean - preprocessing.mean) / preprocessing.std)
    assert np.allclose(found.after.std, found.before.std / preprocessing.std)
    assert found.after.edges[0] == pytest.approx(found.values.min())
    assert found.after.edges[-1] == pytest.approx(found.values.max())


def test_histograms_count_every_pixel_once(photo: Image.Image) -> None:
    pixels = np.asarray(photo) / 255
    found = channel_histograms(pixels, 0, 1, bins=32)
    for channel in range(3):
        wanted, edges = np.histogram(pixels[..., channel], 32, (0, 1))
        assert np.allclose(found.shares[channel], wanted / wanted.sum())
        assert np.allclose(found.edges, edges)
    narrow = channel_histograms(pixels, 0.4, 0.6, bins=4)
    assert np.allclose(narrow.shares.sum(axis=1), 1)


def test_constants_bring_nothing_together_and_the_pictures_own_statistics_do(photo: Image.Image) -> None:
    meeting = dim_and_bright(photo, MEAN, STD, dim=0.5, bright=1.05)
    before, data_set, own = meeting.stages
    assert [stage.name for stage in meeting.stages] == ["pixels", "data set", "own"]
    assert before.gap > 0.8
    assert data_set.gap == pytest.approx(before.gap)  # as far apart as before
    assert own.gap < 0.1  # together, but for rounding and for what was cut at white
    assert meeting.stage("own") is own
    for version in (own.dim, own.bright):
        assert np.allclose(version.mean, 0, atol=1e-9)
        assert np.allclose(version.std, 1)
    for stage in meeting.stages:
        assert np.array_equal(stage.dim.edges, stage.bright.edges)


def test_the_gap_is_the_distance_of_wasserstein_in_spreads(photo: Image.Image) -> None:
    meeting = dim_and_bright(photo, MEAN, STD)
    gaps = []
    for channel in range(3):
        dim, bright = (each[..., channel].ravel() / 255 for each in (meeting.dim, meeting.bright))
        gaps.append(wasserstein_distance(dim, bright) / np.sqrt((dim.var() + bright.var()) / 2))
    assert meeting.stage("pixels").gap == pytest.approx(float(np.mean(gaps)))


def test_light_that_is_cut_is_told(photo: Image.Image) -> None:
    meeting = dim_and_bright(photo, MEAN, STD, dim=0.5, bright=3.0)
    assert meeting.clipped == pytest.approx(float((np.asarray(photo) * 3.0 > 255).mean()))
    assert meeting.clipped > 0.3
    assert meeting.stage("own").gap > dim_and_bright(photo, MEAN, STD, bright=1.05).stage("own").gap
    assert np.array_equal(meeting.dim, np.rint(np.asarray(photo) * 0.5).astype(np.uint8))


@pytest.mark.parametrize("image", [Image.new("RGB", (1, 1), "teal"), Image.new("RGB", (9, 9), "black")])
def test_pictures_of_one_colour_give_numbers(image: Image.Image) -> None:
    meeting = dim_and_bright(image, MEAN, STD)
    assert all(np.isfinite(stage.gap) for stage in meeting.stages)
    assert meeting.stage("own").gap == 0
    assert np.isfinite(normalise(image, MEAN, STD).after.shares).all()


def test_impossible_numbers_are_refused(photo: Image.Image) -> None:
    for factors in ({"dim": 0.0}, {"bright": -1.0}, {"dim": float("inf")}):
        with pytest.raises(PipelineRejected, match="above zero"):
            dim_and_bright(photo, MEAN, STD, **factors)
    with pytest.raises(PipelineRejected, match="above zero"):
        normalise(photo, MEAN, (0.2, 0.0, 0.2))
