"""The comparison as it runs: submitted as one job, watched live, stopped, found again by the address."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import streamlit as st

from explorer.jobs.order import JobUnknown, Status
from explorer.rendering.figures.strategy import Line, growing_curves
from explorer.text import as_plain_text
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.evaluation.ending import tell_endings
from explorer.transfer.progress import (
    Seen,
    curve_lines,
    describe_end,
    describe_progress,
    describe_strategies,
    done_share,
    strategies_of,
)
from explorer.transfer.time_left import seconds_left
from explorer.transfer.trial import Trial
from explorer.transfer.work import make_inputs, make_order
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import keep_valid
from explorer.ui.session.browser import this_browser
from explorer.ui.session.jobs import show_queue, the_jobs
from explorer.ui.transfer.state import SHOWN, forget_pictures, hold_pictures, measured_of, ordered_of

_EVERY = 1.0  # seconds between two looks at a running job


def start(pictures: PictureSet, trials: Sequence[Trial]) -> None:
    """Submit the comparison and let the page show it; a refusal is kept for `SHOWN.show_refusal`."""
    if SHOWN.start(make_order(trials, this_browser()), make_inputs(pictures, trials)):
        hold_pictures(SHOWN.current(), pictures)
        st.session_state["part"] = "strategies"


def show_run(status: Status, tried: bool) -> None:
    """What a job trains, its progress, its curves and what can be done with it; looks again by itself while it runs.

    Args:
        status: of the job.
        tried: whether the page shows a first result already; else it is drawn anew as soon as there is one.
    """
    running = not status.finished
    # The timer runs while the job does; the last look draws the whole page, which takes the timer away.
    st.fragment(_watch, run_every=_EVERY if running else None)(status.id, running, tried)


def _watch(job: str, live: bool, tried: bool) -> None:
    try:
        status, ordered = the_jobs().follow(job), ordered_of(job)
    except JobUnknown as problem:
        st.warning(as_plain_text(str(problem)), icon=":material/search_off:")
        return
    if live and (status.finished or (not tried and measured_of(job))):
        st.rerun()
    tasks = [Seen.read(trial, task) for trial, task in zip(ordered.trials, status.tasks, strict=True)]
    SHOWN.show_controls(status, forget_pictures)
    if status.state == "queued":
        show_queue(status)
    elif live and not status.stopping:
        st.progress(done_share(tasks), describe_progress(tasks, seconds_left(tasks)))
    elif not live:
        st.markdown(describe_end(status, ordered, tasks))
    for said in dict.fromkeys(filter(None, [status.problem, *(task.describe_problem for task in tasks)])):
        st.error(as_plain_text(said), icon=":material/block:")
    if any(task.curve.epochs for task in tasks):
        rows = ["| Strategy | Trainings | Validation |", "|:--|:--|--:|"]
        st.markdown("\n".join([*rows, *(f"| {' | '.join(row)} |" for row in describe_strategies(tasks))]))
        for told in tell_endings([task.experiment for task in tasks if task.ended and task.experiment]):
            st.caption(told)
        _show_curves(tasks)


def _show_curves(tasks: Sequence[Seen]) -> None:
    shares = sorted({task.trial.share for task in tasks if task.curve.epochs}, reverse=True)
    share = shares[0]
    if len(shares) > 1:
        keep_valid("curves_share", shares, share)
        share = st.segmented_control(
            "Curves of",
            shares,
            default=share,
            format_func=lambda each: f"{each:.0%} of the pictures".replace("%", " %"),
            key="curves_share",
            required=True,
        )
    shown = [task for task in tasks if task.trial.share == share]
    charts: tuple[tuple[str, tuple[Line, ...], dict[str, bool]], ...] = (
        ("Loss (nats)", curve_lines(shown, "validation_loss", "loss"), {}),
        ("Accuracy", curve_lines(shown, "validation_accuracy", "training_accuracy"), {"percent": True}),
        ("Learning rate of new layers", curve_lines(shown, "rate"), {}),
        ("Norm of the gradient", curve_lines(shown, "gradient_norm"), {"logarithmic": True}),
    )
    for row, pair in enumerate((charts[:2], charts[2:])):
        for column, (title, lines, looks) in zip(st.columns(2, gap="large"), pair, strict=True):
            show_chart(_draw(lines, title, row == 0, **looks), f"chart-transfer-{title}", column)
    seeds = (
        " Thick: the mean over the seeds that are done, thin: single seeds."
        if len(shown) > len(strategies_of(shown))
        else ""
    )
    st.caption(f"Solid: validation pictures, dotted: training pictures.{seeds}")


@lru_cache(maxsize=32)
def _draw(lines: tuple[Line, ...], title: str, legend: bool, percent: bool = False, logarithmic: bool = False) -> Any:
    return growing_curves(lines, title, percent=percent, logarithmic=logarithmic, legend=legend)
