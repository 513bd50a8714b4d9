"""Does the pipeline help? A small network trained with and without it, in the background, the curves growing."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.augmentation import Experiment, PipelineRejected, take_evenly
from explorer.augmentation.process import Job
from explorer.augmentation.work import POINTS, Order, Source, list_sources, load_pictures
from explorer.rendering import CHART_CONFIG, picture_sheet, training_curves
from explorer.text import count_text
from explorer.ui.augmentation.own_zip import OwnFolder, choose_own
from explorer.ui.augmentation.pipeline import choose_seed
from explorer.ui.kit.choose import keep_valid
from explorer.ui.kit.export import arrays_as_npz
from explorer.ui.kit.snippet import show_snippet, snippet
from explorer.ui.session.pipeline import current_pipeline

SOURCE_LABELS: dict[Source, str] = {
    "digits": "Handwritten digits",
    "cifar10": "CIFAR-10 photographs",
    "own": "Your own folder (ZIP)",
}
COUNTS = (100, 200, 400, 800, 1600)
STEPS = (50, 100, 200, 300, 600, 1000)
_JOB = "augmentation_job"
_SHOWN = 8  # pictures of each kind, before and after the pipeline
_EVERY = 0.7  # seconds between two looks at the running process


def show_experiment() -> None:
    """What to train on, the button, and the curves of the running or the last experiment."""
    st.markdown(
        "Train a fresh `tiny-vgg` twice, from the same weights, on the same pictures in the same order: once as they "
        "are, once through your pipeline. Only pictures that were held out decide."
    )
    job: Job | None = st.session_state.get(_JOB)
    running = job is not None and job.state == "running"
    order = _choose(running)
    own = choose_own(running) if order.source == "own" else None
    ready = order.source != "own" or own is not None
    if ready:
        _show_pictures(order, own)
    row = st.container(horizontal=True, vertical_alignment="center")
    row.button(
        "Train",
        key="train",
        type="primary",
        icon=":material/play_arrow:",
        disabled=running or not ready,
        on_click=_start,
        args=(order, own),
    )
    if running:
        row.button("Stop", key="stop_training", icon=":material/stop:", on_click=_stop)
    if job is None:
        st.caption("It takes a minute or two beside everything else; other pages stay usable meanwhile.")
        return
    # The timer runs while the process does; the last look draws the whole page, which takes the timer away.
    st.fragment(_watch, run_every=_EVERY if running else None)()


def _choose(running: bool) -> Order:
    first, second, third, fourth = st.columns(4, vertical_alignment="bottom")
    sources = list(list_sources())
    keep_valid("source", sources, sources[0])
    source = first.selectbox(
        "Pictures",
        sources,
        format_func=SOURCE_LABELS.__getitem__,
        key="source",
        bind="query-params",
        disabled=running,
        help="Digits come with scikit-learn: 8 × 8 pixels, enlarged to 32. CIFAR-10 is offered where EXPLORER_DATA "
        "holds it. Your own folder needs one folder for each class.",
    )
    keep_valid("pictures", list(COUNTS), 200)
    count = second.select_slider(
        "How many",
        COUNTS,
        200,
        key="pictures",
        bind="query-params",
        disabled=running,
        help="All classes together; a quarter is held out. Few pictures need augmentation most.",
    )
    keep_valid("steps", list(STEPS), 200)
    steps = third.select_slider(
        "Steps",
        STEPS,
        200,
        key="steps",
        bind="query-params",
        disabled=running,
        help="Batches of 32 pictures for each of the two networks.",
    )
    with fourth:
        seed = choose_seed()
    return Order(source or sources[0], int(count), current_pipeline().to_json(), int(steps), seed)


@st.cache_data(max_entries=8, show_spinner=False)
def compute_training_pictures(
    source: Source, pipeline: str, seed: int, _own: OwnFolder | None, key: str
) -> tuple[bytes, bytes]:
    """Some of the pictures as they are and through the pipeline, as PNG; `key` says which are the person's own.

    Raises:
        PipelineRejected: it cannot be done on them.
    """
    from PIL import Image

    from explorer.augmentation import Pipeline

    pictures = load_pictures(source, 20) if _own is None else _own.pictures
    images = pictures.images.transpose(0, 2, 3, 1)
    chosen = images[np.linspace(0, len(images) - 1, _SHOWN).astype(int)]
    draws = [
        Pipeline.from_json(pipeline).draw(Image.fromarray(each), seed + number) for number, each in enumerate(chosen)
    ]
    before = picture_sheet(list(chosen), columns=_SHOWN, side=72)
    after = picture_sheet([np.array(each.resize((32, 32))) for each in draws], columns=_SHOWN, side=72)
    return before.png, after.png


def _show_pictures(order: Order, own: OwnFolder | None) -> None:
    key = "" if own is None else own.key
    try:
        before, after = compute_training_pictures(order.source, order.pipeline, order.seed, own, key)
    except PipelineRejected as problem:
        st.error(f"{problem} The pictures have 32 × 32 pixels.", icon=":material/block:")
        return
    left, right = st.columns(2, gap="medium")
    left.image(before, "as they are", alt="Some of the training pictures", width="stretch")
    right.image(after, "through your pipeline", alt="The same pictures through the pipeline", width="stretch")
    st.caption("Sizes in pixels count here too: these pictures have 32 × 32, so a blur of 5 px reaches far.")


def _start(order: Order, own: OwnFolder | None) -> None:
    job: Job | None = st.session_state.get(_JOB)
    if job is not None and job.state == "running":  # one at a time
        return
    if own is None:
        st.session_state[_JOB] = Job(order)
    else:
        st.session_state[_JOB] = Job(order, take_evenly(own.pictures, order.count), own.title)


def _stop() -> None:
    job: Job | None = st.session_state.get(_JOB)
    if job is not None:
        job.stop()


def _watch() -> None:
    job: Job = st.session_state[_JOB]
    state, experiment = job.state, job.experiment
    if state == "running":
        _show_progress(job, experiment)
    elif st.session_state.get("augmentation_watched") is not job:
        st.session_state["augmentation_watched"] = job
        st.rerun()
    if state == "failed":
        st.error(job.problem, icon=":material/block:")
    if experiment is None:
        if state == "stopped":
            st.info("Stopped before anything was measured.", icon=":material/stop_circle:")
        return
    _show_curves(experiment)
    if state != "running":
        _offer(job, experiment)


def _show_progress(job: Job, experiment: Experiment | None) -> None:
    if experiment is None:
        st.progress(0.0, "Starting: loading the pictures and the two networks …")
        return
    left = job.seconds_left(experiment)
    wait = f", about {left:.0f} s left" if left is not None else ""
    st.progress(
        experiment.done / experiment.steps, f"{experiment.done} of {count_text(experiment.steps, 'step')}{wait}"
    )


def _show_curves(experiment: Experiment) -> None:
    said = "Stopped early. " if experiment.stopped else ""
    st.markdown(said + experiment.description)
    left, right = st.columns(2, gap="large")
    runs = {"without": experiment.plain, "with the pipeline": experiment.augmented}
    accuracy = {
        name: {
            "training": (curve.steps, curve.training_accuracy),
            "validation": (curve.steps, curve.validation_accuracy),
        }
        for name, curve in runs.items()
    }
    loss = {
        name: {"training": (curve.steps, curve.loss), "validation": (curve.steps, curve.validation_loss)}
        for name, curve in runs.items()
    }
    left.plotly_chart(
        training_curves(accuracy, "Right answers", percent=True), config=CHART_CONFIG, key="chart-accuracy"
    )
    right.plotly_chart(training_curves(loss, "Loss (nats)", percent=False), config=CHART_CONFIG, key="chart-loss")
    st.caption(
        f"{experiment.training} pictures to learn from, {experiment.validation} held out. Solid: held-out pictures, "
        "dotted: training pictures. A wide gap between the two is learning by heart; a pipeline makes learning harder "
        "and that gap smaller."
    )


def _offer(job: Job, experiment: Experiment) -> None:
    row = st.container(horizontal=True)
    row.download_button(
        "Curves (JSON)",
        experiment.to_json() + "\n",
        "experiment.json",
        "application/json",
        key="experiment-json",
        on_click="ignore",
        icon=":material/data_object:",
    )
    row.download_button(
        "Arrays (NPZ)",
        lambda: experiment_as_npz(experiment),
        "experiment.npz",
        "application/octet-stream",
        key="experiment-npz",
        on_click="ignore",
        icon=":material/data_array:",
    )
    show_snippet(experiment_snippet(job.order, job.title))


def experiment_as_npz(experiment: Experiment) -> bytes:
    """Both curves."""
    arrays: dict[str, NDArray[np.float64]] = {}
    for name, curve in (("plain", experiment.plain), ("augmented", experiment.augmented)):
        for part in ("steps", "loss", "training_accuracy", "validation_accuracy", "validation_loss"):
            arrays[f"{name}_{part}"] = np.array(getattr(curve, part), dtype=np.float64)
    return arrays_as_npz(**arrays)


def experiment_snippet(order: Order, title: str = "") -> str:
    """Python that trains the same two networks; `title` is the name of the person's own ZIP file."""
    from explorer.augmentation import Pipeline
    from explorer.ui.session.pipeline import compact

    if order.source == "own":
        imports = [
            "from pathlib import Path",
            "",
            "from explorer.augmentation import Pipeline, read_image_zip, take_evenly, train_twice",
        ]
        data = f"take_evenly(read_image_zip(Path({title!r}).read_bytes()).pictures, {order.count})"
    else:
        imports = [
            "from explorer.augmentation import Pipeline, train_twice",
            "from explorer.augmentation.work import load_pictures",
        ]
        data = f"load_pictures({order.source!r}, {order.count})"
    return snippet(
        *imports,
        "",
        f"pipeline = Pipeline.from_json({compact(Pipeline.from_json(order.pipeline))!r})",
        f"data = {data}",
        f"experiment = train_twice(data, pipeline, steps={order.steps}, seed={order.seed}, points={POINTS})",
        "print(experiment.description)",
    )
