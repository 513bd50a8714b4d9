"""The experiment: the same start for both, curves that grow together, and a sentence that claims what was measured."""

import json

import numpy as np
import pytest
import torch

from explorer.augmentation import (
    Curve,
    Experiment,
    Pictures,
    Pipeline,
    PipelineRejected,
    Step,
    train_in_turns,
    train_twice,
)
from explorer.augmentation.training_twice import split

# Nothing that enlarges: the pictures here have 16 pixels a side.
QUICK = Pipeline((Step("RandomRotation", {"degrees": (-5, 5)}, 0.5), Step("ColorJitter", {"hue": None}, 0.8)))
FLIP = Pipeline((Step("RandomHorizontalFlip", {}, 1.0),))


def make_pictures(each: int = 12, side: int = 16, classes: int = 3) -> Pictures:
    """Stripes of different directions under noise: easy to learn."""
    drawn = np.random.default_rng(0)
    y, x = np.mgrid[0:side, 0:side]
    patterns = [np.sin(x), np.sin(y), np.sin(x + y)][:classes]
    images = np.stack(
        [120 + 80 * pattern + drawn.normal(0, 25, (3, side, side)) for pattern in patterns for _ in range(each)]
    )
    labels = np.repeat(np.arange(classes), each)
    return Pictures(images.clip(0, 255).astype(np.uint8), labels, tuple("abc"[:classes]))


def test_without_a_pipeline_both_are_one_and_the_same() -> None:
    result = train_twice(make_pictures(), Pipeline(), steps=6, points=3, side=16)
    assert result.plain == result.augmented
    assert result.plain.steps == (0, 2, 4, 6)


@pytest.mark.parametrize("side", [16, 24])
def test_a_certain_flip_is_training_on_mirrored_pictures(side: int) -> None:
    data = make_pictures()
    flipped = Pictures(data.images[..., ::-1].copy(), data.labels, data.classes)
    wanted = train_twice(flipped, Pipeline(), steps=4, points=2, side=side)
    found = train_twice(data, FLIP, steps=4, points=2, side=side)
    # The losses on what is learned from; the mirrored pictures' mean and deviation are the same.
    assert np.allclose(found.augmented.loss[1:], wanted.plain.loss[1:], atol=1e-4)
    assert found.plain != found.augmented


def test_it_learns_and_repeats() -> None:
    data = make_pictures()
    state = torch.get_rng_state()
    first = train_twice(data, QUICK, steps=30, points=3, seed=1, side=16)
    assert torch.equal(torch.get_rng_state(), state)
    again = train_twice(data, QUICK, steps=30, points=3, seed=1, side=16)
    assert (first.plain, first.augmented) == (again.plain, again.augmented)
    assert first.plain.training_accuracy[-1] > 0.9
    assert first.plain.loss[-1] < 0.5 * first.plain.loss[0]
    other = train_twice(data, QUICK, steps=30, points=3, seed=2, side=16)
    assert other.plain != first.plain
    assert first.plain.validation_loss[0] == first.augmented.validation_loss[0]  # the same first weights
    assert (first.training, first.validation) == (27, 9)
    assert Pipeline.from_json(first.pipeline) == QUICK


def test_progress_sees_every_point_and_stops() -> None:
    seen: list[Experiment] = []

    def progress(so_far: Experiment) -> bool:
        seen.append(so_far)
        return so_far.done >= 4

    result = train_twice(make_pictures(), FLIP, steps=10, points=5, side=16, progress=progress)
    assert [each.done for each in seen] == [0, 2, 4]
    assert result.stopped
    assert result.plain.steps == result.augmented.steps == (0, 2, 4)
    whole = train_twice(make_pictures(), FLIP, steps=4, points=2, side=16, progress=lambda so_far: so_far.done == 4)
    assert not whole.stopped
    assert whole.done == 4
    assert whole.seconds > 0


def test_results_come_one_after_the_other_and_back_from_json() -> None:
    lengths = []
    for so_far in train_in_turns(make_pictures(), FLIP, steps=3, points=7, side=16):
        lengths.append(len(so_far.plain.steps))
        text = so_far.to_json()
        assert Experiment.from_json(text) == so_far
        assert "\n" not in text
        assert json.loads(text)["steps"] == 3
    assert lengths == [1, 2, 3, 4]


def test_the_split_is_a_quarter_of_each_class() -> None:
    labels = np.array([0] * 8 + [1] * 20 + [2] * 2)
    training, held_out = split(labels, seed=3)
    assert sorted([*training, *held_out]) == list(range(30))
    assert np.bincount(labels[held_out]).tolist() == [2, 5, 1]
    assert not np.array_equal(split(labels, 4)[1], held_out)


def outcome(without: float, with_it: float, held_out: int) -> str:
    curves = [Curve((0,), (1.0,), (0.5,), (value,), (1.0,)) for value in (without, with_it)]
    return Experiment(("a", "b"), 90, held_out, "", 5, 0, *curves, done=5).description


def test_the_sentence_claims_no_more_than_the_numbers() -> None:
    assert outcome(0.6, 0.65, 40).startswith("No clear difference: 65.0 % with the pipeline against 60.0 % without")
    assert outcome(0.6, 0.65, 4000).startswith("The pipeline helped: 65.0 %")
    assert outcome(0.9, 0.5, 100).startswith("The pipeline hurt: 50.0 %")
    assert "Nothing" in Experiment(("a", "b"), 9, 3, "", 5, 0).description


def test_pictures_that_do_not_fit_are_refused() -> None:
    good = make_pictures()
    for images, labels, classes, said in (
        (good.images[:, :2], good.labels, good.classes, "bytes with one label"),
        (good.images.astype(float), good.labels, good.classes, "bytes with one label"),
        (good.images, good.labels[:5], good.classes, "bytes with one label"),
        (good.images, good.labels * 0, ("a",), "at least two classes"),
        (good.images, good.labels, ("a", "b"), "none of the classes"),
        (good.images, good.labels, ("a", "b", "c", "d"), "'d' has 0"),
        (good.images[:13], good.labels[:13], ("a", "b"), "'b' has 1"),
    ):
        with pytest.raises(PipelineRejected, match=said):
            Pictures(images, labels, classes)
    for wrong in ({"steps": 0}, {"batch_size": 0}, {"points": 0}, {"side": 4}):
        with pytest.raises(PipelineRejected, match="or more"):
            train_twice(good, FLIP, **wrong)
    with pytest.raises(PipelineRejected, match="cannot cut 100 x 100"):
        train_twice(good, Pipeline((Step("RandomCrop", {"size": 100}),)), steps=2, side=16)
