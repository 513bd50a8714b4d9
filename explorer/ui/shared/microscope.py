"""The microscope on a page: what is under it, which cell is pinned, and the address that says so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explorer.anatomy import LayerFacts
from explorer.operations import LayerBreakdown
from explorer.rendering import encode_png
from explorer.ui.components import MOST_BYTES, microscope
from explorer.ui.session.subject import Subject
from explorer.ui.shared.recorded import facts_of

RGB_NAMES = ("red", "green", "blue")
RGB_COLOURS = ("#dc2626", "#16a34a", "#2563eb")


def explainable_layers(subject: Subject) -> dict[str, LayerFacts]:
    """The convolution and pooling layers of the network, by name, in execution order."""
    from explorer.anatomy.microscope import is_explainable

    model = subject.model
    return {facts.name: facts for facts in facts_of(subject) if is_explainable(model, facts)}


# As a resource: tens of megabytes, which `cache_data` would copy at every run. Nobody writes into them.
@st.cache_resource(max_entries=4, show_spinner=False)
def compute_breakdown(subject: Subject, layer: str) -> LayerBreakdown:
    """One layer of the network on the picture, taken apart."""
    from explorer.anatomy.microscope import break_down

    return break_down(subject.model, subject.input, layer)


def show_layer_microscope(subject: Subject, facts: LayerFacts, unit: int, key: str) -> LayerBreakdown:
    """One map of a layer of the network under the microscope."""
    from explorer.anatomy.microscope import padding_before

    breakdown = compute_breakdown(subject, facts.name)
    reads = padding_before(subject.model, facts_of(subject), facts) or facts
    of_photo = reads.inputs == ("input",) and breakdown.operation.in_channels == 3
    photo = subject.model.preprocessing.pixels(subject.picture.intake.image) if of_photo else None
    show_microscope(
        breakdown,
        unit,
        title=f"{facts.name}, map {unit}",
        key=key,
        names=RGB_NAMES if of_photo else (),
        colours=RGB_COLOURS if of_photo else (),
        backdrop=None if photo is None else encode_png(np.ascontiguousarray(photo)),
    )
    return breakdown


def show_microscope(
    breakdown: LayerBreakdown,
    channel: int,
    *,
    title: str,
    key: str,
    names: Sequence[str] = (),
    colours: Sequence[str] = (),
    backdrop: bytes | None = None,
) -> None:
    """One output channel under the microscope; the pinned cell stands in the address.

    Args:
        breakdown: the layer.
        channel: which output channel.
        title: of the layer and map.
        key: of the element; the address names the cell "KEY.cell".
        names, colours: of the layer's input channels.
        backdrop: a PNG to draw in place of the input.
    """
    parameter = f"{key}.cell"
    pinned = _read_cell(st.query_params.get(parameter, ""), breakdown.output.shape[1:])
    channel_view = breakdown.channel_view(
        channel, MOST_BYTES, pinned, names=names, colours=colours, backdrop=backdrop, title=title
    )
    clicked = microscope(channel_view, pinned=pinned, key=key)
    if clicked is None:
        return
    if clicked == pinned:  # a second click lets it go
        del st.query_params[parameter]
    else:
        st.query_params[parameter] = f"{clicked[0]},{clicked[1]}"
    st.rerun()


def _read_cell(text: str, size: Sequence[int]) -> tuple[int, int] | None:
    """The cell that an address names, if this output has it."""
    row, _, column = text.partition(",")
    try:
        cell = int(row), int(column)
    except ValueError:  # also where it has thousands of digits
        return None
    return cell if 0 <= cell[0] < size[0] and 0 <= cell[1] < size[1] else None
