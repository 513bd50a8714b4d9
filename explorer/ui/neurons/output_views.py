"""Views of the Neurons page on outputs and targets: one-hot rows, and which loss goes with which output."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.neurons.activations import Numbers
from explorer.neurons.autograd_losses import loss_by_autograd
from explorer.neurons.describing import say_number, write_table
from explorer.neurons.losses import one_hot, softmax
from explorer.neurons.snippets import one_hot_snippet, softmax_twice_snippet
from explorer.ui.app import link_to
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.choose import slide
from explorer.ui.kit.snippet import show_snippet
from explorer.ui.neurons.logits import choose_scores
from explorer.ui.session.subject import Subject
from explorer.ui.shared.typed_numbers import read_or_keep

_CLASSES, _NUMBERS = 5, 4  # rows and columns of the matrix that a one-hot row is multiplied by
_VALUES = (1.0, 2.0, 3.0, 4.0, 100.0)
_KEPT = "target_numbers"  # the last that could be read, in the session


def show_one_hot() -> None:
    """A one-hot row times a matrix, beside the row that is simply looked up."""
    number = slide("Class", 1, _CLASSES, 3, "one_hot_class")
    answers = ("Its third row", "Its third column", "The sum of its rows")
    asked = "A row with a single 1 in its third place, times a matrix: what comes out?"
    if not ask_first(asked, answers, answers[0], "ask-one-hot"):
        return
    matrix = np.random.default_rng(0).normal(size=(_CLASSES, _NUMBERS)).round(2)
    hot = one_hot(number - 1, _CLASSES)
    row = hot @ matrix
    st.markdown(
        f"**A one-hot row times a matrix is one of its rows**: ({_list(hot)}) times the matrix gives ({_list(row)}), "
        f"row {number}, to the last bit. So an embedding looks it up and multiplies nothing. "
    )
    theirs = _look_up(matrix, number - 1)
    st.caption(f"PyTorch, `F.embedding`: ({_list(theirs)}); difference {np.abs(row - theirs).max():g}.")
    rows = {}
    for place in range(_CLASSES):
        mark = "**" if place == number - 1 else ""
        values = (one_hot(place, _CLASSES), matrix[place])
        rows[f"{mark}class {place + 1}{mark}"] = [f"{mark}{_list(each)}{mark}" for each in values]
    st.markdown(write_table(["one-hot", "row of the matrix"], rows))
    far = float(np.linalg.norm(one_hot(0, _CLASSES) - one_hot(_CLASSES - 1, _CLASSES)))
    st.markdown(
        "Class numbers are numbers too, but they would claim an order and distances: class 1 would be nearer to 2 than "
        f"to {_CLASSES}, and 3 the mean of both ends. One-hot rows are all {far:.3f} apart, √2. "
        "As a target, PyTorch's `F.cross_entropy` takes the number itself and makes no row of it."
    )
    show_snippet(one_hot_snippet(matrix.tolist(), number - 1), "one-hot-python")
    link_to("sequences", "A letter of your text looked up by a recurrent network", {"part": "Unrolled"})


def _list(values: Numbers) -> str:
    return ", ".join(f"{value:g}".replace("-", "−") for value in values)


def _look_up(matrix: Numbers, place: int) -> Numbers:
    import torch
    from torch.nn import functional as F

    row: Numbers = F.embedding(torch.tensor(place), torch.from_numpy(matrix)).numpy()
    return row


def show_which(subject: Subject) -> None:
    """A table of outputs and their losses, the bug of a softmax too many, and what an outlier does to regression."""
    finding = st.container()
    scores = choose_scores(subject, with_loss=False)
    answers = ("Nothing: softmax of a softmax is the same", "It gets smaller", "It gets larger")
    right, right_gradient = loss_by_autograd("cross_entropy", scores.logits, scores.targets)
    wrong, wrong_by_p = loss_by_autograd("cross_entropy", softmax(scores.logits), scores.targets)
    p = softmax(scores.logits)
    wrong_gradient = p * (wrong_by_p - (p * wrong_by_p).sum())
    k = scores.truth
    smaller = abs(wrong_gradient[k]) < abs(right_gradient[k])
    with finding:
        asked = "Softmax first, then `F.cross_entropy`: what becomes of the true class's gradient?"
        if not ask_first(asked, answers, answers[1 if smaller else 2], "ask-twice"):
            return
        st.markdown(
            f"**`F.cross_entropy` takes logits: {say_number(right)}. Given the softmax it says "
            f"{say_number(wrong)}**, and the true class's gradient is {say_number(wrong_gradient[k])} in place of "
            f"{say_number(right_gradient[k])}: no error, only a network that learns badly."
        )
    st.markdown(
        "- **A number:** one output, no activation, squared error: `F.mse_loss`.\n"
        "- **Yes or no:** one logit, a sigmoid, binary cross-entropy: `F.binary_cross_entropy_with_logits`.\n"
        "- **One of K classes, also of two:** K logits, softmax, cross-entropy: `F.cross_entropy`.\n"
        "- **Any of K at once:** K logits, each with a sigmoid of its own, binary cross-entropy.\n\n"
        "Where PyTorch takes logits, the activation is inside its loss."
    )
    show_snippet(softmax_twice_snippet(scores.logits.tolist(), k), "twice-python")
    _show_regression()


def _show_regression() -> None:
    st.subheader("Numbers with an outlier", anchor=False)
    text = st.text_input("Targets", " ".join(f"{value:g}" for value in _VALUES), key="targets", bind="query-params")
    values = read_or_keep(text, 1, 20, _KEPT, _VALUES)
    mean, median = float(values.mean()), float(np.median(values))
    st.markdown(
        f"**The one answer with the least squared error is their mean, {say_number(mean)}; with the least absolute "
        f"error, their median, {say_number(median)}.** Squared error is the likelihood of noise with a normal "
        "distribution, which hardly ever has outliers; `F.l1_loss` and `F.huber_loss` bear them better."
    )
