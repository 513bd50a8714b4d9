"""The figures of a comparison, and the report with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from explorer.rendering import PREVIOUS
from explorer.rendering.figures.report import figure_fragments, plotly_script
from explorer.rendering.figures.strategy import SYMBOLS
from explorer.rendering.figures.transfer import (
    AccuracyRow,
    LearningCurve,
    MeasuredPoint,
    Spread,
    accuracy_rows,
    learning_curves,
    quadrant_chart,
)
from explorer.transfer.evaluation.comparing import Group, Verdict, compare
from explorer.transfer.evaluation.quadrant import FIELDS, QUADRANTS, SIMILAR, boundary
from explorer.transfer.evaluation.report import to_html
from explorer.transfer.evaluation.similarity import Similarity
from explorer.transfer.evaluation.tables import NO_WINNER
from explorer.transfer.experiment import Experiment
from explorer.transfer.progress import colour_of
from explorer.transfer.trial import STRATEGIES, STRATEGY_TITLES


def spread_of(group: Group) -> Spread:
    """What figures draw of a group."""
    return Spread(group.mean, *group.interval, group.accuracies)


def accuracy_figure(verdict: Verdict) -> Any:
    """The best strategy on top."""
    return accuracy_rows([AccuracyRow(g.title, spread_of(g), colour_of(g.strategy)) for g in verdict.ranking])


def curves_figure(groups: Sequence[Group]) -> Any:
    """Accuracy over the number of training pictures, a line for each strategy."""
    curves = []
    for strategy in STRATEGIES:
        own = sorted((group for group in groups if group.strategy == strategy), key=lambda group: group.training)
        if own:
            curves.append(
                LearningCurve(
                    STRATEGY_TITLES[strategy],
                    tuple(group.training for group in own),
                    tuple(spread_of(group) for group in own),
                    colour_of(strategy),
                    SYMBOLS[STRATEGIES.index(strategy)],
                )
            )
    return learning_curves(curves)


def make_report(experiments: Sequence[Experiment], groups: Sequence[Group], title: str, extent: str = "") -> str:
    """The page to take home, with its figures; `extent` says what of the comparison is not in it."""
    most = max(group.share for group in groups)
    verdict = compare([group for group in groups if group.share == most])
    figures = [("Accuracies", accuracy_figure(verdict))]
    if len({group.share for group in groups}) > 1:
        figures.append(("Learning curves", curves_figure(groups)))
    remarks = (extent,) if extent else ()
    return to_html(experiments, title=title, figures=figure_fragments(figures), script=plotly_script(), remarks=remarks)


def quadrant_figure(verdicts: Sequence[Verdict], classes: int, similarity: Similarity) -> Any:
    """The four situations with a point for each share of the pictures, which has a verdict of its own."""
    points = []
    for verdict in verdicts:
        group, winner = verdict.ranking[0], verdict.winner
        points.append(
            MeasuredPoint(
                group.training,
                f"{100 * group.share:.3g} %",
                f"{winner.title} won" if winner else NO_WINNER,
                colour_of(winner.strategy) if winner else PREVIOUS,
            )
        )
    fields = [(name, STRATEGY_TITLES[QUADRANTS[name].predicted]) for name in FIELDS]
    return quadrant_chart(similarity.separation, (boundary(classes), SIMILAR), fields, points)
