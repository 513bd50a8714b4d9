"""Views of the Neurons page on what a loss asks for: of the surely wrong, and of labels that differ."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.neurons.describing import say_number, write_difference
from explorer.neurons.losses import LOSSES
from explorer.neurons.snippets import mixed_snippet, push_snippet
from explorer.neurons.two_classes import COMPARED, best_answer, mean_loss, push
from explorer.rendering import curves
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import slide
from explorer.ui.kit.export import arrays_as_npz, offer

_TITLES = {name: LOSSES[name].title for name in COMPARED}
_LEADS = np.linspace(-10, 10, 41)  # of the true class's logit over the other
_TRIED = np.linspace(0.001, 0.999, 999)
_DRAWN = np.linspace(0.02, 0.98, 49)


def show_wrong() -> None:
    """How hard each loss pushes the true class's logit up, by how far it lies behind."""
    behind = slide("How far the true class's logit lies behind the other", 0, 10, 8, "behind")
    answers = ("cross-entropy, −log p", "without the log, −p", "both alike")
    asked = f"Logits {behind} and 0, and the truth is the second: which loss pushes its logit up harder?"
    if not ask_first(asked, answers, answers[0], "ask-wrong"):
        return
    p = 1 / (1 + np.exp(float(behind)))
    pushes = {name: float(push(name, p)) for name in COMPARED}
    sure = "Surely wrong, p" if behind > 2 else "p"
    st.markdown(
        f"**{sure} = {say_number(p)}: the cross-entropy pushes with {pushes['cross_entropy']:.4f}, without "
        f"the log it is {pushes['probability']:.4f}**, and squared error has {pushes['squared_error']:.4f}. "
        "The log divides by p, and that keeps the gradient of the worst mistakes alive: the log may not be left out."
    )
    st.caption(_say_autograd(behind, pushes))
    shares = 1 / (1 + np.exp(-_LEADS))
    series = {title: push(name, shares).tolist() for name, title in _TITLES.items()}
    chart = curves(
        _LEADS.tolist(),
        series,
        "Push on the true class's logit",
        x_title="lead of the true class's logit",
        percent=False,
    )
    chart.add_vline(x=-behind, line={"dash": "dot", "color": "#808a99"})
    show_chart(chart, "push")
    st.caption(
        "Two logits under a softmax. Binary cross-entropy of their difference, with a sigmoid, has the cross-entropy's "
        "own curve: it is its case of two classes."
    )
    offer(
        "push",
        None,
        lambda: arrays_as_npz(lead=_LEADS, **{name: push(name, shares) for name in COMPARED}),
        push_snippet(behind),
        "push",
    )


def _say_autograd(behind: int, pushes: dict[str, float]) -> str:
    """The same by PyTorch."""
    from explorer.neurons.autograd_losses import loss_by_autograd

    logits, truth = np.array([float(behind), 0.0]), np.array([0.0, 1.0])
    theirs = {name: -float(loss_by_autograd(name, logits, truth)[1][1]) for name in COMPARED}
    largest = max(abs(theirs[name] - pushes[name]) for name in COMPARED)
    return (
        f"PyTorch: {theirs['cross_entropy']:.4f}, {theirs['probability']:.4f} and {theirs['squared_error']:.4f}; "
        f"largest difference {write_difference(largest)}."
    )


def show_mixed() -> None:
    """The mean loss of examples that look alike, by the probability that all of them are given."""
    percent = slide("Of 100 pictures that look alike, cats", 55, 95, 70, "cats")
    share = percent / 100
    answers = (f"{share:.2f}", "1.00", "0.50")
    asked = (
        f"{percent} of 100 pictures that look alike are cats. Which probability for “cat” has the least cross-entropy?"
    )
    if not ask_first(asked, answers, answers[0], "ask-mixed"):
        return
    best = {name: best_answer(name, share, _TRIED) for name in COMPARED}
    st.markdown(
        f"**Cross-entropy is least at {best['cross_entropy']:.2f}, squared error at {best['squared_error']:.2f}, "
        f"without the log at {best['probability']:.2f}.** The first two ask for the true share; "
        "without the log the best is to claim what is not so."
    )
    series = {
        title: (mean_loss(name, _DRAWN, share) - mean_loss(name, best[name], share)).tolist()
        for name, title in _TITLES.items()
    }
    chart = curves(
        _DRAWN.tolist(), series, "Mean loss above its least", x_title="probability given to “cat”", percent=False
    )
    chart.update_yaxes(range=[0, 1])
    chart.add_vline(x=share, line={"dash": "dot", "color": "#808a99"})
    show_chart(chart, "mixed")
    entropy = float(mean_loss("cross_entropy", share, share))
    st.caption(
        f"Even the best answer costs {say_number(entropy)}, the entropy of the labels: what no network can take away."
    )
    offer(
        "mixed-labels",
        None,
        lambda: arrays_as_npz(given=_DRAWN, **{name: mean_loss(name, _DRAWN, share) for name in COMPARED}),
        mixed_snippet(share),
        "mixed",
    )
