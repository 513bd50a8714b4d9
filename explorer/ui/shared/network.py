"""The whole network in one view, from the photo to the classes."""

from __future__ import annotations

import streamlit as st

from explorer.anatomy import stage_of, stages
from explorer.anatomy.overview import Overview, draw_overview
from explorer.rendering import format_percent
from explorer.ui.components import NetworkClick, network_view
from explorer.ui.session.subject import Subject
from explorer.ui.shared.knowledge import show_knowledge
from explorer.ui.shared.recorded import facts_of, recording_of

LIKELY = 3  # classes named above the view


@st.cache_data(max_entries=16, show_spinner=False)
def compute_overview(subject: Subject, opened: tuple[str, ...]) -> Overview:
    """A column for every stage, of an opened one for every layer."""
    return draw_overview(subject.model, recording_of(subject), facts_of(subject), opened)


def show_network(
    subject: Subject, opened: tuple[str, ...], layer: str, unit: int | None, key: str
) -> NetworkClick | None:
    """The whole network in one view; gives what was clicked."""
    overview = compute_overview(subject, opened)
    stage = stage_of(stages(facts_of(subject), opened), layer)
    # The bars stand at the far end of the view, which a network of many stages moves out of sight.
    likely = " · ".join(f"{name} {format_percent(share)}" for name, share in overview.probabilities[:LIKELY])
    st.caption(f"The network says: {likely}.")
    show_knowledge(subject, overview.probabilities[0][1])
    return network_view(
        sprite_png=overview.sprite,
        columns=overview.columns,
        probabilities=overview.probabilities,
        # A map of a layer inside a closed stage is not among the stage's own.
        selected=(stage.key, unit if stage.last.name == layer else None) if stage else None,
        key=key,
        label=f"{subject.file_stem} on {subject.picture.title}, from the photo to the classes",
    )
