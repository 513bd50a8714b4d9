"""A generator and a discriminator on points of the plane, played in the browser beside the best discriminator.

The game is in arithmetic.js, densities and what is covered in yardstick.js, maps and the curve in drawing.js;
component.js is time, pointer and keyboard.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from explorer.generators.plane.game import BATCH, CODES, FAKES, MEASURED, MOST_ROUNDS, Recipe, State, layer_sizes
from explorer.generators.plane.mixtures import BANDWIDTH, CELLS, FAINT, REACH, SHAPES
from explorer.generators.plane.points import Reals
from explorer.generators.plane.yardstick import FAIR_SHARE, ball_radii
from explorer.neurons.activations import Numbers
from explorer.rendering.colours import SERIES
from explorer.ui.components.colours import COLOURS_JS
from explorer.ui.components.losses import LOSSES_JS
from explorer.ui.components.mounting import keep_event, mount

_MOST_VALUES = 400  # that are sent for the curve

_mount = mount(
    Path(__file__).parent,
    (
        *("../shared/elements.js", "../shared/numbers.js", "../shared/canvas.js", "../shared/shapes.js"),
        *("../shared/chance.js", "../shared/dense.js", "../shared/optimisers.js", "../shared/drawing.js"),
        *("arithmetic.js", "yardstick.js", "drawing.js"),
    ),
    ("button.css", "unseen.css", "drawing.css", "controls.css"),
    f"{COLOURS_JS}{LOSSES_JS}const SERIES = {json.dumps(SERIES)};\n",
)


@dataclass(frozen=True)
class GanStop:
    """Where a person has stopped.

    Attributes:
        rounds: How many were played.
        fake: Which is worked out, from 0.
    """

    rounds: int
    fake: int = 0


def gan_plane(
    *, reals: Reals, recipe: Recipe, first: State, state: State, fake: int, by_pytorch: Numbers, key: str
) -> GanStop | None:
    """Shows a game and gives where a person has stopped since the last run, once.

    Args:
        reals: What is imitated.
        recipe: How it is played.
        first: The state before the first round.
        state: At which the browser begins.
        fake: Which is worked out, from 0.
        by_pytorch: (2,) derivative of that fake's loss by its place, by autograd.
        key: Of the element, unique on the page.
    """
    result = _mount(
        data={
            "recipe": repr((hash(reals), recipe)),
            **describe_game(reals, recipe),
            "first": [first.discriminator.numbers.tolist(), first.generator.numbers.tolist()],
            "state": describe_state(state),
            "fake": fake,
            "pytorch": by_pytorch.tolist(),
        },
        key=key,
        on_state_change=keep_event,
    )
    return read_stop(result.get("state"))


def describe_game(reals: Reals, recipe: Recipe) -> dict[str, Any]:
    """What the browser's `Game` and `Yardstick` are made of."""
    codes, density = CODES[recipe.codes], reals.density
    clusters = None
    if reals.shape == "eight":
        shape = SHAPES[reals.shape]()
        fewest = FAIR_SHARE * FAKES / len(shape.centres)
        clusters = {"centres": shape.centres.tolist(), "radius": 3.0 * shape.width, "fewest": fewest}
    return {
        "points": reals.places.ravel().tolist(),
        "radii": ball_radii(reals).tolist(),
        "density": {"centres": density.centres.ravel().tolist(), "width": density.width},
        "clusters": clusters,
        "grid": {"cells": CELLS, "reach": REACH, "bandwidth": BANDWIDTH, "faint": FAINT},
        "sizes": layer_sizes(recipe),
        "rules": [asdict(rule) for rule in recipe.rules],
        "turns": recipe.turns,
        "loss": recipe.loss,
        "codes": asdict(codes),
        "seed": recipe.seed,
        "batch": BATCH,
        "fakes": FAKES,
        "measured": MEASURED,
        "most": MOST_ROUNDS,
    }


def describe_state(state: State) -> dict[str, Any]:
    """What the browser's game takes over."""
    apart = -(-max(1, state.rounds) // _MOST_VALUES)
    return {
        "rounds": state.rounds,
        "numbers": [state.discriminator.numbers.tolist(), state.generator.numbers.tolist()],
        "memories": [
            {name: np.asarray(memory[name]).tolist() for name in ("m", "v") if name in memory}
            for memory in state.memories
        ],
        "values": [
            (played, value)
            for played, value in enumerate(state.values, 1)
            if played % apart == 0 or played == state.rounds
        ],
    }


def read_stop(sent: Any) -> GanStop | None:
    """What a browser sent, or an address says; None where it is nothing."""
    if not isinstance(sent, Mapping):
        return None
    try:
        stop = GanStop(int(sent["rounds"]), int(sent["fake"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return stop if 0 <= stop.rounds <= MOST_ROUNDS and 0 <= stop.fake < FAKES else None
