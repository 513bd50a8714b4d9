"""The experiment "Does it help?": the job, and the page around it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.augmentation import (
    EXAMPLE,
    Experiment,
    Pipeline,
    PipelineRejected,
    Step,
    read_image_zip,
    take_evenly,
    train_twice,
)
from explorer.augmentation.work import (
    POINTS,
    TARGET,
    Order,
    do_order,
    list_sources,
    load_pictures,
    pack,
    read_experiment,
    run_order,
    seconds_left,
    unpack,
)
from explorer.jobs import Limits, LocalJobs
from explorer.jobs import Order as JobOrder
from explorer.jobs.order import Context
from explorer.text import as_plain_text
from explorer.transfer.trial import Trial
from explorer.transfer.work import make_order
from explorer.ui.augmentation import does_it_help
from explorer.ui.session import jobs as session_jobs
from tests.augmentation.test_image_zip import make_zip, png, two_classes
from tests.jobs.working import Place, begin, finish, until
from tests.pages.opening import Browser, run, run_snippet, texts_of
from tests.pages.test_augmentation import open_augmentation
from tests.pages.toy_jobs import ToyJobs

FLIP = Pipeline((Step("RandomHorizontalFlip"),))


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ToyJobs:
    """During this test the page's jobs are done by `do_here` alone."""
    toys = ToyJobs(tmp_path / "jobs")
    monkeypatch.setattr(session_jobs, "open_jobs", lambda: toys)
    return toys


@pytest.fixture
def four_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shortest training that the page offers has four steps during this test; the longer ones stay."""
    monkeypatch.setattr(does_it_help, "STEPS", (4, *does_it_help.STEPS))


def do_here(toys: ToyJobs, job: str) -> Experiment:
    """Do a job in this process."""
    folder = toys.result(job)
    context = Context(0, {}, folder / "inputs", folder / "0", lambda event: toys.tell(job, 0, event), lambda: False)
    assert toys.orders[job].target == TARGET
    do_order(context)
    toys.tell(job, 0, state="done")
    toys.change(job, "done")
    found = read_experiment(toys.follow(job))
    assert found is not None
    return found


def job_of(app: AppTest) -> str:
    """The job that the page shows; its address names the same."""
    job = app.session_state["augmentation_job"]
    assert app.query_params["job"] in (job, [job])
    return job


def order_of(jobs: ToyJobs, job: str) -> Order:
    return Order.from_json((jobs.result(job) / "inputs" / "order.json").read_text())


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


def submit(toys: ToyJobs, order: Order) -> str:
    return toys.submit(JobOrder(TARGET, ({},), "a training"), {"order.json": order.to_json().encode()})


def test_a_job_gives_what_the_library_gives(toys: ToyJobs) -> None:
    found = do_here(toys, submit(toys, Order("digits", 60, FLIP.to_json(), 6, 3)))
    expected = train_twice(load_pictures("digits", 60), FLIP, 6, 3, points=POINTS)
    assert (found.done, found.stopped) == (6, False)
    assert found.plain.steps == expected.plain.steps
    np.testing.assert_allclose(found.augmented.validation_loss, expected.augmented.validation_loss, rtol=0.05)
    assert seconds_left(found) == 0
    assert seconds_left(replace(found, done=2, seconds=3.0)) == 6.0


def test_what_cannot_be_trained_is_said(toys: ToyJobs) -> None:
    pipeline = Pipeline((Step("RandomCrop", {"size": 64}),)).to_json()
    job = submit(toys, Order("digits", 60, pipeline, 5, 0))
    with pytest.raises(ValueError, match="cannot cut 64 x 64 pixels") as problem:
        do_here(toys, job)
    toys.change(job, "failed", problem=str(problem.value))
    app = open_augmentation({"part": "Does it help?", "job": job})
    assert "cannot cut 64 x 64 pixels" in app.error[0].value


def test_the_page_trains_and_shows_both_curves(browser_side: Browser, toys: ToyJobs, four_steps: None) -> None:
    app = open_augmentation({"part": "Does it help?", "pictures": "100", "steps": "4", "seed": "1"})
    assert not app.error
    run(app.button(key="train").click())
    assert app.button(key="train").disabled  # one at a time
    job = job_of(app)
    assert order_of(toys, job) == Order("digits", 100, EXAMPLE.to_json(), 4, 1)
    found = do_here(toys, job)
    run(app)
    again = open_augmentation({"part": "Does it help?", "job": job})  # as whoever is sent the link
    for each in (app, again):
        assert found.description in texts_of(each)
        assert not each.button(key="train").disabled
    arrays = browser_side.arrays("experiment")
    assert arrays["augmented_validation_accuracy"].tolist() == list(found.augmented.validation_accuracy)
    names, printed = run_snippet(again.code[0].value.replace("steps=4", "steps=2"))
    assert names["experiment"].pipeline == EXAMPLE.to_json()
    assert "against" in printed


def test_however_many_pages_train_one_process_does(
    browser_side: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trainings of two pages, and of the Transfer page, wait in one queue; a stopped one keeps what is there."""
    place = Place(tmp_path / "jobs")
    jobs = LocalJobs(place.root, Limits(niceness=0))
    monkeypatch.setattr(session_jobs, "open_jobs", lambda: jobs)
    pages = [open_augmentation({"part": "Does it help?", "pictures": "1600", "steps": "1000"}) for _ in range(2)]
    first, second = (job_of(run(app.button(key="train").click())) for app in pages)
    third = jobs.submit(make_order([Trial("tiny-vgg", "head", device="cpu")], "another browser"))
    begin(jobs, first)  # the first point is there
    assert [jobs.follow(job).state for job in (first, second, third)] == ["running", "queued", "queued"]
    assert jobs.follow(third).ahead == 2
    assert len(place.processes("worker")) == 1
    assert len(place.processes("device_queue")) == 1
    jobs.stop(third)
    run(pages[1].button(key="stop_augmentation").click())
    app = pages[0]
    run(app.button(key="stop_augmentation").click())
    status = finish(jobs, first)
    found = read_experiment(status)
    assert status.state == "stopped"
    assert found is not None
    assert found.stopped
    run(app)
    assert not app.button(key="train").disabled
    assert "Stopped early. " in texts_of(app)
    until(lambda: not place.processes("worker"))  # nothing is left of it when its page is gone


def test_the_queue_is_told_and_a_refusal_too(toys: ToyJobs) -> None:
    toys.full = "You have 3 unfinished jobs, which is the limit."
    app = open_augmentation({"part": "Does it help?"})
    run(app.button(key="train").click())
    assert [each.value for each in app.error] == [toys.full]
    toys.full = ""
    toys.submit(JobOrder("explorer.toys:toy", ({},), "another one"))
    run(app.button(key="train").click())
    assert not app.error
    assert "1 job before yours." in texts_of(app)
    assert "1. another one, queued\n2. **yours**, queued" in texts_of(app)
    other = open_augmentation({"part": "Does it help?", "job": job_of(app), "pictures": "800"})
    headings = "\n".join(each.value for each in other.subheader).replace("\\", "")
    assert "Handwritten digits: at most 200 pictures, 200 steps" in headings  # not the 800 of its own choice
    assert "One at a time: the training below is under way." in texts_of(other).replace("\\", "")
    assert not any(each.key == "stop_augmentation" for each in other.button)
    run(app.button(key="stop_augmentation").click())
    assert "Stopped before anything was measured." in texts_of(app)


def test_a_link_to_no_training_of_this_page_is_said(toys: ToyJobs) -> None:
    other = toys.submit(JobOrder("explorer.toys:toy", ({},), "a comparison"))
    for job, problem in (("gone", "There is no job gone."), (other, "This job is no training of a pipeline")):
        app = open_augmentation({"part": "Does it help?", "job": job})
        assert app.warning[0].value.startswith(problem)
        run(app.button(key="forget_job").click())
        assert not app.warning
        assert "job" not in app.query_params


def test_run_order_stops_when_told() -> None:
    seen: list[int] = []
    experiment = run_order(
        Order("digits", 60, FLIP.to_json(), 20, 0), lambda each: (seen.append(each.done), len(seen) >= 2)[1]
    )
    assert experiment.stopped
    assert seen == [0, 1]


def test_pictures_go_with_a_job_as_they_are() -> None:
    data = read_image_zip(make_zip(two_classes(6))).pictures
    read = unpack(pack(data))
    assert (read.images == data.images).all()
    assert (read.labels == data.labels).all()
    assert read.classes == data.classes == ("blue", "red")
    with pytest.raises(PipelineRejected, match="did not come along"):
        load_pictures("own", 100)


def test_an_own_folder_is_trained_on(
    browser_side: Browser, toys: ToyJobs, four_steps: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_zip({**two_classes(40), "red/notes.txt": b"hello", "red/[x](y)/0.png": png()})
    app = open_augmentation({"part": "Does it help?", "source": "Your own folder (ZIP)", "steps": "4", "seed": "1"})
    assert app.button(key="train").disabled
    assert "Choose a ZIP file" in texts_of(app)
    run(app.file_uploader(key="augmentation_zip_file_0").upload("mine_1.zip", data, "application/zip"))
    assert not app.error
    description = texts_of(app)
    assert as_plain_text("mine_1.zip: 80 pictures of 2 classes (blue, red). Left out: 1 file that is no") in description
    run(app.button(key="train").click())
    job = job_of(app)
    assert order_of(toys, job) == Order("own", 200, EXAMPLE.to_json(), 4, 1, "mine_1.zip")
    found = do_here(toys, job)
    run(app)
    assert found.classes == ("blue", "red")
    assert (found.training, found.validation) == (60, 20)
    assert found.description in texts_of(app)
    (tmp_path / "mine_1.zip").write_bytes(data)
    monkeypatch.chdir(tmp_path)
    code = next(block.value for block in app.code if "read_image_zip" in block.value)
    names, _ = run_snippet(code.replace("steps=4", "steps=2"))
    wanted = take_evenly(read_image_zip(data).pictures, 200)
    assert (names["data"].images == wanted.images).all()


def test_a_broken_folder_loses_nothing_and_a_link_brings_it_where_copies_share_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPLORER_STORE", str(tmp_path))
    app = open_augmentation({"part": "Does it help?", "source": "Your own folder (ZIP)"})
    uploader = app.file_uploader(key="augmentation_zip_file_0")
    run(uploader.upload("broken.zip", b"nothing of the kind", "application/zip"))
    assert [each.value for each in app.error] == ["This is no ZIP file; put one folder for each class into a ZIP file."]
    assert app.button(key="train").disabled
    run(app.file_uploader(key="augmentation_zip_file_1").upload("good.zip", make_zip(two_classes()), "application/zip"))
    assert not app.error
    assert not app.button(key="train").disabled
    one = make_zip({f"*a*/{number}.png": png() for number in range(9)})
    run(app.file_uploader(key="augmentation_zip_file_2").upload("one.zip", one, "application/zip"))
    assert "this ZIP file has '\\*a\\*' 9. The pictures of good.zip are still here." in app.error[0].value
    assert not app.button(key="train").disabled
    other = open_augmentation(dict(app.query_params))
    assert "good.zip: " in texts_of(other)
    assert not other.button(key="train").disabled
    run(other.selectbox(key="source").set_value("digits"))
    assert "zip" not in other.query_params
