"""The Neurons page's part on softmax and losses: from logits to the loss and back to the gradient."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.neurons.activations import Numbers
from explorer.neurons.autograd_losses import loss_by_autograd
from explorer.neurons.describing import say_number, write_difference
from explorer.neurons.losses import LOSSES, log_softmax, naive_log_softmax, naive_softmax, softmax
from explorer.neurons.snippets import softmax_snippet
from explorer.text import as_plain_text
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.choose import choose_step, choose_view
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.neurons.logits import Scores, choose_scores, show_board
from explorer.ui.neurons.loss_views import show_mixed, show_wrong
from explorer.ui.neurons.output_views import show_one_hot, show_which
from explorer.ui.session.subject import Subject
from explorer.ui.shared.parts import Parts

_CONSTANTS = (-1000, -100, -10, 0, 10, 100, 1000)
_TEMPERATURES = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)


def show_softmax(subject: Subject) -> None:
    """One view at a time."""
    views: Parts = {
        "logits": ("Logits to loss", _show_logits),
        "shift": ("Add 1000, or cool down", _show_shift),
        "wrong": ("Sure and wrong", lambda _: show_wrong()),
        "mixed": ("Labels 70 to 30", lambda _: show_mixed()),
        "one_hot": ("One-hot", lambda _: show_one_hot()),
        "which": ("Which loss when", show_which),
    }
    choose_view(views, "losses")(subject)


def _show_logits(subject: Subject) -> None:
    finding = st.container()
    scores = choose_scores(subject)
    answers = ("Only the true class's", "Every class's", "Only those of the other classes")
    with finding:
        if not ask_first(
            "The loss looks at the probability of the true class. Which logits get a gradient?",
            answers,
            answers[1],
            "ask-gradient",
        ):
            return
        _say_gradient(scores)
    show_board(scores)
    _show_oracle(scores, scores.logits, 1.0)


def _say_gradient(scores: Scores) -> None:
    loss = LOSSES[scores.loss]
    value, gradient = float(loss.value(scores.logits, scores.targets)), loss.gradient(scores.logits, scores.targets)
    strongest = sorted(range(len(gradient)), key=lambda k: -abs(gradient[k]))[:4]
    pulls = ", ".join(f"{as_plain_text(scores.names[k])} {say_number(gradient[k], signed=True)}" for k in strongest)
    left_out = " and so on" if len(gradient) > len(strongest) else ""
    said = {
        "cross_entropy": "Its value looks at the true class alone, its gradient at every class: p − y.",
        "binary_cross_entropy": "Each class is a question of its own, yes or no: the gradient is (σ(z) − y) ÷ K.",
        "squared_error": "The gradient goes through the softmax once more, and fades where p is near 0 or 1.",
        "probability": "Without the log the gradient is the cross-entropy's times p of the true class.",
    }[scores.loss]
    st.markdown(f"**{loss.title.capitalize()} {say_number(value)}, with the gradient {pulls}{left_out}.** {said}")
    st.markdown(f"${loss.formula}$, with the gradient ${loss.gradient_formula}$.")


def _show_shift(subject: Subject) -> None:
    finding = st.container()
    row = st.columns(2)
    constant = choose_step("Added to every logit", _CONSTANTS, "constant", 1000, place=row[0])
    temperature = choose_step("Temperature", _TEMPERATURES, "softmax_temperature", 1.0, place=row[1])
    scores = choose_scores(subject)
    answers = ("Nothing", "They all come near 1", "The largest gets everything")
    with finding:
        if not ask_first(
            "Add 1000 to every logit. What happens to the probabilities?", answers, answers[0], "ask-shift"
        ):
            return
        _say_shift(scores, constant, temperature)
    show_board(scores, temperature, constant)
    _show_oracle(scores, (scores.logits + constant) / temperature, temperature)


def _say_shift(scores: Scores, constant: int, temperature: float) -> None:
    shifted, k = scores.logits + constant, scores.truth
    before, after = softmax(scores.logits)[k], softmax(shifted)[k]
    naive, naive_log = float(naive_softmax(shifted)[k]), float(naive_log_softmax(shifted)[k])
    change = f"{constant:+,} on every logit".replace("-", "−") if constant else "A constant on every logit"
    apart = f", difference {write_difference(after - before)}" if constant else ""
    holds = "and" if np.isfinite(naive) and np.isfinite(naive_log) else "but"
    st.markdown(
        f"**{change} changes no probability**: p of {as_plain_text(scores.names[k])} is {say_number(before)} before "
        f"and {say_number(after)} after{apart}; {holds} as the formula stands, e^z ÷ Σ gives **{say_number(naive)}** "
        f"and its log **{say_number(naive_log)}**. With the largest logit taken off first, "
        f"log-sum-exp gives {say_number(float(log_softmax(shifted)[k]))}."
    )
    if temperature != 1:
        cooled = softmax(scores.logits, temperature)[k]
        sharper = "sharper" if temperature < 1 else "more even"
        st.markdown(
            f"Divided by a temperature of {temperature:g} first, the probabilities get {sharper}: "
            f"{say_number(cooled)} for the same class. The order of the classes stays."
        )
    if len(scores.logits) == 2:
        st.markdown("With two classes the softmax is the sigmoid of the difference, $\\sigma(z_1 - z_2)$.")


def _show_oracle(scores: Scores, logits: Numbers, temperature: float) -> None:
    loss = LOSSES[scores.loss]
    value, gradient = float(loss.value(logits, scores.targets)), loss.gradient(logits, scores.targets)
    theirs, their_gradient = loss_by_autograd(scores.loss, logits, scores.targets)
    difference = write_difference(value - theirs, *(gradient - their_gradient).tolist())
    st.caption(f"PyTorch: {theirs:.6g}; largest difference in the loss and its gradients {difference}.")
    offer(
        "softmax",
        None,
        lambda: arrays_as_npz(
            logits=logits, probabilities=softmax(logits), targets=scores.targets, gradient=gradient / temperature
        ),
        softmax_snippet(logits.tolist(), scores.targets.tolist(), scores.loss),
        "softmax",
    )
