"""The parameter randomization test: the same method on the same network, as it forgets from the top down."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from explorer.saliency import METHODS, Heatmap, SaliencyImpossible, weighted_layers
from explorer.saliency.drawing import SIDE, Drawing, draw_heatmap, draw_heatmaps, peak_of
from explorer.saliency.parameter_randomization import correlation, judge_randomization, steps_of
from explorer.saliency.snippets import randomization_snippet
from explorer.text import as_plain_text, count_text
from explorer.ui.kit.choose import choose_one
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.saliency.choices import Question, choose_layer, list_methods, say_question
from explorer.ui.saliency.compute import Asked, compute_photo, obtain_heatmap, takes_long
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject


def show_control(subject: Subject, question: Question) -> None:
    """One method for a network that forgets more and more."""
    st.markdown(
        "A heatmap of what the network has learned must change when the weights are drawn anew. One that stays shows "
        "the photo's edges, or the architecture."
    )
    left, right = st.columns(2)
    method = choose_one("Method", list_methods(subject, "control"), "control", place=left)
    with right:
        layer = choose_layer(subject) if METHODS[method].needs_layer else None
    asked = Asked(subject, method, layer or "", question.target, question.contrast)
    every = weighted_layers(subject.model, subject.input)
    counts = steps_of(len(every))
    found: list[tuple[int, Heatmap]] = []
    places = []
    for column in st.columns(len(counts)):
        with column:
            places.append((st.container(), st.empty()))
    for count, (picture, work) in zip(counts, places, strict=True):
        step = replace(asked, redrawn=count)
        if takes_long(step):
            picture = picture.empty()
        try:
            heatmap = obtain_heatmap(step, work, key=f"control{count}")
        except SaliencyImpossible as problem:
            st.info(as_plain_text(str(problem)), icon=":material/block:")
            return
        if heatmap is None:
            continue
        found.append((count, heatmap))
        with picture.container():
            _show_step(subject, question, heatmap, count, len(every), found[0][1])
    if len(found) < len(counts):
        return
    st.markdown(judge_randomization(METHODS[method].label, correlation(found[0][1], found[-1][1])))
    st.caption(
        f"Of {count_text(len(every), 'layer')} with weights, those nearest to the classes are drawn anew first, each "
        "from the normal distribution with the mean and the spread it has (Adebayo et al. 2018). Correlation is "
        "Spearman's, to the map of the network as it is."
    )
    heatmaps = [heatmap for _, heatmap in found]
    offer(
        f"random-weights-{subject.file_stem}",
        lambda: draw_heatmaps(compute_photo(subject, SIDE), heatmaps, Drawing(), len(heatmaps)),
        lambda: arrays_as_npz(**{f"redrawn{count}": heatmap.values for count, heatmap in found}),
        randomization_snippet(opening_lines(subject), asked, counts),
        key="offer",
    )


def _show_step(subject: Subject, question: Question, heatmap: Heatmap, count: int, every: int, first: Heatmap) -> None:
    title = "As it is" if count == 0 else "All drawn anew" if count == every else f"{count} of {every} drawn anew"
    show_png(
        draw_heatmap(compute_photo(subject, SIDE), heatmap, Drawing(), peak_of(heatmap)),
        alt=f"{METHODS[heatmap.method].label} of {say_question(subject, question)}: {title.lower()}",
    )
    if count == 0:
        st.markdown(f"**{title}**")
    else:
        likeness = correlation(first, heatmap)
        said = "blank" if np.isnan(likeness) else f"correlation {likeness:.2f}"
        st.markdown(f"**{title}**  \n{said}")
