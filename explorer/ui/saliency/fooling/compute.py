"""What the part "Fool it" computes, once, with a bar and a way to stop; and what its views share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.adversarial.attacks import Attack, AttackImpossible, Growth, grow_in_slices
from explorer.slices import finish
from explorer.text import as_plain_text, class_labels
from explorer.ui.kit.choose import choose, choose_one, choose_step
from explorer.ui.kit.slow import obtain
from explorer.ui.saliency.choices import ordered_classes
from explorer.ui.session.subject import Subject

ANY = "Any other class"
SMALLEST = "smallest"
ATTACKS: dict[Attack, str] = {"projected": "Projected gradient", "sign": "Gradient sign"}


@dataclass(frozen=True, eq=False)
class Fooled:
    """A photo attacked under every bound, and the one that is looked at.

    Attributes:
        subject: the photo and the network.
        attack: which.
        growth: the photo under every bound.
        index: of the bound that is looked at; the largest where none that was asked for fools the network.
    """

    subject: Subject
    attack: Attack
    growth: Growth
    index: int

    @property
    def bound(self) -> int:
        """Of 255."""
        return self.growth.bounds[self.index]

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(H, W, 3) the photo under that bound."""
        return self.growth.pixels[self.index]

    @property
    def named(self) -> int:
        """Index of the class that the network names then."""
        return int(self.growth.probabilities[self.index].argmax())

    @property
    def is_fooled(self) -> bool:
        """Whether that is what was aimed at."""
        return bool(self.growth.fooled[self.index])


def pixels_of(subject: Subject) -> NDArray[np.uint8]:
    """(H, W, 3) the photo as the network sees it."""
    return subject.model.preprocessing.pixels(subject.picture.intake.image)


def choose_fooled(subject: Subject) -> Fooled | None:
    """The attack, the class and the bound, and what comes of them; None where it was stopped or cannot be."""
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    attack = choose("Attack", ATTACKS, "fool_attack", place=row)
    labels, ordered = ordered_classes(subject)
    aimed = choose_one("Turn it into", [ANY, *ordered], "fool_class", place=row, width=220)
    target = None if aimed == ANY else labels.index(aimed)
    # In place before the work, so that the control does not come and go with it.
    bounds_place = row.container(width=340)
    try:
        growth: Growth | None = obtain(
            ("fooling", subject, attack, target),
            f"Attacking {as_plain_text(subject.picture.title)}",
            "steps",
            partial(finish, grow_in_slices(subject.model, pixels_of(subject), attack, target)),
            st.empty(),
            "fool",
            quick=attack == "sign",
        )
    except AttackImpossible as problem:
        st.info(as_plain_text(str(problem)), icon=":material/block:")
        return None
    if growth is None:
        return None
    chosen = choose_step(
        "A channel of a pixel changes by at most",
        [SMALLEST, *map(str, growth.bounds[1:])],
        "fool_bound",
        SMALLEST,
        place=bounds_place,
        format_func=lambda each: "the least that fools" if each == SMALLEST else f"{each} of 255",
    )
    last = len(growth.bounds) - 1
    if chosen == SMALLEST:
        index = growth.smallest or last
    else:
        index = growth.bounds.index(int(chosen))
    return Fooled(subject, attack, growth, index)


def name_class(subject: Subject, index: int) -> str:
    """A class in a sentence of Markdown."""
    return as_plain_text(class_labels(subject.model.classes)[index])
