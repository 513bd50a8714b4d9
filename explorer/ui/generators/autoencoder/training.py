"""The Autoencoder part's view on trained codes: which of them pass the floor of all linear ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Literal

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.generators.autoencoder.snippets import training_snippet
from explorer.generators.autoencoder.training import SEEDS, Kind, Recipe, Run
from explorer.learning.seed_intervals import interval_of
from explorer.neurons.describing import say_number, write_difference, write_table
from explorer.rendering import PREVIOUS, SERIES, StepLine, line_figure_png, step_lines
from explorer.ui.generators.autoencoder.controls import Photo, choose_recipe, compare, say_error, train_all
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.session.opening import image_lines

_TITLES: dict[Kind, str] = {"linear": "linear", "mlp": "MLP"}
_DASHES: tuple[Literal["solid", "dash", "dot"], ...] = ("solid", "dash", "dot")
_ANSWERS = ("neither", "the linear one", "the MLP", "both")


def show_training(photo: Photo, size: int, row: DeltaGenerator) -> None:
    """Both kinds from three seeds, and the floor below which no linear code comes."""
    finding = st.container()
    first = choose_recipe(row, "linear", size)
    recipes = [
        Recipe(kind, size, first.steps, seed) for kind, seed in product(_TITLES, range(first.seed, first.seed + SEEDS))
    ]
    trained = train_all(photo, recipes)
    if trained is None:
        return
    runs = [each.run for each in trained]
    floor = float(photo.principal.floors[size])
    by_kind = {kind: [run for run in runs if run.recipe.kind == kind] for kind in _TITLES}
    passed = [all(run.error < floor for run in by_kind[kind]) for kind in _TITLES]
    asked = (
        f"Two autoencoders with {size} numbers in the middle learn this photo's patches: one linear, one with hidden "
        "layers and ReLU. Which gets below the error of PCA from every seed?"
    )
    with finding:
        if not ask_first(asked, _ANSWERS, _ANSWERS[passed[0] + 2 * passed[1]], "ask-code-training"):
            return
        _say_finding(size, floor, by_kind["linear"], by_kind["mlp"])
    figure = step_lines(
        [
            StepLine("best linear code (PCA)", [0, first.steps], [floor, floor], PREVIOUS, "dash"),
            *(
                StepLine(
                    f"{_TITLES[kind]}, seed {run.recipe.seed}", run.steps.tolist(), run.errors.tolist(), colour, dash
                )
                for (kind, each), colour in zip(by_kind.items(), SERIES, strict=False)
                for run, dash in zip(each, _DASHES, strict=True)
            ),
        ],
        {},
        f"Error of all patches through {size} numbers",
        "error",
    )
    show_chart(figure, "code-training-chart")
    rows = {
        f"seed {each[0].recipe.seed}": [f"{say_number(run.error)} ({compare(run.error, floor)})" for run in each]
        for each in zip(*by_kind.values(), strict=True)
    }
    st.markdown(write_table(list(_TITLES.values()), rows))
    off = write_difference(*(run.error - run.by_torch for run in runs)).replace("-", "−")
    st.caption(
        f"Error after {first.steps:,} steps of Adam, and how far it is from the floor, {say_error(floor)}. The rate "
        "follows a cosine schedule. Worked out by hand in float64; by PyTorch's own layers the errors differ by "
        f"{off} at most."
    )
    offer(
        "autoencoders",
        lambda: line_figure_png(figure),
        partial(_pack, runs, floor),
        training_snippet(image_lines(photo.picture), recipes),
        key="code-training-offer",
    )


def _say_finding(size: int, floor: float, linear: Sequence[Run], mlp: Sequence[Run]) -> None:
    spread = interval_of(np.array([run.error for run in mlp]))
    errors = [", ".join(say_number(run.error) for run in each) for each in (linear, mlp)]
    below = [sum(run.error < floor for run in each) for each in (linear, mlp)]
    ends = "below it from some seeds only" if below[1] else "not below it"
    st.markdown(
        f"**With {size} numbers the best linear code has an error of {say_error(floor)}. The linear autoencoder comes "
        f"to {errors[0]}{'' if below[0] else ', and never passes it'}; the MLP to {errors[1]}, "
        f"{'below it' if below[1] == len(mlp) else ends}.** Whatever is trained, two linear layers are one matrix of "
        f"rank {size}, and the nearest such matrix is PCA's. With a bend in between, patches need not lie on a plane. "
        f"95 % interval of the MLP's mean over {len(mlp)} seeds: {say_number(spread.low)} to {say_number(spread.high)}."
    )


def _pack(runs: Sequence[Run], floor: float) -> bytes:
    return arrays_as_npz(
        floor=np.array(floor),
        steps=runs[0].steps,
        kinds=np.array([run.recipe.kind for run in runs]),
        seeds=np.array([run.recipe.seed for run in runs]),
        curves=np.stack([run.errors for run in runs]),
        errors=np.array([run.error for run in runs]),
    )
