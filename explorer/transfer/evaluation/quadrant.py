"""The rule of thumb of transfer learning: little or much data, a similar or another task, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from explorer.transfer.evaluation.comparing import Verdict
from explorer.transfer.trial import STRATEGY_TITLES, Strategy

Field = Literal["little, similar", "much, similar", "little, different", "much, different"]
FIELDS: tuple[Field, ...] = get_args(Field)

# Where little ends and similar begins. The rule names no numbers, so these are ours and no more than a convention: a
# thousand pictures lie between what a person collects and what a benchmark has, and a probe at 0.8 leaves a fifth of
# the errors of guessing to be won by training more than a head.
LITTLE, LITTLE_A_CLASS = 1000, 100  # training pictures
SIMILAR = 0.8  # of `Similarity.separation`

SOURCE: Final = "the transfer-learning notes of the Stanford course CS231n, cs231n.github.io/transfer-learning"


@dataclass(frozen=True)
class Quadrant:
    """One of the four situations.

    Attributes:
        name: how much data, how similar a task.
        predicted: the strategy that the rule of thumb names.
        sentence: why it does.
    """

    name: Field
    predicted: Strategy
    sentence: str


QUADRANTS: Final[dict[Field, Quadrant]] = {
    each.name: each
    for each in (
        Quadrant(
            "little, similar",
            "head",
            "The features fit already, and few pictures would only spoil them: train a new head alone.",
        ),
        Quadrant(
            "much, similar",
            "full",
            "The features nearly fit, and there are pictures enough to adjust them without learning by heart.",
        ),
        Quadrant(
            "little, different",
            "truncated",
            "Late features are about other things, and there are too few pictures to change them: build on early ones.",
        ),
        Quadrant(
            "much, different",
            "full",
            "Everything has to be learned, and can be, perhaps even from scratch; pretrained weights are still the "
            "better place to begin.",
        ),
    )
}


def boundary(classes: int) -> int:
    """Training pictures at which little becomes much: 1,000, and at least 100 of each class."""
    return max(LITTLE, LITTLE_A_CLASS * classes)


def place(pictures_count: int, classes: int, similarity: float) -> Quadrant:
    """The situation of a set of pictures.

    Args:
        pictures_count: training pictures.
        classes: of them.
        similarity: `Similarity.separation`, 0 to 1.
    """
    much, similar = pictures_count >= boundary(classes), similarity >= SIMILAR
    if similar:
        return QUADRANTS["much, similar" if much else "little, similar"]
    return QUADRANTS["much, different" if much else "little, different"]


def judge_rule(quadrant: Quadrant, verdict: Verdict) -> str:
    """What the rule of thumb predicts beside what was measured, in one sentence."""
    predicted = STRATEGY_TITLES[quadrant.predicted]
    rule = f"The rule of thumb names **{predicted}**"
    if not verdict.ranking:
        return f"{rule}; nothing has been measured yet."
    if quadrant.predicted not in [group.strategy for group in verdict.ranking]:
        return f"{rule}, which was not trained."
    if len(verdict.ranking) == 1:
        return f"{rule}; no other strategy was trained."
    if verdict.winner is not None:
        if verdict.winner.strategy == quadrant.predicted:
            return f"{rule}, and it won."
        return f"{rule}, but **{verdict.winner.title}** won."
    leading = [group.strategy for group in verdict.leaders]
    if quadrant.predicted not in leading:
        return f"{rule}, but it is behind: {_names(leading)} lead, and cannot be told apart."
    return f"{rule}, which is not contradicted: it is among the {len(leading)} that cannot be told apart."


def _names(strategies: Sequence[Strategy]) -> str:
    titles = [f"**{STRATEGY_TITLES[each]}**" for each in strategies]
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"
