"""How a date is written, one character after another, worked out from the weights by hand in float64."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from explorer.neurons.activations import Numbers
from explorer.neurons.losses import softmax
from explorer.sequences.attention.dates import LENGTH, OUTPUTS, Reading
from explorer.sequences.attention.network import START, STATE, DateNetwork
from explorer.sequences.cells import open_gru

Weights = Mapping[str, Numbers]
HALF = STATE // 2
_DECODER = ("decoder.weight_{}", "decoder.bias_{}")


@dataclass(frozen=True, eq=False)
class Step:
    """How one character is written. What concerns attention is None in a network without it.

    Attributes:
        asking: (64,) the decoder's state before, which is compared with every character's key.
        query: (64,) what becomes of it.
        scores: (T,) of the input's characters.
        own_weights: (T,) softmax of the scores.
        weights: (T,) those that were used: the own ones, or a person's in their place.
        context: (64,) the encoder's states, weighted.
        before: number of the character that was written before; 11 at the start.
        state: (64,) of the decoder, after.
        logits, probabilities: (11,) of the characters that can be written.
        number: of the likeliest, which is written.
    """

    asking: Numbers
    query: Numbers | None
    scores: Numbers | None
    own_weights: Numbers | None
    weights: Numbers | None
    context: Numbers
    before: int
    state: Numbers
    logits: Numbers
    probabilities: Numbers
    number: int

    @property
    def character(self) -> str:
        """What is written."""
        return OUTPUTS[self.number]

    @property
    def probability(self) -> float:
        """Of what is written."""
        return float(self.probabilities[self.number])


@dataclass(frozen=True, eq=False)
class Run:
    """A text read and a date written.

    Attributes:
        reading: the text, of T characters.
        states: (T, 64) of the encoder: forward in the first half, backward in the second.
        keys: (T, 64) what attention compares with the decoder's state; None without attention.
        steps: one for each of the ten characters.
    """

    reading: Reading
    states: Numbers
    keys: Numbers | None
    steps: tuple[Step, ...]

    @property
    def text(self) -> str:
        """What was written."""
        return "".join(step.character for step in self.steps)

    @property
    def probability(self) -> float:
        """Of all that was written: the product over its characters, each given those before it."""
        return prod(step.probability for step in self.steps)

    @property
    def weights(self) -> Numbers:
        """(10, T) where each written character looked.

        Raises:
            ValueError: a network without attention wrote it.
        """
        rows = [step.weights for step in self.steps if step.weights is not None]
        if not rows:
            raise ValueError("without attention nothing is weighted")
        return np.stack(rows)


def write(network: DateNetwork, reading: Reading, moved: Mapping[int, Numbers] | None = None) -> Run:
    """Read a text and write a date, taking the likeliest character at every place.

    Args:
        network: with or without attention.
        reading: of the text.
        moved: for places of what is written, from 0 on, weights (T,) of the input's characters that take the place of
            the network's own there; they are divided by their sum. All that is written after follows from it.

    Raises:
        ValueError: what was moved does not fit; the message says why.
    """
    own = {name: value.double().numpy() for name, value in network.state_dict().items()}
    length = len(reading.numbers)
    led = {place: _check(place, weights, length) for place, weights in (moved or {}).items()}
    if led and not network.attends:
        raise ValueError("A network without attention has no weights to move.")
    states = encode(own, reading)
    context = np.concatenate([states[-1, :HALF], states[0, HALF:]])
    keys = states @ own["key.weight"].T if network.attends else None
    state = np.tanh(own["first.weight"] @ context + own["first.bias"])
    before = START
    steps = []
    for place in range(LENGTH):
        asking = state
        query = scores = own_weights = weights = None
        if keys is not None:
            query = own["query.weight"] @ asking + own["query.bias"]
            scores = np.tanh(keys + query) @ own["energy.weight"][0]
            own_weights = softmax(scores)
            weights = led.get(place, own_weights)
            context = weights @ states
        x = np.concatenate([own["written.weight"][before], context])
        state = step_gru(own, *_DECODER, x, asking)
        logits = own["output.weight"] @ np.concatenate([state, context]) + own["output.bias"]
        number = int(logits.argmax())
        probabilities = softmax(logits)
        steps.append(
            Step(asking, query, scores, own_weights, weights, context, before, state, logits, probabilities, number)
        )
        before = number
    return Run(reading, states, keys, tuple(steps))


def encode(own: Weights, reading: Reading) -> Numbers:
    """(T, 64) states of the encoder, the text read forward in the first half and backward in the second."""
    vectors = own["read.weight"][list(reading.numbers)]
    halves = []
    for ending, order in (("", 1), ("_reverse", -1)):
        state, found = np.zeros(HALF), []
        for x in vectors[::order]:
            state = step_gru(own, f"encoder.weight_{{}}_l0{ending}", f"encoder.bias_{{}}_l0{ending}", x, state)
            found.append(state)
        halves.append(np.stack(found[::order]))
    return np.concatenate(halves, axis=1)


def step_gru(own: Weights, weight: str, bias: str, x: Numbers, h: Numbers) -> Numbers:
    """One step of a gated recurrent unit: the state after.

    Args:
        own: weights by name.
        weight, bias: names, with {} for "ih" and "hh".
        x: the input.
        h: the state before.
    """
    gates = _gate(own, weight, bias, x, h)
    return np.asarray((1 - gates.update) * gates.candidate + gates.update * h)


@dataclass(frozen=True, eq=False)
class Gates:
    """Inside one step of a gated recurrent unit, a number for each of its units.

    Attributes:
        reset: how much of the state before the candidate is made of, 0 to 1.
        update: how much of the state before is kept, 0 to 1.
        candidate: what takes the place of the rest, -1 to 1.
    """

    reset: Numbers
    update: Numbers
    candidate: Numbers


def open_gates(network: DateNetwork, step: Step) -> Gates:
    """Inside the decoder while it made a step."""
    own = {name: value.double().numpy() for name, value in network.state_dict().items()}
    return _gate(own, *_DECODER, np.concatenate([own["written.weight"][step.before], step.context]), step.asking)


def _gate(own: Weights, weight: str, bias: str, x: Numbers, h: Numbers) -> Gates:
    by_input, by_state = (
        own[weight.format(name)] @ read + own[bias.format(name)] for name, read in (("ih", x), ("hh", h))
    )
    return Gates(*open_gru(by_input, by_state))


def _check(place: int, weights: Numbers, length: int) -> Numbers:
    """Weights of a person's, of sum 1."""
    if not 0 <= place < LENGTH:
        raise ValueError(f"Characters are written at places 0 to {LENGTH - 1}, not {place}.")
    if weights.shape != (length,):
        raise ValueError(f"The text has {length} characters, and {weights.size} weights were given.")
    if not np.isfinite(weights).all() or weights.min() < 0 or weights.sum() <= 0:
        raise ValueError("Weights are numbers from 0 on, and not all of them 0.")
    return np.asarray(weights / weights.sum(), dtype=np.float64)
