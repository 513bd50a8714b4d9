"""What the Saliency page is asked: for which class, against which, and by which panels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.rendering import format_percent
from explorer.saliency import FAST, METHODS, SaliencyImpossible, default_layer, layers_for
from explorer.text import as_plain_text, class_labels
from explorer.ui.kit.choose import choose_one, said_by, settings_popover
from explorer.ui.saliency.compute import Asked, list_possible
from explorer.ui.session.subject import Subject
from explorer.ui.shared.knowledge import show_knowledge
from explorer.ui.shared.recorded import compute_probabilities

MOST_PANELS = 6
BEST = "The most probable"
NOBODY = "Nothing"
AS_ABOVE = "As above"
LAST = "The last with maps"
_FIRST_METHODS = (
    "grad-cam",
    "layer-cam",
    "saliency",
    "occlusion",
    "integrated-gradients",
    "score-cam",
)  # quick ones first
METHOD_LABELS = {name: method.label for name, method in METHODS.items()}
LIKELY = 5  # classes that come first in a list


@dataclass(frozen=True)
class Question:
    """Which score is explained.

    Attributes:
        target: index of the class.
        contrast: index of the class whose score is subtracted; None for one class alone.
    """

    target: int
    contrast: int | None = None


def say_question(subject: Subject, question: Question, similar: Sequence[int] = ()) -> str:
    """The class, or the classes, in words; `similar` are those that a method has set it against."""
    labels = class_labels(subject.model.classes)
    target = labels[question.target]
    others = [labels[each] for each in (similar if question.contrast is None else [question.contrast])]
    named = " or ".join([", ".join(others[:-1]), *others[-1:]] if others[1:] else others)
    return f"{target} rather than {named}" if others else target


def choose_question(subject: Subject) -> tuple[Question, DeltaGenerator]:
    """The class beside what the network says; what it is set against is in the settings, which come second."""
    probabilities = compute_probabilities(subject)
    labels, ordered = ordered_classes(subject)
    likely = [int(index) for index in probabilities.argsort()[::-1][:LIKELY]]
    row = st.container(horizontal=True, vertical_alignment="center")
    target = choose_one("Class", [BEST, *ordered], "class", place=row, width=220, hidden=True)
    index = likely[0] if target == BEST else labels.index(target)
    rivals = [NOBODY, *(label for label in ordered if label != labels[index])]
    settings = settings_popover(row)
    said = "Another class: then the heatmaps show what speaks for the one rather than for the other."
    contrast = choose_one("Against", rivals, "against", place=settings, help=said)
    shares = " · ".join(f"{labels[index]} {format_percent(float(probabilities[index]))}" for index in likely)
    row.container().caption(f"The network says: {as_plain_text(shares)}.")
    show_knowledge(subject, float(probabilities[likely[0]]))
    return Question(index, None if contrast == NOBODY else labels.index(contrast)), settings


def ordered_classes(subject: Subject) -> tuple[list[str], list[str]]:
    """Unique names of the classes: in the network's order, and with the most probable ones first, then by name."""
    labels = class_labels(subject.model.classes)
    likely = [labels[index] for index in compute_probabilities(subject).argsort()[::-1][:LIKELY]]
    return labels, [*likely, *sorted(set(labels) - set(likely), key=str.casefold)]


def choose_layer(subject: Subject) -> str | None:
    """The layer that panels look at unless they have their own; None where the network has none with maps."""
    try:
        default = default_layer(subject.model, subject.input)
    except SaliencyImpossible:
        return None
    options = [LAST, *(facts.name for facts in layers_for(subject.model, subject.input))]
    said = "Of class activation maps; methods that go back to the pixels need none."
    layer = choose_one("Layer", options, "layer", help=said)
    return default if layer == LAST else layer


def choose_method(subject: Subject, number: int) -> str:
    """What one panel shows, a key of `METHODS`."""
    key = f"method{number}"
    labels = list_methods(subject, key)
    ordered = [*(name for name in _FIRST_METHODS if name in labels), *labels]
    return choose_one(f"Method {number}", labels, key, ordered[number - 1], hidden=True)


def choose_panel(subject: Subject, question: Question, layer: str | None, number: int, name: str, fast: bool) -> Asked:
    """A layer and a class of one panel's own, and what it asks of the method `name`."""
    method = METHODS[name]
    with st.popover("Own layer and class", icon=":material/tune:", width="stretch"):
        if method.needs_layer and layer is not None:
            options = [AS_ABOVE, *(facts.name for facts in layers_for(subject.model, subject.input))]
            own = choose_one(f"Layer {number}", options, f"layer{number}")
            layer = layer if own == AS_ABOVE else own
        elif not method.needs_layer:
            st.caption(f"{method.label} goes back to the pixels: it has no layer.")
        question = _own_question(subject, question, number)
    # Without a layer the library is asked all the same, and says in its own words why there is none.
    asked_layer = (layer or "") if method.needs_layer else ""
    return Asked(subject, name, asked_layer, question.target, question.contrast, fast and name in FAST)


def list_methods(subject: Subject, key: str) -> dict[str, str]:
    """Labels of the methods that work on the network, and of one that its chooser, or a link, names all the same.

    Args:
        subject: the network.
        key: of the chooser; the panel says why what it names does not work.
    """
    asked = said_by(key, "")
    possible = list_possible(subject)
    return {name: label for name, label in METHOD_LABELS.items() if name in possible or asked in (name, label)}


def _own_question(subject: Subject, question: Question, number: int) -> Question:
    """A class of the panel's own, set against another one perhaps."""
    labels, ordered = ordered_classes(subject)
    target = choose_one(f"Class {number}", [AS_ABOVE, *ordered], f"class{number}")
    if target == AS_ABOVE:
        return question
    rivals = [NOBODY, *(label for label in ordered if label != target)]
    contrast = choose_one(f"Against {number}", rivals, f"against{number}")
    return Question(labels.index(target), None if contrast == NOBODY else labels.index(contrast))
