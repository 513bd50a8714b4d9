"""The whole network in one view, from the photo to the classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from torch import nn

from explorer.anatomy import LayerFacts, MapStatistics, Stage, describe_maps, stage_of, stages
from explorer.rendering import Scale, Thumbnails, format_percent, overview_sprite
from explorer.text import shape_text, significant, with_unit
from explorer.ui.components import NetworkClick, NetworkColumn, network_view
from explorer.ui.session.subject import Subject
from explorer.ui.shared.knowledge import show_knowledge
from explorer.ui.shared.recorded import facts_of, recording_of
from explorer.zoo import VisionModel

LIKELY = 3  # classes named above the view

STRONGEST = 10


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


@st.cache_data(max_entries=16, show_spinner=False)
def compute_overview(subject: Subject, opened: tuple[str, ...]) -> Overview:
    """A column for every stage, of an opened one for every layer."""
    model, recording = subject.model, recording_of(subject)
    shown = stages(facts_of(subject), opened)
    photo = model.preprocessing.unnormalise(subject.input).transpose(2, 0, 1)  # (3, H, W)
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
    probabilities = recording.probabilities
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


def name_kind(model: VisionModel, facts: LayerFacts) -> str:
    """What a layer does in a word or two: of a convolution also its kernel, and whether it mixes channels."""
    module = model.network.get_submodule(facts.path)
    if not isinstance(module, nn.Conv2d) or facts.kind != "Conv2d":
        return facts.kind
    kernel = "×".join(map(str, module.kernel_size))
    return f"{'depthwise' if module.groups == module.in_channels > 1 else 'conv'} {kernel}"


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
