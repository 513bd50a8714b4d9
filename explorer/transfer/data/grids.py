"""Pictures of a set side by side, as PNG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from explorer.rendering import draw_picture_grid, encode_png, fit_picture
from explorer.transfer.data.pictures import PictureSet

FIRST_SHOWN: Final = 18  # pictures of a grid
_COLUMNS: Final = 6
_SIDE: Final = 112
_LARGE: Final = 320  # pixels of a picture that stands alone


def draw_grid(pictures: PictureSet, places: Sequence[int]) -> bytes:
    """The pictures in rows of eight, as PNG."""
    return draw_picture_grid([_thumbnail(pictures, place) for place in places], columns=8, side=120).png


def _thumbnail(pictures: PictureSet, place: int) -> NDArray[np.uint8]:
    image = pictures.image(place)
    image.thumbnail((240, 240))
    return np.asarray(image)


def draw_whole(pictures: PictureSet, place: int) -> bytes:
    """One picture by itself."""
    return encode_png(np.asarray(fit_picture(np.asarray(pictures.image(place)), _LARGE)))


def draw_pair(pictures: PictureSet, a: int, b: int) -> bytes:
    """Two pictures beside each other."""
    return draw_picture_grid([np.asarray(pictures.image(place)) for place in (a, b)], columns=2, side=180).png


def draw_class(pictures: PictureSet, label: int) -> bytes:
    """The first pictures of a class."""
    places = np.flatnonzero(pictures.labels == label)[:FIRST_SHOWN].tolist()
    images = [np.asarray(pictures.image(place)) for place in places]
    return draw_picture_grid(images, columns=_COLUMNS, side=_SIDE).png


def draw_classes(pictures: PictureSet) -> bytes:
    """The first pictures of every class, one row for each, as far as a grid goes."""
    rows = [np.flatnonzero(pictures.labels == label)[:_COLUMNS] for label in range(min(20, len(pictures.classes)))]
    places = np.concatenate([np.resize(row, _COLUMNS) for row in rows]).tolist()
    return draw_picture_grid([np.asarray(pictures.image(place)) for place in places], columns=_COLUMNS, side=_SIDE).png
