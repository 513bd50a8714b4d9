"""Cards on softmax and losses: from logits to probabilities, what is minimised, and its gradient."""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import ArrayLike

from explorer.deck.card import Card, Drawn, Experiment
from explorer.neurons.losses import LOSSES, log_softmax, one_hot, softmax

PART = {"part": "Softmax and losses"}


def _row(values: ArrayLike, form: str = "g") -> str:
    return f"$({', '.join(f'{value:{form}}' for value in np.asarray(values))})$"


def _draw_logits(numbers: random.Random, count: int = 3) -> list[float]:
    return [numbers.randint(-30, 30) / 10 for _ in range(count)]


def _draw_softmax(numbers: random.Random) -> Drawn:
    logits = _draw_logits(numbers)
    return Drawn(
        f"What is the softmax of {_row(logits)}?",
        f"{_row(softmax(logits), '.3f')}: each $e^z$ over the sum of all three.",
    )


def _draw_one_hot(numbers: random.Random) -> Drawn:
    names = numbers.sample(("cat", "dog", "fox", "owl", "bee"), 3)
    table = np.array([[numbers.randint(-9, 9) for _ in range(2)] for _ in names])
    chosen = numbers.randrange(3)
    hot = one_hot(chosen, 3)
    rows = ", ".join(_row(row) for row in table.tolist())
    return Drawn(
        f"The classes are {', '.join(names)}, in this order. What is the one-hot vector of {names[chosen]}, and what "
        f"is it times the matrix with the rows {rows}?",
        f"{_row(hot)}; times the matrix it is {_row(hot @ table)}, the row of {names[chosen]}.",
    )


def _draw_loss_and_accuracy(numbers: random.Random) -> Drawn:
    shares = [numbers.choice([place for place in range(5, 100, 5) if place != 50]) / 100 for _ in range(4)]
    both = np.array([[share, 1 - share] for share in shares])
    value = LOSSES["cross_entropy"].value(np.log(both), one_hot([0] * 4, 2)).mean()
    right = (both[:, 0] > both[:, 1]).mean()
    return Drawn(
        f"Two classes, four examples; what was true got the probabilities {_row(shares)}. What are the accuracy and "
        f"the mean cross-entropy?",
        f"Accuracy **{100 * right:.0f} %**, loss **{value:.3f}**.",
    )


def _draw_mean_squared_error(numbers: random.Random) -> Drawn:
    truth, predicted = ([numbers.randint(-30, 30) / 10 for _ in range(3)] for _ in range(2))
    errors = np.subtract(predicted, truth)
    return Drawn(
        f"True values {_row(truth)}, predictions {_row(predicted)}: what is the mean squared error?",
        f"**{np.mean(errors**2):.4f}**, the mean of the squares {_row(errors**2, '.2f')}.",
    )


def _draw_binary(numbers: random.Random) -> Drawn:
    logit, truth = numbers.choice((-1, 1)) * numbers.randint(1, 40) / 10, numbers.randint(0, 1)
    loss = LOSSES["binary_cross_entropy"]
    z, y = np.array([logit]), np.array([float(truth)])
    return Drawn(
        f"Two classes, one logit: ${logit:g}$, and the truth is {truth}. What is the loss, and its slope by the logit?",
        f"The loss is **{float(loss.value(z, y)):.3f}**; its slope is $\\sigma(z) - y = "
        f"{float(loss.gradient(z, y)[0]):.3f}$.",
    )


def _draw_cross_entropy(numbers: random.Random) -> Drawn:
    logits, true = _draw_logits(numbers), numbers.randrange(3)
    loss = LOSSES["cross_entropy"]
    z, y = np.array(logits), one_hot(true, 3)
    return Drawn(
        f"Logits {_row(logits)}, and the {('first', 'second', 'third')[true]} class is true. What are the "
        f"cross-entropy and its gradient by the logits?",
        f"The loss is **{float(loss.value(z, y)):.3f}**; the gradient is $p - y$: {_row(loss.gradient(z, y), '.3f')}.",
    )


def _draw_without_log(numbers: random.Random) -> Drawn:
    z, y = np.array([float(numbers.randint(3, 9)), numbers.choice((-1, 1)) * numbers.randint(1, 9) / 10]), one_hot(1, 2)
    with_log, without = (LOSSES[name].gradient(z, y)[0] for name in ("cross_entropy", "probability"))
    return Drawn(
        rf"Logits {_row(z)}, and the second class is true. What is the slope by the first logit, of $-\log p$ and of "
        "$-p$?",
        f"**{with_log:.5f}** with the logarithm, **{without:.5f}** without.",
    )


def _draw_log_softmax(numbers: random.Random) -> Drawn:
    top = numbers.randint(800, 2000)
    logits = [float(top), float(top - numbers.randint(1, 4)), float(top - numbers.randint(5, 900))]
    numbers.shuffle(logits)
    return Drawn(
        f"What is the log-softmax of {_row(logits)}? No calculator can raise $e$ to these.",
        f"{_row(log_softmax(logits), '.4f')}: take the largest off first, then $z - \\log \\sum e^z$.",
    )


CARDS = (
    Card(
        id=5,
        question="What is the softmax: how is it computed, and what is it used for?",
        answer=r"$p_i = e^{z_i} / \sum_j e^{z_j}$ turns any $K$ logits into $K$ positive numbers with the sum 1. It is "
        "the usual last step for classes that exclude each other; the largest logit gets the largest probability.",
        more_exactly="What comes out is a probability distribution; what it may lack is calibration. It serves two "
        r"classes as well: there it is the sigmoid of the difference, $p_1 = \sigma(z_1 - z_2)$. Adding the same "
        "number to all logits changes nothing.",
        experiment=Experiment(
            page="neurons",
            address={**PART, "losses": "Add 1000, or cool down"},
            shows="on every logit changes no probability",
            does="Drag the logits, then choose what is added to all of them: no probability changes.",
        ),
        draw=_draw_softmax,
    ),
    Card(
        id=8,
        question="What is one-hot encoding, and why is it needed?",
        answer="One of $K$ categories as $K$ numbers: 1 in the place of the category, 0 elsewhere. A network "
        "multiplies its inputs by weights, and a class number would claim an order and distances that categories do "
        "not have.",
        more_exactly="Often said: because networks need numbers. But class numbers are numbers; the trouble is what "
        "they claim. It works for $K = 2$ as well. And it is rarely written out: one-hot times a matrix picks a row, "
        "which an embedding looks up directly, and PyTorch's `cross_entropy` takes the class number.",
        experiment=Experiment(
            page="neurons",
            address={**PART, "losses": "One-hot"},
            shows="one-hot row times a matrix is one of its rows",
            does="Choose a class and see which row of the matrix comes out.",
        ),
        draw=_draw_one_hot,
    ),
    Card(
        id=10,
        question="What is a loss function?",
        answer="It turns predictions and true values into one number that says how wrong they are, as a rule the mean "
        "over the examples of a batch. Training follows its gradient to make it small.",
        more_exactly="The loss is what is minimised during training; accuracy is another number, and has no slope to "
        "follow. If what is true gets 0.9 instead of 0.6, accuracy stays and the cross-entropy falls from 0.511 to "
        "0.105.",
        experiment=Experiment(
            page="neurons",
            address={**PART, "losses": "Logits to loss"},
            shows="largest difference in the loss and its gradients",
            does="Drag the logits and watch the loss, then choose another loss for the same logits.",
        ),
        draw=_draw_loss_and_accuracy,
    ),
    Card(
        id=11,
        question="Which loss is typical of regression?",
        answer=r"The mean squared error: $\frac{1}{n} \sum_i (\hat{y}_i - y_i)^2$. The last layer then has no "
        "activation.",
        more_exactly="It is what maximum likelihood gives for errors that are normally distributed, all with the same "
        "variance. One error of 10 counts as much as 100 errors of 1: with outliers the absolute error (L1) or the "
        "Huber loss is steadier.",
        experiment=Experiment(
            page="neurons",
            address={**PART, "losses": "Which loss when"},
            shows="Numbers with an outlier",
            does="Change the outlier: the mean, best by squared error, follows it; the median does not.",
        ),
        draw=_draw_mean_squared_error,
    ),
    Card(
        id=12,
        question="Which last activation and which loss go with two classes, and which with three or more?",
        answer="Two classes: one logit, sigmoid, binary cross-entropy. Three or more that exclude each other: a logit "
        "for each, softmax, cross-entropy.",
        more_exactly="Where several may be true at once: a sigmoid and a binary cross-entropy for each. PyTorch's "
        "`CrossEntropyLoss` and `BCEWithLogitsLoss` contain the activation and take logits. A softmax before them runs "
        "and learns badly: with three classes the loss cannot fall below 0.551.",
        experiment=Experiment(
            page="neurons",
            address={**PART, "losses": "Which loss when"},
            shows="Yes or no",
            does="Read which loss goes with which output, and see what a softmax too many does to the gradient.",
        ),
        draw=_draw_binary,
    ),
    Card(
        id=13,
        question="How are log loss and cross-entropy related, and how do they work?",
        answer=r"Both are $-\log$ of the probability that the model gave to what was true, as a mean over the "
        "examples: 0 at $p = 1$, growing without bound towards $p = 0$. Log loss, or binary cross-entropy, is the case "
        "of two classes. To minimise them is to maximise the likelihood of the labels.",
        more_exactly="Only the value has a single term; the gradient reaches every logit: $p - y$. For logits 2, 1 and "
        "-1 with the second class true it is 0.705, -0.741 and 0.035. Nor is the log of a number below 1 always "
        r"large: $\log 0.9 = -0.105$, $\log 0.0001 = -9.21$.",
        experiment=Experiment(
            page="neurons",
            address={
                **PART,
                "losses": "Logits to loss",
                "logits": "2 1 -1",
                "truth": "class 2",
                "loss": "cross-entropy",
            },
            shows="its gradient at every class",
            does="Compare the gradient with p − y, then call the least probable class the true one.",
        ),
        draw=_draw_cross_entropy,
    ),
    Card(
        id=14,
        question="What is the formula of the negative log-likelihood, and is it the same as binary cross-entropy?",
        answer=r"$-\frac{1}{n} \sum_i \log p_i$, where $p_i$ is the probability that example $i$'s truth was given. "
        r"With two classes, $p$ the probability of 1, it reads $-[\,y \log p + (1 - y) \log(1 - p)\,]$: binary "
        "cross-entropy is that case of it.",
        more_exactly=r"The log cannot be left out. At logits 8 and 0 with the second class true, the slope of $-\log "
        "p$ is 0.9997 and that of $-p$ is 0.0003: without the log, hardly anything is learned where the model is "
        r"surely wrong. And where 70 % of the labels are 1, $-\log p$ is smallest at $p = 0.7$, as it should be, and "
        "$-p$ at $p = 1$.",
        experiment=Experiment(
            page="neurons",
            address={**PART, "losses": "Sure and wrong"},
            shows="the log may not be left out",
            does="Move the logits apart and compare both slopes; “Labels 70 to 30” has the other half.",
        ),
        draw=_draw_without_log,
    ),
    Card(
        id=15,
        question="Which simplification is often made for softmax followed by cross-entropy?",
        answer=r"Both are computed together from the logits: $\log p_i = z_i - \log \sum_j e^{z_j}$, of which the loss "
        "takes the true class's. So the network ends with logits, and PyTorch's `cross_entropy` is `log_softmax` "
        "followed by `nll_loss`.",
        more_exactly="It is the same function, not another one with the same minimum, and the point is stability "
        "rather than speed. With logits 1000 and 0 the softmax as written is infinity over infinity, NaN; with the "
        "largest logit taken off first (log-sum-exp), the logarithms are 0 and -1000.",
        experiment=Experiment(
            page="neurons",
            address={**PART, "losses": "Add 1000, or cool down"},
            shows="log-sum-exp gives",
            does="Add 1000 to every logit: as the formula stands it gives no number, with log-sum-exp the right one.",
        ),
        draw=_draw_log_softmax,
    ),
)
