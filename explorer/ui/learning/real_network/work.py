"""What the part on a real network computes while the page waits: races, the surface under them, more starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from explorer.learning.real_network.loss_plane import Plane, Shadow, Surface, cast_shadow, fit_plane, measure_surface
from explorer.learning.real_network.networks import Task, measure_losses
from explorer.learning.real_network.races import Repeated, Run, race, repeat
from explorer.slices import Slices, count_within, finish
from explorer.ui.kit.slow import obtain


@dataclass(frozen=True)
class Recipe:
    """All that a race depends on, the optimiser apart.

    Attributes:
        task: What is learned.
        seed: Of the first weights.
        steps: How many.
    """

    task: Task
    seed: int
    steps: int


@dataclass(frozen=True, eq=False)
class View:
    """The plane through some runs, and what it shows.

    Attributes:
        plane: Through all their paths.
        shadows: One for each run.
        surface: The loss on the plane.
    """

    plane: Plane
    shadows: tuple[Shadow, ...]
    surface: Surface


def obtain_runs(recipe: Recipe, names: Sequence[str]) -> tuple[Run, ...] | None:
    """A run of each optimiser; None where the person has stopped one, which is said."""
    place = st.empty()
    found = []
    for name in names:
        run = obtain(
            ("race", recipe, name),
            f"Training by {name} at every rate",
            "steps",
            partial(finish, race(recipe.task, name, recipe.seed, recipe.steps)),
            place,
            f"race-{name}",
        )
        if run is None:
            return None
        found.append(run)
    return tuple(found)


def obtain_view(recipe: Recipe, runs: Sequence[Run]) -> View | None:
    """The plane through runs that end finite; None where the person has stopped it, which is said."""
    return obtain(
        ("race view", recipe, tuple(run.name for run in runs)),
        "Measuring the loss on the plane",
        "rows",
        partial(finish, _lay_plane(recipe.task, runs)),
        st.empty(),
        "race-view",
    )


def _lay_plane(task: Task, runs: Sequence[Run]) -> Slices[View]:
    losses = partial(measure_losses, task)
    plane = fit_plane([run.path for run in runs])
    shadows, whole = list[Shadow](), len(runs) + task.side
    for run in runs:
        shadows.append(cast_shadow(plane, run.path, run.losses, losses))
        yield len(shadows), whole
    places = np.concatenate([shadow.places for shadow in shadows])
    surface = yield from count_within(measure_surface(plane, places, task.side, losses), len(runs), whole)
    return View(plane, tuple(shadows), surface)


def obtain_repeated(recipe: Recipe, names: Sequence[str], count: int) -> tuple[Repeated, ...] | None:
    """What each optimiser ends at from other starts; None where the person has stopped it, which is said."""
    place = st.empty()
    found = []
    for name in names:
        repeated = obtain(
            ("race starts", recipe, name, count),
            f"{name} from other starts",
            "steps",
            partial(finish, repeat(recipe.task, name, recipe.seed, count, recipe.steps)),
            place,
            f"race-starts-{name}",
        )
        if repeated is None:
            return None
        found.append(repeated)
    return tuple(found)
