"""A sweep of learning rates on digits: the edge from which on training fails, beside what the curvature allows."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from explorer.learning.rate.snippets import sweep_snippet
from explorer.learning.rate.sweep import (
    EXAMPLES,
    RATES,
    SEEDS,
    STEPS,
    Numbers,
    Sweep,
    count_rises,
    sweep_in_slices,
    train_by_pytorch,
)
from explorer.neurons.describing import say_number, write_difference, write_table
from explorer.rendering import PREVIOUS, SERIES, Mark, StepLine, line_figure_png, rate_sweep_chart, step_lines
from explorer.slices import finish
from explorer.text import count_text
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose_step, slide
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.slow import obtain

_CRAWLS = RATES.index(0.001)
_ROUNDED = 1e-12  # a difference that needs no explanation
_EDGES = {0.2: "about 0.2", 0.6: "about 0.6", 2.0: "about 2", 20.0: "at none of those tried"}


def show_sweep() -> None:
    """The loss by rate, and the steps of one rate."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    looked = choose_step(
        "Rate looked at", RATES, "rate_looked", 1.0, format_func=lambda rate: f"{rate:.3g}", place=row, width=330
    )
    steps = slide("After steps", 1, STEPS, STEPS, "rate_after", place=row, width=220)
    sweep = obtain(
        ("sweep of rates",),
        "Training by 25 rates",
        "steps",
        partial(finish, sweep_in_slices()),
        st.empty(),
        "rate-sweep",
    )
    if sweep is None:
        return
    edge = float(np.median(sweep.fails))
    right = _EDGES[min(_EDGES, key=lambda each: abs(np.log(each / edge)))]
    asked = (
        f"A parabola as curved as the loss at its start could be gone down by rates up to "
        f"{say_number(float(np.median(sweep.limits)))}. From which rate on does the network learn nothing?"
    )
    if not ask_first(asked, [*_EDGES.values()], right, "ask-rate-sweep"):
        return
    place = RATES.index(looked)
    _say(sweep, steps)
    left, middle = st.columns(2, gap="large")
    at = sweep.losses[steps]
    marks = [
        Mark("2 ÷ curvature at the start", *_ends(sweep.limits), SERIES[2], "dot"),
        Mark("edge: nothing learned from here on", *_ends(sweep.fails), SERIES[3]),
    ]
    chart = rate_sweep_chart(
        RATES,
        np.median(at, axis=1).tolist(),
        (at.min(axis=1).tolist(), at.max(axis=1).tolist()),
        marks,
        looked,
        f"Loss after {steps} steps by learning rate",
    )
    with left:
        show_chart(chart, "rate-sweep")
    best = sweep.best(steps)
    lines = [
        StepLine(f"rate {looked:.3g}, seed {seed}", range(STEPS + 1), sweep.losses[:, place, number].tolist(), colour)
        for number, (seed, colour) in enumerate(zip(SEEDS, SERIES, strict=False))
    ]
    if best != place:
        median = np.median(sweep.losses[:, best], axis=1).tolist()
        lines.append(StepLine(f"rate {RATES[best]:.3g}, median", range(STEPS + 1), median, PREVIOUS, "dot"))
    with middle:
        show_chart(step_lines(lines, {}, f"Loss by step at a rate of {looked:.3g}", "loss"), "rate-looked")
    _show_table(sweep, steps, place)
    _show_oracle(sweep, looked)
    offer(
        "sweep-of-rates",
        lambda: line_figure_png(chart),
        lambda: arrays_as_npz(
            rates=np.array(RATES),
            losses=sweep.losses,
            curvatures=sweep.curvatures,
            limits=sweep.limits,
            jagged=sweep.jagged,
            fails=sweep.fails,
            silent=sweep.silent,
        ),
        sweep_snippet(looked, steps, SEEDS),
        key="rate-sweep-offer",
    )


def _ends(values: Numbers) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _range(values: Numbers) -> str:
    low, high = (say_number(each) for each in _ends(values))
    return low if low == high else f"{low} to {high}"


def _say(sweep: Sweep, steps: int) -> None:
    best = sweep.best(steps)
    at = np.median(sweep.losses[steps], axis=1)
    begin = say_number(float(np.median(sweep.losses[0])))
    st.markdown(
        f"**After {count_text(steps, 'step')} a rate of {RATES[best]:.3g} is best, with a loss of "
        f"{say_number(at[best])}; {RATES[_CRAWLS]:g} crawls, from {begin} to {say_number(at[_CRAWLS])}; and from "
        f"{_range(sweep.fails)} on nothing is learned in {STEPS} steps.** Medians of {len(SEEDS)} seeds; edges from "
        "the lowest to the highest."
    )
    peak = sweep.curvatures.max(axis=0)
    st.markdown(
        f"On a parabola as curved as this loss at its start, $c$ = {_range(sweep.first_curvatures)}, the edge would be "
        f"$2/c$ = **{_range(sweep.limits)}**. The network's is **{_range(sweep.fails / sweep.limits)} times as far**: "
        f"near $2/c$ it only gets jagged (the loss first rises at {_range(sweep.jagged)}), for it is no parabola. "
        f"On the way down its curvature grows at first (up to {_range(peak)}), and steps that are too long "
        f"land where it is flatter: after {STEPS} steps by {RATES[sweep.best()]:.3g} it is "
        f"{_range(sweep.curvatures[sweep.best()])}."
    )


def _show_table(sweep: Sweep, steps: int, looked: int) -> None:
    best = sweep.best()
    limit = int(np.abs(np.log(np.array(RATES) / np.median(sweep.limits))).argmin())
    told = sorted({_CRAWLS, limit, best, min(best + 1, len(RATES) - 1), min(best + 2, len(RATES) - 1), looked})
    rises = count_rises(sweep.losses[: steps + 1])
    rows = {}
    for place in told:
        name = f"**{RATES[place]:.3g}**" if place == looked else f"{RATES[place]:.3g}"
        loss, curvature = (float(np.median(of[place])) for of in (sweep.losses[steps], sweep.curvatures))
        rows[name] = [
            say_number(loss),
            f"{np.median(rises[place]):.0f}",
            say_number(curvature),
            say_number(2 / RATES[place]),
        ]
    st.markdown(write_table(["loss", "rises", "$c$", "2 ÷ rate"], rows))
    silent = [f"{np.median(sweep.silent[place]):.0f}" for place in (looked, -1)]
    st.caption(
        f"By rate: the loss after {steps} steps, in how many of them it rose, and the curvature $c$ after {STEPS}. "
        f"Medians of {len(SEEDS)} seeds. MLP, 64-32-10, plain gradient descent on {EXAMPLES} digits at once, so that "
        "nothing is noise. Above the edge nothing goes to infinity: the gradient of cross-entropy is bounded, but one "
        "leap takes the hidden neurons to where they answer no digit any more "
        f"({silent[0]} of 32 at {RATES[looked]:.3g}, {silent[1]} at {RATES[-1]:g}), and the biases learn how "
        f"often each digit comes, {say_number(sweep.guessing)}. "
        "$c$ is the Hessian's largest eigenvalue, by power iteration."
    )


def _show_oracle(sweep: Sweep, looked: float) -> None:
    theirs = once(("sweep by PyTorch", looked), lambda: train_by_pytorch(looked, SEEDS[0]))
    ours = sweep.losses[:, RATES.index(looked), 0]
    apart = ours - theirs
    jumps = "; where the loss jumps, it multiplies every rounding" if np.abs(apart).max() > _ROUNDED else ""
    st.caption(
        f"PyTorch's SGD, rate {looked:.3g}, seed {SEEDS[0]} alone: loss {say_number(theirs[-1])} after {STEPS} steps; "
        f"all networks trained at once: difference {write_difference(*apart.tolist())} over all steps{jumps}."
    )
