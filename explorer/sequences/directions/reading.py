"""A sentence read by the three taggers, their LSTMs written out, in float64, and PyTorch's own beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.neurons.losses import softmax
from explorer.sequences.cells import open_lstm
from explorer.sequences.directions.network import Tagger, encode_sentences

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reading:
    """What one tagger makes of a sentence of T words.

    Attributes:
        vectors: (T, 64) of the words, each from its letters alone.
        states: (T, 48), from which the classes are told; of the tagger that reads both ways 24 of either run.
        probabilities: (T, 3) of the classes.
    """

    vectors: Array
    states: Array
    probabilities: Array


def read_with(tagger: Tagger, words: Sequence[str]) -> Reading:
    """Read a sentence word by word, as the formulas have it.

    Args:
        tagger: with weights in float64, in evaluation mode.
        words: of the sentence.
    """
    with torch.inference_mode():
        vectors = tagger.read_words(encode_sentences([words]))[0].numpy()
    weights = {name: value.numpy() for name, value in tagger.lstm.named_parameters()}
    if tagger.direction == "forward":
        states = run_lstm(vectors, weights)
    elif tagger.direction == "backward":
        states = run_lstm(vectors[::-1], weights)[::-1]
    else:
        behind = {name.removesuffix("_reverse"): each for name, each in weights.items() if name.endswith("_reverse")}
        states = np.hstack([run_lstm(vectors, weights), run_lstm(vectors[::-1], behind)[::-1]])
    logits = states @ tagger.head.weight.numpy().T + tagger.head.bias.numpy()
    return Reading(vectors, states, softmax(logits))


def run_lstm(vectors: Array, weights: Mapping[str, Array]) -> Array:
    """States (T, H) of an LSTM that begins with zeros (Hochreiter & Schmidhuber 1997; Gers et al. 2000).

    Args:
        vectors: (T, D) in the order in which they are read.
        weights: under PyTorch's names, the rows of input gate, forget gate, candidate and output gate below another.
    """
    units = weights["weight_hh_l0"].shape[1]
    h, c = np.zeros(units), np.zeros(units)
    bias = weights["bias_ih_l0"] + weights["bias_hh_l0"]
    states = []
    for x in vectors:
        i, f, g, o = open_lstm(weights["weight_ih_l0"] @ x + weights["weight_hh_l0"] @ h + bias)
        c = f * c + i * g
        h = o * np.tanh(c)
        states.append(h)
    return np.array(states)


def find_difference_from_pytorch(tagger: Tagger, reading: Reading) -> float:
    """The largest difference of a state by hand from that of `nn.LSTM` with the same weights.

    For the tagger that reads both ways that is `nn.LSTM(bidirectional=True)`, beside two runs by hand of which the
    second read the sentence from the back.
    """
    with torch.inference_mode():
        theirs = tagger.states(torch.from_numpy(reading.vectors)[None])[0].numpy()
    return float(np.abs(reading.states - theirs).max())
