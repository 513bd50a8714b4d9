"""A multilayer perceptron that is trained in the browser: every weight, bias and gradient, and where they come from.

Steps, pointer and keyboard answer in the browser. Layers are in shared/dense.js, losses and steps in
arithmetic.js, the network's picture in network.js, the map of the points and the curves in charts.js, formulas with
numbers in words.js, the panel with them in explanation.js, how far training has come in training.js; component.js is
time, pointer and keyboard.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from explorer.neurons.activations import ACTIVATIONS
from explorer.neurons.points import Points
from explorer.neurons.training import MOST_STEPS, Edit, Recipe, State
from explorer.rendering.colours import SERIES
from explorer.ui.components.colours import COLOURS_JS
from explorer.ui.components.losses import LOSSES_JS
from explorer.ui.components.mounting import keep_event, mount

MOST_EDITS: Final = 20  # numbers set by hand that a link holds, each with its step and place
_MOST_LOSSES = 400  # that are sent for the curve
_LARGEST = 1e6  # that a number may be set to

_mount = mount(
    Path(__file__).parent,
    (
        "../shared/elements.js",
        "../shared/numbers.js",
        "../shared/canvas.js",
        "../shared/shapes.js",
        "../shared/dense.js",
        "../shared/drawing.js",
        "arithmetic.js",
        "training.js",
        "words.js",
        "network.js",
        "charts.js",
        "explanation.js",
    ),
    ("button.css", "unseen.css", "drawing.css", "controls.css"),
    f"{COLOURS_JS}{LOSSES_JS}const SERIES = {json.dumps(SERIES)};\n",
)


@dataclass(frozen=True)
class Item:
    """What is pointed at in the picture of a network.

    Attributes:
        kind: "number" for a weight or bias, "unit" for a neuron.
        layer: From 0; -1 for the inputs.
        unit: Of the layer.
        source: Of a weight, the unit before it; None for a bias or a neuron.
    """

    kind: str
    layer: int
    unit: int
    source: int | None = None


@dataclass(frozen=True)
class Stop:
    """Where a person has stopped.

    Attributes:
        step: How many steps were made.
        edits: The numbers set by hand.
        point: Whose gradients are shown; -1 for the mean of all points.
        item: What is held, or None.
    """

    step: int = 0
    edits: tuple[Edit, ...] = ()
    point: int = 0
    item: Item | None = None


def perceptron_trainer(
    *,
    points: Points,
    recipe: Recipe,
    first: State,
    state: State,
    stop: Stop,
    gradients: tuple[NDArray[Any], NDArray[Any] | None],
    key: str,
) -> Stop | None:
    """Shows a perceptron on its points and gives where a person has stopped since the last run, once.

    Args:
        points: What it learns.
        recipe: How it learns; its edits are those of `stop`.
        first: The state before the first step, without edits.
        state: That of `stop`, at which the browser begins.
        stop: Where it stands.
        gradients: By PyTorch's autograd at that state: of the mean loss, and of the loss of the point that is shown.
        key: Of the element, unique on the page.
    """
    mean, of_point = gradients
    result = _mount(
        data={
            "recipe": repr(
                (hash(points), recipe.hidden, recipe.activation, recipe.loss, recipe.rate, recipe.seed, recipe.clears)
            ),
            "sizes": state.net.sizes,
            "activation": recipe.activation,
            "activationTitle": ACTIVATIONS[recipe.activation].title,
            "loss": recipe.loss,
            "rate": recipe.rate,
            "clears": recipe.clears,
            "points": points.places.ravel().tolist(),
            "classes": points.classes,
            "names": points.names,
            "first": first.net.numbers.tolist(),
            "step": state.step,
            "numbers": state.net.numbers.tolist(),
            "held": state.held.tolist(),
            "losses": _thin(state.losses),
            "edits": [[edit.step, edit.number, edit.value] for edit in recipe.edits],
            "point": stop.point,
            "item": None if stop.item is None else asdict(stop.item),
            "gradient": _finite(mean),
            "pointGradient": None if of_point is None else _finite(of_point),
            "most": MOST_STEPS,
            "mostEdits": MOST_EDITS,
        },
        key=key,
        on_state_change=keep_event,
    )
    return read_stop(result.get("state"), state.net.sizes, len(points.classes))


def _finite(numbers: NDArray[Any]) -> list[float | None]:
    """As JSON can hold them: a step before its end a gradient may be beyond all numbers."""
    return [number if isfinite(number) else None for number in numbers.tolist()]


def _thin(losses: Sequence[float]) -> list[tuple[int, float]]:
    apart = -(-len(losses) // _MOST_LOSSES)
    return [(step, loss) for step, loss in enumerate(losses) if step % apart == 0 or step == len(losses) - 1]


def read_stop(sent: Any, sizes: Sequence[int], points: int) -> Stop | None:
    """What a browser sent, or an address says, where this network and its points have it; None where it is nothing."""
    if not isinstance(sent, Mapping):
        return None
    try:
        step, point = int(sent["step"]), int(sent["point"])
        edits = tuple(Edit(int(at), int(number), float(value)) for at, number, value in sent["edits"])
        item = None if sent["item"] is None else _read_item(sent["item"], sizes)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    numbers = sum(after * (before + 1) for before, after in pairwise(sizes))
    edits_fit = len(edits) <= MOST_EDITS and all(
        0 <= edit.step <= step and 0 <= edit.number < numbers and abs(edit.value) <= _LARGEST for edit in edits
    )
    return Stop(step, edits, point, item) if 0 <= step <= MOST_STEPS and -1 <= point < points and edits_fit else None


def _read_item(sent: Mapping[str, Any], sizes: Sequence[int]) -> Item | None:
    kind, layer, unit = str(sent["kind"]), int(sent["layer"]), int(sent["unit"])
    source = None if sent["source"] is None else int(sent["source"])
    is_there = (0 if kind == "number" else -1) <= layer < len(sizes) - 1 and 0 <= unit < sizes[layer + 1]
    fits = source is None or (kind == "number" and is_there and 0 <= source < sizes[layer])
    return Item(kind, layer, unit, source) if kind in ("number", "unit") and is_there and fits else None
