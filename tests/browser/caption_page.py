"""A page of its own for the caption player: captions whose attention, numbers and gaps are known.

`?case=NAME` chooses one of `CASES`; "pair" shows two players side by side, "odd" four below each other.
"""

import math

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.captioning import Alternative, Caption
from explorer.images import open_image
from explorer.rendering import encode_png
from explorer.samples import read_sample
from explorer.ui.components import caption_player

WORDS = ("a", "cat", "looks", "at", "xyzzy", "supercalifragilisticexpialidocious", "today")
GRID = (4, 5)
# Rows and columns of the cell that each word looks at, and where that is; the last looks everywhere alike.
CELLS = ((0, 0), (3, 4), (0, 2), (3, 0), (1, 4), (2, 2))
PLACES = (
    *("mostly upper left", "mostly lower right", "mostly at the top", "mostly lower left", "mostly at the right"),
    *("mostly in the middle", "all over the photo"),
)


def attention() -> NDArray[np.float32]:
    """(7, 4, 5): 0.62 on one cell, 0.02 on every other; all alike for the last word."""
    maps = np.full((len(WORDS), *GRID), 0.02, np.float32)
    for number, cell in enumerate(CELLS):
        maps[(number, *cell)] = 0.62
    maps[-1] = 1 / math.prod(GRID)
    return maps


def caption() -> Caption:
    """Of seven words; one is unknown, one has no runners-up, one no gate."""
    others = [
        (Alternative(f"other{t}", 0.2), *[Alternative(f"rare{i}", 0.01 / 10**i) for i in range(4)]) for t in range(7)
    ]
    others[4] = ()
    probabilities = np.array([0.5, 0.9996, 1.0, 0.0123456, np.nan, 0.000004, 0.25])
    gates = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 0.5, np.nan])
    return Caption(WORDS, attention(), np.log(probabilities), tuple(others), gates, -0.5, ("xyzzy",))


def photo(height: int, width: int, grey: bool = False) -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).integers(40, 256, (height, width, 3), dtype=np.uint8)
    return noise[..., :1].repeat(3, axis=2) if grey else noise


def sample() -> NDArray[np.uint8]:
    return np.asarray(open_image(read_sample("cat")).resize((560, 374)))


PHOTOS = {
    "exact": photo(400, 500),
    "cat": sample(),
    "panorama": photo(12, 560),
    "tower": photo(560, 3),
    "dot": photo(1, 1),
    "grey": photo(240, 500, grey=True),
}

ODD = ("panorama", "tower", "dot", "grey")

if __name__ == "__main__":
    st.set_page_config(layout="wide")
    chosen = st.query_params.get("case", "exact")
    if chosen == "pair":
        for place, name in zip(st.columns(2), ("exact", "cat"), strict=True):
            with place:
                caption_player(png=encode_png(PHOTOS[name]), caption=caption(), alt=f"The {name} photo", key=name)
    elif chosen == "odd":
        for name in ODD:
            caption_player(png=encode_png(PHOTOS[name]), caption=caption(), alt="A photo", key=name)
    elif chosen == "wordless":
        none = Caption((), np.zeros((0, *GRID), np.float32), np.zeros(0), (), np.zeros(0), 0.0)
        caption_player(png=encode_png(PHOTOS["exact"]), caption=none, alt="A photo", key="player")
    else:
        caption_player(png=encode_png(PHOTOS[chosen]), caption=caption(), alt="A photo", key="player")
