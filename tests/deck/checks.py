"""What a check of a card is: a test that computes every number the card states, without the card's own arithmetic.

    @check(35)
    def test_stride_two() -> Recomputed:
        rows = conv2d(zeros(1, 1, 7, 7), zeros(1, 1, 3, 3), stride=2, padding=1).shape[-1]
        return {f"{rows}", ...}

    @check_draws(35)
    def test_drawn_sizes(exercise: Drawn) -> Recomputed:
        side, ... = numerals_in_order(exercise.question)
        return {f"{rows}"}

Numbers are told by their text: what a check returns is formatted from what it has computed. 0, 1 and 2 need no check,
nor do numbers that are part of a name (ResNet-50, Conv2d, ReLU6, L1, 2-D, 3rd, card 35, an index as in $x_3$).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import TypeAlias

from explorer.deck.card import Drawn
from explorer.deck.topics import CARDS

Recomputed: TypeAlias = set[str]
CHECKED: set[int] = set()
DRAWS_CHECKED: set[int] = set()
DRAWS = 20
EXEMPT = {"0", "1", "2"}

_NUMERAL = re.compile(r"(?<![\w.}\])])[-−]?\d[\d,]*(?:\.\d+)?(?:[eE][-+−]?\d+)?|\d[\d,]*(?:\.\d+)?(?:[eE][-+−]?\d+)?")
_POWER_OF_TEN = re.compile(
    r"(?:(?P<factor>\d[\d.]*)\s*(?:\\cdot|\\times|·|×)\s*)?\b10\^(?:\{(?P<long>[-−]?\d+)\}|(?P<short>\d))"
)
_NAMES_IN_PROSE = re.compile(
    r"\b[Cc]ards? \d+(?:(?:, | and | to |-|–)\d+)*"  # card 35, cards 36 and 37
    r"|\b[A-Za-z]\d+\b|[A-Za-z]*[A-Za-z]{2}[-‑]?\d\w*"  # L1, ResNet-50, Conv2d
    r"|\b\d+(?:st|nd|rd|th|[dD])\b|\b\d[-‑]?D\b"  # 3rd, 2-D
)
_NAMES_IN_FORMULAS = re.compile(r"_(?:\{[^{}]*\}|\w)|\\[A-Za-z]+")


def check(card: int) -> Callable[[Callable[[], Recomputed]], Callable[[], None]]:
    """Makes a test of a function that computes all numbers in the answer of a card, and in its "more exactly"."""

    def make_test(recompute: Callable[[], Recomputed]) -> Callable[[], None]:
        CHECKED.add(card)

        def test() -> None:
            stated = numerals(CARDS[card].answer) | numerals(CARDS[card].more_exactly)
            found = {normal_form(text) for text in recompute()}
            assert stated - EXEMPT <= found, "the card states what its check has not computed"
            assert found <= stated | EXEMPT, "the check has computed what the card does not state"

        test.__name__ = recompute.__name__
        return test

    return make_test


def check_draws(card: int) -> Callable[[Callable[[Drawn], Recomputed]], Callable[[], None]]:
    """Makes a test of a function that computes the answer of a drawn exercise from the numbers in its question.

    All that it gives has to stand in the answer, and the answer may hold no other number than these and the question's.
    """

    def make_test(recompute: Callable[[Drawn], Recomputed]) -> Callable[[], None]:
        DRAWS_CHECKED.add(card)

        def test() -> None:
            draw = CARDS[card].draw
            assert draw is not None
            exercises = [draw(random.Random(seed)) for seed in range(DRAWS)]
            assert len({exercise.question for exercise in exercises}) > DRAWS // 2, "the numbers hardly ever change"
            for exercise in exercises:
                found = {normal_form(text) for text in recompute(exercise)}
                stated = numerals(exercise.answer)
                assert found, exercise
                assert found <= stated, exercise
                assert stated - EXEMPT - numerals(exercise.question) <= found, exercise

        test.__name__ = recompute.__name__
        return test

    return make_test


def numerals(text: str) -> set[str]:
    """Every number of a text, in its normal form, but for those in names."""
    return set(numerals_in_order(text))


def numerals_in_order(text: str) -> list[str]:
    """The same, in the order of the text, as often as they occur."""
    text = text.replace("{,}", ",")
    parts = re.split(r"\$", text)
    spaced = [
        (_NAMES_IN_FORMULAS if place % 2 else _NAMES_IN_PROSE).sub(" ", _powers(part))
        for place, part in enumerate(parts)
    ]
    return [normal_form(found) for part in spaced for found in _NUMERAL.findall(part)]


def normal_form(text: str) -> str:
    """A number as text without separators of thousands; -1.0e-08 is -1.0e-8."""
    text = text.replace("−", "-").replace(",", "").strip()
    mantissa, exponent, power = text.lower().partition("e")
    return mantissa + (f"e{int(power)}" if exponent else "")


def _powers(text: str) -> str:
    r"""Powers of ten as numbers: $8 \cdot 10^{-31}$ is 8e-31, $10^{-16}$ is 1e-16."""

    def write(found: re.Match[str]) -> str:
        return f"{found['factor'] or 1}e{(found['long'] or found['short']).replace('−', '-')}"

    return _POWER_OF_TEN.sub(write, text)
