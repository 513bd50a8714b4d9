"""Settings of the small network that work, and that fail with the reason; a click opens one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from explorer.neurons.training import Edit, Recipe


@dataclass(frozen=True)
class Setting:
    """One of them.

    Attributes:
        title: what is tried.
        reason: what comes of it, and why.
        recipe: how it is trained.
        step: at which it opens.
        points: name of the set.
        blobs: how many there are, where they are the points.
    """

    title: str
    reason: str
    recipe: Recipe
    step: int
    points: str = "xor"
    blobs: int = 3


_PLAIN = Recipe((3,), "tanh", "cross_entropy", 0.3, 0)

WORK = (
    Setting(
        "XOR with three neurons",
        "99.5 % right after 1,000 steps: each neuron draws one line, and three are enough to part the corners.",
        _PLAIN,
        1000,
    ),
    Setting(
        "A ring round a disc with three ReLUs",
        "100 % right after 1,000 steps: three straight cuts fence the disc in.",
        replace(_PLAIN, activation="relu"),
        1000,
        "circles",
    ),
    Setting(
        "Six blobs without a hidden layer",
        "97.5 % right after 300 steps at rate 1: borders between neighbours may be straight, so nothing has to bend.",
        replace(_PLAIN, hidden=(), rate=1.0),
        300,
        "blobs",
        6,
    ),
    Setting(
        "Two spirals with two layers of eight",
        "100 % right after 4,000 steps at rate 1; one layer of eight gets to 96.5 % in as many.",
        replace(_PLAIN, hidden=(8, 8), rate=1.0),
        4000,
        "spiral",
    ),
)
FAIL = (
    Setting(
        "XOR without an activation",
        "50.0 % right after 1,000 steps: two layers of eight without an activation are one affine map, with a straight "
        "border.",
        replace(_PLAIN, hidden=(8, 8), activation="linear", rate=0.1),
        1000,
    ),
    Setting(
        "XOR from other first weights",
        "68.5 % right after 1,000 steps from seed 1, 99.5 % from seed 0: with three neurons none is to spare. With "
        "four, seed 1 gets to 99.5 % too.",
        replace(_PLAIN, seed=1),
        1000,
    ),
    Setting(
        "Four layers of sigmoids",
        "52.0 % right after 2,000 steps at rate 1: a sigmoid's slope is 1/4 at most, so at the start the first "
        "layer's gradient is 29,900 times smaller than the last one's.",
        replace(_PLAIN, hidden=(8, 8, 8, 8), activation="sigmoid", rate=1.0),
        2000,
    ),
    Setting(
        "Too high a rate",
        "After 16 steps at rate 10 no number is finite any more: nothing bounds a leaky ReLU, and every step "
        "lands higher.",
        replace(_PLAIN, hidden=(8, 8), activation="leaky_relu", rate=10.0),
        16,
    ),
    Setting(
        "Gradients that are not cleared",
        "75.0 % right after 1,000 steps at rate 3 and a loss of 66.9; cleared, 100 % and 0.000435. The sum of all "
        "gradients is momentum that never fades: it overshoots. At rate 0.3 it is even faster: a loss of 2.93e-12 "
        "after 100 steps, and 0.640 cleared.",
        replace(_PLAIN, rate=3.0, clears=False),
        1000,
        "corners",
    ),
    Setting(
        "Without the log",
        "50.0 % right after 300 steps at rate 1, as at the start, where one bias was set to 10 by hand; cross-entropy "
        "gets to 100 % from there. Who is surely wrong has a softmax without slope, and only the logarithm makes "
        "up for it.",
        replace(_PLAIN, hidden=(8,), loss="probability", rate=1.0, edits=(Edit(0, 40, 10.0),)),
        300,
        "moons",
    ),
)


def show_shelf(open_setting: Callable[[Setting], None]) -> None:
    """Both kinds, side by side where there is room; `open_setting` is called before the next run."""
    for place, heading, settings in zip(
        st.columns(2), ("Settings that work", "Settings that fail, and why"), (WORK, FAIL), strict=True
    ):
        place.subheader(heading, anchor=False)
        for setting in settings:
            entry = place.container(gap=None)
            entry.button(
                setting.title,
                key=f"shelf-{setting.title}",
                type="tertiary",
                icon=":material/play_circle:",
                on_click=open_setting,
                args=(setting,),
                help="Opens it; the address is then its link.",
            )
            entry.caption(setting.reason)
