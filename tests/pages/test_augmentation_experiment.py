"""The experiment "Does it help?": the process, and the page around it."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from explorer.augmentation import (
    EXAMPLE,
    Pipeline,
    PipelineRejected,
    Step,
    read_image_zip,
    take_evenly,
    train_twice,
)
from explorer.augmentation.process import Job
from explorer.augmentation.work import POINTS, Order, list_sources, load_pictures, pack, run_order, unpack
from explorer.text import as_plain_text
from tests.augmentation.test_image_zip import make_zip, png, two_classes
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
    assert found.description in told_by(app)
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


def test_pictures_go_from_process_to_process_as_they_are() -> None:
    data = read_image_zip(make_zip(two_classes(6))).pictures
    read = unpack(pack(data))
    assert (read.images == data.images).all()
    assert (read.labels == data.labels).all()
    assert read.classes == data.classes == ("blue", "red")
    assert "\n" not in pack(data)
    with pytest.raises(PipelineRejected, match="did not come along"):
        load_pictures("own", 100)


def test_an_own_folder_is_trained_on(browser_side: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = make_zip({**two_classes(40), "red/notes.txt": b"hello", "red/[x](y)/0.png": png()})
    app = open_augmentation({"part": "Does it help?", "source": "Your own folder (ZIP)", "steps": "50", "seed": "1"})
    assert app.button(key="train").disabled
    assert "Choose a ZIP file" in told_by(app)
    run(app.file_uploader(key="own_folder").set_value(("mine_1.zip", data, "application/zip")))
    assert not app.error
    description = told_by(app)
    assert as_plain_text("mine_1.zip: 80 pictures of 2 classes (blue, red). Left out: 1 file that is no") in description
    run(app.button(key="train").click())
    job: Job = app.session_state["augmentation_job"]
    assert job.order == Order("own", 200, EXAMPLE.to_json(), 50, 1)
    wait_for(job, "done")
    run(app)
    assert job.experiment is not None
    assert job.experiment.classes == ("blue", "red")
    assert (job.experiment.training, job.experiment.validation) == (60, 20)
    assert job.experiment.description in told_by(app)
    (tmp_path / "mine_1.zip").write_bytes(data)
    monkeypatch.chdir(tmp_path)
    code = next(block.value for block in app.code if "read_image_zip" in block.value)
    names, _ = run_snippet(code.replace("steps=50", "steps=2"))
    wanted = take_evenly(read_image_zip(data).pictures, 200)
    assert (names["data"].images == wanted.images).all()


def test_a_broken_folder_loses_nothing() -> None:
    app = open_augmentation({"part": "Does it help?", "source": "Your own folder (ZIP)"})
    uploader = app.file_uploader(key="own_folder")
    run(uploader.set_value(("broken.zip", b"nothing of the kind", "application/zip")))
    assert [each.value for each in app.error] == ["This is no ZIP file; put one folder for each class into a ZIP file."]
    assert app.button(key="train").disabled
    run(app.file_uploader(key="own_folder").set_value(("good.zip", make_zip(two_classes()), "application/zip")))
    assert not app.error
    assert not app.button(key="train").disabled
    one = make_zip({f"a_b/{number}.png": png() for number in range(9)})
    run(app.file_uploader(key="own_folder").set_value(("one.zip", one, "application/zip")))
    assert "this ZIP file has 'a\\_b' 9. The pictures of good.zip are still here." in app.error[0].value
    assert not app.button(key="train").disabled
