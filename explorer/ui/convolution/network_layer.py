"""The Convolution page's other half: any convolution of the network, one map under the microscope."""

from __future__ import annotations

import streamlit as st
from torch import nn

from explorer.anatomy import LayerFacts
from explorer.operations.convolution import Border, Settings
from explorer.rendering import magnify_map
from explorer.text import count_text, shape_text
from explorer.ui.kit.choose import choose_one
from explorer.ui.kit.export import arrays_as_npz, offer
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
    st.markdown(describe(facts, module))
    breakdown = show_layer_microscope(subject, facts, unit, key="layer-microscope")
    _show_sizes(facts, module)
    values = breakdown.output[unit]
    offer(
        f"{subject.file_stem}-{name}-map-{unit}",
        magnify_map(values, bool(values.min() < 0), 320),
        lambda: arrays_as_npz(input=breakdown.input, maps=breakdown.output),
        layer_snippet(subject, name),
        key="offer",
    )


def describe(facts: LayerFacts, module: nn.Conv2d | nn.ConvTranspose2d) -> str:
    """The layer in one line, and what kind of convolution it is."""
    reads = module.in_channels // module.groups
    kernel = shape_text((reads, *module.kernel_size))
    parts = [
        f"`{shape_text(facts.input_shapes[0])}` → `{shape_text(facts.shape)}`",
        f"{count_text(facts.channels, 'filter')} of `{kernel}`",
        f"stride {_pair(module.stride)}, padding {module.padding_mode} {_pair(module.padding)}, "
        f"dilation {_pair(module.dilation)}, {count_text(module.groups, 'group')}",
    ]
    products = reads * module.kernel_size[0] * module.kernel_size[1]
    bias = " + 1 bias" if module.bias is not None else ""
    parts.append(f"one cell = {products:,} products{bias}")
    kind = ""
    if module.groups == module.in_channels and module.groups > 1:
        kind = " Depthwise: every filter reads one channel only."
    elif module.groups > 1:
        kind = f" Grouped: every filter reads {reads} of {module.in_channels} channels."
    elif module.kernel_size == (1, 1):
        kind = " With a 1 × 1 kernel every cell is a weighted sum of the channels above it, and sees no neighbour."
    return " · ".join(parts) + "." + kind


def _pair(value: object) -> str:
    if isinstance(value, (tuple, list)):
        return str(value[0]) if len(set(value)) == 1 else " × ".join(str(side) for side in value)
    return str(value)


def _show_sizes(facts: LayerFacts, module: nn.Conv2d | nn.ConvTranspose2d) -> None:
    """The output-size formula with this layer's numbers."""
    if isinstance(module.padding, str):
        st.caption(f'Padding "{module.padding}" is worked out by PyTorch so that the formula gives the input\'s size.')
        return
    axes = list(zip(("rows", "columns"), facts.input_shapes[0][1:], range(2), strict=True))
    worked = []
    border: Border = "zeros"
    for _, cells, axis in axes:
        settings = Settings(
            stride=module.stride[axis],
            padding=int(module.padding[axis]),
            dilation=module.dilation[axis],
            border=border,
            transposed=isinstance(module, nn.ConvTranspose2d),
            output_padding=int(module.output_padding[axis]),
        )
        worked.append(settings.size(cells, module.kernel_size[axis]).worked)
    if worked[0] == worked[1]:
        st.latex(r"\text{rows and columns: } " + worked[0])
        return
    for (label, _, _), line in zip(axes, worked, strict=True):
        st.latex(rf"\text{{{label}: }} " + line)
