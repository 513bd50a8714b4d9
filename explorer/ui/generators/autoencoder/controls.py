"""What the views of the Autoencoder part share: the photo's patches, and the code that is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.generators.autoencoder.coder import Coder
from explorer.generators.autoencoder.patches import DEPTH, SIDE, Patches, cut
from explorer.generators.autoencoder.principal import Principal, find_principal
from explorer.generators.autoencoder.training import STEPS, Kind, Recipe, Trained, train_in_slices
from explorer.neurons.activations import Numbers
from explorer.neurons.describing import say_number
from explorer.rendering import encode_png, enlarge_cells
from explorer.slices import finish
from explorer.ui.kit.cache import once
from explorer.ui.kit.choose import choose_number, choose_one, choose_step, settings_popover, slide
from explorer.ui.kit.picture import show_png
from explorer.ui.kit.slow import obtain
from explorer.ui.session.pictures import Picture

Way = Literal["pca", "linear", "mlp"]
WAYS: Final[dict[Way, str]] = {"pca": "PCA", "linear": "Linear autoencoder", "mlp": "MLP autoencoder"}
SIZE: Final = 16  # numbers of a code at first
TIMES: Final = 2  # pixels on the screen for one of the photo
_ROUNDING: Final = 1e-20  # of errors in float64, far above what rounding leaves and far below a step of 1/255


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo, its patches and their principal directions."""

    picture: Picture
    patches: Patches
    principal: Principal


def open_photo(picture: Picture) -> Photo:
    """Kept for all sessions.

    Raises:
        PatchesRejected: If it has too few patches, or one colour.
    """

    def make() -> Photo:
        patches = cut(picture.intake.image)
        return Photo(picture, patches, find_principal(patches))

    return once(("code-photo", picture), make)


def choose_size(place: DeltaGenerator) -> int:
    """How many numbers a patch becomes."""
    said = f"Of a code. A patch of 8 × 8 pixels in red, green and blue has {DEPTH}."
    return slide("Numbers per patch", 1, DEPTH, SIZE, "code_size", place=place, width=180, help=said)


def choose_recipe(place: DeltaGenerator, kind: Kind, size: int) -> Recipe:
    """How an autoencoder is trained, what is changed rarely in `place`."""
    with settings_popover(place):
        steps = choose_step("Steps of training", STEPS, "code_steps", Recipe.steps)
        seed = choose_number("Seed of the first weights", 0, 99, "code_seed", Recipe.seed)
    return Recipe(kind, size, steps, seed)


def choose_coder(photo: Photo, place: DeltaGenerator, size: int) -> tuple[Way, Recipe, Coder | None]:
    """Which way makes the code and draws of it; None where its training was stopped."""
    way = choose_one("Code by", WAYS, "code_by", place=place, width=190)
    recipe = choose_recipe(place, "linear" if way == "linear" else "mlp", size)
    if way == "pca":
        return way, recipe, photo.principal.coder(size)
    trained = train_all(photo, [recipe])
    return way, recipe, None if trained is None else trained[0].coder


def train_all(photo: Photo, recipes: Sequence[Recipe]) -> list[Trained] | None:
    """One autoencoder after the other; None where one was stopped, and those before it are kept."""
    trained, place = [], st.empty()
    for number, recipe in enumerate(recipes, start=1):
        found = obtain(
            ("code-trained", photo.picture, recipe),
            f"Training autoencoder {number} of {len(recipes)}",
            "steps",
            partial(finish, train_in_slices(photo.patches, recipe)),
            place,
            f"code-trained-{number}",
        )
        if found is None:
            return None
        trained.append(found)
    return trained


def show_drawn(photo: Photo, values: Numbers, name: str, caption: str, place: DeltaGenerator) -> None:
    """A photo of patches, enlarged; `name` says what it is, beside the photo's own."""
    picture = enlarge_cells(photo.patches.join(values), photo.patches.rows * SIDE * TIMES)
    show_png(encode_png(picture), caption, alt=f"{photo.picture.title}, {name}", place=place)


def say_error(error: float) -> str:
    """An error for a sentence; what is left of one by rounding is none."""
    return "0" if error < _ROUNDING else say_number(error)


def compare(error: float, floor: float) -> str:
    """How far an error is from the least that a linear code leaves."""
    if floor < _ROUNDING:
        return "where a linear code leaves nothing"
    return f"{say_number(100 * abs(error / floor - 1))} % {'above' if error >= floor else 'below'}"
