"""Colours: three colour maps for arrays, and the named colours that every page shares.

A table is a read-only (256, 3) uint8 array, darkest or lowest first. Which value gets which row is said in
`scaling`; page themes live in `.streamlit/config.toml`. All tables stay readable with the common forms of
colour blindness: viridis and the amber glow rise in lightness, the signed table is ColorBrewer's RdBu.
"""

from collections.abc import Sequence
from typing import Final

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

ColourTable = NDArray[np.uint8]

FROZEN: Final = "#64748b"  # slate: parts of a network that keep their weights
TRAINABLE: Final = "#f97316"  # orange: parts that learn
ACCENT: Final = "#2f7fe0"  # what is selected, and the new one of a pair
PREVIOUS: Final = "#94a3b8"  # the old one of a pair

# Lines of one chart, in this order: Okabe & Ito's colours, told apart with every common form of colour blindness, less
# the yellow that white swallows, and in place of black a grey that both grounds carry.
SERIES: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#808a99")

UNDEFINED: Final = (136, 136, 136)  # not a number: no table holds a pure grey, so it cannot be taken for a value

# ColorBrewer's 11-class RdBu turned round, its middle #f7f7f7 made exactly white: zero must read as "nothing".
_BLUE_WHITE_RED = (
    *("#053061", "#2166ac", "#4393c3", "#92c5de", "#d1e5f0"),
    "#ffffff",
    *("#fddbc7", "#f4a582", "#d6604d", "#b2182b", "#67001f"),
)
_AMBER = ("#000000", "#5c2e00", "#b86400", "#ffa51f", "#ffe9b0")


def faint(colour: str, opacity: float) -> str:
    """A colour such as "#0072b2" for an area behind lines, as CSS writes it."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"


def _sample(colours: LinearSegmentedColormap, positions: NDArray[np.float64]) -> ColourTable:
    table = np.asarray(colours(positions, bytes=True), dtype=np.uint8)[:, :3].copy()
    table.flags.writeable = False
    return table


def _blend(anchors: Sequence[str], positions: NDArray[np.float64]) -> ColourTable:
    return _sample(LinearSegmentedColormap.from_list("blend", list(anchors), N=len(positions)), positions)


def _viridis() -> ColourTable:
    table = np.asarray(matplotlib.colormaps["viridis"](np.arange(256), bytes=True), dtype=np.uint8)[:, :3].copy()
    table.flags.writeable = False
    return table


def _diverging() -> ColourTable:
    # 255 colours have a middle and 256 do not, so row 0 repeats row 1 and white is row 128.
    table = np.vstack([np.zeros((1, 3), np.uint8), _blend(_BLUE_WHITE_RED, np.linspace(0.0, 1.0, 255))])
    table[0] = table[1]
    table.flags.writeable = False
    return table


SEQUENTIAL: Final = _viridis()
"""Magnitudes: viridis, row 0 for the least."""

DIVERGING: Final = _diverging()
"""Signed values: blue below zero, exact white at row 128 for zero, red above."""

AMBER: Final = _blend(_AMBER, np.linspace(0.0, 1.0, 256))
"""Attention and saliency: black (no glow) to pale amber."""
