"""The panels of the Layers page, each for one subject, so that two can stand side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explorer.anatomy import LayerFacts, Order, Stage, most_active_cell
from explorer.anatomy.descriptions import CEILING, describe_layer, describe_mixing, is_clipped, name_kind
from explorer.anatomy.overview import MAPS_ON_A_PAGE, LayerGrid, draw_maps
from explorer.rendering import (
    Scale,
    channel_means,
    draw_box,
    encode_png,
    enlarge_cells,
    histogram,
    kernel_slices,
    magnify_map,
    overlay_map,
)
from explorer.text import shape_text, significant
from explorer.ui.components import clickable_grid
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.export import arrays_as_npz, download
from explorer.ui.kit.picture import show_png
from explorer.ui.session.pictures import list_pictures
from explorer.ui.session.subject import Subject
from explorer.ui.shared.microscope import explainable_layers, show_layer_microscope
from explorer.ui.shared.recorded import compute_maps, facts_of
from explorer.ui.shared.strongest_patches import cut_patch, rank_patches

MOST_COMPARED = 12
_FILE_SIDE = 1024  # pixels of a map's longer side in its file


@st.cache_data(max_entries=512, show_spinner=False)
def compute_grid(subject: Subject, layer: str, order: Order, scale: Scale, page: int) -> LayerGrid:
    """One page of a layer's maps, in the wanted order, drawn on one grid."""
    return draw_maps(compute_maps(subject, layer), layer_names(subject)[layer], order, scale, page)


@st.cache_data(max_entries=16, show_spinner=False)
def compute_input(subject: Subject) -> tuple[bytes, bytes, list[float], list[float]]:
    """The photo with the part the network gets outlined, the exact pixels, and the channel means before and after."""
    picture = subject.picture.intake.image
    preprocessing = subject.model.preprocessing
    photo = picture.copy()
    photo.thumbnail((960, 960))
    scale = photo.width / picture.width
    left, top, right, bottom = (side * scale for side in preprocessing.region(*picture.size))
    pixels = preprocessing.pixels(picture)
    x = subject.input[0]
    return (
        draw_box(np.asarray(photo), (left, top, right, bottom)),
        encode_png(np.ascontiguousarray(pixels)),
        (pixels.reshape(-1, 3).mean(axis=0) / 255).tolist(),
        x.mean(dim=(1, 2)).tolist(),
    )


@st.fragment
def show_input(subject: Subject) -> None:
    """The upload beside the exact pixels that go in; made when it is opened, since its chart takes a third of a run."""
    panel = st.expander("What the network sees", key="network_input", icon=":material/visibility:", on_change="rerun")
    if panel.open:
        with panel:
            _show_input(subject)


def _show_input(subject: Subject) -> None:
    preprocessing = subject.model.preprocessing
    photo, pixels, before, after = compute_input(subject)
    left, middle, right = st.columns([2, 1, 2])
    show_png(
        photo,
        "Your picture; the outline is what the network gets",
        alt=f"{subject.picture.title} with the part that goes into the network outlined",
        place=left,
    )
    show_png(
        pixels,
        f"What it sees: {preprocessing.size} × {preprocessing.size} pixels",
        alt=f"{subject.picture.title} as the network sees it",
        place=middle,
    )
    show_chart(channel_means(before, after), f"means-{subject!r}", right)
    right.caption(
        f"Normalised per channel: (value − {_numbers(preprocessing.mean)}) / {_numbers(preprocessing.std)}. "
        "These numbers are the same for every picture: a dark one stays dark, a bluish one bluish."
    )


def _numbers(values: Sequence[float]) -> str:
    return "[" + ", ".join(f"{value:.3g}" for value in values) + "]"


def show_facts(subject: Subject, facts: LayerFacts) -> None:
    """One layer in a line of numbers, and what it mixes."""
    pairs = describe_layer(Stage((facts,), facts.name))
    kind = ("kind", name_kind(subject.model, facts))
    st.markdown(" · ".join(f"{name} `{value}`" for name, value in (kind, *pairs)))
    if said := describe_mixing(subject.model, facts):
        st.caption(said)


def show_grid(
    subject: Subject, layer: str, order: Order, scale: Scale, page: int, unit: int | None, card: str, key: str
) -> tuple[LayerGrid, int | None]:
    """Every map of the layer on one grid; gives the grid and the channel that was clicked."""
    grid = compute_grid(subject, layer, order, scale, page)
    if dead := grid.describe_dead():
        st.caption(dead)
    if not np.isfinite(grid.statistics.mean).all():
        st.warning("Some values of this layer are not finite numbers; they are drawn in grey.")
    clicked = clickable_grid(
        png=grid.grid.png,
        cells=grid.grid,
        labels=grid.labels,
        selected=grid.units.index(unit) if unit in grid.units else None,
        marked={place for place, number in enumerate(grid.units) if grid.statistics.dead[number]},
        alt=f"{len(grid.units)} feature maps of {layer} for {subject.picture.title}",
        key=key,
        opens=card,
    )
    st.caption(grid.describe())
    return grid, None if clicked is None else grid.units[clicked]


def pages_of(facts: LayerFacts) -> int:
    """How many grids a layer's maps take."""
    return -(-facts.channels // MAPS_ON_A_PAGE)


def show_unit(subject: Subject, facts: LayerFacts, unit: int, key: str) -> None:
    """One map: large, over the photo, in numbers, where it peaks, and which pictures activate it."""
    maps = compute_maps(subject, facts.name)
    values = maps[unit]
    signed = bool(maps.min() < 0)
    row, column = most_active_cell(values)
    preprocessing = subject.model.preprocessing
    size = preprocessing.size
    seen = preprocessing.pixels(subject.picture.intake.image)
    large = enlarge_cells(np.asarray(seen), 320)
    times = large.shape[0] / size
    box = facts.receptive_field.box(row, column, size, size)
    if facts.name in explainable_layers(subject):
        show_layer_microscope(subject, facts, unit, key=f"{key}-microscope")
    first, second, third = st.columns(3)
    show_png(
        magnify_map(values, signed, 320),
        f"The map, {shape_text(values.shape)} cells",
        alt=f"Map {unit} of {facts.name}",
        place=first,
    )
    show_png(
        overlay_map(large, np.maximum(values, 0)),
        "Laid over what the network sees",
        alt=f"Where map {unit} is high on {subject.picture.title}",
        place=second,
    )
    show_png(
        draw_box(large, (box[0] * times, box[1] * times, box[2] * times, box[3] * times)),
        f"All that cell ({row}, {column}), its most active, can see: {_extent(box)}",
        alt=f"The receptive field of cell ({row}, {column}) outlined on {subject.picture.title}",
        place=third,
    )
    statistics = {
        "largest": values.max(),
        "mean": values.mean(),
        "smallest": values.min(),
        "active": f"{float((values > 0).mean()):.1%}",
    }
    if is_clipped(facts):
        statistics[f"at {CEILING:g}"] = f"{float((values >= CEILING).mean()):.1%}"
    numbers = st.container(horizontal=True)
    for name, value in statistics.items():
        numbers.metric(name, value if isinstance(value, str) else significant(value), width=130)
    files = st.container(horizontal=True)
    stem = f"{subject.file_stem}-{facts.name}-map-{unit}"
    download(files, "PNG", lambda: magnify_map(values, signed, _FILE_SIDE), f"{stem}.png", f"{key}-map-png")
    download(files, "Array (NPZ)", lambda: arrays_as_npz(map=values), f"{stem}.npz", f"{key}-map-npz")
    left, right = st.columns([3, 2])
    show_chart(histogram(values, "Values of the map"), f"{key}-values", left)
    with right:
        _show_kernel(subject, facts, unit)
    _show_strongest(subject, facts, unit)


def _extent(box: tuple[float, float, float, float]) -> str:
    return f"{box[3] - box[1]:g} × {box[2] - box[0]:g} px"


def _show_kernel(subject: Subject, facts: LayerFacts, unit: int) -> None:
    """The kernel that makes this map, where the layer is a convolution."""
    modules = dict(subject.model.network.named_modules())
    weight = getattr(modules.get(facts.path), "weight", None)
    if weight is None or weight.ndim != 4 or unit >= weight.shape[0]:
        st.caption(f"A {facts.kind} layer has no kernel of its own.")
        return
    kernel = weight[unit].float().cpu().numpy()  # (C_in / groups, kh, kw)
    st.caption(
        f"Its kernel, {shape_text(kernel.shape)}: one slice for each channel it reads. Blue below zero, red above."
    )
    shown = kernel[:64]
    show_png(kernel_slices(shown), alt=f"The kernel of map {unit}, slice by slice", width="content")
    if len(kernel) > len(shown):
        st.caption(f"The first {len(shown)} of {len(kernel)} slices.")


def _show_strongest(subject: Subject, facts: LayerFacts, unit: int) -> None:
    """The pictures at hand, by how strongly this map answers to each; cropped to what its peak can see."""
    patches = rank_patches(subject, facts, unit, list_pictures()[:MOST_COMPARED], each=1)
    if not patches:
        st.caption("None of your pictures activates this map: it is nowhere above zero.")
        return
    st.caption(
        "Which of your pictures activate this map most: its largest value, and the part of the picture behind it."
    )
    places = st.container(horizontal=True)
    for patch in patches[:6]:
        place = places.container(width=110)
        crop = encode_png(cut_patch(subject, patch))
        show_png(crop, alt=f"What activates map {unit} most in {patch.label}", place=place)
        place.text(f"{significant(patch.value)}\n{patch.title}")


def layer_names(subject: Subject) -> dict[str, LayerFacts]:
    """Every layer of the network, by name, in execution order."""
    return {facts.name: facts for facts in facts_of(subject)}
