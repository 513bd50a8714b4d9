"""The experiment "Does it help?": the process, and the page around it."""

import json
import time

import numpy as np
import pytest

from explorer.augmentation import EXAMPLE, Pipeline, PipelineRejected, Step, train_twice
from explorer.ui.augmentation_job import Job
from explorer.ui.augmentation_run import POINTS, Order, list_sources, load_pictures, run_order
from tests.pages.opening import Browser, run
from tests.pages.test_augmentation import arrays_of, open_augmentation, run_snippet, told_by

PATIENCE = 240
FLIP = Pipeline((Step("RandomHorizontalFlip"),))


def wait_for(job: Job, *states: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while job.state not in states and time.monotonic() < deadline:
        time.sleep(0.2)
    assert job.state in states, job.problem


def test_the_digits_are_scikit_learns() -> None:
    from sklearn.datasets import load_digits

    data = load_pictures("digits", 50)
    assert data.images.shape == (50, 3, 32, 32)
    assert np.bincount(data.labels).tolist() == [5] * 10
    raw = load_digits()
    for label in range(10):
        first = raw.images[raw.target == label][:5] * 255 / 16
        np.testing.assert_allclose(data.images[data.labels == label, 0, ::4, ::4], first, atol=0.5)
    np.testing.assert_allclose(data.images[0, 1, ::4, ::4], raw.images[0] * 255 / 16, atol=0.5)
    assert (data.images[0, :, 0:4, 0:4] == data.images[0, 0, 0, 0]).all()


def test_photographs_where_they_are() -> None:
    if "cifar10" not in list_sources():
        pytest.skip("EXPLORER_DATA holds no CIFAR-10")
    data = load_pictures("cifar10", 40)
    assert data.images.shape == (40, 3, 32, 32)
    assert np.bincount(data.labels).tolist() == [4] * 10
    assert data.classes[3] == "cat"


@pytest.mark.parametrize("changes", [{"source": "faces"}, {"count": 3}, {"steps": 0}, {"steps": 10**6}])
def test_an_order_out_of_range(changes: dict[str, object]) -> None:
    good = json.loads(Order("digits", 100, FLIP.to_json(), 10, 0).to_json())
    assert Order.from_json(json.dumps(good)) == Order(**good)
    with pytest.raises(PipelineRejected, match="out of range"):
        Order.from_json(json.dumps({**good, **changes}))


def test_a_process_gives_what_the_library_gives_and_can_be_stopped() -> None:
    order = Order("digits", 60, FLIP.to_json(), 6, 3)
    job = Job(order)
    wait_for(job, "done")
    found = job.experiment
    expected = train_twice(load_pictures("digits", 60), FLIP, 6, 3, points=POINTS)
    assert found is not None
    assert found.done == 6
    assert found.plain.steps == expected.plain.steps
    np.testing.assert_allclose(found.augmented.validation_loss, expected.augmented.validation_loss, rtol=0.05)
    assert job.seconds_left(found) == 0
    long = Job(Order("digits", 100, EXAMPLE.to_json(), 2000, 0))
    deadline = time.monotonic() + PATIENCE
    while long.experiment is None and time.monotonic() < deadline:
        time.sleep(0.2)
    long.stop()
    assert long.state == "stopped"
    assert long.experiment is not None
    assert long.experiment.stopped


def test_what_cannot_be_trained_is_said() -> None:
    job = Job(Order("digits", 60, Pipeline((Step("RandomCrop", {"size": 64}),)).to_json(), 5, 0))
    wait_for(job, "failed")
    assert "cannot cut 64 x 64 pixels" in job.problem


def test_the_page_trains_and_shows_both_curves(browser_side: Browser) -> None:
    app = open_augmentation({"part": "Does it help?", "pictures": "100", "steps": "50", "seed": "1"})
    assert not app.error
    run(app.button(key="train").click())
    job: Job = app.session_state["augmentation_job"]
    assert job.order == Order("digits", 100, EXAMPLE.to_json(), 50, 1)
    if job.state == "running":
        assert app.button(key="train").disabled  # one at a time
    wait_for(job, "done")
    run(app)
    found = job.experiment
    assert found is not None
    assert found.told in told_by(app)
    arrays = arrays_of(browser_side, "experiment-npz")
    assert arrays["augmented_validation_accuracy"].tolist() == list(found.augmented.validation_accuracy)
    assert not app.button(key="train").disabled
    names, printed = run_snippet(app.code[0].value.replace("steps=50", "steps=2"))
    assert names["experiment"].pipeline == EXAMPLE.to_json()
    assert "against" in printed


def test_the_page_stops_it(browser_side: Browser) -> None:
    app = open_augmentation({"part": "Does it help?", "pictures": "1600", "steps": "1000"})
    run(app.button(key="train").click())
    run(app.button(key="stop_training").click())
    job: Job = app.session_state["augmentation_job"]
    assert job.state == "stopped"
    assert not app.button(key="train").disabled
    assert "Stopped" in told_by(app)


def test_run_order_stops_when_told() -> None:
    seen: list[int] = []
    experiment = run_order(
        Order("digits", 60, FLIP.to_json(), 20, 0), lambda each: (seen.append(each.done), len(seen) >= 2)[1]
    )
    assert experiment.stopped
    assert seen == [0, 1]
