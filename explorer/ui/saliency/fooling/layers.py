"""Fool it: through which layers the change grows, against the same change with random signs."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.adversarial.layers import LayerDistances, compare_layers
from explorer.adversarial.snippets import layers_snippet
from explorer.rendering import layer_numbers, line_figure_png
from explorer.ui.app import link_to
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.saliency.fooling.compute import Fooled
from explorer.ui.session.opening import opening_lines

FOOLED, SIGNS = "the fooled photo", "the same change, random signs"


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
    times = distances.fooled[-1] / distances.fooled[0]
    st.markdown(
        f"**The change is {distances.fooled[0]:.3g} of the input's length and {distances.fooled[-1]:.3g} of the "
        f"output's: {times:.3g} times as much. With random signs, as large at every pixel, it ends at "
        f"{distances.signs[-1]:.3g}.** It grows over many layers, and only in the directions that the attack has "
        "looked for."
        if distances.fooled[-1] > distances.signs[-1]
        else f"**The change ends at {distances.fooled[-1]:.3g} of the output's length, with random signs at "
        f"{distances.signs[-1]:.3g}**: at this bound the attack moves the network no more than noise."
    )
    lines = {FOOLED: distances.fooled.tolist(), SIGNS: distances.signs.tolist()}
    most = float(np.nan_to_num(np.concatenate([distances.fooled, distances.signs]), posinf=0.0).max())
    chart = layer_numbers(distances.names, lines, "Distance from the clean photo, layer by layer", "distance", most)
    show_chart(chart, "fool-layers")
    name = _strongest_step(distances)
    st.caption(
        "For every layer |fooled − clean| / |clean|, all its values as one vector; the first is the normalised input. "
        "The second line changes every value by exactly as much, up or down by chance: what the size alone does. The "
        f"largest step up of the first line over one layer is at `{name}`."
    )
    link_to("layers", f"The maps of {name}", {"layer": name})
    offer(
        f"fooled-layers-{subject.file_stem}",
        lambda: line_figure_png(chart),
        lambda: arrays_as_npz(names=np.array(distances.names), fooled=distances.fooled, signs=distances.signs),
        layers_snippet(opening_lines(subject), fooled.attack, growth.target, fooled.index),
        key="fool-layers-offer",
    )


def _strongest_step(distances: LayerDistances) -> str:
    """The layer whose distance exceeds that of the one before it by most."""
    steps = np.diff(np.nan_to_num(distances.fooled, posinf=0.0))
    return distances.names[1 + int(steps.argmax())]
