"""Whether the heatmaps on the page are faithful: deletion and insertion, what they keep, and where they agree."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.rendering import agreement_matrix, curves
from explorer.saliency import Baseline, Heatmap, agreement
from explorer.saliency.faithfulness_report import (
    BLOB,
    RANDOM,
    Faithfulness,
    ignorant_maps,
    judge_faithfulness,
    rank_maps,
)
from explorer.saliency.snippets import faithfulness_snippet
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose
from explorer.ui.kit.export import arrays_as_npz, download
from explorer.ui.kit.snippet import show_snippet
from explorer.ui.saliency.compute import Asked, compute_faithfulness
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject

BASELINE_LABELS: dict[Baseline, str] = {"blur": "Blur", "grey": "Grey", "black": "Black"}


def show_faithfulness(subject: Subject, found: Mapping[Asked, Heatmap]) -> None:
    """Every heatmap tested against the two that know nothing."""
    if not found:
        st.info("There is no heatmap to test.")
        return
    baseline = choose(
        "What hides a pixel",
        BASELINE_LABELS,
        "hidden",
        "blur",
        help="Blur keeps colours and loses shapes; grey is the mean colour; black puts edges where there were none.",
    )
    maps = named_maps(subject, found)
    tested = _test(subject, found, maps, baseline)
    st.markdown(judge_faithfulness(tested))
    left, right = st.columns(2)
    charts = ((left, "deletion", "Deletion: lower is better"), (right, "insertion", "Insertion: higher is better"))
    fractions = next(iter(tested.values())).curves.fractions * 100
    for place, kind, title in charts:
        series = {name: getattr(tested[name].curves, kind) for name in maps}
        figure = curves(fractions.tolist(), series, title, x_title="per cent of the pixels", height=380)
        show_chart(figure, f"chart-{kind}", place)
    st.table(
        [tested[name].table_row(name) for name in rank_maps(tested)],
        hide_index=True,
        alt="Areas under the curves, and what the network makes of the lit part alone, for every map",
    )
    st.caption(
        "Deletion hides the brightest pixels first, insertion shows them first: areas under the curves of the class's "
        "probability, from 0 to 1, and gain is insertion less deletion. Drop is the share of the probability that is "
        "lost when only what the map lights up is shown; rise says whether that part alone convinces more than the "
        "whole. One random map is one draw: a map should beat it clearly."
    )
    _show_agreement(maps)
    _offer(subject, found, tested, baseline)


def named_maps(subject: Subject, found: Mapping[Asked, Heatmap]) -> dict[str, tuple[int, NDArray[np.float32]]]:
    """Class and values of every map by a unique name; the two that know nothing come last."""
    maps = {
        f"{number} {asked.label}": (heatmap.target, heatmap.values)
        for number, (asked, heatmap) in enumerate(found.items(), 1)
    }
    target, values = next(iter(maps.values()))
    ignorant = ignorant_maps((values.shape[0], values.shape[1]))
    return {**maps, **{name: (target, each) for name, each in ignorant.items()}}


def _test(
    subject: Subject,
    found: Mapping[Asked, Heatmap],
    maps: Mapping[str, tuple[int, NDArray[np.float32]]],
    baseline: Baseline,
) -> dict[str, Faithfulness]:
    keys = [*map(repr, found), RANDOM, BLOB]
    bar = st.empty()
    tested = {}
    for number, (key, (name, (target, values))) in enumerate(zip(keys, maps.items(), strict=True)):
        bar.progress(number / len(keys), f"Testing: {number} of {len(keys)} maps done")
        tested[name] = compute_faithfulness(subject, key, values, target, baseline)
    bar.empty()
    return tested


def _show_agreement(maps: Mapping[str, tuple[int, NDArray[np.float32]]]) -> None:
    st.markdown("**Do they agree?**")
    names = [name for name in maps if name != RANDOM]
    values = agreement([maps[name][1] for name in names])
    left, right = st.columns([3, 2], vertical_alignment="center")
    show_chart(agreement_matrix(names, values), "chart-agreement", left)
    right.markdown(
        "Spearman's rank correlation of the pixels: 1 is the same order of bright and dark, 0 is no relation, below 0 "
        "the opposite. High with the blob may only mean that photographers put things in the middle."
    )
    if np.isnan(values).any():
        right.caption("A map that is the same everywhere has no order, so its cells are blank.")


def _offer(
    subject: Subject, found: Mapping[Asked, Heatmap], tested: Mapping[str, Faithfulness], baseline: Baseline
) -> None:
    arrays = {"fractions": next(iter(tested.values())).curves.fractions}
    for number, each in enumerate(tested.values(), 1):
        arrays[f"deletion{number}"], arrays[f"insertion{number}"] = each.curves.deletion, each.curves.insertion
    download(
        st.container(),
        "Curves (NPZ)",
        lambda: arrays_as_npz(names=np.array(list(tested)), **arrays),
        "faithfulness.npz",
        "faithfulness-npz",
    )
    show_snippet(faithfulness_snippet(opening_lines(subject), list(found), baseline), "faithfulness-python")
