"""The Memory part's task at every length: up to how many letters in between each network still says the first one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.learning.seed_intervals import interval_of
from explorer.neurons.describing import write_table
from explorer.rendering import SERIES, line_figure_png
from explorer.rendering.figures.transfer import LearningCurve, Spread, learning_curves
from explorer.sequences.memory.first_letter import SEEDS, Learned, Task, task_snippet
from explorer.sequences.memory.networks import Network
from explorer.text import format_percent
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.sequences.memory.learned import obtain_learned

BETWEEN = (10, 20, 30, 50, 70, 100)
COLOURS = (SERIES[0], SERIES[4], SERIES[3], SERIES[1], SERIES[2])
_KNOWS = 0.9  # of the held-out texts right: such a network is said to know the first letter
_SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up")


def show_every_length(networks: Sequence[Network], finding: DeltaGenerator) -> None:
    """The networks trained at every n, the short ones first; where a person stops, what is trained is shown."""
    place = st.empty()
    by_length: dict[int, list[tuple[Learned, ...]]] = {}
    for between in BETWEEN:
        found = []
        for network in networks:
            learned = obtain_learned(network, between, place)
            if learned is None:
                break
            found.append(learned)
        if len(found) < len(networks):
            break
        by_length[between] = found
    if not by_length:
        return
    lengths = list(by_length)
    right = np.array([[[each.right[-1] for each in by_length[n][k]] for n in lengths] for k in range(len(networks))])
    known = [_find_longest(shares, lengths) for shares in right]
    opened = networks[3]
    with finding:
        answers = ("at none", *(f"{length}" for length in lengths))
        asked = f"Up to which n do all {SEEDS} seeds of the LSTM with bias {opened.bias:g} know the first letter?"
        if not ask_first(asked, answers, answers[known[3]], f"ask-memory-every-{opened.bias:g}-{len(lengths)}"):
            return
        told = "; ".join(f"{network.title}: {answers[at]}" for network, at in zip(networks, known, strict=True))
        st.markdown(
            f"**Up to which n all {SEEDS} seeds know the first letter, with at least {format_percent(_KNOWS)} right: "
            f"{told}.** n goes up to {lengths[-1]}; guessing gets 25 %."
        )
    curves = [
        LearningCurve(network.title, tuple(lengths), tuple(_spread(each) for each in shares), colour, symbol)
        for network, shares, colour, symbol in zip(networks, right, COLOURS, _SYMBOLS, strict=True)
    ]
    figure = learning_curves(curves, "First letter said rightly, by n", "letters in between, n", "letters")
    wide, narrow = st.columns([6, 5], gap="large")
    with wide:
        show_chart(figure, "memory-every-chart")
    rows = {
        network.title: [", ".join(f"{100 * shares.mean():.0f}" for shares in each)]
        for network, each in zip(networks, right, strict=True)
    }
    narrow.markdown(write_table([f"right in %, n = {', '.join(map(str, lengths))}"], rows))
    narrow.caption(f"Of the held-out texts, the mean of {SEEDS} seeds; bands by Student's t, 95 %.")
    offer(
        "first-letter-by-length",
        lambda: line_figure_png(figure),
        lambda: arrays_as_npz(
            networks=np.array([each.title for each in networks]), between=np.array(lengths), right=right
        ),
        task_snippet(Task(opened, lengths[-1])),
        key="memory-every-offer",
    )


def _find_longest(shares: np.ndarray, lengths: Sequence[int]) -> int:
    """How many of the lengths, from the shortest on, every seed knows."""
    knows = (shares >= _KNOWS).all(axis=1)
    return int(knows.cumprod().sum())


def _spread(shares: np.ndarray) -> Spread:
    interval = interval_of(shares)
    return Spread(interval.mean, max(0.0, interval.low), min(1.0, interval.high), tuple(shares.tolist()))
