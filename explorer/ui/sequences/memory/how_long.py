"""The Memory part's first view: what is left of a gradient at letters ever longer ago, of four networks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.neurons.activations import Numbers, sigmoid
from explorer.neurons.describing import write_difference, write_number, write_table
from explorer.rendering import SERIES, StepLine, line_figure_png, step_lines
from explorer.sequences.memory.gradients import EXPLODED, VANISHED, Flow, draw_layer, flow_back, measure_by_autograd
from explorer.sequences.memory.networks import NAMES, Network
from explorer.sequences.memory.snippets import gradients_snippet
from explorer.sequences.memory.surveys import BIASES, SPREADS, STARTS, SURVEYED, Survey, survey_in_slices
from explorer.sequences.memory.texts import LETTERS, TEXTS, OwnText, draw_texts, draw_tops, read_own
from explorer.sequences.next_letter import MOST_LETTERS, TextRejected
from explorer.slices import finish
from explorer.text import as_plain_text
from explorer.ui.app import link_to
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose_number, choose_one, choose_step, settings_popover
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.slow import obtain
from explorer.ui.sequences.memory.products import write_products

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FAR = 100  # letters back, for the finding
START = "the first letter is read a hundred letters before the last one, so what of it can a network still know here?"
_CHANCE = 1000.0  # the factor between two draws from which on the draw is said to decide
_OWN_SPREAD = 0.0  # stands for PyTorch's own weights
_SPREAD_LABELS = {_OWN_SPREAD: "PyTorch's own", **{spread: f"{spread:g}" for spread in SPREADS}}
_UNITS = (8, 16, 32, 64)
_KEPT = "memory_text_read"  # the last text that could be read, in the session
_COLOURS = {"rnn": SERIES[0], "lstm": SERIES[1], "gru": SERIES[2]}


@dataclass(frozen=True, eq=False)
class Found:
    """One network over all texts.

    Attributes:
        network: which one.
        flow: through the random texts.
        middle, low, high: (T,) of the lengths by distance.
        apart: largest difference of a length from PyTorch's, as a share of the longest at its distance.
    """

    network: Network
    flow: Flow
    middle: Numbers
    low: Numbers
    high: Numbers
    apart: float


def show_how_long(row: DeltaGenerator) -> None:
    """The finding, lines with bands, what is multiplied, and every bias and spread beside each other."""
    with settings_popover(row):
        units = choose_step("Units of the state", _UNITS, "memory_units", 32)
        seed = choose_number("Seed", 0, 99, "memory_seed", 0, help="Of the weights and of the random texts.")
    finding = st.container()
    row = st.container(horizontal=True, vertical_alignment="bottom")
    said = "Bias of the gate that keeps: the forget gate of an LSTM, the update gate of a GRU."
    bias = choose_step("Bias of the gate that keeps", BIASES, "memory_bias", 3, place=row, width=230, help=said)
    said = "The standard deviation of the weights in W_h, times √units. PyTorch's own are uniform, with 0.58."
    spread = choose_one("Spread of W_h (RNN)", _SPREAD_LABELS, "memory_spread", place=row, width=190, help=said)
    own = _choose_text(row)
    rnn = Network("rnn", spread=spread or None, units=units, seed=seed)
    closed = Network("lstm", 0.0, units=units, seed=seed)
    opened, gru = (Network(kind, float(bias), units=units, seed=seed) for kind in ("lstm", "gru"))
    founds = [measure(each) for each in dict.fromkeys((rnn, closed, opened, gru))]
    titles = [each.network.title for each in founds]
    with finding:
        asked = f"A gradient of length 1 at the last letter, {FAR} letters on: in which network is most of it left?"
        most = max(founds, key=lambda each: float(each.middle[FAR]))
        if not ask_first(asked, titles, most.network.title, f"ask-memory-{bias}-{spread:g}-{units}-{seed}"):
            return
        _say_finding(founds)
    own_flows = [_flow_own(each.network, own) for each in founds]
    figure = _draw(founds, own_flows)
    wide, narrow = st.columns([6, 5], gap="large")
    with wide:
        show_chart(figure, "memory-chart")
        st.caption(
            f"Geometric mean over {TEXTS} random texts of {LETTERS} letters, and the band in which nine of ten lie; "
            "thin and dotted: your text. Into each text's last state goes a gradient of length 1 in a direction by "
            "chance, so that the mean of the squares is that of dh/dx, squared and divided by the units."
        )
        apart = max(each.apart for each in founds)
        st.caption(
            f"Worked out by hand, beside autograd through PyTorch's own layers: largest difference "
            f"{write_difference(apart)} of a length. {_say_chaos(apart)}"
        )
    with narrow:
        write_products([(each.network, each.flow, flow) for each, flow in zip(founds, own_flows, strict=True)], FAR)
    _show_survey(units, seed)
    offer(
        "memory",
        lambda: line_figure_png(figure),
        partial(_pack, founds, own, own_flows),
        gradients_snippet([each.network for each in founds]),
        key="memory-offer",
    )
    link_to("learning", "The same product through layers instead of letters", {"part": "Depth"})


def measure(network: Network) -> Found:
    """All of one network, kept for all sessions."""

    def make() -> Found:
        texts, tops = draw_texts(network.seed), draw_tops(network.seed, TEXTS, network.units)
        flow = flow_back(network, texts, tops)
        apart = np.abs(measure_by_autograd(draw_layer(network), texts, tops) - flow.lengths).max(axis=0)
        return Found(network, flow, *flow.summarise(), float((apart / flow.lengths.max(axis=0)).max()))

    return once(("memory", network), make)


def _flow_own(network: Network, own: OwnText) -> Flow:
    numbers, top = own.numbers, draw_tops(network.seed, 1, network.units)
    return once(("memory of own text", network, own), lambda: flow_back(network, numbers, top))


def _choose_text(place: DeltaGenerator) -> OwnText:
    """The text that is drawn into the bands; the last one that could be read where this one cannot."""
    said = f"2 to {MOST_LETTERS} letters. The alphabet: a to z, digits, space and . , ! ? ' -"
    typed = place.text_input("Your text", START, key="memory_text", bind="query-params", width=360, help=said)
    try:
        own = read_own(typed or "")
    except TextRejected as rejected:
        last: OwnText = st.session_state.get(_KEPT, read_own(START))
        st.warning(f"{rejected} Shown is “{as_plain_text(last.text)}”.", icon=":material/edit_off:")
        return last
    st.session_state[_KEPT] = own
    if own.unknown:
        named = " ".join(as_plain_text(each) for each in own.unknown)
        st.caption(f"Not in the alphabet, and all read as the same unknown letter: {named}")
    return own


def _say_finding(founds: list[Found]) -> None:
    left = {each.network: _write(each.middle[FAR]) for each in founds}
    rnn, closed = founds[0], founds[1]
    opened = [each for each in founds[2:] if each.network.kind == "lstm"]
    gru = founds[-1]
    # No comma behind a formula: it would begin the next line.
    said = f"an {_say_network(rnn.network)} leaves ${left[rnn.network]}$ "
    said += f"and an LSTM with forget bias 0 ${left[closed.network]}$"
    said += "".join(f" but one with forget bias {each.network.bias:g} ${left[each.network]}$" for each in opened)
    st.markdown(
        f"**Of a gradient of length 1 at the end, {FAR} letters back {said}.** {_explain(rnn, closed, opened, gru)}"
    )
    for each in founds:
        times, most = (float(line[FAR] / each.middle[0]) for line in (each.middle, each.high))
        if most > EXPLODED:
            how = "**explodes**" if times > EXPLODED else "**explodes in some texts**"
            st.markdown(
                f"The {_say_network(each.network)} {how}: {FAR} letters back the gradient is ${write_number(times)}$ "
                f"times as long as at the last letter, in one text in twenty more than ${write_number(most)}$ times. "
                "In training such gradients are clipped."
            )


def _write(value: float) -> str:
    """A number in LaTeX that is not broken between two lines."""
    return f"{{{write_number(float(value))}}}"


def _say_network(network: Network) -> str:
    if network.kind == "rnn":
        return "RNN" if network.spread is None else f"RNN whose W_h spreads by {network.spread:g}".replace("_", r"\_")
    return f"{NAMES[network.kind]} with bias {network.bias:g}"


def _explain(rnn: Found, closed: Found, opened: list[Found], gru: Found) -> str:
    """What the name is worth and what the gate."""
    said = ""
    if closed.middle[FAR] < VANISHED * closed.middle[0]:
        beside = "even less than this RNN" if closed.middle[FAR] < rnn.middle[FAR] else "hardly more than this RNN"
        said = f"The name LSTM keeps nothing: with gates half open it keeps {beside}. "
    for each in opened:
        times = _write(each.middle[FAR] / closed.middle[FAR])
        gate = float(sigmoid(each.network.bias))
        said += (
            f"The open gate does: σ({each.network.bias:g}) = {gate:.3f} instead of 0.5 leaves ${times}$ times as much. "
        )
    return said + f"A GRU with bias {gru.network.bias:g}, named otherwise, leaves ${_write(gru.middle[FAR])}$."


def _draw(founds: list[Found], own_flows: list[Flow]) -> Figure:
    lines = []
    for found, flow in zip(founds, own_flows, strict=True):
        colour = SERIES[3] if found.network == founds[1].network else _COLOURS[found.network.kind]
        band = (found.low.tolist(), found.high.tolist())
        lines.append(StepLine(found.network.title, range(LETTERS), found.middle.tolist(), colour, band=band))
        own = flow.lengths[0].tolist()
        name = f"{found.network.title}, your text"
        lines.append(StepLine(name, range(len(own)), own, colour, "dot", width=1, listed=False))
    title = "Length of the gradient, letters back"
    return step_lines(lines, {}, title, "length", "letters back")


def _say_chaos(apart: float) -> str:
    if apart < 1e-6:
        return ""
    return (
        "So large because the RNN's states are chaotic: the last digit, in which two ways of adding up differ, grows "
        "on its way through the letters as the gradient does on its way back."
    )


def _show_survey(units: int, seed: int) -> None:
    """Every bias and every spread, in three draws of the weights."""
    survey = obtain(
        ("memory survey", units, seed),
        "Every bias and every spread",
        "networks",
        partial(finish, survey_in_slices(units, seed, FAR)),
        st.empty(),
        "memory-survey",
    )
    if survey is None:
        return
    by_bias: dict[str, list[str]] = {}
    by_spread: dict[str, list[str]] = {}
    for network, left in survey.left.items():
        if network.kind == "rnn":
            by_spread[_SPREAD_LABELS[network.spread or _OWN_SPREAD]] = [_say_range(left)]
        else:
            by_bias.setdefault(f"{network.bias:g}", []).append(_say_range(left))
    st.markdown(f"**What is left {FAR} letters back, in {STARTS} draws of the weights, from lowest to highest**")
    gated, plain = st.columns(2, gap="large")
    gated.markdown(write_table(["LSTM", "GRU"], {f"bias {name}": cells for name, cells in by_bias.items()}))
    plain.markdown(write_table(["RNN"], {f"spread {name}": cells for name, cells in by_spread.items()}))
    st.caption(f"Geometric means over {SURVEYED} random texts each. {_say_survey(survey)}")


def _say_survey(survey: Survey) -> str:
    """What becomes of RNNs: neither vanished nor exploded in all draws, one or the other by chance, or exploded."""
    plain = {
        _SPREAD_LABELS[network.spread or _OWN_SPREAD]: left
        for network, left in survey.left.items()
        if network.kind == "rnn"
    }
    lasting = [name for name, left in plain.items() if left[0] >= VANISHED and left[-1] <= 1]
    exploding = [name for name, left in plain.items() if left[0] > 1]
    hanging = [name for name, left in plain.items() if left[-1] > max(VANISHED, _CHANCE * left[0]) and left[0] <= 1]
    said = []
    if lasting:
        said.append(f"An RNN keeps a gradient without any gate at a spread of {', '.join(lasting)}")
    if hanging:
        said.append(f"at {', '.join(hanging)} the draw decides, by a factor of more than {_CHANCE:,g}")
    if exploding:
        said.append(f"at {', '.join(exploding)} it explodes in every draw")
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}." if said else "No RNN keeps a gradient for so long in every draw."


def _say_range(values: tuple[float, ...]) -> str:
    """Of rising numbers the ends: 1.8e−4 to 1.4e−3."""
    ends = (
        f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
        for value in values[:: len(values) - 1]
    )
    return " to ".join(ends).replace("-", "−")


def _pack(founds: list[Found], own: OwnText, own_flows: list[Flow]) -> bytes:
    return arrays_as_npz(
        networks=np.array([each.network.title for each in founds]),
        middle=np.stack([each.middle for each in founds]),
        low=np.stack([each.low for each in founds]),
        high=np.stack([each.high for each in founds]),
        lengths=np.stack([each.flow.lengths for each in founds]),
        own_text=np.array(own.text),
        own_lengths=np.stack([flow.lengths[0] for flow in own_flows]),
    )
