"""A digit drawn by hand, or a photo, brought to the size and place of scikit-learn's digits: 8 x 8 cells."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from explorer.neurons.digits import SMALL

Stroke = tuple[tuple[int, int], ...]
"""Points (x, y) of a line, in hundredths of the drawing's side from its upper left corner, 0 to 99."""

MOST_TEXT: Final = 1200  # characters of a drawing: 300 points
_WRITTEN: Final = re.compile(r"([0-9]{4})+(_([0-9]{4})+)*")
_FINE: Final = 32  # pixels of a cell while lines are drawn
_WIDTH: Final = 1.3  # cells: then drawings have as much ink as the digits, 19 cells of 64


def read_strokes(text: str) -> tuple[Stroke, ...]:
    """The strokes of "1203_40414243": four digits a point, x and y, and "_" between strokes.

    Raises:
        ValueError: It is no drawing, or longer than `MOST_TEXT`.
    """
    if not text:
        return ()
    if len(text) > MOST_TEXT or not _WRITTEN.fullmatch(text):
        raise ValueError("this is no drawing")
    return tuple(
        tuple((int(part[at : at + 2]), int(part[at + 2 : at + 4])) for at in range(0, len(part), 4))
        for part in text.split("_")
    )


def draw_strokes(strokes: tuple[Stroke, ...]) -> NDArray[np.float32]:
    """(8, 8), 0 for paper and 1 for ink: the drawing as large as fits, in the middle, its lines of one width.

    So were the digits made: each written one brought to the same size, and the ink in every cell counted (Alpaydin and
    Kaynak 1998).
    """
    canvas = Image.new("L", (SMALL * _FINE, SMALL * _FINE))
    pen = ImageDraw.Draw(canvas)
    points = np.array([point for stroke in strokes for point in stroke], np.float64)  # (N, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (SMALL - _WIDTH) / max(float((high - low).max()), 1.0)
    radius = _WIDTH * _FINE / 2
    for stroke in strokes:
        places = ((np.array(stroke) - (low + high) / 2) * scale + SMALL / 2) * _FINE
        flat = [(float(x), float(y)) for x, y in places]
        if len(flat) > 1:
            pen.line(flat, fill=255, width=round(2 * radius), joint="curve")
        for x, y in flat:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return _count_ink(canvas)


def shrink_photo(image: Image.Image) -> NDArray[np.float32]:
    """(8, 8), 0 to 1: the photo's middle square in grey, its darkest cell to its lightest.

    What is brighter at its rim than in its middle is taken for ink on paper, and turned to its negative. An even photo
    is empty paper.
    """
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    cells = _count_ink(image.convert("L").crop((left, top, left + side, top + side)))
    low, high = float(cells.min()), float(cells.max())
    if high == low:
        return np.zeros_like(cells)
    cells = ((cells - low) / (high - low)).astype(np.float32)
    middle = cells[1:-1, 1:-1]
    rim = (cells.sum() - middle.sum()) / (cells.size - middle.size)
    return np.float32(1) - cells if rim > middle.mean() else cells


def _count_ink(picture: Image.Image) -> NDArray[np.float32]:
    """(8, 8): the mean of each cell of a square grey picture, 0 to 1."""
    cells = np.asarray(picture.resize((SMALL, SMALL), Image.Resampling.BOX), np.float64) / 255
    return cells.astype(np.float32)
