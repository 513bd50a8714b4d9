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


def rate_all(subject: Subject, compared: Compared, place: DeltaGenerator, show: Callable[[Rated], None]) -> Rated:
    """Every heatmap with its test, or those that were done before a person has stopped it.

    Args:
        subject: the picture and the network.
        compared: what is asked for, for one class.
        place: an `st.empty` for the bar.
        show: draws what there is so far, every few seconds between methods.
    """
    impossible = obtain(
        compared,
        "Comparing all methods",
        "per cent",
        lambda tell: _rate(subject, compared, tell, lambda: show(_gather(subject, compared, {}))),
        place,
        key="all",
    )
    return _gather(subject, compared, impossible or {})


def _gather(subject: Subject, compared: Compared, impossible: dict[Asked, str]) -> Rated:
    """What is kept of it."""
    heatmaps: dict[Asked, Heatmap] = {}
    tested: dict[Asked | str, Faithfulness] = {}
    for name in (RANDOM, BLOB):
        rating = known(Rating(name, subject, compared.asked[0].target, compared.baseline))
        if isinstance(rating, Faithfulness):
            tested[name] = rating
    for asked in compared.asked:
        heatmap, rating = known_heatmap(asked), known(Rating(asked, subject, asked.target, compared.baseline))
        if heatmap is not None and isinstance(rating, Faithfulness):
            heatmaps[asked], tested[asked] = heatmap, rating
    return Rated(heatmaps, tested, impossible)


def _rate(subject: Subject, compared: Compared, tell: Tell, show: Callable[[], None]) -> dict[Asked, str]:
    """Computes what is not known yet, the quick methods first; gives what is impossible, with the reason."""
    size = (int(subject.input.shape[2]), int(subject.input.shape[3]))
    target = compared.asked[0].target
    ignorant = ignorant_maps(size)
    steps: Sequence[Asked | str] = (*ignorant, *sorted(compared.asked, key=_is_slow))
    weights = [_SLOW_COUNTS if _is_slow(each) else 1 for each in steps]
    impossible, shown = {}, time.monotonic()
    for number, (each, weight) in enumerate(zip(steps, weights, strict=True)):
        if time.monotonic() - shown > _SHOWN_EVERY:
            show()
            shown = time.monotonic()
        before = sum(weights[:number])
        within = [partial(_tell_part, tell, before + half * weight / 2, weight / 2, sum(weights)) for half in (0, 1)]
        within[0](0, 1)
        try:
            values = ignorant[each] if isinstance(each, str) else _heatmap(each, within[0]).values
        except SaliencyImpossible as problem:
            assert isinstance(each, Asked)
            impossible[each] = str(problem)
            continue
        rating = Rating(each, subject, target, compared.baseline)
        if known(rating) is None:
            model, x = subject.model, subject.input
            keep(rating, measure_faithfulness(model, x, values, target, compared.baseline, within[1]))
    return impossible


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
