"""What the pages show, computed once for every subject and kept as plain arrays and PNG bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from torch import nn

from explorer.anatomy import (
    LayerFacts,
    MapStatistics,
    Order,
    Stage,
    describe_maps,
    record,
    stages,
    strongest_places,
    survey,
)
from explorer.rendering import Mosaic, Scale, Thumbnails, draw_box, encode_png, mosaic, overview_sprite
from explorer.ui.components import NetworkColumn
from explorer.ui.kit.wording import shape_text, significant, with_unit
from explorer.ui.session.subject import Subject
from explorer.zoo import VisionModel

MAPS_ON_A_PAGE = 512
STRONGEST = 10
CEILING = 6.0  # of ReLU6
PLACES = 4  # of one picture that may excite a map
_HASH: dict[str | type[Any], Callable[[Any], Any]] = {Subject: repr}  # its fields say everything


@dataclass(frozen=True)
class Overview:
    """The whole network in one view.

    Attributes:
        sprite: PNG with every thumbnail.
        columns: the photo's channels, then layers and stages.
        probabilities: ten classes and their probabilities, greatest first.
    """

    sprite: bytes
    columns: tuple[NetworkColumn, ...]
    probabilities: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Sheet:
    """One page of the maps of one layer.

    Attributes:
        mosaic: the picture, and where each map lies on it.
        units: channel number of each map on the page.
        labels: a line for each.
        statistics: of every map of the layer, on this page or not.
        scale: what the colours go by.
        at_ceiling: share of the layer's cells that a clipped ReLU has cut to its ceiling; None for other layers.
    """

    mosaic: Mosaic
    units: tuple[int, ...]
    labels: tuple[str, ...]
    statistics: MapStatistics
    scale: Scale
    at_ceiling: float | None


def facts_of(subject: Subject) -> tuple[LayerFacts, ...]:
    """Every layer of the network at this resolution."""
    import torch

    size = subject.model.preprocessing.size
    return survey(subject.model, torch.zeros(1, 3, size, size))


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=_HASH)
def compute_overview(subject: Subject, opened: tuple[str, ...]) -> Overview:
    """One forward pass, keeping only the layers that stand for a column."""
    model, x = subject.model, subject.input
    shown = stages(facts_of(subject), opened)
    recording = record(model, x, layers={stage.last.name for stage in shown})
    photo = subject.model.preprocessing.unnormalise(x).transpose(2, 0, 1)  # (3, H, W)
    thumbnails = [Thumbnails(photo.astype(np.float32), signed=False, kind="photo")]
    picked: list[tuple[Stage, NDArray[np.intp], MapStatistics]] = []
    for stage in shown:
        maps = recording[stage.last.name].maps
        statistics = describe_maps(maps)
        strongest = statistics.strongest(STRONGEST)
        picked.append((stage, strongest, statistics))
        shown_maps = maps[strongest.copy()].float().cpu().numpy()
        thumbnails.append(Thumbnails(shown_maps, statistics.signed, scale=scale_of(maps.shape, "each")))
    sprite = overview_sprite(thumbnails)
    columns = [_input_column(photo, sprite.boxes[0])]
    parents: set[str] = set()
    for (stage, strongest, statistics), boxes in zip(picked, sprite.boxes[1:], strict=True):
        closes = bool(stage.parent) and stage.parent not in parents
        parents.add(stage.parent)
        kind = f"{len(stage.layers)} layers" if stage.closed else name_kind(model, stage.last)
        columns.append(_column(stage, kind, strongest, statistics, boxes, closes))
    probabilities = recording.logits.float().softmax(0)
    top = probabilities.topk(min(10, len(probabilities)))
    names = [(model.classes[i], p) for p, i in zip(top.values.tolist(), top.indices.tolist(), strict=True)]
    return Overview(sprite.png, tuple(columns), tuple(names))


def _input_column(photo: NDArray[np.uint8], boxes: tuple[tuple[int, int, int, int], ...]) -> NetworkColumn:
    means = photo.reshape(3, -1).mean(axis=1) / 255
    return NetworkColumn(
        key="input",
        title="photo",
        kind="input",
        shape=photo.shape,
        facts=(("channels", "red, green, blue"),),
        boxes=boxes,
        units=(0, 1, 2),
        values=tuple(f"{name}: mean {mean:.3g}" for name, mean in zip(("red", "green", "blue"), means, strict=True)),
        opens=False,
        closes=False,
        depth=3,
    )


def _column(
    stage: Stage,
    kind: str,
    strongest: NDArray[np.intp],
    statistics: MapStatistics,
    boxes: tuple[tuple[int, int, int, int], ...],
    closes: bool,
) -> NetworkColumn:
    last = stage.last
    return NetworkColumn(
        key=stage.key,
        title=stage.title,
        kind=kind,
        shape=last.shape,
        facts=(*(() if stage.closed else (("reads", ", ".join(last.inputs)),)), *describe_layer(stage)),
        boxes=boxes,
        units=strongest.tolist(),
        values=tuple(
            f"mean {significant(statistics.mean[unit])}, max {significant(statistics.maximum[unit])}"
            for unit in strongest
        ),
        opens=stage.closed,
        closes=closes,
        depth=last.channels,
    )


def is_clipped(facts: LayerFacts) -> bool:
    """Whether a layer is a ReLU that lets nothing above `CEILING` through, as a module or as a function."""
    return facts.kind.lower() == "relu6"


def name_kind(model: VisionModel, facts: LayerFacts) -> str:
    """What a layer does in a word or two: of a convolution also its kernel, and whether it mixes channels."""
    module = model.network.get_submodule(facts.path)
    if not isinstance(module, nn.Conv2d) or facts.kind != "Conv2d":
        return facts.kind
    kernel = "×".join(map(str, module.kernel_size))
    return f"{'depthwise' if module.groups == module.in_channels > 1 else 'conv'} {kernel}"


def describe_convolution(model: VisionModel, facts: LayerFacts) -> str:
    """What a convolution does with cells and channels, where it does not mix both; "" for every other layer."""
    module = model.network.get_submodule(facts.path)
    if not isinstance(module, nn.Conv2d) or facts.kind != "Conv2d":
        return ""
    inside, made = module.in_channels, module.out_channels
    if module.groups == inside > 1:
        return (
            f"Depthwise: every filter slides over one of the {inside} maps, {' × '.join(map(str, module.kernel_size))} "
            "cells at a time; channels are not mixed."
        )
    if module.kernel_size == (1, 1):
        what = f"Expands {inside} maps to {made}" if made > inside else f"Projects {inside} maps to {made}"
        what = f"Mixes {inside} maps" if made == inside else what
        return f"{what}: every cell's channels are mixed, and no cell sees its neighbours (1 × 1)."
    return ""


def describe_layer(stage: Stage) -> tuple[tuple[str, str], ...]:
    """Name and value of what there is to say of a layer or stage, without its values."""
    last, first = stage.last, stage.layers[0]
    field = last.receptive_field
    return (
        ("input", " + ".join(shape_text(shape) for shape in first.input_shapes)),
        ("output", shape_text(last.shape)),
        ("parameters", f"{stage.parameters:,}"),
        ("multiply-adds", with_unit(stage.macs, "")),
        ("memory", with_unit(sum(layer.activation_bytes for layer in stage.layers), "B")),
        (
            "receptive field",
            f"{field.size[0]:g} × {field.size[1]:g} px, stride {field.stride[0]:g}, offset {field.offset[0]:g}",
        ),
    )


def scale_of(shape: Sequence[int], wanted: Scale) -> Scale:
    """The wanted scale, but one for all where a map is a single cell, which would always be its own largest."""
    return "shared" if tuple(shape[1:]) == (1, 1) else wanted


@st.cache_data(max_entries=6, show_spinner=False, hash_funcs=_HASH)
def compute_maps(subject: Subject, layer: str) -> NDArray[np.float32]:
    """The maps of one layer, (C, H, W) float32."""
    maps: NDArray[np.float32] = record(subject.model, subject.input, layers=[layer])[layer].maps.float().cpu().numpy()
    return maps


@st.cache_data(max_entries=24, show_spinner=False, hash_funcs=_HASH)
def compute_sheet(subject: Subject, layer: str, order: Order, scale: Scale, page: int) -> Sheet:
    """One page of a layer's maps, in the wanted order, drawn on one sheet."""
    import torch

    maps = compute_maps(subject, layer)
    statistics = describe_maps(torch.from_numpy(maps))
    units = statistics.order(order)[(page - 1) * MAPS_ON_A_PAGE : page * MAPS_ON_A_PAGE]
    labels = tuple(
        f"map {unit}: mean {significant(statistics.mean[unit])}, max {significant(statistics.maximum[unit])}, "
        f"{statistics.active[unit]:.0%} active"
        for unit in units
    )
    scale = scale_of(maps.shape, scale)
    picture = mosaic(maps[units], signed=statistics.signed, scale=scale)
    clipped = any(facts.name == layer and is_clipped(facts) for facts in facts_of(subject))
    at_ceiling = float((maps >= CEILING).mean()) if clipped else None
    return Sheet(picture, tuple(units.tolist()), labels, statistics, scale, at_ceiling)


@st.cache_data(max_entries=512, show_spinner=False, hash_funcs=_HASH)
def compute_places(subject: Subject, layer: str) -> tuple[NDArray[np.float32], NDArray[np.int16]]:
    """Where on this picture every map of a layer answers most: values (C, PLACES) and cells (C, PLACES, 2).

    The strongest first, neighbours left out; NaN where there is no other place above zero.
    """
    found = record(subject.model, subject.input, layers=[layer])[layer]
    size = (int(subject.input.shape[2]), int(subject.input.shape[3]))
    values, cells = strongest_places(found.maps.float(), found.receptive_field, size, PLACES)
    return values.cpu().numpy(), cells.cpu().numpy().astype(np.int16)


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=_HASH)
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
