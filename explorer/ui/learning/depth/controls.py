"""Which deep network the Depth part looks at, and what goes into it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.learning.depth.signal import (
    INPUTS,
    LEAST_LAYERS,
    LEAST_SIGMA,
    MOST_LAYERS,
    MOST_SIGMA,
    Recipe,
    Start,
    standardise,
)
from explorer.learning.depth.training import load_data
from explorer.neurons.activations import ACTIVATIONS
from explorer.neurons.patches import cut_patches
from explorer.text import as_plain_text
from explorer.ui.kit.choose import choose, choose_number, choose_one, choose_step, settings_popover, slide, switch
from explorer.ui.session.pictures import Picture

STARTS: dict[Start, str] = {"xavier": "Xavier", "he": "He", "own": "own σ"}
SOURCES = {"photo": "Your photo", "digits": "Digits"}
WIDTHS = (32, 64, 128, 256)
DIGITS = 128  # of the training digits


@dataclass(frozen=True, eq=False)
class Batch:
    """What goes into a network.

    Attributes:
        values: (N, 64) of mean 0 and standard deviation 1, all numbers together.
        title: for people, in the middle of a sentence.
        digits: how many digits they are; 0 for patches of the photo.
        key: says which they are.
    """

    values: NDArray[np.float32]
    title: str
    digits: int
    key: Hashable


def choose_recipe(place: DeltaGenerator) -> Recipe:
    """The network's controls, what is changed rarely in `place`."""
    with settings_popover(place):
        width = choose_step("Neurons in each layer", WIDTHS, "depth_width", Recipe.width)
        seed = choose_number("Seed of the weights", 0, 99, "depth_seed", Recipe.seed)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    said = "All draw weights with mean 0: Xavier with variance 2 / (inputs + outputs), He with 2 / inputs."
    start = choose("Initialisation", STARTS, "depth_start", place=row, help=said)
    sigma = row.number_input(
        "own σ",
        LEAST_SIGMA,
        MOST_SIGMA,
        Recipe.sigma,
        0.01,
        format="%.4g",
        key="depth_sigma",
        bind="query-params",
        width=120,
        help=f"The standard deviation of the weights, {LEAST_SIGMA:g} to {MOST_SIGMA:g}.",
    )
    titles = {name: each.title for name, each in ACTIVATIONS.items()}
    activation = choose_one("Activation", titles, "depth_activation", Recipe.activation, place=row, width=140)
    layers = slide("Layers", LEAST_LAYERS, MOST_LAYERS, Recipe.layers, "depth_layers", place=row, width=170)
    said = "Every layer but the first adds what it gives to what it reads: residual connections."
    residual = switch("Residual", "depth_residual", place=row, help=said)
    said = "Between a layer's sums and its activation, over the batch."
    batch_norm = switch("Batch norm", "depth_norm", place=row, help=said)
    return Recipe(layers, width, activation, start, float(sigma), residual, batch_norm, seed)


def say_start(recipe: Recipe) -> str:
    """How the weights are drawn, for a sentence or a table."""
    return f"N(0,\u00a0{recipe.sigma:g})" if recipe.start == "own" else STARTS[recipe.start]


def choose_batch(picture: Picture, place: DeltaGenerator) -> Batch:
    """Patches of the photo or digits; digits in place of an even photo, which is said."""
    if choose("Input", SOURCES, "depth_input", place=place, hidden=True) == "photo":
        try:
            values = compute_inputs(picture)
        except ValueError:
            st.info(
                f"{as_plain_text(picture.title)} is one even colour: nothing in it that a network could pass on. "
                "Digits go in instead; any picture with an edge would do.",
                icon=":material/info:",
            )
        else:
            return Batch(values, f"{len(values)} patches of your photo", 0, picture)
    return Batch(load_data()[0][:DIGITS].numpy(), f"{DIGITS} digits", DIGITS, "digits")


@st.cache_data(max_entries=16, show_spinner=False)
def compute_inputs(picture: Picture) -> NDArray[np.float32]:
    """(N, 64) the photo's patches; a ValueError where it is even."""
    return standardise(cut_patches(picture.intake.image).reshape(-1, INPUTS))
