"""The parameter randomization test: the same method on the same network, as it forgets from the top down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.rendering import contact_sheet, decode_png, encode_png, enlarge
from explorer.saliency import METHODS, Heatmap, SaliencyImpossible, agreement, weighted_layers
from explorer.text import count_text
from explorer.ui.kit.choose import choose_one
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.snippet import snippet
from explorer.ui.saliency.choices import METHOD_LABELS, Question, choose_layer, say_question
from explorer.ui.saliency.compute import Asked, obtain_heatmap
from explorer.ui.saliency.heatmaps import SIDE, Drawing, draw_heatmap, peak_of
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject

_STEPS = (0.25, 0.5, 1.0)  # shares of the layers, besides none and one
UNMOVED = 0.5  # a rank correlation above which a map has hardly noticed that all weights are gone


def show_control(subject: Subject, question: Question, place: DeltaGenerator) -> None:
    """One method for a network that forgets more and more; `place` is beside the class."""
    st.markdown(
        "A heatmap of what the network has learned must change when the weights are drawn anew. One that stays shows "
        "the photo's edges, or the architecture."
    )
    method = choose_one("Method", METHOD_LABELS, "control", place=place)
    layer = choose_layer(subject) if METHODS[method].needs_layer else None
    asked = Asked(subject, method, layer or "", question.target, question.contrast)
    every = weighted_layers(subject.model, subject.input)
    counts = steps_of(len(every))
    found: list[tuple[int, Heatmap]] = []
    places = []
    for column in st.columns(len(counts)):
        with column:
            places.append((st.empty(), st.empty()))
    for count, (picture, work) in zip(counts, places, strict=True):
        try:
            heatmap = obtain_heatmap(replace(asked, redrawn=count), work, key=f"control{count}")
        except SaliencyImpossible as problem:
            st.info(str(problem), icon=":material/block:")
            return
        if heatmap is None:
            continue
        found.append((count, heatmap))
        with picture.container():
            _show_step(subject, question, heatmap, count, len(every), found[0][1])
    if len(found) < len(counts):
        return
    st.markdown(judge(METHODS[method].label, correlation(found[0][1], found[-1][1])))
    st.caption(
        f"Of {count_text(len(every), 'layer')} with weights, those nearest to the classes are drawn anew first, each "
        "from the normal distribution with the mean and the spread it has (Adebayo et al. 2018). Correlation is "
        "Spearman's, to the map of the network as it is."
    )
    heatmaps = [heatmap for _, heatmap in found]
    offer(
        f"random-weights-{subject.file_stem}",
        lambda: _contact_sheet(subject, heatmaps),
        lambda: arrays_as_npz(**{f"redrawn{count}": heatmap.values for count, heatmap in found}),
        control_snippet(asked, counts),
        key="offer",
    )


def steps_of(layers: int) -> list[int]:
    """How many layers are drawn anew, from none to all; each number once."""
    return sorted({0, min(1, layers), *(max(1, round(share * layers)) for share in _STEPS if layers)})


def correlation(first: Heatmap, second: Heatmap) -> float:
    """Spearman's rank correlation; NaN where a map is the same everywhere."""
    return float(agreement([first.values, second.values])[0, 1])


def judge(label: str, likeness: float) -> str:
    """What the last map says about the method."""
    if np.isnan(likeness):
        return (
            f"**{label}** draws a map that is the same everywhere for a network that has learned nothing: what it drew "
            "before came from the weights."
        )
    if likeness > UNMOVED:
        return (
            f"**{label}** hardly notices: with all weights gone the correlation is still {likeness:.2f}. On this photo "
            "it shows the picture more than the network."
        )
    return f"**{label}** passes: with all weights gone the correlation is {likeness:.2f}. It showed what was learned."


def _show_step(subject: Subject, question: Question, heatmap: Heatmap, count: int, every: int, first: Heatmap) -> None:
    title = "As it is" if count == 0 else "All drawn anew" if count == every else f"{count} of {every} drawn anew"
    st.image(
        draw_heatmap(subject, heatmap, Drawing(), peak_of(heatmap)),
        alt=f"{METHODS[heatmap.method].label} of {say_question(subject, question)}: {title.lower()}",
        width="stretch",
    )
    if count == 0:
        st.markdown(f"**{title}**")
    else:
        likeness = correlation(first, heatmap)
        said = "blank" if np.isnan(likeness) else f"correlation {likeness:.2f}"
        st.markdown(f"**{title}**  \n{said}")


def _contact_sheet(subject: Subject, heatmaps: Sequence[Heatmap]) -> bytes:
    pictures = [decode_png(draw_heatmap(subject, each, Drawing(), peak_of(each))) for each in heatmaps]
    return encode_png(contact_sheet([enlarge(each, SIDE, SIDE) for each in pictures], len(pictures)))


def control_snippet(asked: Asked, counts: Sequence[int]) -> str:
    """Python that gives the heatmaps on the page."""
    arguments = f"{asked.method!r}, {asked.target}" + (f", {asked.layer!r}" if asked.layer else "")
    arguments += f", contrast={asked.contrast}" if asked.contrast is not None else ""
    return snippet(
        *opening_lines(asked.subject),
        "from explorer.saliency import agreement, explain, explain_randomized",
        "x = preprocessing.tensor(image)",
        f"heatmaps = [explain(model, x, {arguments})]",
        f"for layers in {list(counts)[1:]}:",
        f"    heatmaps.append(explain_randomized(model, x, {arguments}, layers=layers))",
        "    print(layers, agreement([heatmaps[0].values, heatmaps[-1].values])[0, 1])",
    )
