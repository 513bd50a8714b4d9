"""The Saliency page: where a network looked, by several methods side by side, and whether to believe it."""

from functools import partial

import streamlit as st

from explorer.ui.kit.choose import choose_part
from explorer.ui.saliency.all_methods.part import show_all
from explorer.ui.saliency.attention_inside import show_attention
from explorer.ui.saliency.choices import choose_question
from explorer.ui.saliency.concepts.part import show_concepts
from explorer.ui.saliency.experiments import show_experiments
from explorer.ui.saliency.fooling.part import show_fooling
from explorer.ui.saliency.heatmaps import show_maps
from explorer.ui.saliency.live.part import show_live
from explorer.ui.saliency.parameter_randomization import show_control
from explorer.ui.saliency.patches import show_patches
from explorer.ui.session.page import begin_page
from explorer.ui.session.sidebar import show_sidebar

# What shows where a network looked, then what tests it, then the camera.
PART_LABELS = {
    "maps": "Heatmaps",
    "all": "All methods",
    "concepts": "Concepts",
    "inside": "Attention inside",
    "patches": "Maximally activating patches",
    "random": "Random weights",
    "try": "Try it yourself",
    "fool": "Fool it",
    "live": "Live",
}

# Of a network that knows one class only: which parts have nothing to show, and why.
_ALONE = {
    "all": "it says 100 % whatever is hidden, so no heatmap can be tested",
    "concepts": "there are no classes that a concept could speak for",
    "try": "it says 100 % whatever is covered or switched off",
    "fool": "there is no other to turn the photo into",
    "live": "it says 100 % whatever the camera sees, and no place decides it",
}


def show() -> None:
    """The whole page."""
    subject = begin_page(
        "Saliency",
        partial(show_sidebar, transformers=True),
        "Every method answers “where did the network look?” in its own way. See where they agree, and test them.",
    )
    if st.query_params.get("part") == "What excites a unit":  # as older links call it
        st.session_state["part"] = "patches"
    part = choose_part(PART_LABELS)
    if len(subject.model.classes) < 2 and part in _ALONE:
        st.info(f"This network knows one class only: {_ALONE[part]}.", icon=":material/block:")
        return
    # One part at a time: what is not looked at is not computed.
    if part == "inside":
        show_attention(subject)
    elif part == "patches":
        show_patches(subject)
    elif part == "live":
        show_live(subject)
    elif part == "fool":
        show_fooling(subject)
    else:
        question, settings = choose_question(subject)
        if part == "all":
            show_all(subject, question, settings)
        elif part == "concepts":
            show_concepts(subject, question, settings)
        elif part == "random":
            show_control(subject, question)
        elif part == "try":
            show_experiments(subject, question)
        else:
            show_maps(subject, question, settings)
