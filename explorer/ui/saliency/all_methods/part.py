"""All heatmaps that a network allows on one photo, each with its time and its faithfulness, sorted."""

from __future__ import annotations

from functools import partial
from typing import NoReturn

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.saliency import FAST, METHODS, Baseline, Heatmap
from explorer.saliency.drawing import SIDE, Drawing, draw_heatmap, draw_heatmaps, peak_of
from explorer.saliency.faithfulness_report import BLOB, RANDOM, judge_faithfulness
from explorer.saliency.snippets import faithfulness_snippet
from explorer.text import as_plain_text
from explorer.ui.kit.choose import choose, switch
from explorer.ui.kit.click import choose_next
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.saliency.all_methods.rating import Compared, Rated, rate_all
from explorer.ui.saliency.choices import AS_ABOVE, Question, choose_layer, say_question
from explorer.ui.saliency.compute import Asked, compute_photo, list_possible
from explorer.ui.saliency.faithfulness import BASELINE_LABELS
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject

SORT_LABELS = {"gain": "Faithfulness", "time": "Time"}
_TILE = 165  # pixels: two stand side by side on a phone, six on a desk
_CLICKED = "clicked_method"  # what was asked for where a person has clicked a method's name


def show_all(subject: Subject, question: Question, settings: DeltaGenerator) -> None:
    """The finding, how they are sorted, a picture of every method, and the table."""
    with settings:
        layer = choose_layer(subject)
        baseline = choose("What hides a pixel", BASELINE_LABELS, "hidden", "blur")
        said = "Methods that are slow in an approximation; without it they may take minutes."
        fast = switch("Fast mode", "all_fast", True, help=said)
    if _CLICKED in st.session_state:
        _look_closer(st.session_state.pop(_CLICKED))
    asked = tuple(
        Asked(
            subject,
            name,
            (layer or "") if METHODS[name].needs_layer else "",
            question.target,
            question.contrast,
            fast and name in FAST,
        )
        for name in list_possible(subject)
    )
    finding, sorting = st.container(), st.container()
    order = choose("Sorted by", SORT_LABELS, "sorted_by", "gain", place=sorting)
    place, results = st.empty(), st.container()
    replaced = False

    def show(rated: Rated, done: bool = False) -> None:
        nonlocal finding, results, replaced
        if not done and not replaced:  # else what stands there stays until the end, and so does the page's length
            finding, results, replaced = finding.empty(), results.empty(), True
        named = {each if isinstance(each, str) else each.label: tested for each, tested in rated.tested.items()}
        if rated.heatmaps and RANDOM in named and BLOB in named:
            finding.markdown(judge_faithfulness(named))
            with results.container():
                _show_results(subject, question, rated, sort_rated(rated, order), done)

    rated = rate_all(subject, Compared(asked, baseline), place, show)
    show(rated, done=True)
    for each, reason in rated.impossible.items():
        st.caption(f"{each.label}: {as_plain_text(reason)}")
    absent = [method.label for name, method in METHODS.items() if name not in {each.method for each in asked}]
    st.caption(
        "Gain is insertion less deletion, areas under the curves of the class's probability while the brightest pixels "
        "come and go; drop is what it loses when only the lit part is shown. Seconds are of the heatmap alone, without "
        "the test." + (f" This network has not what these need: {', '.join(absent)}." if absent else "")
    )
    if rated.heatmaps:
        _offer(subject, rated, sort_rated(rated, order), baseline)


def sort_rated(rated: Rated, order: str) -> list[Asked]:
    """What was asked for, the most faithful or the quickest first."""
    if order == "time":
        return sorted(rated.heatmaps, key=lambda each: rated.heatmaps[each].seconds)
    return sorted(rated.heatmaps, key=lambda each: (-rated.tested[each].gain, each.label))


@st.cache_data(max_entries=64, show_spinner=False)
def _draw_tile(asked: Asked, _heatmap: Heatmap) -> bytes:
    """Drawn once: the grid is drawn anew every few seconds, and in another order."""
    return draw_heatmap(compute_photo(asked.subject, SIDE), _heatmap, Drawing(), peak_of(_heatmap))


def _show_results(subject: Subject, question: Question, rated: Rated, ranked: list[Asked], done: bool) -> None:
    """A picture of every method, then the table with the two maps that know nothing.

    Args:
        done: whether this is the run's last drawing: a button is drawn once.
    """
    asked = say_question(subject, question)
    row = st.container(horizontal=True)
    for each in ranked:
        heatmap, tile = rated.heatmaps[each], row.container(width=_TILE, gap=None)
        show_png(_draw_tile(each, heatmap), alt=f"{each.label} of {asked} on {subject.picture.title}", place=tile)
        label = f"**{METHODS[each.method].label}**"
        said = f"{METHODS[each.method].shows} {heatmap.diagnosis} A click opens it among the heatmaps."
        if done:
            click = partial(st.session_state.update, {_CLICKED: each})
            tile.button(label, f"look-{each.method}", said, click, type="tertiary")
        else:
            tile.markdown(label)
        fast = ", fast" if each.fast else ""
        tile.caption(f"gain {rated.tested[each].gain:.2f}, {heatmap.seconds:.2g} s{fast}")
    rows = [
        {**rated.tested[each].table_row(each.label), "Seconds": f"{rated.heatmaps[each].seconds:.2g}"}
        for each in ranked
    ]
    rows += [{**rated.tested[name].table_row(name), "Seconds": "–"} for name in (RANDOM, BLOB)]
    st.table(rows, hide_index=True, alt="Areas under the curves, and seconds, of every method")


def _look_closer(asked: Asked) -> NoReturn:
    """Show the same heatmap in the first panel of the part "Heatmaps"."""
    chosen: dict[str, str | bool] = {"method1": asked.method, "layer1": AS_ABOVE, "class1": AS_ABOVE}
    if asked.method in FAST:
        chosen["fast"] = asked.fast
    # Streamlit writes the address only of controls that were drawn before.
    st.query_params.update({"method1": METHODS[asked.method].label, **({"fast": "true"} if asked.fast else {})})
    choose_next(part="maps", **chosen)


def _offer(subject: Subject, rated: Rated, ranked: list[Asked], baseline: Baseline) -> None:
    heatmaps = [rated.heatmaps[each] for each in ranked]
    offer(
        f"all-methods-{subject.file_stem}",
        lambda: draw_heatmaps(compute_photo(subject, SIDE), heatmaps, Drawing(), 5),
        lambda: arrays_as_npz(
            methods=np.array([each.label for each in ranked]),
            gains=np.array([rated.tested[each].gain for each in ranked]),
            seconds=np.array([each.seconds for each in heatmaps]),
            maps=np.stack([each.values for each in heatmaps]),
        ),
        faithfulness_snippet(opening_lines(subject), ranked, baseline),
        key="offer",
    )
