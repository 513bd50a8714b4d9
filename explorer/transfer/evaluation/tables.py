"""The tables of a comparison, and its answers as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from explorer.text import count_text, significant
from explorer.transfer.evaluation.comparing import Group, Verdict
from explorer.transfer.evaluation.quadrant import place
from explorer.transfer.evaluation.similarity import Similarity
from explorer.transfer.trial import STRATEGY_TITLES

NO_WINNER = "no winner can be told"


def tell_test(groups: Sequence[Group]) -> str:
    """What was tested, and why a ring may lie outside its whisker, in one to three sentences."""
    first = groups[0]
    tested = count_text(first.experiments[0].test, "test picture")
    distinct = first.right.shape[1]
    if len({each.trial.split_seed for each in first.experiments}) > 1:
        said = f"{tested} with every seed, other ones each time, {distinct:,} in all; none was seen by the training."
    else:
        said = f"{tested} that no training has seen, the same for all."
    if any(group.outside for group in groups):
        said += (
            " A ring outside its whisker is a single training that lies further from the mean than the mean may err."
        )
    return said


def result_rows(verdict: Verdict) -> list[dict[str, str]]:
    """The table, the best strategy first."""
    rows = []
    for group in verdict.ranking:
        low, high = group.interval
        spread = f" ± {100 * group.deviation:.1f}" if isfinite(group.deviation) else ""
        rows.append(
            {
                "strategy": group.title,
                "accuracy": f"{100 * group.mean:.1f}{spread} %",
                "95 % interval": f"{100 * low:.1f} to {100 * high:.1f} %",
                "seeds": str(len(group.seeds)),
                "time of one": f"{significant(group.seconds)} s",
                "trainable": f"{group.trainable:,} of {group.parameters:,}",
                "learned from": count_text(group.training, "picture"),
            }
        )
    return rows


def pair_rows(verdict: Verdict) -> list[dict[str, str]]:
    """Every pair, the better one first."""
    rows = []
    for each in verdict.differences:
        low, high = each.interval
        rows.append(
            {
                "better": each.first.title,
                "than": each.second.title,
                "by points": f"{100 * each.mean:.1f}",
                "interval": f"{100 * low:.1f} to {100 * high:.1f}",
                "more than noise": "yes" if each.separate else "no",
            }
        )
    return rows


def answer_arrays(groups: Sequence[Group]) -> dict[str, NDArray[np.generic]]:
    """What every training said of its test pictures: (seeds, T, K) by strategy and share; true classes and places of
    the pictures, (seeds, T) of the strategy with most seeds.
    """
    most = max(groups, key=lambda group: len(group.experiments)).experiments
    arrays: dict[str, NDArray[np.generic]] = {
        group.key: np.stack([each.test_probabilities for each in group.experiments]) for group in groups
    }
    arrays["labels"] = np.stack([each.test_labels for each in most])
    arrays["places"] = np.stack([each.test_places for each in most])
    arrays["classes"] = np.array(most[0].classes, dtype=np.str_)
    return arrays


def share_rows(verdicts: Sequence[Verdict], classes: int, similarity: Similarity) -> list[dict[str, str]]:
    """What the rule predicts and what was measured, a row for each share, which has a verdict of its own."""
    rows = []
    for verdict in verdicts:
        group = verdict.ranking[0]
        quadrant = place(group.training, classes, similarity.separation)
        measured = f"{verdict.winner.title} won" if verdict.winner else NO_WINNER
        rows.append(
            {
                "share": f"{100 * group.share:.3g} %",
                "training pictures": f"{group.training:,}",
                "situation": quadrant.name,
                "the rule names": STRATEGY_TITLES[quadrant.predicted],
                "measured": f"{measured}; {group.title} leads" if not verdict.winner else measured,
            }
        )
    return rows
