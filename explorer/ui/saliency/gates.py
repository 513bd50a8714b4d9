"""Channel gates on the Saliency page: all of them as rows of bars, and one block with the maps it turns up and down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.rendering import CHART_CONFIG, gate_rows, mosaic
from explorer.saliency import channel_gates, gated_maps
from explorer.text import count_text, significant
from explorer.ui.kit.choose import choose, choose_one
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.snippet import snippet
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject

SHUT, OPEN = 0.1, 0.9  # below the one and above the other we call a gate so
ORDER_LABELS = {"number": "By number", "value": "Most open first"}
SHOWN = 8  # maps of either end
_CELL = 96  # pixels of a drawn map, about


@dataclass(frozen=True)
class Row:
    """The gates of one block.

    Attributes:
        block: its path.
        gates: (C,) 0 to 1.
    """

    block: str
    gates: NDArray[np.float32]

    @property
    def shut(self) -> int:
        """How many let hardly anything through."""
        return int((self.gates < SHUT).sum())

    @property
    def open(self) -> int:
        """How many let nearly everything through."""
        return int((self.gates > OPEN).sum())

    @property
    def ordered(self) -> NDArray[np.intp]:
        """Channels, the most open first."""
        return np.argsort(-self.gates, kind="stable")

    def say(self) -> str:
        """One line about it, short enough for a phone."""
        return f"{self.block} · mean {significant(self.gates.mean())} · {self.shut} of {len(self.gates)} shut"

    def tell(self, channel: int) -> str:
        """One channel and its gate."""
        return f"{channel} ({significant(self.gates[channel])})"


@st.cache_data(max_entries=16, show_spinner=False)
def compute_gates(subject: Subject) -> tuple[Row, ...]:
    """Every block's gates, in execution order."""
    found = channel_gates(subject.model, subject.input)
    return tuple(Row(each.block, each.values.float().cpu().numpy()) for each in found)


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
    st.plotly_chart(
        gate_rows([row.say() for row in rows], [row.gates for row in rows], title, by_value=by_value),
        config=CHART_CONFIG,
        key=f"gates-{order}-{subject!r}",
    )
    st.caption(_say_all(rows))
    with st.expander("Every block in numbers", icon=":material/table_rows:"):
        st.table(
            [
                {
                    "block": row.block,
                    "channels": len(row.gates),
                    "mean gate": significant(row.gates.mean()),
                    "most open channel": row.tell(int(row.ordered[0])),
                    "most shut channel": row.tell(int(row.ordered[-1])),
                    f"shut, below {SHUT}": row.shut,
                    f"open, above {OPEN}": row.open,
                }
                for row in rows
            ]
        )
    blocks = [row.block for row in rows]
    block = choose_one("Block", blocks, "gate_block")
    _show_block(subject, next(row for row in rows if row.block == block), by_value)


def _say_all(rows: tuple[Row, ...]) -> str:
    """What the bars say together."""
    total = sum(len(row.gates) for row in rows)
    shut, open_ = sum(row.shut for row in rows), sum(row.open for row in rows)
    choosy = max(rows, key=lambda row: float(row.gates.std()))
    return (
        f"Of {count_text(total, 'gate')}, {shut:,} are shut on this photo (below {SHUT}) and {open_:,} open (above "
        f"{OPEN}). {choosy.block} tells its channels apart most: {significant(choosy.gates.min())} to "
        f"{significant(choosy.gates.max())}."
    )


def _show_block(subject: Subject, row: Row, by_value: bool) -> None:
    """One block: its gates large, and what they do to the maps of both ends."""
    count = len(row.gates)
    best, least = int(row.ordered[0]), int(row.ordered[-1])
    numbers = st.container(horizontal=True)
    numbers.metric("mean gate", significant(row.gates.mean()), width=130)
    numbers.metric("most open", significant(row.gates[best]), f"channel {best}", "off", delta_arrow="off", width=130)
    numbers.metric("most shut", significant(row.gates[least]), f"channel {least}", "off", delta_arrow="off", width=130)
    numbers.metric(f"shut, below {SHUT}", f"{row.shut:,}", f"of {count:,}", "off", delta_arrow="off", width=150)
    st.plotly_chart(
        gate_rows([count_text(count, "channel")], [row.gates], f"Gates of {row.block}", by_value=by_value, row=170),
        config=CHART_CONFIG,
        key=f"gates-block-{row.block}-{by_value}-{subject!r}",
    )
    maps = compute_gated(subject, row.block)
    ends = min(SHOWN, max(1, count // 2))
    for what, channels in (("open", row.ordered[:ends]), ("shut", row.ordered[::-1][:ends])):
        st.markdown(f"**The most {what} channels**: above what comes in, below what the gate lets through")
        st.image(
            draw_ends(maps, row.gates, channels),
            alt=f"Maps of the {ends} most {what} channels of {row.block} before and after their gates, on "
            f"{subject.picture.title}",
            width="stretch",
        )
        st.caption(" · ".join(f"channel {channel}: {significant(row.gates[channel])}" for channel in channels))
    colours = "Blue is below zero, white zero, red above." if maps.min() < 0 else "Dark is zero, yellow the largest."
    st.caption(f"{colours} Every channel has its own scale, the same before and after.")
    both = np.concatenate([row.ordered[:ends], row.ordered[::-1][:ends]])
    offer(
        f"gates-{subject.file_stem}-{row.block}",
        lambda: draw_ends(maps, row.gates, both),
        lambda: arrays_as_npz(
            **{each.block: each.gates for each in compute_gates(subject)},
            before=maps[both],
            after=maps[both] * row.gates[both, None, None],
            channels=both,
        ),
        gates_snippet(subject, row.block),
        key="offer",
    )


def draw_ends(maps: NDArray[np.float32], gates: NDArray[np.float32], channels: NDArray[np.intp]) -> bytes:
    """Some channels' maps in two rows, before and after their gates, each channel on one scale for both."""
    peaks = np.abs(maps[channels]).max(axis=(1, 2), keepdims=True)
    before = maps[channels] / np.where(peaks > 0, peaks, 1)
    after = before * gates[channels, None, None]
    return mosaic(
        np.concatenate([before, after]),
        signed=bool(maps.min() < 0),
        scale="shared",
        columns=len(channels),
        magnify=max(1, round(_CELL / max(maps.shape[1:]))),
    ).png


def gates_snippet(subject: Subject, block: str) -> str:
    """Python that gives the gates of every block, and the maps that one of them multiplies."""
    return snippet(
        *opening_lines(subject),
        "from explorer.saliency import channel_gates, gated_maps",
        "x = preprocessing.tensor(image)",
        "gates = {each.block: each.values for each in channel_gates(model, x)}",
        f"before = gated_maps(model, x, {block!r})  # (C, H, W)",
        f"after = before * gates[{block!r}][:, None, None]",
        "for name, values in gates.items():",
        f"    print(name, values.mean().item(), values.argmax().item(), (values < {SHUT}).sum().item())",
    )
