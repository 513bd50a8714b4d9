"""The plane of two directions in a generator's z: what it makes everywhere there, and of the z that is dragged.

Both players run in the browser: their layers and the search for the nearest digit are in arithmetic.js, pointer and
keyboard in component.js.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from explorer.ui.components.mounting import keep_event, mount

REACH = 3.0
"""How far the plane goes to each side of 0, in standard deviations of z."""

_mount = mount(
    Path(__file__).parent,
    ("../shared/elements.js", "../shared/canvas.js", "../shared/drawing.js", "../shared/dragging.js", "arithmetic.js"),
    ("button.css", "unseen.css", "drawing.css", "ground.css"),
)
Spot = tuple[float, float]
"""Where z is in the plane: across and up."""


@dataclass(frozen=True)
class Plane:
    """A plane in z.

    Attributes:
        centre: (D,) the z at 0 across and 0 up.
        right, up: (D,) directions of length 1.
        names: of the two directions.
    """

    centre: Sequence[float]
    right: Sequence[float]
    up: Sequence[float]
    names: tuple[str, str]


def latent_pad(
    *,
    numbers: str,
    generator: Sequence[dict[str, Any]],
    discriminator: Sequence[dict[str, Any]],
    plane: Plane,
    place: Spot,
    pytorch: Sequence[float],
    usual: float,
    key: str,
) -> Spot | None:
    """Shows the plane with the pictures of its z, and gives where z was dragged since the last run, once.

    Args:
        numbers: Under which weights and biases of all layers, the training digits (N, 64) and which digit each is were
            sent to the browser.
        generator, discriminator: Of every layer its weights' shape, stride, padding, whether it is transposed, its
            activation and leak.
        plane: What is shown.
        place: Where z is.
        pytorch: (64,) what PyTorch makes of that z.
        usual: How near to a training digit held-out ones mostly come.
        key: Of the element, unique on the page.
    """
    result = _mount(
        data={
            "numbers": numbers,
            "generator": list(generator),
            "discriminator": list(discriminator),
            "centre": list(plane.centre),
            "right": list(plane.right),
            "up": list(plane.up),
            "names": plane.names,
            "reach": REACH,
            "place": place,
            "pytorch": list(pytorch),
            "usual": usual,
        },
        key=key,
        on_place_change=keep_event,
    )
    return read_spot(result.get("place"))


def read_spot(sent: Any) -> Spot | None:
    """A place that a browser sent, or an address says; None where it is none of the plane."""
    try:
        x, y = (float(value) for value in sent)
    except (TypeError, ValueError):
        return None
    return (x, y) if isfinite(x) and isfinite(y) and max(abs(x), abs(y)) <= REACH else None
