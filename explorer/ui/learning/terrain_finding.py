"""What the Learning page says of its terrain: how far each optimiser comes, and what turning does to that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf, isfinite, log
from typing import Final

import streamlit as st

from explorer.learning.descent import MOST_STEPS, RATES, Path
from explorer.learning.optimisers import Optimiser
from explorer.learning.surfaces import Surface
from explorer.text import significant
from explorer.ui.kit.ask import ask_first

Paths = Mapping[str, Path]
_LAST: Final = 50  # steps whose mean loss is told where there is no goal
_ANSWERS: Final = (
    "Those with one rate for both directions: SGD, momentum",
    "Those that scale each direction by itself: AdaGrad, RMSProp, Adam",
    "All of them",
    "None of them",
)


def show_finding(surface: Surface, rules: Mapping[str, Optimiser], aligned: Paths, turned: Paths, best: bool) -> bool:
    """The finding with its numbers, once a person has guessed where they want to.

    Args:
        surface: not turned.
        rules: by title.
        aligned: their paths on it.
        turned: their paths on the same surface, turned by 45 degrees.
        best: whether each has its best rate.
    """
    pairs = {title: (_measure(surface, aligned[title]), _measure(surface, turned[title])) for title in rules}
    same = [title for title, pair in pairs.items() if len({_say(surface, each) for each in pair}) == 1]
    plain = {title for title, rule in rules.items() if rule.name == "SGD"}
    right = _ANSWERS[3 if not same else 2 if len(same) == len(rules) else 0 if plain <= set(same) else 1]
    if not ask_first(
        "The surface is turned by 45 degrees, and the start with it. Whose result stays as it was?",
        _ANSWERS,
        right,
        f"ask-terrain-{hash((surface, tuple(rules.items())))}",
    ):
        return False
    rates = (
        f"each at its best of {len(RATES)} rates"
        if best
        else f"all at rate {significant(next(iter(rules.values())).rate)}"
    )
    what = (
        f"Mean loss of the last {_LAST} of {MOST_STEPS:,} steps"
        if surface.goal is None
        else "Steps until the loss first is within 10⁻⁶ of its minimum"
    )
    told = ", ".join(
        f"{title} **{_say(surface, before)} → {_say(surface, after)}**" for title, (before, after) in pairs.items()
    )
    st.markdown(f"**{_conclude(surface, pairs, same)}** {what}, {rates}, aligned → turned: {told}.")
    return True


def _measure(surface: Surface, path: Path) -> float:
    """Steps to the goal or the loss in the end; infinite where there is none."""
    if surface.goal is not None:
        steps = path.arrives(surface.goal)
        return inf if steps is None else steps
    return inf if path.diverged is not None else float(path.losses[-_LAST:].mean())


def _say(surface: Surface, measured: float) -> str:
    if isfinite(measured):
        return significant(measured).replace("-", "−")
    return "diverges" if surface.goal is None else f"not in {MOST_STEPS:,}"


def _conclude(surface: Surface, pairs: Mapping[str, tuple[float, float]], same: Sequence[str]) -> str:
    """In one sentence, what turning changes: who does not notice, and who notices most."""
    turned = f"Turn the {name_ground(surface)} by 45 degrees, and"
    if len(same) == len(pairs):
        return f"{turned} nothing changes for any of them."
    moved = sorted(set(pairs) - set(same), key=lambda title: -_differ(surface, *pairs[title]))
    most = [title for title in moved if _differ(surface, *pairs[title]) >= 0.5 * _differ(surface, *pairs[moved[0]])][:2]
    unit = "" if surface.goal is None else " steps"
    changed = _join(
        f"{title} {'ends at' if surface.goal is None else 'needs'} {_say(surface, pairs[title][1])}{unit} in place of "
        f"{_say(surface, pairs[title][0])}"
        for title in most
    )
    return (
        f"{turned} {_join(same)} do{'es' if len(same) == 1 else ''} not notice; {changed}."
        if same
        else f"{turned} {changed}."
    )


def _join(parts: Iterable[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def name_ground(surface: Surface) -> str:
    """What it is called in a sentence."""
    return "valley" if "valley" in surface.title else "surface"


def _differ(surface: Surface, before: float, after: float) -> float:
    """By how much turning changes a result: how many times as many steps, or by how much another loss."""
    return abs(after - before) if surface.goal is None else abs(log(max(after, 1)) - log(max(before, 1)))
