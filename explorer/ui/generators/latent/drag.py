"""z dragged in the plane of two of its directions; both players follow in the browser."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.generators.latent.by_hand import Layer, fold
from explorer.generators.latent.nearest import find_nearest_to_held_out
from explorer.generators.latent.networks import LATENT, Gan
from explorer.generators.latent.snippets import picture_snippet
from explorer.generators.latent.walking import find_directions
from explorer.neurons.activations import Numbers
from explorer.neurons.digits import load_digits
from explorer.rendering import draw_picture_grid
from explorer.ui.components import Plane, Spot, latent_pad
from explorer.ui.components.latent_pad import REACH, read_spot
from explorer.ui.components.store import send_numbers
from explorer.ui.generators.latent.shared import DRAWN, as_pictures, ask_discriminator, draw, make
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.choose import choose_number, choose_one
from explorer.ui.kit.export import arrays_as_npz, offer

_PLACE = "walk_at"  # across and up, in the address
_NAMES = [str(number) for number in range(1, LATENT + 1)]
_SIDE = 9  # pictures along each side of the plane to take along
_CELLS = 48  # pixels of one of them
_ANSWERS = (
    "all alike, for all numbers of z are drawn alike",
    "direction 1 more than direction 16",
    "the other way round",
)


@dataclass(frozen=True, eq=False)
class Effects:
    """What a step of 1 along each direction does.

    Attributes:
        directions: (LATENT, LATENT) a row each.
        change: (LATENT,) mean distance between the pictures before and after it.
    """

    directions: Numbers
    change: Numbers


def show_drag(gan: Gan, seed: int) -> None:
    """What directions do, the plane of two of them, and z in it."""
    finding = st.container()
    row = st.container(horizontal=True, vertical_alignment="bottom")
    sample = choose_number("From sample", 1, DRAWN, "walk_sample", 1, place=row, width=130)
    said = "Numbered by how much the first layer, which is linear, answers to them: its singular vectors."
    right = int(choose_one("Direction across", _NAMES, "walk_across", "1", place=row, width=150, help=said))
    others = [name for name in _NAMES if name != str(right)]
    up = int(choose_one("Direction up", others, "walk_up", others[0], place=row, width=150, help=said))
    effects: Effects = once(("latent effects", seed), lambda: _measure(gan, seed))
    change = effects.change
    with finding:
        asked = f"A step of 1 in z: along which of its {LATENT} directions does the picture change most?"
        answer = _ANSWERS[1 if change[0] > 1.2 * change[-1] else 2 if change[-1] > 1.2 * change[0] else 0]
        if not ask_first(asked, _ANSWERS, answer, "ask-walk-drag"):
            return
        st.markdown(
            f"**A step of 1 changes the picture by {change[0]:.2f} along direction 1, by {change[-1]:.2f} along "
            f"direction {LATENT}** (distance between both pictures, mean of {DRAWN} z); most along direction "
            f"{int(change.argmax()) + 1}, by {change.max():.2f}. Drag z: digits turn into one another without a jump, "
            "with pictures between them that are neither."
        )
    across, above = effects.directions[right - 1], effects.directions[up - 1]
    z = draw(seed)[sample - 1]
    own = tuple(float(np.clip(np.round(z @ each, 2), -REACH, REACH)) for each in (across, above))
    centre = z - (z @ across) * across - (z @ above) * above
    place = read_spot(st.query_params.get(_PLACE, "").split(",")) or (own[0], own[1])
    at = centre + place[0] * across + place[1] * above
    made = make(gan, at[None])
    moved = _show_pad(
        gan, Plane(centre.tolist(), across.tolist(), above.tolist(), (str(right), str(up))), place, made[0]
    )
    if moved is not None and moved != place:
        st.query_params[_PLACE] = ",".join(f"{value:g}" for value in moved)
        st.rerun()
    if _PLACE in st.query_params and st.button("Back to the sample", key="walk-back", icon=":material/undo:"):
        del st.query_params[_PLACE]
        st.rerun()
    side = np.linspace(-REACH, REACH, _SIDE)
    spots = [centre + x * across + y * above for y in side[::-1] for x in side]

    def picture() -> bytes:
        return draw_picture_grid(as_pictures(make(gan, np.stack(spots))), columns=_SIDE, side=_CELLS, gap=2).png

    offer(
        "digit-gan-plane",
        picture,
        lambda: arrays_as_npz(
            z=at, made=made[0], logit=ask_discriminator(gan, made), directions=effects.directions, change=change
        ),
        picture_snippet(at),
        key="walk-drag-offer",
    )


def _measure(gan: Gan, seed: int) -> Effects:
    z, directions = draw(seed), find_directions(gan.generator)
    before = make(gan, z).reshape(DRAWN, -1)
    after = [make(gan, z + each).reshape(DRAWN, -1) for each in directions]
    return Effects(directions, np.array([np.linalg.norm(each - before, axis=1).mean() for each in after]))


def _show_pad(gan: Gan, plane: Plane, place: Spot, pytorch: NDArray[np.float32]) -> Spot | None:
    players = fold(gan.generator), fold(gan.discriminator)
    data = load_digits()
    weights = [array for player in players for layer in player for array in (layer.weight, layer.bias)]
    with st.container():  # an element that shows nothing, but takes its place
        numbers = send_numbers([*weights, data.images[data.training], data.labels[data.training]], key="walk-numbers")
    generator, discriminator = ([_describe(layer) for layer in player] for player in players)
    return latent_pad(
        numbers=numbers,
        generator=generator,
        discriminator=discriminator,
        plane=plane,
        place=place,
        pytorch=pytorch.ravel().tolist(),
        usual=float(np.median(find_nearest_to_held_out().distances)),
        key="walk-pad",
    )


def _describe(layer: Layer) -> dict[str, object]:
    facts = {name: value for name, value in asdict(layer).items() if name not in ("weight", "bias")}
    return {"shape": layer.weight.shape[:3], **facts}
