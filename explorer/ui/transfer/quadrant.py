"""Little or much data, a similar or another task: where these pictures lie, what the rule says, what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.text import as_plain_text, count_text
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.evaluation.comparing import Verdict
from explorer.transfer.evaluation.figures import curves_figure, quadrant_figure
from explorer.transfer.evaluation.quadrant import FIELDS, QUADRANTS, SIMILAR, SOURCE, boundary, judge_rule, place
from explorer.transfer.evaluation.similarity import Similarity, measure_pictures
from explorer.transfer.evaluation.tables import share_rows
from explorer.transfer.experiment import Experiment
from explorer.transfer.snippets import similarity_snippet
from explorer.transfer.trial import STRATEGY_TITLES, TransferRejected
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.export import arrays_as_npz
from explorer.ui.transfer.results import find_groups, find_verdict, offer_arrays


def show_quadrant(experiments: Sequence[Experiment], pictures: PictureSet) -> None:
    """The four situations with this data set in them at every share that was trained, and the learning curves.

    Args:
        experiments: of one comparison.
        pictures: what it was about.
    """
    groups = find_groups(experiments)
    if not groups:
        return
    trial = groups[0].experiments[0].trial
    found = obtain_similarity(pictures, trial.network, trial.split_seed)
    if found is None:
        return
    features, labels, similarity = found
    classes = len(pictures.classes)
    verdicts = [
        find_verdict(tuple(group for group in groups if group.share == share))
        for share in sorted({group.share for group in groups}, reverse=True)
    ]
    _say_rule(verdicts[0], classes, similarity)
    show_chart(quadrant_figure(verdicts, classes, similarity), "chart-quadrant")
    _show_numbers(similarity)
    if len(verdicts) > 1:
        st.table(share_rows(verdicts, classes, similarity))
        st.subheader("What more pictures would bring", anchor=False)
        show_chart(curves_figure(groups), "chart-learning")
        st.caption("Means over the seeds with their 95 % intervals; a line that still rises asks for more pictures.")
    else:
        st.caption(
            "Train on smaller shares of the pictures too, and each becomes a point here and a step of a learning curve."
        )
    with st.expander("What the rule is, and where its borders lie", icon=":material/help:"):
        for name in FIELDS:
            quadrant = QUADRANTS[name]
            st.markdown(f"- **{name}**: {STRATEGY_TITLES[quadrant.predicted]}. {quadrant.sentence}")
        st.caption(
            f"A rule of thumb, after {SOURCE}. It names no numbers; the borders here are a convention of this page: "
            f"much begins at {boundary(classes):,} training pictures, similar at {SIMILAR:g} of the way from guessing "
            "to a linear probe without errors."
        )
    offer_arrays(
        st.container(horizontal=True),
        "features",
        lambda: arrays_as_npz(features=features, labels=labels),
        similarity_snippet(),
        key="quadrant-npz",
        label="Features (NPZ)",
    )


def obtain_similarity(
    pictures: PictureSet, network: str, split_seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int64], Similarity] | None:
    """Features and labels of the training pictures, and what was measured of them; None where a sentence says why."""
    from explorer.zoo import ModelUnknown, WeightsUnavailable

    try:
        return _measure(pictures.key, network, split_seed, pictures)
    except (TransferRejected, ModelUnknown, WeightsUnavailable) as problem:
        st.error(as_plain_text(str(problem)), icon=":material/block:")
        return None


@st.cache_data(max_entries=8, show_spinner="Looking at the pictures with the pretrained network …")
def _measure(
    key: str, network: str, split_seed: int, _pictures: PictureSet
) -> tuple[NDArray[np.float32], NDArray[np.int64], Similarity]:
    from explorer.ui.session.subject import open_network

    return measure_pictures(open_network(network, "auto", ""), _pictures, split_seed)


def _say_rule(largest: Verdict, classes: int, similarity: Similarity) -> None:
    training = largest.ranking[0].training
    quadrant = place(training, classes, similarity.separation)
    st.markdown(
        f"With {count_text(training, 'training picture')} and a similarity of "
        f"{similarity.separation:.2f}, this is **{quadrant.name}**. {quadrant.sentence}"
    )
    st.markdown(judge_rule(quadrant, largest))


def _show_numbers(similarity: Similarity) -> None:
    numbers = st.container(horizontal=True)
    for name, value, told in similarity.numbers:
        numbers.metric(name, value, help=told, width=170)
    st.caption(
        f"Measured before any training, on {count_text(similarity.pictures, 'training picture')} and "
        f"{count_text(similarity.dimensions, 'feature')} of the pretrained network's last layer but one."
    )
