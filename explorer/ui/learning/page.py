"""The Learning page: why the same network learns, or does not."""

from __future__ import annotations

from explorer.ui.learning.depth.part import show_depth
from explorer.ui.learning.dropout.part import show_dropout
from explorer.ui.learning.links import link_back
from explorer.ui.learning.rate.part import show_rate
from explorer.ui.learning.real_network.part import show_real_network
from explorer.ui.learning.scale.part import show_scale
from explorer.ui.learning.terrain.part import show_terrain
from explorer.ui.shared.parts import show_parts

PARTS = {
    "terrain": ("Terrain", show_terrain),
    "network": ("A real network", show_real_network),
    "depth": ("Depth", show_depth),
    "scale": ("Scale and batch norm", show_scale),
    "dropout": ("Dropout", show_dropout),
    "rate": ("Rate over time", show_rate),
}


def show() -> None:
    """The whole page."""
    part = show_parts(
        "Learning",
        "The same network learns, or does not: it depends on the way down, the depth, the scale and the noise.",
        PARTS,
    )
    link_back(part)
