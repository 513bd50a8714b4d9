"""One LSTM cell over a text in float64, every gate of every step, and the end where gates are held open or shut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.neurons.losses import softmax
from explorer.sequences.cells import open_lstm
from explorer.sequences.next_letter import Numbers, Recipe, Weights, training_lines
from explorer.snippet import snippet

Gate = Literal["input", "forget", "output"]
UNITS: Final = 4


@dataclass(frozen=True)
class Hold:
    """A gate that is held, whatever the network would do with it.

    Attributes:
        gate: which one.
        value: 1 for open, 0 for shut.
        first, last: steps from 0, both included.
        unit: of one unit, from 0; None for all.
    """

    gate: Gate
    value: float
    first: int
    last: int
    unit: int | None = None


@dataclass(frozen=True, eq=False)
class CellRun:
    """What an LSTM of H units does with T letters; all (T, H) but the last.

    Attributes:
        input: gate i: how much of what is new is taken in.
        forget: gate f: how much of the memory before is kept.
        candidate: g, what is new.
        output: gate o: how much of the memory is shown.
        before: the memory that a step begins with; zeros at first.
        cell: the memory c = f c_before + i g (Hochreiter & Schmidhuber 1997; Gers et al. 2000).
        hidden: what is shown, h = o tanh(c).
        probabilities: (T, V) of the next letter.
    """

    input: Numbers
    forget: Numbers
    candidate: Numbers
    output: Numbers
    before: Numbers
    cell: Numbers
    hidden: Numbers
    probabilities: Numbers


def run_cell(weights: Weights, numbers: NDArray[np.int64], holds: Sequence[Hold] = ()) -> CellRun:
    """Lead an LSTM through letters.

    Args:
        weights: its own, gates in PyTorch's order: input, forget, candidate, output.
        numbers: (T,) each letter's place in the alphabet.
        holds: gates that are held; where two hold the same, the last one does.
    """
    units = weights.onward.shape[1]
    hidden = cell = np.zeros(units)
    steps = []
    for step, number in enumerate(numbers):
        i, f, candidate, o = open_lstm(weights.inward[:, number] + weights.onward @ hidden + weights.bias)
        gates: dict[Gate, Numbers] = {"input": i, "forget": f, "output": o}
        for hold in holds:
            if hold.first <= step <= hold.last:
                gates[hold.gate][slice(None) if hold.unit is None else hold.unit] = hold.value
        before = cell
        cell = gates["forget"] * before + gates["input"] * candidate
        hidden = gates["output"] * np.tanh(cell)
        steps.append((gates["input"], gates["forget"], candidate, gates["output"], before, cell, hidden))
    i, f, g, o, before, cell, hidden = (np.stack(each) for each in zip(*steps, strict=True))
    return CellRun(i, f, g, o, before, cell, hidden, softmax(hidden @ weights.out.T + weights.out_bias))


def hold_each_step(weights: Weights, numbers: NDArray[np.int64], gate: Gate, value: float) -> Numbers:
    """(T - 1,) the last letter's probability where a gate of all units is held at one step only, each step in turn."""
    reads, last = numbers[:-1], numbers[-1]
    ends = [
        run_cell(weights, reads, [Hold(gate, value, step, step)]).probabilities[-1, last] for step in range(len(reads))
    ]
    return np.array(ends)


def run_by_torch(weights: Weights, numbers: NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    """(T, H) of `nn.LSTM` with the same weights: what it shows, and (H,) its memory at the end."""
    import torch
    from torch import nn

    letters, units = weights.inward.shape[1], weights.onward.shape[1]
    network = nn.LSTM(letters, units, dtype=torch.float64)
    arrays = (weights.inward, weights.onward, weights.bias, np.zeros_like(weights.bias))
    with torch.no_grad():
        for parameter, values in zip(network.parameters(), arrays, strict=True):
            parameter.copy_(torch.from_numpy(values))
        shown, (_, cell) = network(nn.functional.one_hot(torch.from_numpy(numbers), letters).double())
    return shown.numpy(), cell[0].numpy()


def cell_snippet(recipe: Recipe, holds: Sequence[Hold]) -> str:
    """The training, then every step by hand with the gates that are held, up to the last letter."""
    held = [
        f"    if {hold.first} <= t <= {hold.last}:\n"
        f"        {hold.gate[0]}[{':' if hold.unit is None else hold.unit}] = {hold.value:g}"
        for hold in holds
    ]
    return snippet(
        *training_lines(recipe),
        "w_x, w_h, first, second = (each.detach() for each in layer.parameters())",
        f"h = c = torch.zeros({recipe.units}, dtype=torch.float64)",
        "for t, x in enumerate(hot[:-1]):",
        "    i, f, g, o = (w_x @ x + w_h @ h + first + second).chunk(4)",
        "    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()",
        *held,
        "    c = f * c + i * g",
        "    h = o * c.tanh()",
        "    print(text[t], i, f, g, o, c, h)",
        "last = head(h).softmax(0)[numbers[-1]].item()",
        "print(last)",
        "print((layer(hot[:-1])[0][-1] - h).abs().max().item())  # from PyTorch's own, where no gate is held",
    )
