"""Does the pipeline help? A small network trained with and without it, in the background, the curves growing."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from explorer.augmentation import Experiment, Pipeline, PipelineRejected, take_evenly
from explorer.augmentation.records import draw_pictures
from explorer.augmentation.snippets import experiment_snippet
from explorer.augmentation.work import (
    ORDER,
    OWN,
    TARGET,
    Order,
    Source,
    list_sources,
    load_pictures,
    pack,
    read_experiment,
    seconds_left,
)
from explorer.jobs.order import JobUnknown
from explorer.jobs.order import Order as JobOrder
from explorer.rendering import training_curves
from explorer.text import as_plain_text, count_text
from explorer.ui.augmentation.own_zip import OwnFolder, choose_own
from explorer.ui.augmentation.pipeline import choose_seed
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose_one, choose_step
from explorer.ui.kit.export import arrays_as_npz, download
from explorer.ui.kit.picture import show_png
from explorer.ui.kit.snippet import show_snippet
from explorer.ui.session.browser import keep_browser, this_browser
from explorer.ui.session.jobs import JobOfPage, find_running, show_queue, the_jobs
from explorer.ui.session.pipeline import current_pipeline
from explorer.ui.session.zip_upload import leave_zip

SOURCE_LABELS: dict[Source, str] = {
    "digits": "Handwritten digits",
    "cifar10": "CIFAR-10 photographs",
    "own": "Your own folder (ZIP)",
}
COUNTS = (100, 200, 400, 800, 1600)
STEPS = (50, 100, 200, 300, 600, 1000)
_TRAINING = JobOfPage("augmentation")
_EVERY = 0.7  # seconds between two looks at the running job


def show_experiment() -> None:
    """What to train on, the button, and the curves of the running or the last experiment."""
    st.markdown(
        "Train a fresh `tiny-vgg` twice, from the same weights, on the same pictures in the same order: once as they "
        "are, once through your pipeline. Only pictures that were held out decide."
    )
    job = _TRAINING.current()
    running = find_running(job)
    order = _choose()
    if order.source == "own":
        own = choose_own()
        ready = own is not None
    else:
        leave_zip()
        own, ready = None, True
    if ready:
        _show_pictures(order, own)
    row = st.container(horizontal=True, vertical_alignment="center")
    row.button(
        "Train",
        key="train",
        type="primary",
        icon=":material/play_arrow:",
        disabled=running is not None or not ready,
        on_click=_start,
        args=(order, own),
    )
    if running is not None:
        with row:
            _TRAINING.explain_wait(running, "the training below")
    _TRAINING.show_refusal()
    if job:
        # The timer runs while the job does; the last look draws the whole page, which takes the timer away.
        live = running is not None
        st.fragment(_watch, run_every=_EVERY if live else None)(job, live)
    else:
        st.caption("It takes a minute or two beside everything else; other pages stay usable meanwhile.")
    keep_browser()


def _choose() -> Order:
    first, second, third, fourth = st.columns(4, vertical_alignment="bottom")
    source = choose_one(
        "Pictures",
        {name: SOURCE_LABELS[name] for name in list_sources()},
        "source",
        place=first,
        help="Digits come with scikit-learn: 8 × 8 pixels, enlarged to 32. CIFAR-10 is offered where EXPLORER_DATA "
        "holds it. Your own folder needs one folder for each class.",
    )
    count = choose_step(
        "How many",
        COUNTS,
        "pictures",
        200,
        place=second,
        help="All classes together; a quarter is held out. Few pictures need augmentation most.",
    )
    steps = choose_step(
        "Steps", STEPS, "steps", 200, place=third, help="Batches of 32 pictures for each of the two networks."
    )
    with fourth:
        seed = choose_seed()
    return Order(source, count, current_pipeline().to_json(), steps, seed)


@st.cache_data(max_entries=8, show_spinner=False)
def compute_training_pictures(
    source: Source, pipeline: str, seed: int, _own: OwnFolder | None, key: str
) -> tuple[bytes, bytes]:
    """Some of the pictures as they are and through the pipeline, as PNG; `key` says which are the person's own.

    Raises:
        PipelineRejected: it cannot be done on them.
    """
    pictures = load_pictures(source, 20) if _own is None else _own.pictures
    return draw_pictures(pictures, Pipeline.from_json(pipeline), seed)


def _show_pictures(order: Order, own: OwnFolder | None) -> None:
    key = "" if own is None else own.key
    try:
        before, after = compute_training_pictures(order.source, order.pipeline, order.seed, own, key)
    except PipelineRejected as problem:
        st.error(f"{as_plain_text(str(problem))} The pictures have 32 × 32 pixels.", icon=":material/block:")
        return
    left, right = st.columns(2, gap="medium")
    show_png(before, "as they are", alt="Some of the training pictures", place=left)
    show_png(after, "through your pipeline", alt="The same pictures through the pipeline", place=right)
    st.caption("Sizes in pixels count here too: these pictures have 32 × 32, so a blur of 5 px reaches far.")


def _start(order: Order, own: OwnFolder | None) -> None:
    inputs = {}
    if own is not None:
        order = replace(order, title=own.title)
        inputs[OWN] = pack(take_evenly(own.pictures, order.count))
    inputs[ORDER] = order.to_json().encode()
    title = f"tiny-vgg twice, {count_text(order.steps, 'step')}"  # read by others, so it says nothing of the pictures
    _TRAINING.start(JobOrder(TARGET, ({},), title, this_browser()), inputs)


def _watch(job: str, live: bool) -> None:
    try:
        status, order = the_jobs().follow(job), _read_order(job)
    except JobUnknown as problem:
        _TRAINING.show_unknown(problem)
        return
    if live and status.finished:
        st.rerun()
    experiment = read_experiment(status)
    st.subheader(as_plain_text(_describe(order)), anchor=False)
    _TRAINING.show_controls(status, compute_training_pictures.clear)
    if status.state == "queued":
        show_queue(status)
    elif live and not status.stopping:
        _show_progress(experiment)
    if status.state == "failed":
        st.error(as_plain_text(status.problem), icon=":material/block:")
    if experiment is None:
        if status.state == "stopped":
            st.info("Stopped before anything was measured.", icon=":material/stop_circle:")
        return
    _show_curves(experiment)
    if status.finished:
        _offer(order, experiment)


def _read_order(job: str) -> Order:
    """What a job was asked to do; JobUnknown where it is none of this page's."""
    try:
        return Order.from_json((the_jobs().result(job) / "inputs" / ORDER).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError) as error:
        raise JobUnknown("This job is no training of a pipeline that can be read.") from error


def _describe(order: Order) -> str:
    """What a job trains on what, whatever is chosen now."""
    pictures = order.title if order.source == "own" else SOURCE_LABELS[order.source]
    names = ", ".join(step.transform for step in Pipeline.from_json(order.pipeline).steps) or "an empty pipeline"
    return f"{pictures}: at most {order.count:,} pictures, {count_text(order.steps, 'step')}, with and without {names}"


def _show_progress(experiment: Experiment | None) -> None:
    if experiment is None:
        st.progress(0.0, "Starting: loading the pictures and the two networks …")
        return
    left = seconds_left(experiment)
    wait = f", about {left:.0f} s left" if left is not None else ""
    st.progress(
        experiment.done / experiment.steps, f"{experiment.done} of {count_text(experiment.steps, 'step')}{wait}"
    )


def _show_curves(experiment: Experiment) -> None:
    said = "Stopped early. " if experiment.stopped else ""
    st.markdown(said + experiment.description)
    left, right = st.columns(2, gap="large")
    accuracy, loss = (
        experiment.curves(*names)
        for names in (("training_accuracy", "validation_accuracy"), ("loss", "validation_loss"))
    )
    show_chart(training_curves(accuracy, "Accuracy", percent=True), "chart-accuracy", left)
    show_chart(training_curves(loss, "Loss (nats)", percent=False), "chart-loss", right)
    st.caption(
        f"{experiment.training} pictures to learn from, {experiment.validation} held out. Solid: held-out pictures, "
        "dotted: training pictures. A wide gap between the two is learning by heart; a pipeline makes learning harder "
        "and that gap, as a rule, smaller."
    )


def _offer(order: Order, experiment: Experiment) -> None:
    row = st.container(horizontal=True)
    download(row, "Curves (JSON)", experiment.to_json() + "\n", "experiment.json", "experiment-json")
    download(row, "Arrays (NPZ)", lambda: arrays_as_npz(**experiment.arrays), "experiment.npz", "experiment-npz")
    pipeline = Pipeline.from_json(order.pipeline).compact()
    code = experiment_snippet(order.source, order.title, order.count, pipeline, order.steps, order.seed)
    show_snippet(code, "experiment-python")
