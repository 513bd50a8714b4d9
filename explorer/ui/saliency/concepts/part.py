"""What the maps of a layer are made of, as coloured regions with the classes that each speaks for."""

from __future__ import annotations

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.rendering import SERIES, colour_regions
from explorer.saliency import Concepts, SaliencyImpossible, find_concepts
from explorer.saliency.concepts import LEAST
from explorer.saliency.concepts.describing import concept_rows, concepts_snippet, describe_concepts, name_concept
from explorer.text import as_plain_text, class_labels
from explorer.ui.kit.choose import choose_number, slide
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.saliency.choices import Question, choose_layer
from explorer.ui.saliency.compute import compute_photo
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject

_LARGE, _SMALL = 384, 165  # pixels; two small ones stand side by side on a phone


@st.cache_resource(max_entries=16, show_spinner="Taking the maps apart …")
def compute_concepts(subject: Subject, layer: str | None, count: int, seed: int) -> Concepts:
    """The concepts of a layer; shared, so never changed."""
    return find_concepts(subject.model, subject.input, count, layer, seed)


def show_concepts(subject: Subject, question: Question, settings: DeltaGenerator) -> None:
    """The finding, how many concepts, the coloured regions with their names, and each concept alone."""
    with settings:
        layer = choose_layer(subject)
        seed = choose_number("Seed", 0, 9999, "concept_seed", 0)
    said = st.container()
    count = slide("Concepts", 2, len(SERIES), 4, "concepts", width=320, help="Into how many the maps are taken apart.")
    try:
        concepts = compute_concepts(subject, layer, count, seed)
    except (SaliencyImpossible, ValueError) as problem:
        st.info(as_plain_text(str(problem)), icon=":material/block:")
        return
    labels = [as_plain_text(label) for label in class_labels(subject.model.classes)]
    said.markdown(describe_concepts(concepts, labels, question.target))
    maps, colours = concepts.factors.maps, SERIES[:count]
    png = colour_regions(compute_photo(subject, _LARGE), maps, colours)
    row = st.container(horizontal=True)
    picture = row.container(width=_LARGE)
    show_png(
        png, alt=f"{count} concepts of {concepts.layer} as coloured regions on {subject.picture.title}", place=picture
    )
    row.container(width=560).table(
        concept_rows(concepts, labels, question.target), hide_index=True, alt="The concepts, and what each speaks for"
    )
    row = st.container(horizontal=True)
    for number in range(count):
        tile = row.container(width=_SMALL)
        title = f"Concept {number + 1} alone, which speaks for {name_concept(concepts, labels, number)}"
        others = np.arange(count) != number
        alone = colour_regions(compute_photo(subject, _SMALL), np.where(others[:, None, None], 0.0, maps), colours)
        show_png(alone, alt=f"{title}, on {subject.picture.title}", place=tile)
        tile.markdown(
            f"**{number + 1}** {', '.join(labels[each] for each in concepts.best_classes(number, 2)) or 'no class'}"
        )
    st.caption(
        "Deep Feature Factorization (Collins et al. 2018): the values of all cells as a sum of a few directions, none "
        "below zero, each with a map of where it is. A region has the colour and number of the concept that is the "
        "strongest there. The numbers are logits that a class loses when the concept is taken out of the maps, less "
        f"what classes lose on average. A concept is named after classes that lose {LEAST:g} or more, which makes them "
        "1.6 times less likely against the rest; one that changes less has no name."
    )
    offer(
        f"concepts-{subject.file_stem}",
        png,
        lambda: arrays_as_npz(
            maps=maps,
            directions=concepts.factors.directions,
            gains=concepts.gains,
            kept=np.array(concepts.factors.kept),
        ),
        concepts_snippet(opening_lines(subject), concepts.layer, count, seed),
        key="offer",
    )
