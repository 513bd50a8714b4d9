"""Heatmaps by all methods and what tests make of them, with one bar and one button to stop; each is kept by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from streamlit.delta_generator import DeltaGenerator

from explorer.saliency import METHODS, Baseline, Heatmap, SaliencyImpossible
from explorer.saliency.faithfulness_report import BLOB, RANDOM, Faithfulness, ignorant_maps, measure_faithfulness
from explorer.ui.kit.slow import Tell, keep, known, obtain
from explorer.ui.saliency.compute import Asked, known_heatmap
from explorer.ui.session.subject import Subject

_SHOWN_EVERY = 3.0  # seconds between two drawings of what is done
_SLOW_COUNTS = 6  # quick methods in the time of a slow one, for the bar


@dataclass(frozen=True)
class Rating:
    """The test of one map, or why there is no map. Hashable: its key.

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


def rate_all(subject: Subject, compared: Compared, place: DeltaGenerator, show: Callable[[Rated], None]) -> Rated:
    """Every heatmap with its test, or those that were done before a person has stopped it.

    Args:
        subject: the picture and the network.
        compared: what is asked for, for one class.
        place: an `st.empty` for the bar.
        show: draws what there is so far, every few seconds between methods.
    """
    rated = Rated({}, {}, {})
    steps: Sequence[Asked | str] = (RANDOM, BLOB, *compared.asked)
    missing = [each for each in steps if not _take_known(rated, _rating(subject, compared, each))]
    if missing:
        # Gives nothing, so nothing is kept of the whole: other sessions may have parts of it dropped.
        obtain(
            compared,
            "Comparing all methods",
            "per cent",
            lambda tell: _rate(subject, compared, missing, rated, tell, lambda: show(rated)),
            place,
            key="all",
        )
    return rated


def _rating(subject: Subject, compared: Compared, step: Asked | str) -> Rating:
    return Rating(step, subject, compared.asked[0].target, compared.baseline)


def _take_known(rated: Rated, rating: Rating) -> bool:
    """Whether all of a step is kept, which `rated` has then."""
    step, found = rating.asked, known(rating)
    if isinstance(step, str):
        if isinstance(found, Faithfulness):
            rated.tested[step] = found
        return found is not None
    if isinstance(found, str):
        rated.impossible[step] = found
        return True
    heatmap = known_heatmap(step)
    if heatmap is None or not isinstance(found, Faithfulness):
        return False
    rated.heatmaps[step], rated.tested[step] = heatmap, found
    return True


def _rate(
    subject: Subject,
    compared: Compared,
    missing: Sequence[Asked | str],
    rated: Rated,
    tell: Tell,
    show: Callable[[], None],
) -> None:
    """Adds to `rated` what is missing, the quick methods first, and keeps each by itself."""
    ignorant = ignorant_maps((int(subject.input.shape[2]), int(subject.input.shape[3])))
    steps = sorted(missing, key=_is_slow)
    weights = [_SLOW_COUNTS if _is_slow(each) else 1 for each in steps]
    show()  # what was done before
    shown = time.monotonic()
    for number, (each, weight) in enumerate(zip(steps, weights, strict=True)):
        if time.monotonic() - shown > _SHOWN_EVERY:
            show()
            shown = time.monotonic()
        before = sum(weights[:number])
        within = [partial(_tell_part, tell, before + half * weight / 2, weight / 2, sum(weights)) for half in (0, 1)]
        within[0](0, 1)
        rating = _rating(subject, compared, each)
        if isinstance(each, str):
            values = ignorant[each]
        else:
            try:
                rated.heatmaps[each] = _heatmap(each, within[0])
            except SaliencyImpossible as problem:
                rated.impossible[each] = str(problem)
                keep(rating, str(problem))
                continue
            values = rated.heatmaps[each].values
        tested = known(rating)
        if not isinstance(tested, Faithfulness):
            tested = measure_faithfulness(
                subject.model, subject.input, values, rating.target, compared.baseline, within[1]
            )
            keep(rating, tested)
        rated.tested[each] = tested


def _is_slow(step: Asked | str) -> bool:
    return not isinstance(step, str) and METHODS[step.method].slow


def _tell_part(tell: Tell, before: float, weight: float, total: float, done: int, of: int) -> None:
    """How far all is, where a part of it is so far; never 0, which no time can be guessed from."""
    tell(max(1, int(100 * (before + weight * done / max(of, 1)) / total)), 100)


def _heatmap(asked: Asked, tell: Tell) -> Heatmap:
    found = known_heatmap(asked)
    if found is None:
        found = asked.compute(tell)
        keep(asked, found)  # the part "Heatmaps" finds it too
    return found
