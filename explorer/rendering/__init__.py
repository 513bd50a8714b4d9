"""From arrays to pictures: PNG mosaics, the overview sprite, overlays and Plotly figures.

Takes NumPy arrays and gives bytes and figures. It knows no network and no page: torch and streamlit stay outside.
"""

from explorer.rendering.colours import (
    ACCENT,
    AMBER,
    DIVERGING,
    FROZEN,
    PREVIOUS,
    SEQUENTIAL,
    TRAINABLE,
    UNDEFINED,
)
from explorer.rendering.figures import (
    CHART_CONFIG,
    channel_means,
    format_percent,
    histogram,
    probability_bars,
)
from explorer.rendering.mosaic import Mosaic, mosaic
from explorer.rendering.overlay import draw_box, encode_png, magnify_map, overlay_map
from explorer.rendering.overview import Box, Sprite, Thumbnails, overview_sprite
from explorer.rendering.scaling import Scale, average_blocks, find_ranges

__all__ = [
    "ACCENT",
    "AMBER",
    "CHART_CONFIG",
    "DIVERGING",
    "FROZEN",
    "PREVIOUS",
    "SEQUENTIAL",
    "TRAINABLE",
    "UNDEFINED",
    "Box",
    "Mosaic",
    "Scale",
    "Sprite",
    "Thumbnails",
    "average_blocks",
    "channel_means",
    "draw_box",
    "encode_png",
    "find_ranges",
    "format_percent",
    "histogram",
    "magnify_map",
    "mosaic",
    "overlay_map",
    "overview_sprite",
    "probability_bars",
]
