"""What learns in every strategy, drawn on the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from explorer.rendering.figures.strategy import strategy_columns
from explorer.text import as_plain_text
from explorer.transfer.plan_columns import SENTENCES, Drawn, describe_weights, plan_columns
from explorer.transfer.trial import STRATEGY_TITLES, Strategy, TransferRejected
from explorer.ui.kit.chart import show_chart
from explorer.ui.session.subject import Subject, open_network

if TYPE_CHECKING:
    pass


def show_drawing(subject: Subject, classes: int, strategies: Sequence[Strategy], kept: int) -> None:
    """What learns in each chosen strategy, one small network under another, with numbers and a sentence each."""
    titles, rows = [], []
    for strategy in strategies:
        drawn = compute_drawing(subject.network, subject.device, classes, strategy, kept)
        titles.append(f"<b>{STRATEGY_TITLES[strategy]}</b>: {describe_weights(drawn)}")
        rows.append(drawn.stages)
    if rows:
        show_chart(strategy_columns(titles, rows), "chart-strategies")
    st.markdown("\n".join(f"- **{STRATEGY_TITLES[each]}.** {SENTENCES[each]}" for each in strategies))


@st.cache_data(max_entries=64, show_spinner=False)
def compute_drawing(network: str, device: str, classes: int, strategy: Strategy, kept: int) -> Drawn:
    """`plan_columns` of a network by its name.

    Raises:
        TransferRejected: the strategy cannot be done on this network.
    """
    return plan_columns(open_network(network, device, ""), classes, strategy, kept)


def keep_possible(subject: Subject, classes: int, strategies: Sequence[Strategy], kept: int) -> tuple[Strategy, ...]:
    """The strategies that can be done on the network; the page says why the others are left out."""
    possible = []
    for strategy in strategies:
        try:
            compute_drawing(subject.network, subject.device, classes, strategy, kept)
            possible.append(strategy)
        except TransferRejected as problem:
            st.warning(
                f"{STRATEGY_TITLES[strategy]} is left out: {as_plain_text(str(problem))}", icon=":material/block:"
            )
    return tuple(possible)
