"""Channel gates on the Saliency page: all of them as rows of bars, and one block with the maps it turns up and down."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.rendering import gate_rows, map_rows
from explorer.saliency import gated_maps
from explorer.saliency.gates import SHUT, GateSummary, describe_gates, summarize_gates
from explorer.saliency.snippets import gates_snippet
from explorer.text import count_text, significant
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, choose_one
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject

ORDER_LABELS = {"number": "By number", "value": "Most open first"}
SHOWN = 8  # maps of either end


@st.cache_data(max_entries=16, show_spinner=False)
def compute_gates(subject: Subject) -> tuple[GateSummary, ...]:
    """Every block's gates, in execution order."""
    return summarize_gates(subject.model, subject.input)


@st.cache_data(max_entries=8, show_spinner=False)
def compute_gated(subject: Subject, block: str) -> NDArray[np.float32]:
    """(C, H, W) what a block multiplies."""
    maps: NDArray[np.float32] = gated_maps(subject.model, subject.input, block).float().cpu().numpy()
    return maps


def show_gates(subject: Subject) -> None:
    """All gates, then one block large."""
    rows = compute_gates(subject)
    st.markdown(
        "Squeeze-and-excitation takes the mean of every map and decides from all of them together how much of each to "
        "let through: a gate of 1 is open, 0 is shut."
    )
    order = choose("Order of the bars", ORDER_LABELS, "gate_order", "number")
    by_value = order == "value"
    title = f"Channel gates, {count_text(len(rows), 'block')}"
    show_chart(
        gate_rows([row.describe() for row in rows], [row.gates for row in rows], title, by_value=by_value),
        f"gates-{order}-{subject!r}",
    )
    st.caption(describe_gates(rows))
    with st.expander("Every block in numbers", icon=":material/table_rows:"):
        st.table([row.table_row() for row in rows])
    blocks = [row.block for row in rows]
    block = choose_one("Block", blocks, "gate_block")
    _show_block(subject, next(row for row in rows if row.block == block), by_value)


def _show_block(subject: Subject, row: GateSummary, by_value: bool) -> None:
    """One block: its gates large, and what they do to the maps of both ends."""
    count = len(row.gates)
    best, least = int(row.ordered[0]), int(row.ordered[-1])
    numbers = st.container(horizontal=True)
    numbers.metric("mean gate", significant(row.gates.mean()), width=130)
    numbers.metric("most open", significant(row.gates[best]), f"channel {best}", "off", delta_arrow="off", width=130)
    numbers.metric("most shut", significant(row.gates[least]), f"channel {least}", "off", delta_arrow="off", width=130)
    numbers.metric(f"shut, below {SHUT}", f"{row.shut:,}", f"of {count:,}", "off", delta_arrow="off", width=150)
    show_chart(
        gate_rows([count_text(count, "channel")], [row.gates], f"Gates of {row.block}", by_value=by_value, row=170),
        f"gates-block-{row.block}-{by_value}-{subject!r}",
    )
    maps = compute_gated(subject, row.block)
    after = maps * row.gates[:, None, None]

    def draw(channels: NDArray[np.intp]) -> bytes:
        return map_rows(maps[channels], after[channels], signed=bool(maps.min() < 0)).png

    ends = min(SHOWN, max(1, count // 2))
    for what, channels in (("open", row.ordered[:ends]), ("shut", row.ordered[::-1][:ends])):
        st.markdown(f"**The most {what} channels**: above what comes in, below what the gate lets through")
        show_png(
            draw(channels),
            alt=f"Maps of the {ends} most {what} channels of {row.block} before and after their gates, on "
            f"{subject.picture.title}",
        )
        st.caption(" · ".join(f"channel {channel}: {significant(row.gates[channel])}" for channel in channels))
    colours = "Blue is below zero, white zero, red above." if maps.min() < 0 else "Dark is zero, yellow the largest."
    st.caption(f"{colours} Every channel has its own scale, the same before and after.")
    both = np.concatenate([row.ordered[:ends], row.ordered[::-1][:ends]])
    offer(
        f"gates-{subject.file_stem}-{row.block}",
        lambda: draw(both),
        lambda: arrays_as_npz(
            **{each.block: each.gates for each in compute_gates(subject)},
            before=maps[both],
            after=after[both],
            channels=both,
        ),
        gates_snippet(opening_lines(subject), row.block),
        key="offer",
    )
