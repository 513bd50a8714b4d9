"""The Learning page's part on the rate over time: schedules on a noisy parabola, on digits, and a sweep of rates."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from explorer.learning.rate.noisy_parabola import (
    RUNS,
    Estimate,
    Measured,
    best_peak,
    bound,
    expect,
    measure,
    run_by_pytorch,
    settle,
)
from explorer.learning.rate.schedules import Schedule
from explorer.learning.rate.snippets import parabola_snippet
from explorer.neurons.describing import say_number, write_difference, write_table
from explorer.rendering import PREVIOUS, SERIES, StepLine, line_figure_png, step_lines
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, choose_number, choose_step, choose_view, settings_popover
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.learning.rate.digits import KIND_LABELS, KIND_NAMES, show_schedules_on_digits, with_article
from explorer.ui.learning.rate.sweep import show_sweep
from explorer.ui.session.subject import Subject

_PEAKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 1.9, 2.0)
_STEPS = {100: "100", 500: "500", 1000: "1,000"}
_RESTED = (0.5, 0.1, 0.02)  # rates whose rest is measured, over this many steps
_RESTED_STEPS = 1000
_ARRIVED = 1.5  # times where it comes to rest
_CLOSER = ("ten times closer", "about three times closer", "no closer")


def show_rate(_: Subject) -> None:
    """One view at a time."""
    choose_view(
        {
            "parabola": ("Noisy parabola", _show_parabola),
            "digits": ("Schedules on digits", show_schedules_on_digits),
            "sweep": ("Sweep of rates", show_sweep),
        },
        "rate_view",
    )()


def _show_parabola() -> None:
    row = st.container(horizontal=True, vertical_alignment="bottom")
    kind = choose("Schedule", KIND_LABELS, "rate_schedule", place=row)
    with settings_popover(row):
        peak = choose_step("Peak rate", _PEAKS, "rate_peak", 0.5, format_func=lambda value: f"{value:g}")
        steps = choose("Steps", _STEPS, "rate_steps", 500)
        seed = choose_number("Seed", 0, 99, "rate_seed", 0, help="Of the noise.")
    asked = (
        "w²/2, and noise in its gradient: ten times as many steps at a constant rate. How much closer to 0 is w then?"
    )
    if not ask_first(asked, _CLOSER, _CLOSER[2], "ask-rate-noise"):
        return
    schedule = Schedule(kind, peak, steps)
    measured = once(("noisy parabola", schedule, seed), lambda: measure(schedule, seed))
    expected = expect(schedule.rates())
    _say_parabola(schedule, measured, float(expected[-1]))
    wide, narrow = st.columns([6, 5], gap="large")
    constant = expect(np.full(steps, peak))
    at = list(range(steps + 1))
    lines = [
        StepLine(
            f"measured, {RUNS:,} runs, with 95 % interval",
            at,
            measured.mean.tolist(),
            SERIES[4],  # pale and broad, so that the line of theory is seen upon it
            band=(measured.low.tolist(), measured.high.tolist()),
            width=5,
        ),
        StepLine("theory", at, expected.tolist(), SERIES[1], "dash"),
        StepLine("least that any schedule can reach", at, bound(steps).tolist(), PREVIOUS, "dot"),
    ]
    if kind != "constant":
        lines.append(StepLine(f"theory, constant {peak:g}", at, constant.tolist(), SERIES[2], "dot"))
    figure = step_lines(
        lines, {"theory": schedule.rates().tolist()}, "Mean of w² by step, and the rate of each", "mean of w²"
    )
    with wide:
        show_chart(figure, "rate-parabola")
    with narrow:
        _show_rest(seed)
        _show_peaks(peak, steps)
    offer(
        "noisy-parabola",
        lambda: line_figure_png(figure),
        lambda: arrays_as_npz(
            rates=schedule.rates(),
            measured=measured.mean,
            low=measured.low,
            high=measured.high,
            expected=expected,
            bound=bound(steps),
        ),
        parabola_snippet(schedule, seed, RUNS),
        key="rate-parabola-offer",
    )


def _say_parabola(schedule: Schedule, measured: Measured, expected: float) -> None:
    steps, end = schedule.steps, measured.end
    st.markdown(
        f"**{_begin(schedule)}, after {steps:,} steps the mean of w² over {RUNS:,} runs is {say_number(end.mean)}** "
        f"({say_number(end.low)} to {say_number(end.high)}); theory: {say_number(expected)}. {_explain(schedule)}"
    )
    places, rates = once(
        ("noisy parabola by PyTorch", schedule, measured.first_noise[:2].tobytes()),
        lambda: run_by_pytorch(schedule, measured.first_noise),
    )
    apart = write_difference(*(places - measured.first_run).tolist())
    st.caption(
        f"PyTorch's SGD and scheduler with the noise of the first run: w = {say_number(places[-1])} at the end, "
        f"difference {apart} over all steps, in the rates {write_difference(*(rates - schedule.rates()).tolist())}. "
        "What is made small is w²/2; w begins at 3, and the gradient is w + noise of variance 1."
    )


def _begin(schedule: Schedule) -> str:
    peak = f"{schedule.peak:g}"
    return {
        "constant": f"At a constant rate of {peak}",
        "step": f"From {peak} down to a tenth after each third",
        "cosine": f"By a cosine schedule from {peak} to 0",
        "warm_up": f"By a warm-up to {peak}, constant from there",
        "warm_up_cosine": f"By a warm-up to {peak} and a cosine schedule to 0",
    }[schedule.kind]


def _explain(schedule: Schedule) -> str:
    peak, rest = schedule.peak, settle(schedule.peak)
    constant = float(expect(np.full(schedule.steps, peak))[-1])
    if constant > _ARRIVED * rest:
        return (
            f"Too small a rate crawls: even a constant {peak:g} has come to {say_number(constant)} only, and would "
            f"come to rest at {say_number(rest)} much later."
        )
    if schedule.kind in ("constant", "warm_up"):
        if rest == np.inf:
            return "From a rate of 2 on no step lands nearer to the minimum, and each adds its noise: no rest."
        return (
            f"However long it runs, it comes to rest no lower than rate ÷ (2 − rate) = {say_number(rest)}: each step "
            "takes a share of w away, and puts a share of the noise in."
        )
    there = "would never come to rest" if rest == np.inf else f"would stay at {say_number(rest)}"
    return f"A constant {peak:g} {there}: large steps cover the way, small ones average the noise away."


def _measure_rest(schedule: Schedule, seed: int) -> Estimate:
    return measure(schedule, seed).settled


def _show_rest(seed: int) -> None:
    """Where three constant rates come to rest."""
    rows = {}
    for rate in _RESTED:
        schedule = Schedule("constant", rate, _RESTED_STEPS)
        settled = once(("noisy parabola at rest", rate, seed), partial(_measure_rest, schedule, seed))
        rows[f"rate\u00a0{rate:g}"] = [
            f"{say_number(settled.mean)} ({say_number(settled.low)}–{say_number(settled.high)})",
            say_number(settle(rate)),
        ]
    st.markdown("**A constant rate comes to rest where noise and pull balance**, at rate ÷ (2 − rate)")
    st.markdown(write_table(["measured", "theory"], rows))
    st.caption(f"Mean of w² over the later half of {_RESTED_STEPS:,} steps and {RUNS:,} runs, with its 95 % interval.")


def _show_peaks(peak: float, steps: int) -> None:
    """All schedules at the peak that is chosen, and each at its own best."""
    rows, best = {}, {}
    for kind, name in KIND_NAMES.items():
        here = float(expect(Schedule(kind, peak, steps).rates())[-1])
        own, least = best_peak(kind, steps)
        best[kind] = least
        rows[name] = [say_number(here), say_number(least), f"{own:.2g}"]
    first, last = min(best, key=best.__getitem__), max(best, key=best.__getitem__)
    st.markdown(
        f"**Each at its own best peak, {with_article(first)} ends lowest**, at {say_number(best[first])}, and "
        f"{with_article(last)} highest, at {say_number(best[last])}"
    )
    st.markdown(write_table([f"peak {peak:g}", "best peak", "which"], rows))
    st.caption(
        f"Mean of w² after {steps:,} steps, by the formula. No schedule can be below {say_number(bound(steps)[-1])}, "
        "which needs rates like 1/t and the size of the noise. A warm-up wins nothing here: a parabola is as curved at "
        "the start as anywhere."
    )
