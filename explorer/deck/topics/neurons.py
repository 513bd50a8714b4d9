"""Cards on neurons and layers: sums, activations, what layers add to each other, and what a convolution spares."""

from __future__ import annotations

import random

import numpy as np

from explorer.deck.card import Card, Drawn, Experiment
from explorer.neurons.activations import ACTIVATIONS
from explorer.neurons.perceptron import Perceptron, count_numbers, forward

ONE = {"part": "One neuron"}


def _draw_count(numbers: random.Random) -> Drawn:
    inputs, hidden, outputs = numbers.randint(5, 60), numbers.randint(3, 20), numbers.randint(3, 10)
    first, second = count_numbers((inputs, hidden)), count_numbers((hidden, outputs))
    return Drawn(
        f"A network with {inputs} inputs, one hidden layer of {hidden} units and {outputs} outputs: how many numbers "
        "does it learn?",
        f"**{first + second}**: ${hidden} \\cdot ({inputs} + 1) = {first}$ and ${outputs} \\cdot ({hidden} + 1) = "
        f"{second}$.",
    )


def _draw_sigmoid(numbers: random.Random) -> Drawn:
    z = numbers.choice((-1, 1)) * numbers.randint(1, 50) / 10
    sigmoid = ACTIVATIONS["sigmoid"]
    value, slope = float(sigmoid.value(np.array(z))), float(sigmoid.slope(np.array(z)))
    return Drawn(
        f"What are the sigmoid and its slope at ${z:g}$?",
        f"$\\sigma = {value:.4f}$, and the slope is $\\sigma(1 - \\sigma) = {slope:.4f}$.",
    )


def _draw_relu(numbers: random.Random) -> Drawn:
    x, weights = ([numbers.choice((-1, 1)) * numbers.randint(1, 30) / 10 for _ in range(2)] for _ in range(2))
    bias = numbers.randint(-20, 20) / 10
    z = np.dot(weights, x) + bias
    relu = ACTIVATIONS["relu"]
    return Drawn(
        f"A ReLU neuron: inputs $({x[0]:g}, {x[1]:g})$, weights $({weights[0]:g}, {weights[1]:g})$, bias ${bias:g}$. "
        "What does it give, and what is the slope there?",
        f"The sum is ${z:.2f}$, so it gives **{float(relu.value(z)):.2f}** with slope {float(relu.slope(z)):g}.",
    )


def _draw_merged(numbers: random.Random) -> Drawn:
    w, v = (numbers.choice((-1, 1)) * numbers.randint(2, 30) / 10 for _ in range(2))
    b, c = (numbers.randint(1, 20) / 10 for _ in range(2))
    net = Perceptron((1, 1, 1), np.array([w, b, v, c]), "linear")
    at_zero, at_one = forward(net, np.array([[0.0], [1.0]])).sums[-1][:, 0]
    return Drawn(
        f"First ${w:g}\\,x + {b:g}$, then ${v:g}$ times that, plus ${c:g}$, without an activation in between. Which "
        "single neuron does the same?",
        f"Weight **{at_one - at_zero:.2f}** (the product of both), bias **{at_zero:.2f}** (the first bias times the "
        f"second weight, plus the second bias).",
    )


def _draw_dense_or_convolution(numbers: random.Random) -> Drawn:
    side, kernel, maps = numbers.choice((16, 24, 28, 32)), numbers.choice((3, 5)), numbers.choice((4, 8, 16))
    dense, convolution = maps * (side * side + 1), maps * (kernel * kernel + 1)
    return Drawn(
        f"A grey picture of ${side} \\times {side}$ pixels. How many numbers does a dense layer with {maps} units "
        f"learn, and how many a convolution with {maps} kernels of ${kernel} \\times {kernel}$?",
        f"Dense: **{dense:,}** (every unit has a weight for every pixel, and a bias). Convolution: **{convolution}**, "
        "whatever the size of the picture.",
    )


CARDS = (
    Card(
        id=1,
        question="Why should several layers, one after another, be good at finding patterns such as digits in "
        "pictures?",
        answer="Every layer computes new features from those of the layer before it: what one layer has found, the "
        "next one combines. So later units can stand for patterns that no single weighted sum of pixels could tell "
        "apart. Nobody designs these features; training finds them.",
        more_exactly="Often told as edges, then circles, then digits: a hope, and not what is found. The weights of an "
        "MLP's first layer on digits look mostly like blots across the whole picture. In convolutional networks for "
        "photos early maps do show edges and colours, then textures, then parts of things.",
        experiment=Experiment(
            page="neurons",
            address={"part": "Digits", "digits": "First layer"},
            shows="then circles, then digits is a hope",
            does="Look at the weights of the MLP's first layer as pictures, and count the edges among them.",
        ),
    ),
    Card(
        id=2,
        question="How does a dense layer of an MLP get from $N$ inputs to $M$ outputs?",
        answer="Every output is a weighted sum of all $N$ inputs plus a bias of its own, put through an activation: "
        r"$y = f(Wx + b)$, where $W$ is $M \times N$ and $b$ has $M$ numbers. With a constant input of 1 appended, the "
        r"biases become one more column: a matrix of $M \times (N + 1)$.",
        more_exactly="The brackets matter: $M(N + 1)$ numbers are learned. PyTorch's `nn.Linear(N, M)` keeps weights "
        r"of shape $(M, N)$ and $M$ biases apart, and multiplies rows: $xW^\top + b$. Most activations are fixed, but "
        "some are learned too, such as PReLU's slope below zero.",
        experiment=Experiment(
            page="neurons",
            address={**ONE, "neuron": "A layer of neurons"},
            shows="M × (N + 1) numbers",
            does="Choose how many inputs and neurons there are, and count the numbers of the matrix.",
        ),
        draw=_draw_count,
    ),
    Card(
        id=3,
        question="What is the sigmoid: its formula, its graph, and what is it for?",
        answer=r"$\sigma(x) = \frac{1}{1 + e^{-x}}$: an S-shaped curve that rises from near 0 through 0.5 at $x = 0$ "
        "to near 1. It turns any number into one between 0 and 1, which a classifier with two classes reads as a "
        r"probability. Its slope is $\sigma(x)(1 - \sigma(x))$, at most 0.25.",
        more_exactly="$e^x/(1 + e^x)$ is the same on paper, but not in float32: $e^x$ overflows from $x = 89$ on, and "
        "at 100 infinity over infinity is NaN, where $1/(1 + e^{-x})$ gives 1. On paper 0 and 1 are never reached.",
        experiment=Experiment(
            page="neurons",
            address={**ONE, "neuron": "Sigmoid at 100"},
            shows="The same function on paper, two programs",
            does="Move z and compare the two ways to write the formula.",
        ),
        draw=_draw_sigmoid,
    ),
    Card(
        id=4,
        question="What does the ReLU look like?",
        answer=r"$\max(0, x)$: flat at zero for negative $x$, then the line $y = x$, with a bend at 0. Its slope is 0 "
        "on the left and 1 on the right.",
        more_exactly="At 0 itself there is no slope; PyTorch takes 0. A unit whose sum is negative for every example "
        "gives zero, gets no gradient and no longer learns. Leaky ReLU keeps a small slope there, 0.01 in PyTorch.",
        experiment=Experiment(
            page="neurons",
            address={**ONE, "neuron": "Sum and slope", "neuron_activation": "ReLU"},
            shows="and out comes",
            does="Change the bias until the sum crosses 0, and watch the output and its slope.",
        ),
        draw=_draw_relu,
    ),
    Card(
        id=9,
        question="Why does a network need a nonlinear activation?",
        answer="Without one, all layers together are one layer: $W_2(W_1 x + b_1) + b_2 = (W_2 W_1)\\,x + (W_2 b_1 + "
        "b_2)$, and so on for any number of them. With a nonlinearity in between, the network can bend: curved "
        "boundaries, XOR, everything that is not a straight line.",
        more_exactly="With its biases such a network is affine rather than linear. Six layers of 64 units and the one "
        "matrix that they equal differ by rounding alone, about $10^{-16}$.",
        experiment=Experiment(
            page="neurons",
            address={**ONE, "neuron": "Layers without a bend"},
            shows="linear layers are one",
            does="Compare the layers with the one matrix that does the same, then put an activation between them.",
        ),
        draw=_draw_merged,
    ),
    Card(
        id=29,
        question="Name three advantages of a CNN over an MLP for pictures.",
        answer="Fewer weights: 16 kernels of $3 \\times 3$ on a grey picture are 160 numbers, where 16 dense units on "
        r"$28 \times 28$ pixels take 12,560. What a kernel has learned in one place it finds in every place. And it "
        "knows which pixels are neighbours.",
        more_exactly="An MLP does not read the picture row by row: it gets all pixels at once and knows no order, so "
        "with all pictures shuffled alike it learns as well as before, while a CNN does worse. A convolution does not "
        "ignore shifts: its maps move along (it is equivariant), and strides and borders disturb even that.",
        experiment=Experiment(
            page="neurons",
            address={"part": "Digits", "digits": "Shuffle the pixels"},
            shows="All pixels shuffled alike",
            does="See which network suffers when all pixels are shuffled alike; “Move it” has the other half.",
        ),
        draw=_draw_dense_or_convolution,
    ),
)
