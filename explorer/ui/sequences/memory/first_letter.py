"""The Memory part's task: say the first letter after n others, trained while a person waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.learning.seed_intervals import LEVEL, interval_of
from explorer.neurons.describing import write_table
from explorer.rendering import SERIES, format_percent, line_figure_png
from explorer.rendering.figures.transfer import AccuracyRow, Spread, accuracy_rows
from explorer.sequences.memory.first_letter import (
    BATCH,
    CLIP,
    FIRST,
    HELD_OUT,
    LETTERS,
    RATE,
    SEEDS,
    STEPS,
    UNITS,
    Learned,
    Task,
    task_snippet,
)
from explorer.sequences.memory.networks import Network
from explorer.sequences.memory.surveys import BIASES
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose_step, switch
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.sequences.memory.every_length import BETWEEN, COLOURS, show_every_length
from explorer.ui.sequences.memory.learned import obtain_learned

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_CHANCE = 1 / FIRST
_COMPARED = 5  # differences that are told
_LEVEL = 1 - (1 - LEVEL) / _COMPARED  # so that all their intervals hold together in at least 95 of 100 cases
_ANSWERS = ("LSTM, bias 0", "RNN", "no difference that these seeds show")


def show_first_letter(finding: DeltaGenerator) -> None:
    """Five networks one after another, each from five seeds; what is trained is shown at once."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    said = f"All of {', '.join(map(str, BETWEEN))}, the short ones first: it takes minutes, and may be stopped."
    every = switch("Every n", "memory_every_n", place=row, help=said)
    between = choose_step("Letters in between, n", BETWEEN, "memory_between", 30, place=row, width=260, disabled=every)
    said = "Of the forget gate of the second LSTM, and of the update gate of the GRU."
    bias = choose_step(
        "Bias of the gate that keeps", BIASES[1:], "memory_bias_learned", 3, place=row, width=230, help=said
    )
    networks = (
        Network("rnn", units=UNITS),
        Network("rnn", spread=1.0, units=UNITS),
        Network("lstm", 0.0, units=UNITS),
        Network("lstm", float(bias), units=UNITS),
        Network("gru", float(bias), units=UNITS),
    )
    if every:
        show_every_length(networks, finding)
    else:
        _show_one_length(networks, between, finding)


def _show_one_length(networks: Sequence[Network], between: int, finding: DeltaGenerator) -> None:
    place, partly = st.empty(), st.empty()
    learned: dict[Network, tuple[Learned, ...]] = {}
    for network in networks:
        found = obtain_learned(network, between, place, f", {len(learned) + 1} of {len(networks)}")
        if found is None:
            return
        learned[network] = found
        if not st.session_state.get("ask"):
            partly.markdown(_write(learned))
    partly.empty()
    right = {network: np.array([each.right[-1] for each in found]) for network, found in learned.items()}
    plain, closed = (right[networks[number]] for number in (0, 2))
    less = interval_of(closed - plain, _LEVEL)
    with finding:
        asked = (
            f"Which of the two is better at saying the first of {between + 1} letters: PyTorch's RNN, or an LSTM whose "
            "forget bias begins at 0?"
        )
        answer = _ANSWERS[2 if less.holds_zero else 0 if less.mean > 0 else 1]
        if not ask_first(asked, _ANSWERS, answer, f"ask-memory-task-{between}"):
            return
        _say(between, networks, right)
    wide, narrow = st.columns([6, 5], gap="large")
    figure = _draw(right, between)
    with wide:
        show_chart(figure, "memory-task-chart")
    with narrow:
        st.markdown(_write(learned))
        st.caption(
            f"The first letter is one of {FIRST}, the n that follow are {LETTERS - FIRST} others; the answer is read "
            f"off the last of {UNITS} states. PyTorch's own layers, {STEPS} steps of its Adam at {RATE:g}, {BATCH} "
            f"texts each, gradients longer than {CLIP:g} clipped; {HELD_OUT} texts held out. Guessing gets "
            f"{format_percent(_CHANCE)}. Intervals by "
            f"Student's t over {SEEDS} seeds, 95 %, drawn no further than 100 %; differences seed by seed, all five of "
            "them together 95 %."
        )
    offer(
        "first-letter",
        lambda: line_figure_png(figure),
        lambda: arrays_as_npz(
            networks=np.array([each.title for each in networks]),
            right=np.array([[each.right for each in learned[network]] for network in networks]),
        ),
        task_snippet(Task(networks[3], between)),
        key="memory-task-offer",
    )


def _write(learned: dict[Network, tuple[Learned, ...]]) -> str:
    """What each network gets right at the end, mean and every seed."""
    rows = {}
    for network, found in learned.items():
        shares = [each.right[-1] for each in found]
        rows[network.title] = [
            format_percent(float(np.mean(shares))),
            ", ".join(f"{100 * each:.0f}" for each in shares),
        ]
    return write_table(["held out, right", f"seeds 0 to {SEEDS - 1}, %"], rows)


def _say(between: int, networks: Sequence[Network], right: dict[Network, np.ndarray]) -> None:
    plain, spread, closed, opened, gru = (right[each] for each in networks)
    means = [format_percent(float(each.mean())) for each in (plain, closed, opened, gru)]
    bias = f"{networks[3].bias:g}"
    st.markdown(
        f"**{between} letters later, of the held-out first letters the RNN says {means[0]} rightly, an LSTM with "
        f"forget bias 0 {means[1]}, with forget bias {bias} {means[2]}, a GRU with bias {bias} {means[3]}; guessing "
        f"gets {format_percent(_CHANCE)}.** {SEEDS} seeds, {STEPS} steps."
    )
    compared = {
        f"LSTM with bias {bias} beside bias 0": opened - closed,
        "LSTM with bias 0 beside the RNN": closed - plain,
        f"LSTM with bias {bias} beside the RNN": opened - plain,
        f"GRU beside the LSTM, both with bias {bias}": gru - opened,
        "RNN of spread 1 beside PyTorch's own": spread - plain,
    }
    st.markdown("\n".join(f"- {name}: {_compare(values)}" for name, values in compared.items()))


def _compare(differences: np.ndarray) -> str:
    if not differences.any():
        return "no difference at all."
    interval = interval_of(differences, _LEVEL)
    points = f"{_points(interval.mean)} points, interval {_points(interval.low)} to {_points(interval.high)}"
    if interval.holds_zero:
        return f"no difference that {SEEDS} seeds show ({points})."
    return f"**{'more' if interval.mean > 0 else 'fewer'} right** ({points})."


def _points(share: float) -> str:
    return f"{100 * share:+.0f}".replace("-", "−")


def _draw(right: dict[Network, np.ndarray], between: int) -> Figure:
    rows = []
    for (network, shares), colour in zip(right.items(), COLOURS, strict=True):
        interval = interval_of(shares)
        spread = Spread(interval.mean, max(0.0, interval.low), min(1.0, interval.high), tuple(shares.tolist()))
        rows.append(AccuracyRow(network.title, spread, colour))
    figure = accuracy_rows(rows, f"First letter said rightly after {between} others", (0.0, 1.02))
    figure.add_vline(x=100 * _CHANCE, line={"color": SERIES[6], "width": 1, "dash": "dot"})
    return figure
