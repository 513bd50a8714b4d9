"""The Transfer page: what its controls order, what is drawn and told while a job runs, and what a link finds again."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from explorer.augmentation import EXAMPLE, Pipeline
from explorer.jobs.order import JobUnknown, Order, TaskStatus
from explorer.signing import sign
from explorer.transfer.data import sources
from explorer.transfer.data.built_in import load_built_in
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.data.shapes import SHAPES as SHAPE_NAMES
from explorer.transfer.data.sources import read_zip
from explorer.transfer.evaluation.comparing import group_experiments
from explorer.transfer.evaluation.figures import make_report
from explorer.transfer.progress import Seen, curve_lines, describe_extent, describe_strategies, done_share
from explorer.transfer.strategies import plan
from explorer.transfer.time_left import seconds_left
from explorer.transfer.trial import DEFAULT_RECIPE, FOUR, STRATEGIES, STRATEGY_TITLES, Recipe, Strategy, Trial
from explorer.transfer.work import TARGET
from explorer.ui.session import browser
from explorer.ui.session import jobs as session_jobs
from explorer.ui.transfer import state as transfer_state
from explorer.ui.transfer.plan import compute_drawing
from explorer.ui.transfer.recipe import pipeline_of
from explorer.zoo import load_model
from tests.pages.opening import open_page, run, texts_of
from tests.pages.toy_jobs import ToyJobs, toy_experiment

NETWORK = "tiny-vgg"


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ToyJobs:
    """During this test all jobs are toys."""
    toys = ToyJobs(tmp_path)
    monkeypatch.setattr(session_jobs, "open_jobs", lambda: toys)
    return toys


@pytest.fixture(scope="module")
def digits() -> PictureSet:
    return load_built_in("digits", 10)


SHAPES = {"data": "Shapes on textured grounds", "each": "10"}


def open_transfer(address: dict[str, str | list[str]] | None = None) -> AppTest:
    return open_page("transfer", {"model": NETWORK, "part": "Train", **SHAPES, **(address or {})})


def train(app: AppTest) -> AppTest:
    return run(app.button(key="train_transfer").click())


def only_order(jobs: ToyJobs) -> tuple[str, Order]:
    ((name, order),) = jobs.orders.items()
    return name, order


def step_event(step: int, **more: float) -> dict[str, float]:
    """What a training of four epochs with four steps each tells after a step."""
    told = {"step": step, "of": 16, "epoch": step / 4, "done": step / 16, "spent": step / 8, "loss": 0.5, "rate": 1e-3}
    return {**told, "gradient_norm": 2.0, **more}


def trials_of(order: Order) -> list[Trial]:
    return [Trial.from_dict(task["trial"]) for task in order.tasks]


def test_one_click_trains_all_four_with_three_seeds(jobs: ToyJobs) -> None:
    app = open_page("transfer", {"model": NETWORK, **SHAPES})
    assert app.segmented_control(key="part").value == "pictures"
    button = app.button(key="train_transfer")
    assert button.label == "Train all four"
    train(app)
    name, order = only_order(jobs)
    assert app.query_params["job"] == name
    assert app.segmented_control(key="part").value == "strategies"
    assert order.target == TARGET == "explorer.transfer.work:do_trial"
    assert order.device == "cpu"
    assert order.owner
    trials = trials_of(order)
    assert [(trial.strategy, trial.seed) for trial in trials] == [
        (each, seed) for seed in range(3) for each in ("head", "truncated", "scratch", "full")
    ]  # within seconds there is a classifier to try
    assert {trial.network for trial in trials} == {NETWORK}
    assert {trial.recipe for trial in trials} == {DEFAULT_RECIPE}
    assert {trial.share for trial in trials} == {1.0}
    pictures = read_zip((jobs.root / name / "inputs" / "pictures.zip").read_bytes(), "digits").pictures
    assert pictures.key == load_built_in("shapes", 10).key
    assert pictures.title not in order.title  # other people in the queue read it
    assert app.button(key="train_transfer").disabled  # one at a time


def test_every_control_reaches_the_order(jobs: ToyJobs) -> None:
    app = open_transfer()
    app.multiselect(key="strategies").set_value(["gradual", "truncated"])
    run(app)
    app.select_slider(key="seeds").set_value(2)
    app.button_group(key="shares").set_value([25, 100])
    app.number_input(key="split_seed").set_value(7)
    app.select_slider(key="kept").set_value(1)
    app.selectbox(key="optimiser").set_value("sgd")
    app.select_slider(key="rate").set_value(1e-2)
    app.select_slider(key="backbone").set_value(0.3)
    app.selectbox(key="schedule").set_value("step")
    app.number_input(key="epochs").set_value(3)
    app.select_slider(key="budget").set_value(60)
    app.select_slider(key="batch").set_value(16)
    app.select_slider(key="steps").set_value(200)
    app.select_slider(key="patience").set_value(0.2)
    app.select_slider(key="decay").set_value(1e-3)
    app.select_slider(key="dropout").set_value(0.5)
    app.select_slider(key="smoothing").set_value(0.1)
    app.selectbox(key="augment").set_value("small")
    run(app)
    assert (
        "2 strategies × 2 seeds × 2 shares: 8 trainings of 3 epochs, at least 200 steps, at most 60 s each"
        in texts_of(app)
    )
    train(app)
    recipe = Recipe("sgd", 1e-2, 0.3, "step", 3, 200, 60.0, 16, 1e-3, 0.5, 0.1, 0.2, pipeline_of("small"))
    wanted = [
        Trial(NETWORK, strategy, recipe, seed, share, 7, 1 if strategy == "truncated" else 0, "cpu")
        for share in (1.0, 0.25)
        for seed in range(2)
        for strategy in ("truncated", "gradual")
    ]
    assert trials_of(only_order(jobs)[1]) == wanted


def test_every_seed_can_have_a_split_of_its_own(jobs: ToyJobs) -> None:
    app = open_transfer({"seeds": "2", "split_seed": "5"})
    assert "only about" in texts_of(app)  # 30 pictures: it says what else could be done
    app.toggle(key="splits").set_value(True)
    run(app)
    assert "on a split for each seed" in texts_of(app)
    train(app)
    assert {(trial.seed, trial.split_seed) for trial in trials_of(only_order(jobs)[1])} == {(0, 5), (1, 6)}


def test_a_link_carries_the_choice(jobs: ToyJobs) -> None:
    asked = {"strategies": ["Gradual unfreezing"], "seeds": "1", "epochs": "4", "augment": "None", "split_seed": "3"}
    app = open_transfer(asked)
    train(app)
    assert trials_of(only_order(jobs)[1]) == [
        Trial(NETWORK, "gradual", replace(DEFAULT_RECIPE, epochs=4), split_seed=3, device="cpu")
    ]


def test_what_is_chosen_outlives_a_look_at_another_part(jobs: ToyJobs) -> None:
    app = open_transfer()
    app.number_input(key="epochs").set_value(5)
    app.multiselect(key="strategies").set_value(["head"])
    run(app)
    run(app.segmented_control(key="part").set_value("pictures"))
    assert "1 strategy × 3 seeds: 3 trainings of 5 epochs" in texts_of(app)
    run(app.segmented_control(key="part").set_value("strategies"))
    assert app.number_input(key="epochs").value == 5
    assert app.multiselect(key="strategies").value == ["head"]


def test_nothing_chosen_trains_nothing(jobs: ToyJobs) -> None:
    app = open_transfer()
    run(app.multiselect(key="strategies").set_value([]))
    assert app.button(key="train_transfer").disabled
    assert "Choose at least one strategy." in texts_of(app)


def test_pipelines() -> None:
    assert pipeline_of("none") == ""
    names = [step.transform for step in Pipeline.from_json(pipeline_of("small")).steps]
    assert names == ["RandomAffine", "ColorJitter"]


def test_the_pipeline_of_the_augmentation_page_is_trained_with(jobs: ToyJobs) -> None:
    app = open_transfer({"augment": "Your pipeline (Augmentation page)"})
    train(app)
    (pipeline,) = {trial.recipe.pipeline for trial in trials_of(only_order(jobs)[1])}
    assert Pipeline.from_json(pipeline) == EXAMPLE


def test_a_refusal_is_said_and_loses_nothing(jobs: ToyJobs) -> None:
    jobs.full = "You have 3 unfinished jobs, which is the limit."
    app = open_transfer({"epochs": "2"})
    train(app)
    assert [each.value for each in app.error] == [jobs.full]
    assert app.number_input(key="epochs").value == 2
    assert "job" not in app.query_params
    jobs.full = ""
    train(app)
    assert not app.error
    assert len(jobs.orders) == 1


def test_a_job_that_is_gone_is_said_in_a_sentence(jobs: ToyJobs) -> None:
    for part in ("Train", "Inside", "Take it home"):
        app = open_transfer({"job": "gone-1", "part": part})
        assert [each.value for each in app.warning] == ["There is no job gone-1."]
    app = open_transfer({"job": "gone-1"})
    assert not app.button(key="train_transfer").disabled
    run(app.button(key="forget_job").click())
    assert not app.warning
    assert "job" not in app.query_params


def test_the_queue_is_told(jobs: ToyJobs) -> None:
    jobs.submit(Order(TARGET, ({"trial": {}},), "another one", "somebody", "cpu"))
    app = open_transfer({"seeds": "1"})
    train(app)
    told = texts_of(app)
    assert "1 job before yours." in told
    assert "1. another one, queued\n2. **yours**, queued" in told
    run(app.button(key="stop_transfer").click())
    assert "Stopped. Nothing had been measured yet." in texts_of(app)
    assert not app.button(key="train_transfer").disabled


def test_a_running_job_is_told_and_stopped_with_what_is_there(jobs: ToyJobs, digits: PictureSet) -> None:
    app = open_transfer({"seeds": "1", "epochs": "4"})
    train(app)
    name, order = only_order(jobs)
    trials = trials_of(order)
    first = toy_experiment(digits, trials[0])
    first.save(jobs.root / name / "0")
    jobs.tell(name, 0, {"experiment": first.to_json()}, state="done")
    half = toy_experiment(digits, trials[1], epochs=1)
    jobs.tell(name, 1, {"experiment": half.to_json()}, step_event(8))
    run(app)
    bar = app.get("progress")[0].proto
    assert bar.value == int(100 * (1 + 8 / 16) / 4)
    assert "1 of 4 trainings done · Truncated, first stages frozen, seed 0, step 8 of 16 · about" in bar.text
    table = next(each.value for each in app.markdown if each.value.startswith("| Strategy"))
    wanted = f"{first.curve.validation_accuracy[-1]:.1%}".replace("%", " %")
    assert f"| New head, frozen backbone | 1 of 1 | {wanted} |" in table
    assert "| Truncated, first stages frozen | 0 of 1, training |" in table
    # Another browser that opens the link sees the same, whatever its own choice is, and can leave it but not stop it.
    other = open_transfer({"job": name, "model": "photo-net", "data": "Handwritten digits"})
    assert other.get("progress")[0].proto.text == bar.text
    headings = [each.value.replace("\\", "") for each in other.subheader]
    job = "tiny-vgg on Shapes on textured grounds: 4 strategies, 4 trainings"
    assert headings.index(job) < headings.index("The next comparison")
    assert f"One at a time: {job} is under way." in texts_of(other).replace("\\", "")
    assert "Another browser has started this job" in texts_of(other)
    assert not has_button(other, "stop_transfer")
    assert not run(other.button(key="leave_transfer").click()).get("progress")
    assert not other.button(key="train_transfer").disabled
    jobs.change(name, "running", stopping=True)  # as right after a click
    run(app)
    assert "Stopping. What has been measured stays" in texts_of(app)
    assert not has_button(app, "stop_transfer")
    assert not app.get("progress")
    jobs.change(name, "running", stopping=False)
    run(app)
    run(app.button(key="stop_transfer").click())
    assert "Stopped. 1 of 4 trainings of `tiny-vgg`" in texts_of(app)
    assert "Only 1 of 4 trainings of this comparison were measured" in texts_of(app)
    table = next(each.value for each in app.markdown if each.value.startswith("| Strategy"))
    at_stop = f"{100 * half.curve.validation_accuracy[-1]:.1f} %"
    assert f"| New head, frozen backbone | 1 of 1 | {wanted} |" in table
    assert f"| Truncated, first stages frozen | 0 of 1, 1 stopped | {at_stop} when stopped |" in table
    assert "| From scratch | 0 of 1 |  |" in table
    assert "| Full fine-tuning | 0 of 1 |  |" in table


def has_button(app: AppTest, key: str) -> bool:
    return any(each.key == key for each in app.button)


def test_an_owner_link_hands_a_job_on_for_good(jobs: ToyJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(browser, "sent_cookie", lambda: f"cd34.{sign('browser', 'cd34')}")
    app = open_transfer({"seeds": "1", "part": "Pictures"})
    train(app)
    name, order = only_order(jobs)
    assert order.owner == "cd34"  # as after every reload: limits are of the browser
    (link,) = (each.value for each in app.code if "owner=" in each.value)
    key = parse_qs(urlsplit(link).query)["owner"][0]
    number = "ab12"
    monkeypatch.setattr(browser, "sent_cookie", lambda: f"{number}.{sign('browser', number)}")
    assert not has_button(open_transfer({"job": name, "owner": "0" * 32}), "stop_transfer")
    handed = open_transfer({"job": name, "owner": key})
    assert has_button(handed, "stop_transfer")
    assert "owner" not in handed.query_params  # the address is what people send each other
    assert (jobs.root / name / "owners").stat().st_mode & 0o777 == 0o600
    again = open_transfer({"job": name, "part": "Pictures"})  # after a reload
    assert again.button(key="train_transfer").disabled
    run(again.button(key="watch_transfer").click())
    run(again.button(key="stop_transfer").click())
    assert jobs.statuses[name].state == "stopped"
    assert again.session_state["part"] == "strategies"


def test_a_job_is_deleted_by_its_owner(jobs: ToyJobs, digits: PictureSet) -> None:
    app = open_transfer({"seeds": "1"})
    train(app)
    name, _ = only_order(jobs)
    jobs.finish(name, transfer_state.pictures_of(name))
    run(app)
    assert not has_button(open_transfer({"job": name}), "delete_transfer")
    results = open_transfer({"job": name, "part": "Results", "data": "Handwritten digits"})
    assert "tiny-vgg on Shapes on textured grounds: 4 strategies" in texts_of(results).replace("\\", "")
    run(app.button(key="delete_transfer").click())
    assert not jobs.statuses
    assert [each.value for each in app.toast] == ["The job is deleted, with its pictures and results."]
    assert "job" not in app.query_params
    with pytest.raises(JobUnknown):
        transfer_state.pictures_of(name)


def test_what_is_told_of_validation_is_of_the_network_that_is_kept(digits: PictureSet) -> None:
    """That of the lowest validation loss, not the last; and a training that failed is not counted."""
    trial = Trial(NETWORK, "full", Recipe(epochs=4))
    curve = replace(
        toy_experiment(digits, trial).curve,
        validation_loss=(1.0, 0.4, 0.3, float("nan"), 0.9),
        validation_accuracy=(0.1, 0.5, 0.75, 1.0, 0.6),
    )
    told = {"experiment": replace(toy_experiment(digits, trial), curve=curve).to_json(), "measured": True}
    done, failed = TaskStatus("done", 1, (told,)), TaskStatus("failed", 1, (step_event(3),), "It broke.")
    tasks = [Seen.read(trial, task) for task in (done, failed)]
    assert describe_strategies(tasks) == [("Full fine-tuning", "1 of 2, 1 failed", "75.0 %")]


def test_a_report_says_what_is_not_in_it(digits: PictureSet) -> None:
    assert describe_extent(12, 12, ended=False) == describe_extent(12, 12, ended=True) == ""
    told = describe_extent(4, 12, ended=False)
    assert told == "This comparison was still running: 4 of 12 trainings had been measured."
    experiments = [toy_experiment(digits, Trial(NETWORK, strategy)) for strategy in FOUR]
    assert told in make_report(experiments, group_experiments(experiments), "Digits", told)
    assert "had been measured" not in make_report(experiments, group_experiments(experiments), "Digits")


def test_pictures_that_were_submitted_are_not_read_again(jobs: ToyJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(data: bytes, title: str) -> PictureSet:
        raise AssertionError("the pictures are at hand")

    monkeypatch.setattr(sources, "reopen", refuse)
    train(open_transfer({"seeds": "1"}))
    name, _ = only_order(jobs)
    sent = read_zip((jobs.root / name / "inputs" / "pictures.zip").read_bytes(), "again").pictures
    assert transfer_state.pictures_of(name).key == sent.key


def test_a_reload_finds_pictures_and_results_by_the_address(jobs: ToyJobs, digits: PictureSet) -> None:
    app = open_transfer({"seeds": "1", "epochs": "2"})
    train(app)
    name, order = only_order(jobs)
    pictures = read_zip((jobs.root / name / "inputs" / "pictures.zip").read_bytes(), "again").pictures
    made = jobs.finish(name, pictures)
    transfer_state._read_pictures.clear()  # as where the server has been started anew
    fresh = open_page("transfer", {"model": NETWORK, "job": name})
    assert fresh.segmented_control(key="part").value == "strategies"
    assert f"4 trainings of `{NETWORK}` in 12 s." in texts_of(fresh)
    assert f"Shapes on textured grounds: {len(pictures)} pictures of {len(pictures.classes)} classes" in texts_of(fresh)
    again = transfer_state.experiments_of(name)
    assert [each.trial for each, _ in again] == trials_of(order)
    assert [each.accuracy for each, _ in again] == [each.accuracy for each in made]
    assert [folder for _, folder in again] == [jobs.root / name / str(number) for number in range(4)]
    assert transfer_state.pictures_of(name).key == pictures.key


def test_why_a_training_failed_is_said_once(jobs: ToyJobs) -> None:
    app = open_transfer({"strategies": ["Truncated, first stages frozen"], "seeds": "2"})
    train(app)
    name, _ = only_order(jobs)
    tasks = tuple(replace(task, state="failed", problem="It cannot be cut.") for task in jobs.statuses[name].tasks)
    jobs.change(name, "failed", tasks=tasks)
    run(app)
    assert [each.value for each in app.error] == ["Truncated, first stages frozen: It cannot be cut."]


def test_what_cannot_be_done_on_a_network_is_left_out_with_its_reason(jobs: ToyJobs) -> None:
    app = open_transfer({"strategies": ["New head, frozen backbone", "Batch norm and head"], "seeds": "1"})
    (said,) = (each.value for each in app.warning)
    assert said.startswith("Batch norm and head is left out: tiny-vgg has no norm layers")
    train(app)
    assert [trial.strategy for trial in trials_of(only_order(jobs)[1])] == ["head"]


@pytest.mark.parametrize("strategy", [each for each in STRATEGIES if each != "norm"])
@pytest.mark.parametrize("network", [NETWORK, "photo-net"])
def test_the_drawing_tells_what_the_library_plans(network: str, strategy: Strategy) -> None:
    model = load_model(network, "cpu")
    drawn = compute_drawing(network, "cpu", 3, strategy, 0)
    planned = plan(model, 3, strategy)
    sums = {
        state: sum(each.parameters for each in planned if each.state == state)
        for state in ("frozen", "trained", "new", "removed")
    }
    found = dict.fromkeys(sums, 0)
    for stage in drawn.stages:
        for state, count in stage.parts:
            found[state] += count
    assert found == sums
    assert drawn.trained == sums["trained"] + sums["new"]
    assert drawn.parameters == drawn.trained + sums["frozen"]


def test_the_page_draws_the_chosen_strategies(jobs: ToyJobs) -> None:
    app = open_transfer()
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    titles = [each["text"] for each in figure["layout"]["annotations"]]
    assert [title.partition("</b>")[0] for title in titles] == [f"<b>{STRATEGY_TITLES[each]}" for each in FOUR]
    drawn = compute_drawing(NETWORK, "auto", len(SHAPE_NAMES), "scratch", 0)
    assert f": all {drawn.parameters / 1e3:.3g} k" in titles[0]


def seen(make: Callable[[], ToyJobs], digits: PictureSet, epochs: tuple[int, ...]) -> list[Seen]:
    """Tasks of one strategy with one seed each, so many epochs far; 4 of them are the end."""
    jobs = make()
    trials = [Trial(NETWORK, "head", Recipe(epochs=4), seed=seed) for seed in range(len(epochs))]
    name = jobs.submit(Order(TARGET, tuple({"trial": trial.to_dict()} for trial in trials), "toy"))
    for number, (trial, count) in enumerate(zip(trials, epochs, strict=True)):
        if count >= 0:
            event = {"experiment": toy_experiment(digits, trial, epochs=count).to_json()}
            jobs.tell(name, number, event, state="done" if count == 4 else "running")
    return [Seen.read(trial, task) for trial, task in zip(trials, jobs.statuses[name].tasks, strict=True)]


def test_time_left_is_by_the_nearest_training(tmp_path: Path, digits: PictureSet) -> None:
    # A toy epoch takes half a second: 2 s a training. One is done, one has half to go, one has not begun.
    tasks = seen(lambda: ToyJobs(tmp_path), digits, (4, 2, -1))
    assert seconds_left(tasks) == pytest.approx(1 + 2)
    assert done_share(tasks) == pytest.approx(0.5)
    assert seconds_left(seen(lambda: ToyJobs(tmp_path / "b"), digits, (-1, -1))) is None


def test_lines_are_means_of_seeds_that_are_done(tmp_path: Path, digits: PictureSet) -> None:
    tasks = seen(lambda: ToyJobs(tmp_path), digits, (4, 4, 1))
    lines = curve_lines(tasks, "validation_loss", "loss")
    faint = [line for line in lines if line.faint]
    assert [len(line.x) for line in faint] == [5, 5, 2]
    (mean,) = (line for line in lines if not line.faint and not line.dotted)
    for place, value in zip(mean.x, mean.y, strict=True):
        assert value == pytest.approx(2.0 / (1 + place) + 0.1 + 0.005)  # seeds 0 and 1 add 0 and 0.01
    (dotted,) = (line for line in lines if line.dotted)
    assert dotted.y == pytest.approx([value - 0.1 for value in mean.y])


def test_single_steps_continue_a_curve(tmp_path: Path, digits: PictureSet) -> None:
    trial = Trial(NETWORK, "full", Recipe(epochs=4))
    jobs = ToyJobs(tmp_path)
    name = jobs.submit(Order(TARGET, ({"trial": trial.to_dict()},), "toy"))
    experiment = toy_experiment(digits, trial, epochs=1)
    steps = [step_event(step, gradient_norm=3.0) for step in (5, 6)]
    jobs.tell(name, 0, step_event(2, gradient_norm=9.0))
    jobs.tell(name, 0, {"experiment": experiment.to_json()}, *steps)
    (line,) = curve_lines([Seen.read(trial, jobs.statuses[name].tasks[0])], "gradient_norm")
    assert line.x == (1.0, 5 / 4, 6 / 4)  # epochs of four steps; before the first step there is no gradient
    assert line.y == (experiment.curve.gradient_norm[1], 3.0, 3.0)


ADDRESS = (
    *("strategies", "seeds", "shares", "split_seed", "kept", "optimiser", "rate", "backbone", "schedule", "epochs"),
    *("steps", "budget", "batch", "patience", "decay", "dropout", "smoothing", "augment", "splits"),
)


@pytest.mark.parametrize("value", ["", "nonsense", "-1"])
@pytest.mark.parametrize("names", [ADDRESS, ("part",), ("job",)], ids=["all of the plan", "part", "job"])
def test_a_mangled_address_still_opens_the_page(jobs: ToyJobs, names: tuple[str, ...], value: str) -> None:
    try:
        opens(dict.fromkeys(names, value))
    except AssertionError:
        for name in names:  # which of them it was
            opens({name: value})
        raise


def opens(address: dict[str, str]) -> None:
    app = open_transfer(address)
    assert app.title[0].value == "Transfer learning"
    assert not app.error
