"""What a gradient is multiplied by on its way back: slopes and W_h in an RNN, gates alone through a memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explorer.neurons.activations import sigmoid
from explorer.neurons.describing import say_number, write_number, write_table
from explorer.sequences.memory.gradients import Flow, geometric_mean
from explorer.sequences.memory.networks import Network
from explorer.text import count_text

_SHOWN = 3  # gates written out before the dots


def write_products(flows: Sequence[tuple[Network, Flow, Flow]], far: int) -> None:
    """The product of every network.

    Args:
        flows: each network with its flow through the random texts and through the own text; an RNN first.
        far: letters back.
    """
    _write_steps(*flows[0][:2], far)
    letters = min(far, flows[0][2].lengths.shape[1] - 1)
    st.markdown(
        f"**With gates: those of one unit over {count_text(letters, 'letter')} of your text.** It is the unit in the "
        "middle; behind it what the bias alone would keep."
    )
    rows = {}
    for network, flow, own in flows[1:]:
        st.markdown(f"{network.title}: ${_write_gates(network, own, letters)}$")
        direct, middle = (float(geometric_mean(each)[far]) for each in (flow.direct, flow.lengths))
        rows[network.title] = [say_number(direct), say_number(middle)]
    st.markdown(write_table(["memory alone", "all ways"], rows))
    st.caption(
        f"What arrives {far} letters back, random texts. Memory alone: multiplied by the gates that keep and by "
        "nothing else. All ways: also by those through W\\_h into the gates' sums, from letter to letter,"
        " and ways may cancel."
    )


def _write_steps(network: Network, flow: Flow, far: int) -> None:
    slopes, onward = (float(geometric_mean(each[:, :far].ravel())) for each in (flow.slopes, flow.onward))
    middle = float(geometric_mean(flow.lengths)[far])
    into = middle / (slopes * onward) ** far
    st.markdown(
        f"**{network.title}: {far} slopes and {far} times W\\_h**, by how much each makes the gradient longer in the "
        "geometric mean, and the way into the letter:"
    )
    powers = rf"{slopes:.3f}^{{{far}}} \cdot {onward:.3f}^{{{far}}} \cdot {write_number(into)}"
    st.markdown(rf"$${powers} = {write_number(middle)}$$")


def _write_gates(network: Network, own: Flow, letters: int) -> str:
    products = own.kept[0, :letters].prod(axis=0)
    unit = int(np.argsort(products)[len(products) // 2])
    gates = own.kept[0, :letters, unit]
    written = r" \cdot ".join(f"{each:.2f}" for each in gates[:_SHOWN])
    more = rf" \cdots {gates[-1]:.2f}" if letters > _SHOWN else ""
    product, alone = (write_number(float(each)) for each in (products[unit], sigmoid(network.bias) ** letters))
    # In braces, so that no line ends within a number.
    return rf"{written}{more} = {{{product}}}, \;\; \sigma({network.bias:g})^{{{letters}}} = {{{alone}}}"
