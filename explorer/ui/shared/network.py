"""The whole network in one view, from the photo to the classes."""

from __future__ import annotations

import streamlit as st

from explorer.anatomy import stage_of, stages
from explorer.anatomy.overview import Overview, draw_overview
from explorer.rendering import format_percent
from explorer.text import as_plain_text
from explorer.ui.components import network_view
from explorer.ui.session.subject import Subject
from explorer.ui.shared.knowledge import show_knowledge
from explorer.ui.shared.recorded import facts_of, recording_of

LIKELY = 3  # classes named above the view


@st.cache_data(max_entries=256, show_spinner=False)
def compute_overview(subject: Subject, opened: tuple[str, ...]) -> Overview:
    """A column for every stage, of an opened one for every layer."""
    return draw_overview(subject.model, recording_of(subject), facts_of(subject), opened)


def show_network(subject: Subject, layer: str, unit: int | None, key: str) -> tuple[str, int | None] | None:
    """The whole network in one view; gives the layer and perhaps the map that was clicked.

    A stage that was clicked is opened or closed, in the address.

    Args:
        subject: the network and the picture.
        layer, unit: what is marked.
        key: of the element.
    """
    opened = tuple(st.query_params.get_all("open"))
    overview, columns = compute_overview(subject, opened), stages(facts_of(subject), opened)
    stage = stage_of(columns, layer)
    # The bars stand at the far end of the view, which a network of many stages moves out of sight.
    likely = " · ".join(f"{name} {format_percent(share)}" for name, share in overview.probabilities[:LIKELY])
    st.caption(f"The network says: {as_plain_text(likely)}.")
    show_knowledge(subject, overview.probabilities[0][1])
    click = network_view(
        sprite_png=overview.sprite,
        columns=overview.columns,
        probabilities=overview.probabilities,
        logits=overview.logits,
        kernels=overview.kernels,
        # A map of a layer inside a closed stage is not among the stage's own.
        selected=(stage.key, unit if stage.last.name == layer else None) if stage else None,
        key=key,
        label=f"{subject.file_stem} on {subject.picture.title}, from the photo to the classes",
    )
    clicked = next((each for each in columns if click is not None and each.key == click.column), None)
    if click is None or clicked is None:  # the photo itself
        return None
    if click.action == "select":
        return clicked.last.name, click.unit
    kept = [name for name in opened if name != clicked.parent]
    st.query_params["open"] = [*opened, clicked.key] if click.action == "open" else kept
    st.rerun()
