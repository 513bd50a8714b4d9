"""The Learning page's part on a real network: its optimisers' paths on one plane, and where that plane misleads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.learning.optimisers import OPTIMISERS
from explorer.learning.real_network.loss_plane import Shadow
from explorer.learning.real_network.networks import BATCH, HIDDEN, Task, ask_pytorch, measure_losses
from explorer.learning.real_network.races import RATES, Run, race_alone
from explorer.learning.real_network.snippet import race_snippet
from explorer.neurons.describing import say_number, write_difference, write_table
from explorer.rendering import SERIES, PlanePath, format_percent, plane_map, plane_picture, two_losses
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, choose_number, choose_one, choose_several, choose_step, settings_popover
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.learning.real_network.starts import join_names, show_starts
from explorer.ui.learning.real_network.work import Recipe, View, obtain_runs, obtain_view
from explorer.ui.session.subject import Subject
from explorer.ui.shared.training_points import choose_points, show_points

NETWORKS = {"mlp": "MLP on points", "cnn": "CNN on digits"}
STEPS = (50, 100, 200, 500, 1000)
FACTORS = (1.1, 1.25, 2.0, 10.0)
FIRST = ("SGD", "Momentum", "RMSProp", "Adam")
_SHARES = ("at more than four fifths", "at about half", "at less than a fifth")
_CHAOS = 1e-6  # of a loss: apart by more, rounding has grown
_TITLE = "Loss on the plane through all paths"


def show_real_network(subject: Subject) -> None:
    """One start, one plane, and then other starts."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    network = choose("Network", NETWORKS, "race_network", place=row)
    name = choose_points(row, "race_", "moons") if network == "mlp" else None
    recipe_of, factor, count = _choose_settings(row)
    names = _choose_optimisers()
    points = show_points(name, "race_") if name is not None else None
    if name is not None and points is None:
        return
    recipe = recipe_of(Task(points))
    finding = st.container()
    runs = obtain_runs(recipe, names)
    if runs is None:
        return
    lost = [run.name for run in runs if run.rate is None]
    if lost:
        st.error(
            f"At no rate from {RATES[0]:g} to {RATES[-1]:g} does {join_names(lost)} end at a finite loss. "
            "“Scale both columns” or fewer steps would help.",
            icon=":material/error:",
        )
    runs = tuple(run for run in runs if run.rate is not None)
    if not runs:
        return
    view = obtain_view(recipe, runs)
    if view is None:
        return
    with finding:
        if not _show_finding(recipe, runs, view, factor):
            return
    _show_plane(recipe, runs, view, factor)
    show_starts(recipe, names, count)


def _choose_settings(row: DeltaGenerator) -> tuple[partial[Recipe], float, int]:
    with settings_popover(row):
        steps = choose_step("Steps", STEPS, "race_steps", 100)
        seed = choose_number("Seed of the first weights", 0, 9999, "race_seed", 0)
        said = "A path is dotted where the loss on the plane and that of the network are apart by more than this."
        factor = choose_step("Dotted from a factor of", FACTORS, "race_factor", 2.0, help=said)
        count = choose_step("Other starts", (3, 5, 10), "race_starts", 5, help="To tell whether one is really better.")
    return partial(Recipe, seed=seed, steps=steps), factor, count


def _choose_optimisers() -> tuple[str, ...]:
    said = "The plane goes through the paths of all that are picked: one more turns it."
    picked = choose_several("Optimisers", {name: name for name in OPTIMISERS}, "race_optimisers", FIRST, help=said)
    if not picked:
        st.caption("No optimiser is picked: these are the first four.")
    return picked or FIRST


def _show_finding(recipe: Recipe, runs: Sequence[Run], view: View, factor: float) -> bool:
    explained = format_percent(sum(view.plane.explained)).replace(" ", "\u00a0")
    parted = np.concatenate([shadow.parted(factor) for shadow in view.shadows])
    share = 1 - float(parted.mean())
    right = _SHARES[0 if share > 0.8 else 1 if share >= 0.2 else 2]
    asked = (
        f"The plane keeps {explained} of the variance of all paths. At how many of their places is the loss that it "
        f"shows right, within a factor of {factor:g}?"
    )
    key = f"ask-race-{hash((recipe, tuple(run.name for run in runs), factor))}"
    if not ask_first(asked, _SHARES, right, key):
        return False
    run, shadow = _find_worst(runs, view)
    worst = int(shadow.factors.argmax())
    several = len(runs) > 1
    who = f"{len(runs)} optimisers from the same" if several else f"{run.name} from"
    where = (
        f"At {int(parted.sum())} of {len(parted)} places the two are apart by more than a factor of {factor:g}: there "
        f"{'the paths are' if several else 'the path is'} dotted."
        if parted.any()
        else f"Nowhere are the two apart by more than a factor of {factor:g}, so nothing is dotted."
    )
    start = view.shadows[0]
    still = "still " if parted.any() else ""
    st.markdown(
        f"{who} {len(view.plane.centre):,} weights and biases, {'each ' if several else ''}at the best of {len(RATES)} "
        f"rates. **The plane through all places of {'their paths' if several else 'its path'} keeps {explained} of the "
        f"variance, and {still}shows a loss of {say_number(shadow.drawn[worst])} where {run.name}, at step "
        f"{run.steps[worst]}, has {say_number(shadow.true[worst])}.** The start has {say_number(start.true[0])}; the "
        f"plane shows {say_number(start.drawn[0])}. {where} A path does not lie in the plane; what is drawn under it "
        "is the loss at its foot."
    )
    _show_check(recipe, runs, view)
    return True


def _find_worst(runs: Sequence[Run], view: View) -> tuple[Run, Shadow]:
    """The run with the place at which the two losses are farthest apart."""
    return max(zip(runs, view.shadows, strict=True), key=lambda pair: float(pair[1].factors.max()))


def _show_check(recipe: Recipe, runs: Sequence[Run], view: View) -> None:
    lowest = min(runs, key=lambda run: float(run.losses[-1]))
    names = tuple(run.name for run in runs)
    middle, alone = once(
        ("race check", recipe, names),
        lambda: (
            (
                float(measure_losses(recipe.task, view.plane.centre[None])[0]),
                ask_pytorch(recipe.task, view.plane.centre),
            ),
            ask_pytorch(recipe.task, race_alone(recipe.task, lowest, recipe.seed)),
        ),
    )
    apart = float(lowest.losses[-1]) - alone
    grown = (
        f" Training at rate {lowest.rate:g} magnifies rounding, and many networks at once are rounded in another way."
        if abs(apart) > _CHAOS
        else ""
    )
    st.caption(
        f"The surface at its centre: {say_number(middle[0])}; PyTorch’s network with these weights: "
        f"{say_number(middle[1])}; difference {write_difference(middle[0] - middle[1])}. {lowest.name} ends at "
        f"{say_number(lowest.losses[-1])}; torch.optim.{OPTIMISERS[lowest.name].name} with the network alone: "
        f"{say_number(alone)}; difference {write_difference(apart)}.{grown}"
    )


def _show_plane(recipe: Recipe, runs: Sequence[Run], view: View, factor: float) -> None:
    surface = view.surface
    paths = [_as_path(run, shadow, factor) for run, shadow in zip(runs, view.shadows, strict=True)]
    wide, narrow = st.columns([6, 5], gap="medium")
    with wide:
        show_chart(plane_map(surface.first, surface.second, surface.losses, paths, _TITLE), "race-plane")
    with narrow:
        _show_losses(runs, view, factor)
    _show_table(recipe, runs, view)
    offer(
        "real-network",
        lambda: plane_picture(surface.first, surface.second, surface.losses, paths, _TITLE),
        lambda: arrays_as_npz(
            **{"first": surface.first, "second": surface.second, "losses": surface.losses},
            **{"centre": view.plane.centre, "axes": view.plane.axes, "steps": np.array(runs[0].steps)},
            **{
                f"{run.name}_{what}": values
                for run, shadow in zip(runs, view.shadows, strict=True)
                for what, values in _arrays_of(run, shadow).items()
            },
        ),
        race_snippet(recipe.task, runs, recipe.seed),
        key="race-offer",
    )


def _arrays_of(run: Run, shadow: Shadow) -> dict[str, np.ndarray]:
    return {
        "weights": run.path,
        "places": shadow.places,
        "distances": shadow.distances,
        "true": shadow.true,
        "drawn": shadow.drawn,
    }


def _as_path(run: Run, shadow: Shadow, factor: float) -> PlanePath:
    notes = [
        f"{run.name}, step {step}<br>loss {true:.3g}, on the plane {drawn:.3g}<br>{distance:.3g} off the plane"
        for step, true, drawn, distance in zip(run.steps, shadow.true, shadow.drawn, shadow.distances, strict=True)
    ]
    place = list(OPTIMISERS).index(run.name)
    return PlanePath(run.name, place, SERIES[place], shadow.places, shadow.parted(factor), notes)


def _show_losses(runs: Sequence[Run], view: View, factor: float) -> None:
    worst, _ = _find_worst(runs, view)
    name = choose_one("The two losses of", [run.name for run in runs], "race_path", worst.name)
    run, shadow = next(pair for pair in zip(runs, view.shadows, strict=True) if pair[0].name == name)
    show_chart(two_losses(run.steps, shadow.true, shadow.drawn, f"{name}: the two losses"), "race-losses")
    farthest = int(shadow.distances.argmax())
    st.caption(
        f"Farthest off the plane at step {run.steps[farthest]}: {say_number(shadow.distances[farthest])} away, and "
        f"{say_number(float(np.linalg.norm(run.path[farthest] - run.path[0])))} from the start. At "
        f"{int(shadow.parted(factor).sum())} of {len(run.steps)} places the losses are apart by more than a factor of "
        f"{factor:g}."
    )


def _show_table(recipe: Recipe, runs: Sequence[Run], view: View) -> None:
    rows = {
        run.name: [f"{run.rate:g}", say_number(run.losses[-1]), say_number(shadow.drawn[-1])]
        for run, shadow in zip(runs, view.shadows, strict=True)
    }
    st.markdown(write_table(["rate", "last loss", "on the plane"], rows))
    edge = [run.name for run in runs if run.rate in (RATES[0], RATES[-1])]
    more = f" The best of {join_names(edge)} is the last that was tried: one beyond may be better." if edge else ""
    what = (
        f"An MLP 2-{HIDDEN}-{HIDDEN}-{recipe.task.points.count} with tanh, float64, all points at every step."
        if recipe.task.points
        else f"A CNN of two 3 × 3 convolutions, float32, {BATCH} of scikit-learn’s digits a step, the same for all; "
        "losses are over all of them."
    )
    st.caption(
        f"{what} Each optimiser was tried from this start at {', '.join(f'{rate:g}' for rate in RATES)}, else with "
        "PyTorch’s own settings (momentum 0.9). The best rate is the one whose highest loss within the last tenth of "
        f"the {recipe.steps:,} steps is lowest.{more}"
    )
