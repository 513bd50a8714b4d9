"""A loss of two numbers, and the paths of several optimisers down it from a start that is dragged.

Pointer, keyboard and steps answer in the browser. The loss and its slopes are in arithmetic.js, steps in
shared/optimisers.js, paths and the choice of a rate in paths.js, the picture in drawing.js, the numbers of one step in
ledger.js, the optimisers in legend.js; component.js is pointer, keyboard and time.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

from explorer.learning.optimisers import OPTIMISERS, Optimiser
from explorer.learning.terrain.descent import MOST_STEPS, RATES
from explorer.learning.terrain.surfaces import TARGET, Place, Surface
from explorer.rendering.colours import SERIES
from explorer.ui.components.colours import COLOURS_JS
from explorer.ui.components.mounting import keep_event, mount

_mount = mount(
    Path(__file__).parent,
    (
        *("../shared/elements.js", "../shared/numbers.js", "../shared/canvas.js", "../shared/shapes.js"),
        *("../shared/chance.js", "../shared/drawing.js", "../shared/dragging.js"),
        *("arithmetic.js", "../shared/optimisers.js", "paths.js", "drawing.js", "ledger.js", "legend.js"),
    ),
    ("button.css", "unseen.css", "drawing.css", "controls.css", "ground.css"),
    f"{COLOURS_JS}const SERIES = {json.dumps(SERIES)};\n",
)


@dataclass(frozen=True)
class Look:
    """What is looked at on a surface.

    Attributes:
        start: Where all paths begin, in the surface's own axes.
        step: The one that is worked out, from 1.
        chosen: The optimiser whose step it is, by its title.
        bias, eps, root: Whether steps have bias correction, epsilon and the square root, where the rule has them.
    """

    start: Place
    step: int = 1
    chosen: str = "Adam"
    bias: bool = True
    eps: bool = True
    root: bool = True


def terrain(
    *,
    surface: Surface,
    rules: Mapping[str, Optimiser],
    best: bool,
    look: Look,
    checked: Collection[str],
    places: str | None,
    key: str,
) -> Look | None:
    """Shows the surface with the paths, and gives what is looked at since the last run, once.

    Args:
        surface: What they go down.
        rules: Of `OPTIMISERS`, by title, with their rates, and whole: `look` says what is left out of them.
        best: Whether each has the best of `RATES`, which is then chosen anew when the start is let go.
        look: Where a person has stopped.
        checked: Titles of those that are compared with PyTorch.
        places: Under which (checked, N + 1, 2) places by `torch.optim` were sent to the browser, in the order of the
            rules; None where there are none.
        key: Of the element, unique on the page.
    """
    given = {title: replace(rule, rate=0.0) for title, rule in rules.items()} if best else dict(rules)
    result = _mount(
        data={
            "recipe": repr((surface, given, best)),
            "program": surface.formula.program,
            "angle": surface.angle,
            "sigma": surface.noise,
            "seed": surface.seed,
            "reach": surface.reach,
            "goal": surface.goal,
            "target": TARGET,
            "steps": MOST_STEPS,
            "rates": RATES,
            "best": best,
            "optimisers": [
                {"title": title, "kind": list(OPTIMISERS).index(title), "settings": asdict(rule)}
                for title, rule in rules.items()
            ],
            "start": look.start,
            "step": look.step,
            "chosen": look.chosen,
            "toggles": (look.bias, look.eps, look.root),
            "checked": [title in checked for title in rules],
            "pytorch": places,
        },
        key=key,
        on_state_change=keep_event,
    )
    return read_look(result.get("state"), surface, tuple(rules))


def read_look(sent: Any, surface: Surface, titles: tuple[str, ...]) -> Look | None:
    """What a browser sent, or an address says, where this surface has it; None where it is nothing."""
    if not isinstance(sent, Mapping):
        return None
    try:
        x, y = (float(value) for value in sent["start"])
        step, chosen = int(sent["step"]), str(sent["chosen"])
        bias, eps, root = (bool(part) for part in sent["toggles"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    # A turned square reaches farther along its own axes, by at most the root of 2.
    is_near = isfinite(x) and isfinite(y) and max(map(abs, (x, y))) <= 1.5 * surface.reach
    return (
        Look((x, y), step, chosen, bias, eps, root)
        if is_near and 1 <= step <= MOST_STEPS and chosen in titles
        else None
    )
