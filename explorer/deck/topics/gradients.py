"""Cards on gradients: descent, backpropagation, and what a long product makes of them."""

from __future__ import annotations

import random
from math import floor, log10, sqrt

import numpy as np

from explorer.deck.card import Card, Drawn, Experiment
from explorer.neurons.activations import ACTIVATIONS
from explorer.neurons.losses import one_hot
from explorer.neurons.paths import find_paths
from explorer.neurons.perceptron import Perceptron, backward, forward

PART = {"part": "Backward"}


def _power(value: float) -> str:
    """A number above 0 as a factor and a power of ten, for LaTeX."""
    exponent = floor(log10(value))
    factor = round(value / 10.0**exponent, 1)
    if factor == 10:
        factor, exponent = 1.0, exponent + 1
    return f"{factor:.1f} \\cdot 10^{{{exponent}}}"


def _draw_step(numbers: random.Random) -> Drawn:
    w, b = (numbers.randint(-20, 20) / 10 for _ in range(2))
    x, truth = numbers.choice((-3, -2, 2, 3)), numbers.randint(0, 1)
    rate = numbers.choice((0.1, 0.2, 0.5))
    net = Perceptron((1, 1), np.array([w, b]), "linear")
    gradient = backward(net, forward(net, np.array([[float(x)]])), np.array([[float(truth)]]), "binary_cross_entropy")
    by_weight, by_bias = gradient.gradient
    new_weight, new_bias = net.numbers - rate * gradient.gradient
    return Drawn(
        f"A sigmoid neuron with weight ${w:g}$ and bias ${b:g}$ gets ${x}$, and the truth is {truth}. Binary "
        f"cross-entropy, learning rate {rate:g}: what are weight and bias after one step?",
        f"The gradient is $({by_weight:.4f}, {by_bias:.4f})$, so the weight becomes **{new_weight:.4f}** and the bias "
        f"**{new_bias:.4f}**.",
    )


def _draw_paths(numbers: random.Random) -> Drawn:
    x, w, first, second = (numbers.randint(3, 20) / 10 for _ in range(4))
    second = -second
    net = Perceptron((1, 1, 2), np.array([w, 0.0, first, second, 0.0, 0.0]), "sigmoid")
    paths = list(find_paths(net, np.array([x]), one_hot(0, 2), "cross_entropy", 0, 0, 0))
    slope = paths[0].factors[1]
    by_logits = [path.factors[-1] for path in paths]
    return Drawn(
        f"The input ${x:g}$ times ${w:g}$ goes through a sigmoid, and that times ${first:g}$ and times ${second:g}$ "
        f"gives two logits, without biases; the first class is true. What is the gradient of the first weight under "
        "cross-entropy?",
        f"Two paths: ${x:g} \\cdot {slope:.4f} \\cdot [{first:g} \\cdot ({by_logits[0]:.4f}) + ({second:g}) \\cdot "
        f"{by_logits[1]:.4f}]$ = **{sum(path.product for path in paths):.4f}**.",
    )


def _draw_product(numbers: random.Random) -> Drawn:
    layers, weight = numbers.randint(5, 60), numbers.randint(5, 30) / 10
    steepest = float(ACTIVATIONS["sigmoid"].slope(np.array(0.0)))
    return Drawn(
        f"{layers} layers of one sigmoid neuron each, every weight ${weight:g}$. By what is the gradient multiplied at "
        "most on its way back through all of them?",
        f"By $({steepest:g} \\cdot {weight:g})^{{{layers}}} = {_power((steepest * weight) ** layers)}$.",
    )


def _draw_relu_depth(numbers: random.Random) -> Drawn:
    layers, units, spread = (
        10 * numbers.randint(1, 5),
        numbers.choice((50, 100, 200, 400)),
        numbers.choice((3, 5, 12, 25)),
    )
    sigma = spread / 100
    return Drawn(
        f"A ReLU network of {layers} layers with {units} units each, weights drawn with standard deviation {sigma:g}. "
        f"By about what does the norm of the gradient change on the way back through all of them, and what would He "
        "initialisation draw with?",
        f"By ${_power((units * sigma**2 / 2) ** (layers / 2))}$, which is $(n\\sigma^2/2)^{{{layers}/2}}$. He: "
        f"$\\sqrt{{2/{units}}} = {sqrt(2 / units):.4f}$.",
    )


CARDS = (
    Card(
        id=6,
        question="Which gradient is computed when a network learns, and how does gradient descent use it?",
        answer="That of the loss by every weight and bias: the vector of all partial derivatives. It points to where "
        r"the loss grows fastest, so each step goes against it: $w \leftarrow w - \eta\,\partial L/\partial w$, again "
        "and again.",
        more_exactly="The minus is no matter of taste: against the gradient $g$ a small step lowers the loss by about "
        r"$\eta \lVert g \rVert^2$, along it the loss grows as much. And it is the loss of a batch of examples as a "
        "rule, not of all: an estimate (stochastic gradient descent).",
        experiment=Experiment(
            page="neurons",
            address=PART,
            shows="promises to change the loss by",
            does="Make one step and compare what the gradient promised with what came of it.",
        ),
        draw=_draw_step,
    ),
    Card(
        id=7,
        question="How does backpropagation work?",
        answer="The forward pass keeps every activation. Then the chain rule goes from the loss back, layer by layer: "
        "a unit's gradient is the sum, over all it feeds, of their gradients times the weights between, times its own "
        "slope. The gradient of a weight is that of the unit it leads to, times the activation that came in.",
        more_exactly="With many units the factors of the chain rule are matrices (Jacobians), and a gradient is a sum "
        "over all paths to the loss. Nothing is substituted back: what has come down to a layer is computed once and "
        "used again by all layers before it.",
        experiment=Experiment(
            page="neurons",
            address=PART,
            shows="worked out by hand and by PyTorch",
            does="Click an edge: every path from it to the loss as a product, and their sum.",
        ),
        draw=_draw_paths,
    ),
    Card(
        id=19,
        question="What causes vanishing gradients, above all in deep networks?",
        answer="By the chain rule the gradient of an early layer is a product with a slope and a weight for every "
        "layer after it. Where these factors are mostly below 1, the product shrinks exponentially with the depth, and "
        "the early layers hardly learn. Saturated units, whose slope is near 0, make it worse.",
        more_exactly="Saturation is not needed: a sigmoid's slope is at most 0.25, and $0.25^{50} = 8 \\cdot "
        "10^{-31}$. And the weights are factors too: small ones do it with any activation, large ones work against it.",
        experiment=Experiment(
            page="learning",
            address={"part": "Depth", "depth_activation": "sigmoid"},
            shows="A sigmoid's slope is nowhere more than 1/4",
            does="Read how much of a gradient is left below 50 layers, and of which slopes and weights that is the "
            "product.",
        ),
        draw=_draw_product,
    ),
    Card(
        id=20,
        question="Why does the ReLU help against vanishing gradients, and does it help against exploding ones?",
        answer="Where a ReLU is active its slope is exactly 1, so it takes nothing off the gradient, however many "
        "there are; a sigmoid takes off three quarters at best. Against explosion it does nothing.",
        more_exactly=r"The product has the weights in it. With $n$ units a layer and weights of variance $\sigma^2$, "
        r"each layer multiplies the gradient's mean square by about $n\sigma^2/2$. Over 50 layers its norm changes by "
        r"a factor of $3 \cdot 10^{-8}$ with Xavier's $1/n$, stays with He's $2/n$, and grows by a factor of $3 \cdot "
        r"10^{26}$ with $\sigma = 0.3$ and 256 units. And a unit that is never active gets no gradient.",
        experiment=Experiment(
            page="learning",
            address={"part": "Depth", "depth_activation": "ReLU", "depth_start": "Xavier"},
            shows="A slope of 1 takes nothing off the gradient",
            does="Change the initialisation: with Xavier the gradient vanishes, with He it stays, at σ = 0.3 it "
            "explodes.",
        ),
        draw=_draw_relu_depth,
    ),
)
