"""Beliefs of draws, one by one and on average, against the network asked picture by picture."""

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.augmentation import EXAMPLE, Pipeline, PipelineRejected, Step, average_draws, probabilities_of_draws
from explorer.zoo import VisionModel
from tests.anatomy.networks import open_shipped


@pytest.fixture(scope="module")
def model() -> VisionModel:
    return open_shipped("tiny-vgg")


def ask(model: VisionModel, image: Image.Image) -> np.ndarray:
    with torch.inference_mode():
        return model.network(model.preprocessing.tensor(image))[0].softmax(0).numpy()


def test_each_draw_is_asked_as_if_it_were_alone(model: VisionModel, small: Image.Image) -> None:
    draws = [draw.image for draw in EXAMPLE.draw_many(small, 9, 0)]
    found = probabilities_of_draws(model, small, draws)
    assert found.probabilities.shape == (9, 10)
    assert np.abs(found.probabilities - np.stack([ask(model, draw) for draw in draws])).max() < 1e-5
    assert np.abs(found.single - ask(model, small)).max() < 1e-5
    assert found.target == ask(model, small).argmax()
    assert (np.diff(found.of_target[found.order]) <= 0).all()
    assert sorted(found.order) == list(range(9))
    wanted = np.mean([ask(model, draw).argmax() == found.target for draw in draws])
    assert found.kept == pytest.approx(float(wanted))


def test_batches_do_not_change_what_is_believed(
    model: VisionModel, small: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = [draw.image for draw in EXAMPLE.draw_many(small, 5, 0)]
    whole = probabilities_of_draws(model, small, draws)
    monkeypatch.setattr("explorer.zoo.served.PIXELS", 1)
    parts = probabilities_of_draws(model, small, draws)
    assert np.abs(whole.probabilities - parts.probabilities).max() < 1e-5


def test_the_average_is_over_the_draws(model: VisionModel, small: Image.Image) -> None:
    average = average_draws(model, small, EXAMPLE, count=7, seed=5)
    assert [draw.seed for draw in average.draws] == list(range(5, 12))
    probabilities = np.stack([ask(model, EXAMPLE.draw(small, seed)) for seed in range(5, 12)])
    assert np.abs(average.mean - probabilities.mean(axis=0)).max() < 1e-5
    deviations = np.sqrt(((probabilities - probabilities.mean(axis=0)) ** 2).sum(axis=0) / 6)
    assert np.abs(average.spread - deviations).max() < 1e-5
    assert float(average.mean.sum()) == pytest.approx(1, abs=1e-5)


def test_without_chance_there_is_no_spread(model: VisionModel, small: Image.Image) -> None:
    for pipeline, count in ((Pipeline(), 4), (Pipeline((Step("RandomInvert", {}, 0.0),)), 3), (EXAMPLE, 1)):
        average = average_draws(model, small, pipeline, count)
        assert np.abs(average.spread).max() < 1e-6
        if pipeline is not EXAMPLE:
            assert np.abs(average.mean - average.single).max() < 1e-5


def test_no_draws_are_refused(model: VisionModel, small: Image.Image) -> None:
    with pytest.raises(PipelineRejected, match="no draws"):
        probabilities_of_draws(model, small, [])
    with pytest.raises(PipelineRejected, match="no draws"):
        average_draws(model, small, EXAMPLE, count=0)
