"""Whether an optimiser is better than others, from several starts that had no part in choosing its rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import streamlit as st

from explorer.learning.optimisers import OPTIMISERS
from explorer.learning.real_network.races import TUNING, Repeated, in_decades
from explorer.learning.real_network.starts import Verdict, find_winner, judge
from explorer.learning.seed_intervals import Interval
from explorer.neurons.describing import say_number, write_table
from explorer.neurons.digits import HELD_OUT
from explorer.rendering import SERIES, LossRow, format_percent, loss_rows
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.export import arrays_as_npz, download
from explorer.ui.learning.real_network.work import Recipe, obtain_repeated


def show_starts(recipe: Recipe, names: Sequence[str], count: int) -> None:
    """Final losses, and accuracies of digits, with their intervals, and the winner if there is one."""
    st.markdown("#### From other starts")
    repeated = obtain_repeated(recipe, names, count)
    if repeated is None:
        return
    intervals = {each.name: judge(in_decades(np.array(each.losses)).tolist()) for each in repeated}
    shares = {each.name: judge(each.accuracies) for each in repeated if each.accuracies}
    st.markdown(_say(find_winner(intervals, lowest=True), intervals, count, "loss after the last step"))
    losses = {
        each.name: [
            "none" if each.rate is None else f"{each.rate:g}",
            _write(intervals[each.name], lambda decades: say_number(10**decades)),
        ]
        for each in repeated
    }
    st.markdown(write_table(["rate", "loss (95 % interval)"], losses))
    rows = [_as_row(each, intervals[each.name]) for each in repeated]
    show_chart(loss_rows(rows, f"Loss after {recipe.steps:,} steps"), "race-starts")
    if shares:
        said = f"share of the {HELD_OUT} held-out digits that are right"
        st.markdown(_say(find_winner(shares, lowest=False), shares, count, said))
        written = {name: [_write(interval, format_percent)] for name, interval in shares.items()}
        st.markdown(write_table(["held out right (95 % interval)"], written))
    st.caption(
        f"Rates were chosen on {TUNING} starts of their own, by the geometric mean; the {count} that are measured had "
        "no part in it. Means of losses are geometric, their intervals by Student’s t on the powers of ten. Who wins "
        "here wins on this network, these data and this number of steps."
    )
    download(
        st.container(),
        "Losses of all starts (NPZ)",
        lambda: arrays_as_npz(
            **{f"{each.name}_losses": np.array(each.losses) for each in repeated},
            **{f"{each.name}_accuracies": np.array(each.accuracies) for each in repeated},
        ),
        "starts.npz",
        "race-starts-npz",
    )


def _say(verdict: Verdict, intervals: Mapping[str, Interval | None], count: int, what: str) -> str:
    if verdict.best is None:
        return f"**No winner by {what}:** none of them ends finite from all of {count} starts."
    if len(intervals) == 1:
        return f"**No winner by {what}:** nothing but {verdict.best} was tried."
    failed = [name for name, interval in intervals.items() if interval is None]
    also = f" {join_names(failed)} did not end finite from every start." if failed else ""
    if verdict.winner:
        return f"**By {what} {verdict.winner} wins** over {count} starts: its interval touches no other.{also}"
    return (
        f"**No winner by {what}** over {count} starts: {verdict.best} is first, but its interval overlaps with "
        f"{'that' if len(verdict.rivals) == 1 else 'those'} of {join_names(verdict.rivals)}.{also}"
    )


def _write(interval: Interval | None, say: Callable[[float], str]) -> str:
    if interval is None:
        return "not finite"
    return f"{say(interval.mean)} ({say(interval.low)} to {say(interval.high)})"


def _as_row(repeated: Repeated, interval: Interval | None) -> LossRow:
    spread = None if interval is None else (10**interval.mean, 10**interval.low, 10**interval.high)
    colour = SERIES[list(OPTIMISERS).index(repeated.name)]
    return LossRow(repeated.name, colour, [loss for loss in repeated.losses if np.isfinite(loss)], spread)


def join_names(names: Sequence[str]) -> str:
    """A, B and C."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
