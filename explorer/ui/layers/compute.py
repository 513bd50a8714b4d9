"""What the pages show, computed once for every subject and kept as plain arrays and PNG bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from torch import nn

from explorer.anatomy import (
    LayerFacts,
    MapStatistics,
    Order,
    describe_maps,
)
from explorer.rendering import Mosaic, Scale, draw_box, encode_png, mosaic
from explorer.text import significant
from explorer.ui.session.subject import Subject
from explorer.ui.shared.network import scale_of
from explorer.ui.shared.recorded import compute_maps, facts_of
from explorer.zoo import VisionModel

MAPS_ON_A_PAGE = 512
CEILING = 6.0  # of ReLU6


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


def is_clipped(facts: LayerFacts) -> bool:
    """Whether a layer is a ReLU that lets nothing above `CEILING` through, as a module or as a function."""
    return facts.kind.lower() == "relu6"


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


@st.cache_data(max_entries=24, show_spinner=False)
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
