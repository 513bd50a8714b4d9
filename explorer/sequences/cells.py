"""The gates of recurrent units, from their sums; arrays of any shape, in PyTorch's order along the last axis."""

from __future__ import annotations

import numpy as np

from explorer.neurons.activations import Numbers, sigmoid


def open_lstm(sums: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Input gate i, forget gate f, candidate g and output gate o of an LSTM (Hochreiter & Schmidhuber 1997; Gers 2000).

    With them the memory becomes c = f c + i g, and the state h = o tanh(c).

    Args:
        sums: (..., 4H), W_x x + W_h h + b.
    """
    i, f, g, o = np.split(sums, 4, axis=-1)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)


def open_gru(by_input: Numbers, by_state: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Reset gate r, update gate z and candidate n of a GRU (Cho et al. 2014), as PyTorch has it: r after the matrix.

    With them the state becomes h = (1 - z) n + z h.

    Args:
        by_input: (..., 3H), W_x x with its bias.
        by_state: (..., 3H), W_h h with its bias.
    """
    (reset, update, candidate), (r, z, n) = (np.split(sums, 3, axis=-1) for sums in (by_input, by_state))
    r, z = sigmoid(reset + r), sigmoid(update + z)
    return r, z, np.tanh(candidate + r * n)
