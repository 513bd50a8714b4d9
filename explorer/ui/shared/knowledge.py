"""What a network can answer at all, said above its answers before a person finds out."""

from __future__ import annotations

import streamlit as st

from explorer.rendering import format_percent
from explorer.text import as_plain_text
from explorer.ui.session.subject import UNTRAINED, Subject

FEW = 20  # classes that can be read out
UNSURE = 0.25  # of the likeliest of many classes, below which the network is said not to be sure


def describe_knowledge(subject: Subject, best: float) -> str:
    """What to know before believing the probabilities of a network; "" where there is nothing to say.

    Args:
        subject: whose network it is.
        best: probability of the likeliest class, 0 to 1.
    """
    classes = subject.model.classes
    if subject.weights == UNTRAINED:
        return "Untrained: its weights are random, so these probabilities mean nothing."
    if len(classes) <= FEW:
        return f"Knows only: {as_plain_text(', '.join(classes))}; whatever you show it, it names one of these."
    if best < UNSURE:
        return f"Not sure of any of its {len(classes):,} classes: the likeliest has {format_percent(best)}."
    return ""


def show_knowledge(subject: Subject, best: float) -> None:
    """The same as a line on the page."""
    said = describe_knowledge(subject, best)
    if said:
        st.caption(said)
