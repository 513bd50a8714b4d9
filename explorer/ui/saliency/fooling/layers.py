"""Fool it: through which layers the change grows, against the same change with random signs."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.adversarial.layers import LayerDistances, compare_layers
from explorer.adversarial.snippets import layers_snippet
from explorer.rendering import format_percent, layer_numbers, line_figure_png
from explorer.ui.app import link_to
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.saliency.fooling.compute import Fooled
from explorer.ui.session.opening import opening_lines

FOOLED, SIGNS = "fooled", "random signs"


def show_layers(fooled: Fooled) -> None:
    """The finding, the chart of every layer, and the hand-over."""
    subject, growth = fooled.subject, fooled.growth
    distances = once(
        ("fooled layers", subject, fooled.attack, growth.target, fooled.index),
        lambda: compare_layers(subject.model, growth.pixels[0], fooled.pixels),
    )
    if not distances.fooled[0]:
        st.info("The attack found no gradient to follow and left every pixel as it was: there is nothing to compare.")
        return
    st.markdown(_say_growth(distances))
    lines = {FOOLED: distances.fooled.tolist(), SIGNS: distances.signs.tolist()}
    most = float(np.nan_to_num(np.concatenate([distances.fooled, distances.signs]), posinf=0.0).max())
    chart = layer_numbers(distances.names, lines, "Distance from the clean photo", "distance", most)
    show_chart(chart, "fool-layers")
    name = _strongest_step(distances)
    st.caption(
        "For every layer |fooled − clean| / |clean|, all its values as one vector; the first is the normalised input. "
        "The second line changes every value by exactly as much, up or down by chance: what the size alone does. The "
        f"largest step up of the first line over one layer is at `{name}`."
    )
    link_to("layers", f"The maps of {name}, of the photo as it is", {"layer": name})
    offer(
        f"fooled-layers-{subject.file_stem}",
        lambda: line_figure_png(chart),
        lambda: arrays_as_npz(names=np.array(distances.names), fooled=distances.fooled, signs=distances.signs),
        layers_snippet(opening_lines(subject), fooled.attack, growth.target, fooled.index),
        key="fool-layers-offer",
    )


def _say_growth(distances: LayerDistances) -> str:
    """The finding, in Markdown."""
    fooled, signs = distances.fooled, distances.signs
    if fooled[-1] <= signs[-1]:
        return (
            f"**The change ends at {format_percent(fooled[-1])} of the output's length, with random signs at "
            f"{format_percent(signs[-1])}**: at this bound the attack moves the network no more than noise."
        )
    said = (
        f"**The change is {format_percent(fooled[0])} of the input's length and {format_percent(fooled[-1])} of the "
        f"output's, {fooled[-1] / fooled[0]:.3g} times as much. With random signs, as large at every pixel, it ends at "
        f"{format_percent(signs[-1])}.**"
    )
    if len(fooled) < 4 or not np.isfinite(fooled).all():
        return said
    thirds = [format_percent(float(part.mean())) for part in np.array_split(fooled[1:], 3)]
    return f"{said} Over the first, middle and last third of the layers it is {', '.join(thirds)} on average."


def _strongest_step(distances: LayerDistances) -> str:
    """The layer whose distance exceeds that of the one before it by most."""
    steps = np.diff(np.nan_to_num(distances.fooled, posinf=0.0))
    return distances.names[1 + int(steps.argmax())]
