"""A whole network on one picture in one view, a column of thumbnails for every stage; and all maps of one layer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.anatomy.connections import UNKNOWN, Reading, find_readings
from explorer.anatomy.descriptions import CEILING, describe_layer, is_clipped, name_kind
from explorer.anatomy.recording import INPUT, LayerFacts, Recording
from explorer.anatomy.stages import Stage, sources_of, stages
from explorer.anatomy.units import MapStatistics, Order, describe_maps
from explorer.rendering import MapGrid, Scale, Thumbnails, draw_grid, format_percent, overview_sprite, scale_of
from explorer.text import count_text
from explorer.zoo import VisionModel

STRONGEST = 10  # thumbnails in a column
MAPS_ON_A_PAGE = 512


@dataclass(frozen=True)
class ColumnReading:
    """What the thumbnails of one column read of another column.

    Attributes:
        column: Key of the column that is read.
        name: Of the layer that is read.
        counts: For each thumbnail, how many maps of that layer it reads.
        places: For each thumbnail, which thumbnails of the other column are among them.
        window: Rows and columns of a kernel; None where the layer has no weights.
        start: Where in `Overview.kernels` the kernels lie, one for each of `places`, in their order.
    """

    column: str
    name: str
    counts: tuple[int, ...]
    places: tuple[tuple[int, ...], ...]
    window: tuple[int, int] | None
    start: int


@dataclass(frozen=True)
class NetworkColumn:
    """One column of the view: the photo, a layer, or a stage of several layers.

    Attributes:
        key: What a click on the column returns; unique in the view.
        title: The heading, such as "layer1".
        kind: What it does, in a word or two, such as "conv" or "stage".
        shape: Of the output without the batch: (C, H, W) or (C,).
        facts: Name and value pairs for the hover text, such as ("parameters", "1,728").
        boxes: (x, y, width, height) of each thumbnail in the sprite.
        units: The channel number of each thumbnail.
        values: A short text for each thumbnail, such as "mean 0.31".
        opens: A closed stage; a click on its heading asks to open it.
        closes: The first column of an opened stage; offers to close it.
        depth: Number of channels.
        sources: Keys of the columns that it reads, nearest first.
        reads: What its thumbnails read of them, where it is a single layer.
    """

    key: str
    title: str
    kind: str
    shape: tuple[int, ...]
    facts: tuple[tuple[str, str], ...]
    boxes: Sequence[tuple[int, int, int, int]]
    units: Sequence[int]
    values: Sequence[str]
    opens: bool
    closes: bool
    depth: int
    sources: tuple[str, ...] = ()
    reads: tuple[ColumnReading, ...] = ()

    def __post_init__(self) -> None:
        """Checks that there is a box, a unit and a text for each thumbnail."""
        if not len(self.boxes) == len(self.units) == len(self.values):
            raise ValueError(
                f"column {self.key!r} has {len(self.boxes)} boxes, {len(self.units)} units, {len(self.values)} values"
            )


@dataclass(frozen=True)
class Overview:
    """The whole network in one view.

    Attributes:
        sprite: PNG with every thumbnail.
        columns: the photo's channels, then layers and stages.
        probabilities: ten classes and their probabilities, greatest first.
        logits: (num_classes,) of every class, greatest first.
        kernels: of all columns' `reads`, flat.
    """

    sprite: bytes
    columns: tuple[NetworkColumn, ...]
    probabilities: tuple[tuple[str, float], ...]
    logits: NDArray[np.float32]
    kernels: NDArray[np.float32]


def draw_overview(
    model: VisionModel, recording: Recording, layers: Sequence[LayerFacts], opened: Collection[str]
) -> Overview:
    """A column for every stage, of an opened one for every layer.

    Args:
        model: from the zoo.
        recording: of every layer, with inputs.
        layers: their facts.
        opened: keys of the opened stages.
    """
    shown = stages(layers, opened)
    photo = model.preprocessing.unnormalise(recording.input[None].cpu()).transpose(2, 0, 1)  # (3, H, W)
    thumbnails = [Thumbnails(photo.astype(np.float32), signed=False, kind="photo")]
    readings = [() if stage.closed else find_readings(model, recording, stage.last) for stage in shown]
    statistics = [describe_maps(recording[stage.last.name].maps) for stage in shown]
    units = _choose_units(shown, readings, statistics)
    for stage, chosen, told in zip(shown, units, statistics, strict=True):
        maps = recording[stage.last.name].maps
        shown_maps = maps[chosen.copy()].float().cpu().numpy()
        thumbnails.append(Thumbnails(shown_maps, told.signed, scale=scale_of(maps.shape, "each")))
    sprite = overview_sprite(thumbnails)
    columns = [_input_column(photo, sprite.boxes[0])]
    places = {INPUT: (INPUT, np.arange(3))}
    places |= {stage.last.name: (stage.key, chosen) for stage, chosen in zip(shown, units, strict=True)}
    titles = {INPUT: "photo"} | {stage.key: stage.title for stage in shown}
    kernels: list[NDArray[np.float32]] = []
    parents: set[str] = set()
    for stage, chosen, told, boxes, sources, read in zip(
        shown, units, statistics, sprite.boxes[1:], sources_of(shown), readings, strict=True
    ):
        closes = bool(stage.parent) and stage.parent not in parents
        parents.add(stage.parent)
        kind = f"{len(stage.layers)} layers" if stage.closed else name_kind(model, stage.last)
        column = _column(stage, kind, chosen, told, boxes, closes, [titles[key] for key in sources])
        reads = tuple(
            _read_column(each, chosen, *places[each.source], kernels) for each in read if each.source in places
        )
        columns.append(replace(column, sources=sources, reads=reads))
    probabilities = recording.probabilities
    top = probabilities.topk(min(10, len(probabilities)))
    names = [(model.classes[i], p) for p, i in zip(top.values.tolist(), top.indices.tolist(), strict=True)]
    logits = recording.logits.float().sort(descending=True).values.cpu().numpy()
    flat = np.concatenate(kernels) if kernels else np.zeros(0, np.float32)
    return Overview(sprite.png, tuple(columns), tuple(names), logits, flat)


def _choose_units(
    shown: Sequence[Stage], readings: Sequence[tuple[Reading, ...]], statistics: Sequence[MapStatistics]
) -> list[NDArray[np.intp]]:
    """The maps each column shows: its strongest, or those that a later one shows of them, map by map.

    So a convolution, its normalisation and its activation show the same channels, and a residual stream its own.
    """
    followed: dict[str, NDArray[np.intp]] = {}
    chosen = []
    for stage, read, told in reversed(list(zip(shown, readings, statistics, strict=True))):
        units = followed.get(stage.last.name, told.strongest(STRONGEST))
        chosen.append(units)
        for each in read:
            if each.one_to_one and len(each.order) == len(each.ranges) and UNKNOWN not in each.order[units]:
                followed.setdefault(each.source, each.order[units])
    return chosen[::-1]


def _read_column(
    reading: Reading, units: NDArray[np.intp], column: str, there: NDArray[np.intp], kernels: list[NDArray[np.float32]]
) -> ColumnReading:
    """What the maps `units` read of a column that shows the maps `there`; puts their kernels behind the others."""
    start = sum(len(each) for each in kernels)
    counts, places = [], []
    for unit in units:
        channels = reading.channels(unit)
        counts.append(len(channels))
        slices = {channel: place for place, channel in enumerate(channels.tolist())}
        seen = [place for place, channel in enumerate(there.tolist()) if channel in slices]
        places.append(tuple(seen))
        if reading.kernels is not None and seen:
            kernels.append(reading.kernels[unit, [slices[int(there[place])] for place in seen]].ravel())
    window = None if reading.kernels is None else (reading.kernels.shape[2], reading.kernels.shape[3])
    return ColumnReading(column, reading.source, tuple(counts), tuple(places), window, start)


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
    sources: Sequence[str],
) -> NetworkColumn:
    last = stage.last
    return NetworkColumn(
        key=stage.key,
        title=stage.title,
        kind=kind,
        shape=last.shape,
        facts=(("reads", ", ".join(sources if stage.closed else last.inputs)), *describe_layer(stage)),
        boxes=boxes,
        units=strongest.tolist(),
        values=tuple(statistics.describe(unit) for unit in strongest),
        opens=stage.closed,
        closes=closes,
        depth=last.channels,
    )


@dataclass(frozen=True)
class LayerGrid:
    """One page of the maps of one layer.

    Attributes:
        grid: the picture, and where each map lies on it.
        units: channel number of each map on the page.
        labels: a line for each.
        statistics: of every map of the layer, on this page or not.
        scale: what the colours go by.
        at_ceiling: share of the layer's cells that a clipped ReLU has cut to its ceiling; None for other layers.
    """

    grid: MapGrid
    units: tuple[int, ...]
    labels: tuple[str, ...]
    statistics: MapStatistics
    scale: Scale
    at_ceiling: float | None

    def describe(self) -> str:
        """What the colours mean, and how much a ReLU6 has cut."""
        signed = self.statistics.signed
        colours = "Blue is below zero, white zero, red above." if signed else "Dark is zero, yellow the largest."
        each = "Every map has its own scale." if self.scale == "each" else "One scale for all maps."
        if self.at_ceiling is None:
            return f"{colours} {each}"
        share = format_percent(self.at_ceiling)
        cut = f"ReLU6 lets nothing above {CEILING:g} through: {share} of the cells stand at that ceiling."
        return f"{colours} {each} {cut}"

    def describe_dead(self) -> str:
        """How many channels of the layer are zero, and which; "" for none."""
        dead = np.flatnonzero(self.statistics.dead)
        if not len(dead):
            return ""
        names = ", ".join(str(number) for number in dead[:12]) + (" …" if len(dead) > 12 else "")
        channels = count_text(len(self.statistics.dead), "channel")
        return f"{len(dead)} of {channels} are zero everywhere on this picture: {names}."


def draw_maps(maps: NDArray[np.float32], facts: LayerFacts, order: Order, scale: Scale, page: int) -> LayerGrid:
    """One page of a layer's maps, in the wanted order, on one grid.

    Args:
        maps: (C, H, W).
        facts: of the layer.
        order, scale: as wanted.
        page: counted from 1.
    """
    statistics = describe_maps(torch.from_numpy(maps))
    units = statistics.order(order)[(page - 1) * MAPS_ON_A_PAGE : page * MAPS_ON_A_PAGE]
    labels = tuple(f"map {unit}: {statistics.describe(unit)}, {statistics.active[unit]:.0%} active" for unit in units)
    scale = scale_of(maps.shape, scale)
    picture = draw_grid(maps[units], signed=statistics.signed, scale=scale)
    at_ceiling = float((maps >= CEILING).mean()) if is_clipped(facts) else None
    return LayerGrid(picture, tuple(units.tolist()), labels, statistics, scale, at_ceiling)
