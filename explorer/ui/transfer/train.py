"""The part of the Transfer page where strategies are chosen, drawn, trained and watched."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from explorer.device import resolve_device
from explorer.jobs.order import JobUnknown
from explorer.text import as_plain_text, count_text
from explorer.transfer.choice import Choice, describe_amount
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.experiment import Experiment
from explorer.transfer.precision import describe_precision
from explorer.transfer.progress import describe_extent, describe_ordered
from explorer.transfer.trial import FOUR, TransferRejected
from explorer.ui.session.jobs import find_running
from explorer.ui.session.subject import Subject, open_network
from explorer.ui.transfer.pictures import current_split_seed
from explorer.ui.transfer.plan import keep_possible, show_drawing
from explorer.ui.transfer.run import show_run, start
from explorer.ui.transfer.state import SHOWN, experiments_of, measured_of, ordered_of, pictures_of, weights_of
from explorer.ui.transfer.strategies import choose_strategies
from explorer.ui.transfer.try_it import show_try

_CHOICE = "transfer_choice"


def show_training(subject: Subject, pictures: PictureSet | None, job: str) -> bool:
    """The controls, the drawing, the button, and the job of the address, which stands first while it runs.

    Args:
        subject: the network is its network.
        pictures: to train on; None where there are none yet.
        job: its id, "" for none.

    Returns:
        Whether there is a job that has ended, so that its results can be shown.
    """
    running = find_running(job) is not None
    first, second = st.container(), st.container()
    with second if running else first:
        if running:
            st.subheader("The next comparison", anchor=False)
        _show_choice(subject, pictures, job)
    with first if running else second:
        status = SHOWN.status(job) if job else None
        if status is None:
            return False
        st.subheader(as_plain_text(describe_job(job)), anchor=False)
        measured = measured_of(job)
        if measured and not running:
            show_try(subject, measured, weights_of)
        show_run(status, bool(measured))
        if measured and running:
            show_try(subject, measured, weights_of)
    return status.finished


def _show_choice(subject: Subject, pictures: PictureSet | None, job: str) -> None:
    """What will be trained at the next click."""
    describe_subject(subject, pictures)
    choice = choose_strategies(subject, len(pictures) if pictures is not None else 0)
    if pictures is not None:
        classes = len(pictures.classes)
        choice = replace(choice, strategies=keep_possible(subject, classes, choice.strategies, choice.kept))
    show_button(subject, pictures, choice, job)
    if pictures is not None and choice.strategies:
        with st.expander("What learns", icon=":material/school:", expanded=not job):
            show_drawing(subject, len(pictures.classes), choice.strategies, choice.kept)


def describe_job(job: str) -> str:
    """Which network a job trains on which pictures, whatever is chosen now."""
    try:
        return describe_ordered(ordered_of(job))
    except JobUnknown:  # which is said where its curves would be
        return "another job"


def _watch() -> None:
    st.session_state["part"] = "strategies"


def describe_subject(subject: Subject, pictures: PictureSet | None) -> None:
    """What is trained, on what, in what precision."""
    if pictures is None:
        st.info("Choose or bring pictures in the first part.", icon=":material/photo_library:")
        return
    size = open_network(subject.network, subject.device, "").preprocessing.size
    own = " Own weights are left out here: every strategy begins with the network's own." if subject.weights else ""
    st.text(f"{pictures.title}: {count_text(len(pictures), 'picture')} of {len(pictures.classes)} classes")
    st.caption(f"`{subject.network}`, {size} × {size} pixels. {describe_precision(subject.device)}{own}")


def show_button(subject: Subject, pictures: PictureSet | None, choice: Choice | None, job: str) -> None:
    """The button that starts the comparison, and what it will do.

    Args:
        subject: the network is its network.
        pictures: to train on; None where there are none yet.
        choice: None for the last one of the session, on the split that was looked at since.
        job: of the address, "" for none; while it runs the button waits, and says for what.
    """
    running, elsewhere = find_running(job), choice is None
    if choice is None:
        choice = replace(st.session_state.get(_CHOICE) or Choice(), split_seed=current_split_seed())
    st.session_state[_CHOICE] = choice
    row = st.container(horizontal=True, vertical_alignment="center")
    try:
        trials = choice.trials(subject.network, str(resolve_device(subject.device)))
    except TransferRejected as problem:
        st.error(as_plain_text(str(problem)), icon=":material/block:")
        return
    many = len(choice.strategies)
    label = "Train all four" if choice.strategies == FOUR else f"Train {many} strategies"
    row.button(
        label if many != 1 else "Train it",
        key="train_transfer",
        type="primary",
        icon=":material/play_arrow:",
        disabled=running is not None or pictures is None or not trials,
        on_click=start,
        args=(pictures, trials),
    )
    row.caption(describe_amount(choice) if trials else "Choose at least one strategy.")
    if running is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            SHOWN.explain_wait(running, describe_job(job))
            if elsewhere:
                st.button("Watch it", key="watch_transfer", icon=":material/monitoring:", on_click=_watch)
    SHOWN.show_refusal()


@dataclass(frozen=True, eq=False)
class Finished:
    """What a job has measured so far.

    Attributes:
        experiments: at least one.
        pictures: what they learned from.
        extent: what must be said where not everything is measured; "" where everything is.
    """

    experiments: tuple[Experiment, ...]
    pictures: PictureSet
    extent: str


def open_finished(job: str) -> Finished | None:
    """What can be looked at of the job of the address; None where there is nothing yet, and the page says so."""
    status = SHOWN.status(job) if job else None
    if status is None:
        if not job:
            st.info("Train something first: then this part has something to show.", icon=":material/school:")
        return None
    try:
        experiments = tuple(experiment for experiment, _ in experiments_of(job))
        pictures = pictures_of(job)
    except JobUnknown as problem:
        st.warning(as_plain_text(str(problem)), icon=":material/search_off:")
        return None
    if not experiments:
        waiting = (
            "The first training has not ended yet." if not status.finished else "Nothing was measured in this job."
        )
        st.info(waiting, icon=":material/hourglass_top:")
        return None
    extent = describe_extent(len(experiments), len(status.tasks), status.finished)
    if extent:
        st.caption(extent)
    return Finished(experiments, pictures, extent)
