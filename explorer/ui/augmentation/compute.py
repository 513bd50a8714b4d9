"""What the Augmentation page computes: once for every picture, pipeline and seed, kept as arrays.

The picture that pipelines change is the square the network sees, at 224 pixels or the network's own size if that is
larger: so pixels mean the same for every photo, and a draw takes milliseconds. The network then sees the whole draw,
scaled down once more if it is a small one. What needs no pipeline changes the very pixels that the network sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from explorer.augmentation import Pipeline
from explorer.augmentation.records import Drawn, keep_draw
from explorer.rendering import MapGrid, draw_picture_grid
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject

if TYPE_CHECKING:
    from explorer.zoo import VisionModel

DRAWS = 16
_CELL = 168  # pixels of a draw on the grid
SIDE = 224  # pixels of the square that is changed


def side_of(subject: Subject) -> int:
    """Pixels of the square that is changed."""
    return max(SIDE, subject.model.preprocessing.size)


@st.cache_data(max_entries=16, show_spinner=False)
def compute_square(subject: Subject) -> NDArray[np.uint8]:
    """(S, S, 3) the picture that pipelines change."""
    preprocessing = subject.model.preprocessing.with_size(side_of(subject))
    return np.array(preprocessing.pixels(subject.picture.intake.image))


def square_of(subject: Subject) -> Image.Image:
    """The same as an image."""
    return Image.fromarray(compute_square(subject))


def viewer_of(subject: Subject) -> VisionModel:
    """The network that sees a square picture whole: the crop has been made before the picture is changed."""
    model = subject.model
    return model.with_preprocessing(model.preprocessing.with_fit("squash"))


@st.cache_data(max_entries=24, show_spinner=False)
def compute_draws(subject: Subject, pipeline: str, seed: int, count: int = DRAWS) -> tuple[Drawn, ...]:
    """Draws with the seeds `seed`, `seed` + 1, ...; the pipeline is named by its JSON.

    Raises:
        PipelineRejected: a step cannot be done on this picture.
    """
    draws = Pipeline.from_json(pipeline).draw_many(square_of(subject), count, seed)
    return tuple(keep_draw(each) for each in draws)


@st.cache_data(max_entries=24, show_spinner=False)
def compute_grid_of_draws(subject: Subject, pipeline: str, seed: int, count: int = DRAWS) -> MapGrid:
    """The draws on one grid, four in a row."""
    pictures = [each.pixels for each in compute_draws(subject, pipeline, seed, count)]
    return draw_picture_grid(pictures, columns=4, side=_CELL)


def seen_lines(subject: Subject) -> list[str]:
    """The first lines of snippets that change what the network sees itself: `image` and the `model` that fits it."""
    return [*opening_lines(subject), "model = model.with_preprocessing(preprocessing)"]


def square_lines(subject: Subject, seen: bool = True) -> list[str]:
    """The first lines of every snippet: `image`, the square that is changed, and if it is seen the `model` for it."""
    return [
        *opening_lines(subject),
        *(["photo = image"] if seen else []),
        f"image = preprocessing.with_size({side_of(subject)}).fitted(image)  # the square that is changed",
        *(
            ['model = model.with_preprocessing(preprocessing.with_fit("squash"))  # sees the square whole']
            if seen
            else []
        ),
    ]
