"""The Convolution page's other half: any convolution of the network, one map under the microscope."""

from __future__ import annotations

import streamlit as st
from torch import nn

from explorer.anatomy.descriptions import describe_convolution, output_size
from explorer.operations.layer_line import layer_line
from explorer.rendering import magnify_map
from explorer.ui.kit.choose import choose_one
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.snippet import show_line
from explorer.ui.session.opening import layer_snippet
from explorer.ui.session.subject import Subject
from explorer.ui.shared.microscope import explainable_layers, show_layer_microscope


def show_layer_convolution(subject: Subject) -> None:
    """Choose a convolution and a map of it, and look into every cell."""
    modules = dict(subject.model.network.named_modules())
    layers = {
        name: facts
        for name, facts in explainable_layers(subject).items()
        if isinstance(modules.get(facts.path), (nn.Conv2d, nn.ConvTranspose2d)) and "Conv" in facts.kind
    }
    if not layers:
        st.info(f"{subject.network} has no convolution that reads maps.", icon=":material/info:")
        return
    left, right = st.columns([3, 1])
    name = choose_one("Convolution", list(layers), "layer", place=left)
    facts = layers[name]
    if st.session_state.get("unit") is not None and st.session_state["unit"] >= facts.channels:
        st.session_state["unit"] = 0
    unit = int(
        right.number_input(
            "Map", 0, facts.channels - 1, 0, key="unit", bind="query-params", help="One map for each filter."
        )
    )
    module = modules[facts.path]
    assert isinstance(module, (nn.Conv2d, nn.ConvTranspose2d))
    st.markdown(describe_convolution(facts, module))
    breakdown = show_layer_microscope(subject, facts, unit, key="layer-microscope")
    show_line(layer_line(module))
    for line in output_size(facts, module):
        st.markdown(line)
    if module.padding == "same":
        st.caption(f'Padding "{module.padding}" is worked out by PyTorch so that the formula gives the input\'s size.')
    values = breakdown.output[unit]
    offer(
        f"{subject.file_stem}-{name}-map-{unit}",
        magnify_map(values, bool(values.min() < 0), 320),
        lambda: arrays_as_npz(input=breakdown.input, maps=breakdown.output),
        layer_snippet(subject, name),
        key="offer",
    )
