"""The Learning page's controls of the terrain: which surface, which optimisers, at which rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.learning.optimisers import OPTIMISERS, Optimiser
from explorer.learning.terrain.descent import RATES
from explorer.learning.terrain.formula import MOST_CHARACTERS, FormulaRejected
from explorer.learning.terrain.surfaces import SURFACES, Surface, own_surface, valley
from explorer.text import as_plain_text, significant
from explorer.ui.kit.choose import choose, choose_number, choose_one, choose_several, choose_step, settings_popover

OWN: Final = "own"
_OWN_FORMULA = "0.1*x**2 + y**2 + 0.3*sin(3*x)"
_KEPT = "terrain_formula_kept"  # the last that worked, in the session
_CONDITIONS = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
_NOISES = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0)
_MOMENTA = (0.5, 0.8, 0.9, 0.95, 0.99)
_SQUARES = (0.5, 0.9, 0.99, 0.999)
_FIVE = ("SGD", "Momentum", "AdaGrad", "RMSProp", "Adam")
_HAND_RATES = (*RATES, 10**0.25, 10**0.5, 10.0)


@dataclass(frozen=True)
class Setting:
    """What goes down what.

    Attributes:
        name: in `SURFACES`, or "own".
        surface: not turned.
        rules: by title, at the rate that was chosen by hand.
        best: whether each is to have its best rate instead.
    """

    name: str
    surface: Surface
    rules: Mapping[str, Optimiser]
    best: bool


def choose_setting(place: DeltaGenerator) -> Setting:
    """The controls, in one row; the valley is 100 times as curved across as along at first."""
    row = place.container(horizontal=True, vertical_alignment="bottom")
    titles = {name: each.title for name, each in SURFACES.items()} | {OWN: "own formula"}
    name = choose_one("Surface", titles, "terrain_surface", "valley", place=row, width=190)
    surface = _choose_own(row) if name == OWN else SURFACES[name]
    if name == "valley":
        surface = valley(choose_step("Condition number", _CONDITIONS, "terrain_condition", 100, place=row, width=190))
    if surface.noise:
        noise = choose_step("Noise", _NOISES, "terrain_noise", surface.noise, place=row, width=150)
        surface = replace(
            surface, noise=noise, seed=choose_number("Seed", 0, 9999, "terrain_seed", 0, place=row, width=110)
        )
    means = {"best": "each at its best of 13", "hand": "one for all"}
    best = choose("Rate", means, "terrain_rates", place=row) == "best"
    rate = OPTIMISERS["SGD"].rate
    if not best:
        rate = choose_step("The rate", _HAND_RATES, "terrain_rate", rate, place=row, width=190, format_func=significant)
    return Setting(name, surface, _choose_rules(place, row, rate), best)


def _choose_rules(place: DeltaGenerator, row: DeltaGenerator, rate: float) -> dict[str, Optimiser]:
    with settings_popover(row):
        momentum = choose_step("Momentum", _MOMENTA, "terrain_momentum", 0.9)
        alpha = choose_step("What RMSProp keeps of squares", _SQUARES, "terrain_alpha", 0.99)
        beta2 = choose_step("What Adam and AdamW keep of squares", _SQUARES, "terrain_beta2", 0.999)
    picked = choose_several("Optimisers", {name: name for name in OPTIMISERS}, "terrain_optimisers", _FIVE, place=place)
    if not picked:
        place.caption(f"None is picked: {', '.join(_FIVE)} are shown.")
    rules = {}
    for title in picked or _FIVE:
        rule = replace(OPTIMISERS[title], rate=rate, alpha=alpha, beta2=beta2)
        rules[title] = replace(rule, momentum=momentum) if rule.momentum else rule
    return rules


def _choose_own(row: DeltaGenerator) -> Surface:
    """What was typed; where it is no formula, which is said, the last that was one."""
    text = row.text_input(
        "Loss of x and y",
        _OWN_FORMULA,
        key="terrain_formula",
        bind="query-params",
        max_chars=MOST_CHARACTERS,
        width=320,
        help="Numbers, x, y, pi, e, + - * / ** and sin, cos, exp, log, sqrt, abs. It is read, never run as a program.",
    )
    try:
        surface = own_surface(text or "")
    except FormulaRejected as rejected:
        st.error(f"{as_plain_text(str(rejected))} The last formula that worked stays.", icon=":material/block:")
        return own_surface(st.session_state.get(_KEPT, _OWN_FORMULA))
    st.session_state[_KEPT] = text
    return surface
