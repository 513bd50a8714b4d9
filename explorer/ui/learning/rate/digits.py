"""Schedules of the learning rate on digits, seed by seed beside a constant rate."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from explorer.learning.rate.scheduled_digits import PEAKS, SEEDS, STEPS, Trained, compare_in_slices, train_by_pytorch
from explorer.learning.rate.schedules import KINDS, Kind, Schedule
from explorer.learning.rate.snippets import digits_snippet
from explorer.learning.seed_intervals import Interval
from explorer.neurons.describing import say_number, write_difference, write_table
from explorer.neurons.digits import HELD_OUT
from explorer.rendering import SERIES, StepLine, format_percent, line_figure_png, step_lines
from explorer.slices import finish
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, choose_one
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.slow import obtain

KIND_LABELS: dict[Kind, str] = {
    "constant": "Constant",
    "step": "A tenth after each third",
    "cosine": "Cosine",
    "warm_up": "Warm-up",
    "warm_up_cosine": "Warm-up, cosine",
}
KIND_NAMES: dict[Kind, str] = {  # in sentences and tables
    **KIND_LABELS,
    "constant": "Constant rate",
    "cosine": "Cosine schedule",
    "warm_up_cosine": "Warm-up, cosine schedule",
}
_BEST = 0.0
_PEAK_LABELS = {_BEST: "the best of each", **{peak: f"{peak:g}" for peak in PEAKS}}
_BETTER = ("it makes fewer errors", "it makes more errors", "no difference that these seeds show")


def show_schedules_on_digits() -> None:
    """One schedule beside a constant rate as curves, all five as numbers."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    others = {kind: label for kind, label in KIND_LABELS.items() if kind != "constant"}
    kind = choose("Beside a constant rate", others, "rate_beside", "cosine", place=row)
    peak = choose_one("Peak rate", _PEAK_LABELS, "rate_digits_peak", place=row, width=170)
    trained = obtain(
        ("schedules on digits", peak),
        "Training all schedules",
        "steps",
        partial(finish, compare_in_slices(None if peak == _BEST else peak)),
        st.empty(),
        "rate-digits",
    )
    if trained is None:
        return
    less = trained.error_less_constant(kind)
    right = _BETTER[2] if less.holds_zero else _BETTER[0] if less.high < 0 else _BETTER[1]
    asked = f"{KIND_NAMES[kind]} beside a constant rate on held-out digits, {len(SEEDS)} seeds each: what comes of it?"
    if not ask_first(asked, _BETTER, right, f"ask-rate-digits-{kind}-{peak:g}"):
        return
    _say(trained, kind, less, peak)
    wide, narrow = st.columns([6, 5], gap="large")
    shown: tuple[Kind, ...] = ("constant", kind)
    schedules = [Schedule(each, trained.peaks[KINDS.index(each)], STEPS) for each in shown]
    lines = []
    for each, colour in zip(shown, SERIES, strict=False):
        curve = [trained.loss(each, point) for point in range(len(trained.steps))]
        lines.append(
            StepLine(
                KIND_LABELS[each].lower(),
                trained.steps,
                [point.mean for point in curve],
                colour,
                "solid" if each == "constant" else "dash",
                ([point.low for point in curve], [point.high for point in curve]),
            )
        )
    figure = step_lines(
        lines,
        {line.name: schedule.rates().tolist() for line, schedule in zip(lines, schedules, strict=True)},
        f"Training loss, {len(SEEDS)} seeds, 95 % intervals",
        "loss",
    )
    with wide:
        show_chart(figure, "rate-digits")
    with narrow:
        _show_table(trained)
    _show_oracle(trained, schedules[1])
    offer(
        "schedules-on-digits",
        lambda: line_figure_png(figure),
        lambda: arrays_as_npz(
            peaks=np.array(trained.peaks), steps=np.array(trained.steps), losses=trained.curves, errors=trained.errors
        ),
        digits_snippet(schedules, SEEDS),
        key="rate-digits-offer",
    )


def _say(trained: Trained, kind: Kind, less: Interval, peak: float) -> None:
    mine, constant = trained.error(kind), trained.error("constant")
    own = trained.peaks[KINDS.index(kind)]
    if peak == _BEST:
        begin = f"Each at its best peak ({own:g}, constant {trained.peaks[0]:g})"
    else:
        begin = f"At a peak of {peak:g}"
    if less.holds_zero:
        verdict = f"no difference that {len(SEEDS)} seeds show"
    else:
        verdict = "fewer errors" if less.high < 0 else "more errors"
    st.markdown(
        f"**{begin}, {with_article(kind)} gets {format_percent(mine.mean)} of the held-out digits wrong, a "
        f"constant rate {format_percent(constant.mean)}: {verdict}.** Seed by seed it is "
        f"{_points(less.mean)} points, with an interval of {_points(less.low)} to {_points(less.high)}."
    )
    ratio = trained.loss_over_constant(kind)
    times, low, high = (say_number(float(np.exp(each))) for each in (ratio.mean, ratio.low, ratio.high))
    if ratio.holds_zero:
        said = f"no difference that {len(SEEDS)} seeds show"
    elif ratio.low > 0:
        said = "higher, for its rates add up to less"
    else:
        said = "lower"
    own_spread, other = (100 * float(trained.errors[KINDS.index(each)].std(ddof=1)) for each in (kind, KINDS[0]))
    why = ", whose last steps are as large as its first" if other > 1.5 * own_spread else ""
    st.markdown(
        f"The loss on the training digits is {times} times the constant rate's ({low} to {high}): {said}. Errors of "
        f"the {len(SEEDS)} seeds spread by a standard deviation of {own_spread:.2f} points, and of {other:.2f} with "
        f"a constant rate{why}."
    )


def with_article(kind: Kind) -> str:
    """A schedule in the middle of a sentence."""
    name = KIND_NAMES[kind].lower()
    return name if name.startswith("a ") else f"a {name}"


def _points(share: float) -> str:
    return f"{100 * share:+.2f}".replace("-", "−")


def _show_table(trained: Trained) -> None:
    rows = {}
    for kind, name in KIND_NAMES.items():
        error, less = trained.error(kind), trained.error_less_constant(kind)
        difference = "" if kind == "constant" else f"{_points(less.low)} to {_points(less.high)}"
        rows[f"{name}, {trained.peaks[KINDS.index(kind)]:g}"] = [
            say_number(trained.loss(kind).mean),
            format_percent(error.mean),
            difference,
        ]
    st.markdown(write_table(["loss", "wrong", "points"], rows))
    st.caption(
        f"An MLP, 64-32-10, on scikit-learn's digits: {STEPS} steps of SGD in batches of 32, {HELD_OUT} digits held "
        f"out, seeds {SEEDS[0]} to {SEEDS[-1]} with the same first weights and batches for all. Losses are geometric "
        "means. Points: how many more are wrong than with the constant rate, seed by seed; intervals by Student's t, "
        "of 95 % for all four differences together. "
        f"Best peaks, of {', '.join(f'{peak:g}' for peak in PEAKS)}, were chosen "
        "by the training loss of three other seeds."
    )


def _show_oracle(trained: Trained, schedule: Schedule) -> None:
    theirs = obtain(
        ("schedule on digits by PyTorch", schedule),
        "Training one by PyTorch",
        "steps",
        lambda _: train_by_pytorch(schedule, SEEDS[0]),
        st.empty(),
        "rate-digits-oracle",
        quick=True,  # 0.3 s
    )
    if theirs is None:
        return
    ours = float(trained.curves[KINDS.index(schedule.kind), 0, -1])
    st.caption(
        f"PyTorch's SGD and scheduler, seed {SEEDS[0]} alone, {with_article(schedule.kind)}: loss "
        f"{say_number(theirs)} at the end; all networks trained at once: difference {write_difference(ours - theirs)}."
    )
