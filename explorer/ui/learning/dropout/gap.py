"""The Dropout part's training with and without: is the gap between learned and held-out digits another one?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from explorer.learning.dropout.snippets import gap_snippet
from explorer.learning.dropout.training import FEW, STEPS, DropoutNetwork, DropoutRecipe, train_in_slices
from explorer.learning.seed_intervals import LEVEL, Interval, interval_of
from explorer.neurons.activations import Numbers
from explorer.neurons.describing import write_table
from explorer.neurons.digits import HELD_OUT
from explorer.rendering import PREVIOUS, SERIES, line_figure_png
from explorer.rendering.figures.transfer import AccuracyRow, Spread, accuracy_rows
from explorer.slices import count_within, finish
from explorer.text import format_percent
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.slow import Tell, obtain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SHARES = (0.0, 0.2, 0.5)
SEEDS = 5
HIDDEN = {32: "32", 128: "128"}
_COLOURS = dict(zip(SHARES, (PREVIOUS, SERIES[0], SERIES[1]), strict=True))
_LEVEL = 1 - (1 - LEVEL) / (
    len(SHARES) - 1
)  # so that all intervals of differences hold together in at least 95 of 100 cases
_CHANGES = ("narrower", "wider", "none")
_OUTCOMES = ("narrower with dropout", "wider with dropout", "no difference")


def show_gap(seed: int) -> None:
    """60 digits learned with each probability and seed, the gaps with their intervals, and whether they differ."""
    said = "Of the one hidden layer, whose outputs are dropped."
    hidden = choose("Hidden neurons", HIDDEN, "dropout_hidden", help=said)
    seeds = range(SEEDS * seed, SEEDS * (seed + 1))
    recipes = [DropoutRecipe(p, hidden, FEW, each) for each in seeds for p in SHARES]
    networks = obtain(
        ("dropout gap", *recipes),
        f"Training {len(recipes)} networks",
        "steps",
        partial(_train_all, recipes),
        st.empty(),
        "dropout-gap",
    )
    if networks is None:
        return
    of = {p: [each for each in networks if each.recipe.p == p] for p in SHARES}
    single = {p: np.array([each.gap for each in of[p]]) for p in SHARES}
    moved_by_seed = {p: single[p] - single[0.0] for p in SHARES[1:]}
    gaps = {p: interval_of(values) for p, values in single.items()}
    moved = {p: interval_of(values, _LEVEL) for p, values in moved_by_seed.items()}
    asked = (
        f"{10 * FEW} digits are learned with p = 0.5 and without dropout, by {SEEDS} seeds. What becomes of the gap "
        "between the digits that were learned and those held out?"
    )
    right = _OUTCOMES[_CHANGES.index(_name_change(moved[SHARES[-1]]))]
    if not ask_first(asked, _OUTCOMES, right, f"ask-dropout-gap-{hidden}-{seed}"):
        return
    _say_gaps(hidden, min(each.training for each in networks), gaps, moved)
    left, wide = st.columns(2, gap="medium")
    with left:
        title = "Gap between learned and held-out digits"
        show_chart(_draw(gaps, single, {p: f"p = {p:g}" for p in SHARES}, title), "dropout-gaps")
    with wide:
        names = {p: f"p = {p:g} less p = 0" for p in moved}
        differences = _draw(moved, moved_by_seed, names, "The same by seed, less that without dropout")
        differences.add_vline(x=0, line={"color": PREVIOUS, "width": 2}, layer="below")
        show_chart(differences, "dropout-moved")
    _show_table(of, gaps, moved)
    arrays = {
        name: np.array([[getattr(each, name) for each in of[p]] for p in SHARES])
        for name in ("training", "masked", "held_out", "gap")
    }
    offer(
        "dropout-gap",
        lambda: line_figure_png(differences),
        lambda: arrays_as_npz(p=np.array(SHARES), **arrays),
        gap_snippet(recipes),
        key="dropout-gap-offer",
    )


def _train_all(recipes: Sequence[DropoutRecipe], tell: Tell) -> tuple[DropoutNetwork, ...]:
    """Each network is kept by itself, so that a training that was stopped goes on where it was."""
    networks = []
    for number, recipe in enumerate(recipes):
        networks.append(once(("dropout", recipe), partial(_train, recipe, number * STEPS, len(recipes) * STEPS, tell)))
    return tuple(networks)


def _train(recipe: DropoutRecipe, before: int, of: int, tell: Tell) -> DropoutNetwork:
    return finish(count_within(train_in_slices(recipe), before, of), tell)


def _say_gaps(hidden: int, least: float, gaps: Mapping[float, Interval], moved: Mapping[float, Interval]) -> None:
    told = " and ".join(f"with p\u00a0=\u00a0{p:g} it {_say_verdict(each)}" for p, each in moved.items())
    said = (
        f"**{10 * FEW} digits, {SEEDS} seeds, {hidden} hidden neurons: without dropout the gap is "
        f"{100 * gaps[0.0].mean:.1f} points; {told}.**"
    )
    if not any(not each.holds_zero and each.mean < 0 for each in moved.values()):
        share = "all" if least == 1 else f"at least {format_percent(least)}"
        said += (
            f" Of so few digits every network gets {share} right, masks or not: Srivastava et al. (2014) found no gain "
            "from 100 or 500 digits either."
        )
    st.markdown(said)


def _say_verdict(moved: Interval) -> str:
    interval = f"{_say_points(moved.low)} to {_say_points(moved.high)}"
    if moved.holds_zero:
        return f"makes no difference ({_say_points(moved.mean)}, interval {interval})"
    verb = "widens" if moved.mean > 0 else "narrows"
    return f"{verb} by {abs(100 * moved.mean):.1f} points ({interval})"


def _name_change(moved: Interval) -> str:
    return _CHANGES[2 if moved.holds_zero else 1 if moved.mean > 0 else 0]


def _say_points(share: float) -> str:
    """+1.6, −0.4, 0.0."""
    text = f"{100 * share:+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "−")


def _draw(
    intervals: Mapping[float, Interval], single: Mapping[float, Numbers], names: Mapping[float, str], title: str
) -> Figure:
    spreads = {p: Spread(each.mean, each.low, each.high, tuple(single[p])) for p, each in intervals.items()}
    low = min(0.0, *(min(each.low, *each.single) for each in spreads.values()))
    high = max(0.0, *(max(each.high, *each.single) for each in spreads.values()))
    room = 0.08 * (high - low)
    rows = [AccuracyRow(names[p], each, _COLOURS[p]) for p, each in spreads.items()]
    return accuracy_rows(rows, title, (low - room, high + room)).update_xaxes(title="percentage points", ticksuffix="")


def _show_table(
    of: Mapping[float, Sequence[DropoutNetwork]], gaps: Mapping[float, Interval], moved: Mapping[float, Interval]
) -> None:
    def mean(name: str) -> list[str]:
        return [format_percent(float(np.mean([getattr(each, name) for each in of[p]]))) for p in SHARES]

    st.markdown(
        write_table(
            [f"p\u00a0=\u00a0{p:g}" for p in SHARES],
            {
                "learned, right": mean("training"),
                "the same, masks on": mean("masked"),
                "held out, right": mean("held_out"),
                "gap, in points": [f"{100 * gaps[p].mean:.1f}" for p in SHARES],
                "interval": [f"{100 * gaps[p].low:.1f} to {100 * gaps[p].high:.1f}" for p in SHARES],
                "less that without": ["", *(_say_points(each.mean) for each in moved.values())],
                "interval ": ["", *(f"{_say_points(e.low)} to {_say_points(e.high)}" for e in moved.values())],
                "change": ["", *(_name_change(each) for each in moved.values())],
            },
        )
    )
    p = SHARES[-1]
    unseen = float(np.mean([each.training - each.masked for each in of[p]]))
    st.markdown(
        f"Who counts the learned digits with masks on, as training goes, sees a gap {100 * unseen:.1f} points smaller "
        f"at p = {p:g}, and nothing is gained: held-out digits are read without masks."
    )
    st.caption(
        f"Each seed draws {FEW} digits of each class, the first weights and the masks, and is the same for every p: so "
        f"differences are taken seed by seed. Intervals by Student's distribution over {SEEDS} seeds, 95 %; those of "
        f"the two differences {100 * _LEVEL:g} % each, so that both hold at a time in at least 95 of 100 cases. The "
        f"{HELD_OUT} digits held out are always the same."
    )
