"""Cards on recurrent networks: hidden states, memory, both directions."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Final

import torch
from torch import nn

from explorer.deck.card import Card, Drawn, Experiment

_UNROLLED: Final = Experiment(
    page="sequences",
    address={"part": "Unrolled"},
    shows="every box is the same network",
    does="Type a text, then take $W_h$ times 0, and see for which letters the network needs its state.",
)


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


CARDS: tuple[Card, ...] = (
    Card(
        id=74,
        question="How does a simple RNN of one layer work? Which three sets of weights does it learn, and where are "
        "they used?",
        answer=r"At every step the same weights make a new hidden state of the input and the last state: "
        r"$h_t = \tanh(W_x x_t + W_h h_{t-1} + b)$. $W_x$ leads from input to state, $W_h$ from state to state, and "
        r"$W_y$ from the state to the output, at every step or at the last one only.",
        more_exactly="Biases are learned too. PyTorch's `nn.RNN` leaves the third set to you and keeps two biases for "
        "each unit, which are added: `nn.RNN(10, 20)` has 200 + 400 weights and 40 biases, 640 parameters.",
        experiment=_UNROLLED,
        draw=_draw_states,
    ),
    Card(
        id=75,
        question="In an RNN, in what sense are $W_x$ and $W_h$ a single matrix?",
        answer=r"Put the last state below the input, as one longer vector, and both matrices side by side: "
        r"$W_x x_t + W_h h_{t-1} = [W_x \mid W_h]\,[x_t; h_{t-1}]$. A step of an RNN is one dense layer, and part of "
        "what it reads is its own last output.",
        more_exactly="",
        experiment=replace(
            _UNROLLED,
            address={"part": "Unrolled", "unrolled_joined": "true"},
            shows="The same products, so the same step: difference 0",
            does="See both matrices side by side, the state below the letter, and the step that comes out.",
        ),
        draw=_draw_joined,
    ),
    Card(
        id=76,
        question="What is the great problem of plain RNNs? How does it come about, what harm does it do, and what "
        "helps?",
        answer=r"Vanishing gradients. From a late output back to an early input the gradient is multiplied by $W_h$ "
        r"and a slope of $\tanh$, at most 1, at every step. Where that shrinks it, nothing is left of it after many "
        "steps, and what depends on words long ago is not learned. Cells with gates (LSTM, GRU) and attention help.",
        more_exactly="An LSTM is not the cure by itself, open forget gates are. A gate at 0.5, where it begins in "
        r"PyTorch, leaves $8 \cdot 10^{-31}$ of the memory after 100 steps; at 0.953, which is a bias of 3, 0.008. "
        "RNNs explode too: 1.1 to the power of 100 is 13,781, so gradients are clipped.",
        experiment=Experiment(
            page="sequences",
            address={"part": "Memory"},
            shows="The name LSTM keeps nothing",
            does="Open and shut the gate that keeps, and read what is left of a gradient a hundred letters back; then "
            "spread the RNN's $W_h$ until it keeps as much, and until it explodes.",
        ),
        draw=_draw_kept,
    ),
    Card(
        id=77,
        question="What does an LSTM have, at a high level, that a plain RNN has not?",
        answer=r"A second path, the cell state, on which memory is only scaled and added to: "
        r"$c_t = f \odot c_{t-1} + i \odot g$, and shown by $h_t = o \odot \tanh(c_t)$. Where the forget gate $f$ "
        "stays near 1, contents and gradients last for many steps.",
        more_exactly="Often called four gates; there are three, forget, input and output with a sigmoid each, and one "
        r"candidate $g$ with $\tanh$. Each of the four is a dense layer on $x_t$ and $h_{t-1}$: `nn.LSTM(10, 20)` has "
        "2,560 parameters, 4 times those of the RNN.",
        experiment=Experiment(
            page="sequences",
            address={"part": "Memory", "memory_look": "One LSTM cell"},
            shows="$c_t = f c_{t-1} + i g$",
            does="Read three gates and the candidate of every step in numbers, hold a gate open or shut, and see what "
            "becomes of the end.",
        ),
        draw=_draw_sizes,
    ),
    Card(
        id=78,
        question="Where do word vectors enter an RNN?",
        answer="Between the words and the recurrent cell: an embedding layer gives the vector of each word, and to the "
        "cell that vector is the input $x_t$. Where the vectors are learned along, backpropagation through time goes "
        "on into the table, and changes the rows of the words that occurred.",
        more_exactly="",
        experiment=replace(
            _UNROLLED,
            shows="This is where vectors of letters, or of words, enter the network",
            does="Scroll to the table: the letter's row is its vector, and all of $x_t$ that the cell ever sees.",
        ),
        draw=_draw_table,
    ),
    Card(
        id=79,
        question="How does a bidirectional RNN or LSTM work, for instance when it is to find the names in a sentence?",
        answer="Two networks with weights of their own read the sentence, one from the front and one from the back. "
        "For every word both of their states are joined, so what came before and what comes after is known, and one "
        "dense layer, the same for all words, gives the probability that the word is a name.",
        more_exactly="States are computed for each sentence; learned are the weights. And the whole sentence has to be "
        "there before the first answer, so it cannot write the next word or follow speech as it is spoken.",
        experiment=Experiment(
            page="sequences",
            address={"part": "Both directions"},
            shows="They know only such sentences",
            does="Change what stands behind a name, and see which of the three networks notices.",
        ),
        draw=_draw_both,
    ),
)
