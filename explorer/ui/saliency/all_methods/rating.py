"""Heatmaps by all methods and what tests make of them, with one bar and one button to stop; each is kept by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streamlit.delta_generator import DeltaGenerator

from explorer.saliency import METHODS, Baseline, Heatmap, SaliencyImpossible
from explorer.saliency.faithfulness_report import BLOB, RANDOM, Faithfulness, ignorant_maps, measure_faithfulness
from explorer.ui.kit.slow import Tell, keep, known, obtain
from explorer.ui.saliency.compute import Asked, known_heatmap
from explorer.ui.session.subject import Subject

_SLOW_COUNTS = 6  # quick methods in the time of a slow one, for the bar


@dataclass(frozen=True)
class Rating:
    """The test of one map. Hashable: its key.

    Attributes:
        asked: the heatmap, or the name of a map that knows nothing.
        subject: the picture and the network.
        target: the class.
        baseline: what hides a pixel.
    """

    asked: Asked | str
    subject: Subject
    target: int
    baseline: Baseline


@dataclass(frozen=True)
class Compared:
    """All that is compared. Hashable: the key of the whole."""

    asked: tuple[Asked, ...]
    baseline: Baseline


@dataclass(frozen=True, eq=False)
class Rated:
    """What there is so far.

    Attributes:
        heatmaps: by what was asked for.
        tested: of the same ones, and of the two maps that know nothing by their names.
        impossible: why there is no heatmap.
    """

    heatmaps: dict[Asked, Heatmap]
    tested: dict[Asked | str, Faithfulness]
    impossible: dict[Asked, str]


def rate_all(subject: Subject, compared: Compared, place: DeltaGenerator) -> Rated:
    """Every heatmap with its test, or those that were done before a person has stopped it.

    Args:
        subject: the picture and the network.
        compared: what is asked for, for one class.
        place: an `st.empty` for the bar.
    """
    impossible = obtain(
        compared, "Comparing all methods", "%", lambda tell: _rate(subject, compared, tell), place, key="all"
    )
    heatmaps = {each: found for each in compared.asked if (found := known_heatmap(each)) is not None}
    tested: dict[Asked | str, Faithfulness] = {}
    for each in (*heatmaps, RANDOM, BLOB):
        found = known(Rating(each, subject, compared.asked[0].target, compared.baseline))
        if isinstance(found, Faithfulness):
            tested[each] = found
    return Rated({each: heatmaps[each] for each in heatmaps if each in tested}, tested, impossible or {})


def _rate(subject: Subject, compared: Compared, tell: Tell) -> dict[Asked, str]:
    """Computes what is not known yet, the quick methods first; gives what is impossible, with the reason."""
    size = (int(subject.input.shape[2]), int(subject.input.shape[3]))
    target = compared.asked[0].target
    ignorant = ignorant_maps(size)
    steps: Sequence[Asked | str] = (*ignorant, *sorted(compared.asked, key=lambda each: METHODS[each.method].slow))
    weights = [1 if isinstance(each, str) or not METHODS[each.method].slow else _SLOW_COUNTS for each in steps]
    impossible = {}
    for number, (each, weight) in enumerate(zip(steps, weights, strict=True)):

        def within(half: int, done: int, of: int, before: int = sum(weights[:number]), weight: int = weight) -> None:
            share = (before + weight * (half + done / max(of, 1)) / 2) / sum(weights)
            tell(max(1, int(100 * share)), 100)

        within(0, 0, 1)
        try:
            values = (
                ignorant[each] if isinstance(each, str) else _heatmap(each, lambda d, n, w=within: w(0, d, n)).values
            )
        except SaliencyImpossible as problem:
            assert isinstance(each, Asked)
            impossible[each] = str(problem)
            continue
        rating = Rating(each, subject, target, compared.baseline)
        if known(rating) is None:
            model, x = subject.model, subject.input
            tested = measure_faithfulness(
                model, x, values, target, compared.baseline, lambda d, n, w=within: w(1, d, n)
            )
            keep(rating, tested)
    return impossible


def _heatmap(asked: Asked, tell: Tell) -> Heatmap:
    found = known_heatmap(asked)
    if found is None:
        found = asked.compute(tell)
        keep(asked, found)  # the part "Heatmaps" finds it too
    return found
