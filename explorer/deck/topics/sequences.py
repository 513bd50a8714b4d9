"""Exercises on recurrent networks: hidden states, memory, both directions."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final

import torch
from torch import nn

from explorer.deck.card import Draw, Drawn


def _parameters(layer: nn.Module) -> int:
    return sum(each.numel() for each in layer.parameters())


def _tenths(numbers: random.Random, most: int) -> float:
    return numbers.choice((-1, 1)) * numbers.randint(1, most) / 10


def _draw_states(numbers: random.Random) -> Drawn:
    weights = [_tenths(numbers, 12), _tenths(numbers, 12), _tenths(numbers, 5)]
    inputs = [numbers.choice((-2, -1, 1, 2)) for _ in range(2)]
    cell = nn.RNN(1, 1, dtype=torch.float64)
    with torch.no_grad():
        for parameter, value in zip(cell.parameters(), (*weights, 0.0), strict=True):
            parameter.fill_(value)
        states, _ = cell(torch.tensor(inputs, dtype=torch.float64)[:, None])
    first, second = states.flatten().tolist()
    return Drawn(
        f"An RNN with one unit: $w_x = {weights[0]}$, $w_h = {weights[1]}$, $b = {weights[2]}$, $\\tanh$, and the "
        f"state begins at 0. The inputs are {inputs[0]} and {inputs[1]}. What are the two states?",
        f"**{first:.3f}** and **{second:.3f}**.",
    )


def _draw_joined(numbers: random.Random) -> Drawn:
    inputs, units = numbers.randint(2, 300), numbers.randint(4, 512)
    with torch.device("meta"):
        cell = nn.RNN(inputs, units, bias=False)
    rows, columns = torch.cat(list(cell.parameters()), dim=1).shape
    return Drawn(
        f"Inputs of {inputs} numbers, a hidden state of {units}. What shape has $[W_x \\mid W_h]$, and how many "
        "weights are that?",
        f"**${rows} \\times {columns}$**, {rows * columns:,} weights.",
    )


def _draw_kept(numbers: random.Random) -> Drawn:
    gate, steps = numbers.choice((0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)), 10 * numbers.randint(1, 30)
    cell = torch.ones(1, dtype=torch.float64, requires_grad=True)
    later = cell
    for _ in range(steps):
        later = gate * later
    (share,) = torch.autograd.grad(later, cell)
    return Drawn(
        f"The forget gate of a cell stands at {gate}. What share of the gradient of its memory is left after {steps} "
        "steps?",
        f"**{share.item():.2g}**, which is ${gate}^{{{steps}}}$.",
    )


def _draw_sizes(numbers: random.Random) -> Drawn:
    inputs, units = numbers.randint(4, 300), numbers.randint(8, 512)
    with torch.device("meta"):
        layer, plain = nn.LSTM(inputs, units), nn.RNN(inputs, units)
    return Drawn(
        f"How many parameters has `nn.LSTM({inputs}, {units})`? It keeps two biases for each unit of a gate.",
        f"**{_parameters(layer):,}**, four times the {_parameters(plain):,} of `nn.RNN({inputs}, {units})`.",
    )


def _draw_table(numbers: random.Random) -> Drawn:
    words, size, length = 1000 * numbers.randint(1, 50), numbers.choice((50, 100, 200, 300)), numbers.randint(5, 20)
    table = nn.Embedding(words, size, device="meta")
    return Drawn(
        f"A vocabulary of {words:,} words, vectors of {size} numbers, a sentence of {length} words. How many weights "
        "has the embedding layer, and at most how many of them get a gradient from this sentence?",
        f"**{table.weight.numel():,}**, and at most **{length * table.embedding_dim:,}**: a row for each word.",
    )


def _draw_both(numbers: random.Random) -> Drawn:
    units, classes = numbers.randint(16, 256), numbers.randint(2, 12)
    with torch.device("meta"):
        both = nn.LSTM(8, units, bidirectional=True)
        head = nn.Linear(both.hidden_size * (1 + both.bidirectional), classes)
    return Drawn(
        f"A bidirectional LSTM with {units} units in each direction, and a dense layer to {classes} classes after "
        "every word. How many numbers does the dense layer read for a word, and how many parameters has it?",
        f"**{head.in_features}**, and **{_parameters(head):,} parameters**.",
    )


DRAWS: Final[Mapping[int, Draw]] = {
    74: _draw_states,
    75: _draw_joined,
    76: _draw_kept,
    77: _draw_sizes,
    78: _draw_table,
    79: _draw_both,
}
