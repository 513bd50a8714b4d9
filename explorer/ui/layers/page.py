"""The Layers page: a whole network on one picture, then every map of a layer, then one map."""

from dataclasses import replace

import streamlit as st

from explorer.anatomy.stages import first_layer
from explorer.text import as_plain_text
from explorer.ui.app import link_to
from explorer.ui.kit.choose import choose, choose_one, keep_valid, said_by
from explorer.ui.kit.click import choose_next
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.layers.panels import layer_names, pages_of, show_facts, show_grid, show_input, show_unit
from explorer.ui.session.opening import layer_snippet
from explorer.ui.session.page import begin_page
from explorer.ui.session.pictures import choose_picture_of, get_picture, list_pictures
from explorer.ui.session.sidebar import choose_second_network, prepare_network, show_sidebar
from explorer.ui.session.subject import UNTRAINED, Subject
from explorer.ui.shared.network import show_network
from explorer.ui.shared.preferred_input.part import show_preferred
from explorer.ui.shared.recorded import compute_maps, facts_of

ORDER_LABELS = {"index": "Number", "mean": "Mean", "max": "Largest value", "active": "Share of active cells"}
SCALE_LABELS = {"each": "Own scale", "shared": "One scale"}
CARD = "card"  # key of the place of one map
COMPARE_LABELS = {"one": "One network", "network": "Second network", "image": "Second picture"}


def choose_other(subject: Subject, mode: str) -> Subject | None:
    """The second subject of a comparison."""
    if mode == "network":
        name, weights = choose_second_network(subject.network)
        there = prepare_network(name, subject.device, weights, "untrained2")
        return replace(subject, network=name, weights=weights, size=0) if there else None
    options = list_pictures()
    other = next(label for label in options if label != subject.picture.label)
    return replace(subject, picture=get_picture(choose_picture_of("Second picture", options, "image2", other)))


def show_name(subject: Subject, mode: str) -> None:
    """What one half of a comparison shows: its network, or its picture."""
    weights = {"": "", UNTRAINED: ", untrained"}.get(subject.weights, ", your weights")
    name = subject.picture.title if mode == "image" else f"{subject.network}{weights}"
    st.subheader(as_plain_text(name), anchor=False)


def choose_layer(subject: Subject, layer_key: str, suffix: str = "") -> str:
    """The network view and the list of layers; gives the chosen one."""
    layers = list(layer_names(subject))
    default = first_layer(facts_of(subject))
    keep_valid(layer_key, layers, default)
    layer = said_by(layer_key, default)
    layer = layer if layer in layers else default
    if clicked := show_network(subject, layer, st.session_state.get("unit"), key=f"network{suffix}"):
        choose_next(**{layer_key: clicked[0], "unit": clicked[1]})
    if layer_key in st.session_state and suffix and layer_key == "layer":
        return layer  # the second picture follows the first one's choice
    return choose_one("Layer", layers, layer_key, default)


def choose_drawing() -> None:
    """The controls that every grid of maps on the page follows."""
    first, second, third = st.columns([2, 2, 1])
    choose_one("Order of maps", ORDER_LABELS, "order", place=first)
    choose(
        "Colours",
        SCALE_LABELS,
        "scale",
        "each",
        place=second,
        help="Every map from its own smallest to its own largest value, or all maps by one measure.",
    )
    third.number_input("Map", min_value=0, value=None, key="unit", bind="query-params", placeholder="none")


def show_card(subject: Subject, layer: str, suffix: str = "", alone: bool = False) -> None:
    """One map of the layer large, where one is chosen; at once under the view that it was chosen in.

    Where nothing is compared, with the input that it prefers.
    """
    facts, unit = layer_names(subject)[layer], st.session_state["unit"]
    with st.container(key=f"{CARD}{suffix}"):
        if unit is None:
            return
        if unit >= facts.channels:
            st.info(f"This layer has {facts.channels} maps; there is no map {unit} here.")
            return
        with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
            st.subheader(f"{layer}, map {unit}", anchor=False, width="content")
            if st.button("Whole network", icon=":material/zoom_out_map:", key=f"whole{suffix}", type="tertiary"):
                choose_next(unit=None)
        if alone:
            show_preferred(subject, layer, unit)
        show_unit(subject, facts, unit, key=f"unit{suffix}")


def show_layer(subject: Subject, layer: str, suffix: str = "") -> None:
    """The grid of maps of one layer."""
    facts = layer_names(subject)[layer]
    unit = st.session_state["unit"]
    show_facts(subject, facts)
    if facts.kind == "BatchNorm2d" and not suffix:
        shared = {"part": "Scale and batch norm", "scale_view": "Who shares a mean"}
        link_to("learning", "Which cells share a mean and a scale in training", shared)
    page = st.pagination(pages_of(facts), key=f"grid{suffix}") if pages_of(facts) > 1 else 1
    order, scale = st.session_state["order"], st.session_state["scale"]
    grid, clicked = show_grid(subject, layer, order, scale, page, unit, f"{CARD}{suffix}", key=f"maps{suffix}")
    if clicked is not None and clicked != unit:
        choose_next(unit=clicked)
    offer(
        f"{subject.file_stem}-{layer}",
        grid.grid.png,
        lambda: arrays_as_npz(maps=compute_maps(subject, layer)),
        layer_snippet(subject, layer),
        key=f"offer{suffix}",
    )


def show() -> None:
    """The whole page."""
    subject = begin_page(
        "Layers",
        show_sidebar,
        "From left to right, the photo dissolves into a class: as a rule, resolution shrinks while channels grow. "
        "Click a stage to open it, a map to look closer.",
    )
    mode = choose("Compare", COMPARE_LABELS, "compare", "one", hidden=True)
    # One element in either case: a widget whose place on the page changes no longer brings its value into the address.
    view, cards, drawing = st.container(), st.container(), st.container()
    with drawing:
        choose_drawing()
    with view:
        other = None if mode in ("one", None) else choose_other(subject, mode)
    show_input(subject)
    if other is None:
        with view:
            layer = choose_layer(subject, "layer")
            with st.container(horizontal=True):
                link_to(
                    "neurons",
                    "From these logits to the loss, and back to the gradient",
                    {"part": "Softmax and losses", "logits_of": "Those of the photo"},
                )
                alike = {"of": "Your pictures and the samples", "by": layer}
                link_to("pictures", f"Which of your pictures are alike at {layer}", alike)
        with cards:
            show_card(subject, layer, alone=True)
        show_layer(subject, layer)
    else:
        left, right = view.columns(2, gap="large")
        with left:
            show_name(subject, mode)
            layer = choose_layer(subject, "layer")
        with right:
            show_name(other, mode)
            other_layer = choose_layer(other, "layer2" if mode == "network" else "layer", suffix="2")
        left, right = cards.columns(2, gap="large")
        with left:
            show_card(subject, layer)
        with right:
            show_card(other, other_layer, suffix="2")
        left, right = st.columns(2, gap="large")
        with left:
            show_layer(subject, layer)
        with right:
            show_layer(other, other_layer, suffix="2")
