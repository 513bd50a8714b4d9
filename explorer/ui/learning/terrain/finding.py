"""What the Learning page says of its terrain: how far each optimiser comes, and what turning does to that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Final

import streamlit as st

from explorer.learning.optimisers import Optimiser
from explorer.learning.terrain.descent import LAST, MOST_STEPS, RATES, Path
from explorer.learning.terrain.surfaces import Surface
from explorer.neurons.describing import say_number
from explorer.text import significant
from explorer.ui.kit.ask import ask_first

Paths = Mapping[str, Path]
_ANSWERS: Final = (
    "Those with one rate for both directions: SGD, momentum",
    "Those that scale each direction by itself: AdaGrad, RMSProp, Adam",
    "All of them",
    "None of them",
)


@dataclass(frozen=True)
class _End:
    """What came of a path.

    Attributes:
        text: as it stands in a row of others.
        steps: to the goal; None where there is none, or it was not reached.
        loss: the mean of the last steps.
    """

    text: str
    steps: int | None
    loss: str

    def is_like(self, other: _End) -> bool:
        """Whether both say the same, also how low they came where neither arrives."""
        return self.text == other.text and (self.steps is not None or self.loss == other.loss)


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
    same = [title for title, (before, after) in pairs.items() if before.is_like(after)]
    plain = {title for title, rule in rules.items() if rule.name == "SGD"}
    right = _ANSWERS[3 if not same else 2 if len(same) == len(rules) else 0 if plain and plain <= set(same) else 1]
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
        f"Mean loss of the last {LAST} of {MOST_STEPS:,} steps"
        if surface.goal is None
        else "Steps until the loss first is within 10⁻⁶ of its minimum"
    )
    told = ", ".join(f"{title} **{before.text} → {after.text}**" for title, (before, after) in pairs.items())
    st.markdown(f"**{_conclude(surface, pairs, same)}** {what}, {rates}, aligned → turned: {told}.")
    return True


def _measure(surface: Surface, path: Path) -> _End:
    steps = None if surface.goal is None else path.arrives(surface.goal)
    loss = say_number(float(path.losses[-LAST:].mean()))
    if steps is not None:
        text = f"{steps:,}"
    elif path.diverged is not None:
        text = f"diverges at step {path.diverged:,}"
    else:
        text = loss if surface.goal is None else f"not in {MOST_STEPS:,}"
    return _End(text, steps, loss)


def _conclude(surface: Surface, pairs: Mapping[str, tuple[_End, _End]], same: Sequence[str]) -> str:
    """In one sentence, what turning changes: who does not notice, and who notices most."""
    turned = f"Turn the {name_ground(surface)} by 45 degrees, and"
    if len(same) == len(pairs):
        return f"{turned} nothing changes for any of them."
    by_change = sorted((title for title in pairs if title not in same), key=lambda title: -_differ(*pairs[title]))
    least = 0.5 * _differ(*pairs[by_change[0]])
    changed = _join(_say_change(title, *pairs[title]) for title in by_change[:2] if _differ(*pairs[title]) >= least)
    stay = f"{_join(same)} do{'es' if len(same) == 1 else ''} not notice; " if same else ""
    return f"{turned} {stay}{changed}."


def _say_change(title: str, before: _End, after: _End) -> str:
    if before.steps is not None and after.steps is not None:
        return f"{title} needs {after.text} steps in place of {before.text}"
    if before.steps is not None:
        return f"{title}, which needed {before.text} steps, does not come there in {MOST_STEPS:,}"
    if after.steps is not None:
        return f"{title}, which did not come there in {MOST_STEPS:,} steps, needs {after.text}"
    if before.text == after.text:
        return f"{title} ends at a loss of {after.loss} in place of {before.loss}"
    return f"{title}: {after.text} in place of {before.text}"


def _differ(before: _End, after: _End) -> float:
    """By how much turning changes a result: how many times as many steps, in powers of e; 0 where there are none."""
    first, last = (MOST_STEPS if end.steps is None else max(1, end.steps) for end in (before, after))
    return abs(log(last / first))


def _join(parts: Iterable[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def name_ground(surface: Surface) -> str:
    """What it is called in a sentence."""
    return "valley" if "valley" in surface.title else "surface"
