"""One's own digit inverted: the z whose picture comes nearest, looked for by gradient from several starts."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from explorer.generators.latent.inversion import RATE, STARTS, STEPS, Inversion, invert_in_slices
from explorer.generators.latent.nearest import find_nearest
from explorer.generators.latent.networks import Gan
from explorer.generators.latent.snippets import inversion_snippet
from explorer.neurons.digits import load_digits
from explorer.rendering import curves, draw_picture_grid
from explorer.slices import finish
from explorer.ui.generators.latent.shared import as_pictures, ask_discriminator
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.kit.slow import obtain
from explorer.ui.session.pictures import Picture
from explorer.ui.shared.digits_source import Digit, choose_digit

_SIDE = 104  # pixels of a picture
_ANSWERS = ("as near as held-out digits mostly come", "farther than 95 of 100 held-out digits")


def show_own(gan: Gan, picture: Picture, seed: int) -> None:
    """The digit, what came nearest to it, and how far each start came."""
    finding = st.container()
    left, wide = st.columns([3, 9], gap="medium")
    with left:
        digit = choose_digit(picture, named=False)
    asked = ("latent inversion", digit.image.tobytes(), seed)
    with wide:
        work = partial(finish, invert_in_slices(gan.generator, digit.image[None], seed))
        found: Inversion | None = obtain(
            asked, f"Inverting from {STARTS} starts", "steps", work, st.empty(), "walk-own"
        )
    if found is None:
        return
    with finding:
        yardstick = gan.card["accuracy"]["inversion"]
        is_near = found.nearest[0] <= yardstick["of_held_out"]["95%"]
        question = f"How near does the generator come to {digit.title}, over all z?"
        if not ask_first(question, _ANSWERS, _ANSWERS[0 if is_near else 1], f"ask-walk-own-{digit.title}"):
            return
        _say_found(gan, digit, found)
    with wide:
        _show_found(digit, found)
    best = int(found.best[0])
    offer(
        "digit-gan-inversion",
        lambda: draw_picture_grid(as_pictures(np.stack([digit.image, *found.pictures[0]])), columns=9, side=_SIDE).png,
        lambda: arrays_as_npz(
            digit=digit.image,
            distances=found.distances[0],
            latents=found.latents[0],
            pictures=found.pictures[0],
            logit=ask_discriminator(gan, found.pictures[0, best][None]),
        ),
        inversion_snippet(digit.image, seed),
        key="walk-own-offer",
    )


def _say_found(gan: Gan, digit: Digit, found: Inversion) -> None:
    yardstick = gan.card["accuracy"]["inversion"]
    held_out, shuffled = yardstick["of_held_out"], yardstick["of_shuffled"]
    distance = float(found.nearest[0])
    known = find_nearest(digit.image[None])
    label = int(load_digits().labels[known.places[0]])
    if not digit.image.any():
        verdict = "It is empty paper, which is no digit."
    elif distance <= held_out["95%"]:
        verdict = (
            f"Of {yardstick['digits']} held-out digits half come nearer than {held_out['50%']:.2f}, 95 % nearer than "
            f"{held_out['95%']:.2f}, and so does this one."
        )
    else:
        verdict = (
            f"That is far: 95 % of the held-out digits come nearer than {held_out['95%']:.2f}. The generator has no z "
            "for it, as it has none for what is no digit: with their cells shuffled, digits come "
            f"{shuffled['50%']:.2f} near (median)."
        )
    nearer = "nearer than" if distance < known.distances[0] else "not as near as"
    st.markdown(
        f"**The picture of the best z is {distance:.2f} from {digit.title}. {verdict}** That is {nearer} the nearest "
        f"training digit, a {label}, which is {known.distances[0]:.2f} away."
    )


def _show_found(digit: Digit, found: Inversion) -> None:
    best = int(found.best[0])
    nearest = load_digits().images[find_nearest(digit.image[None]).places[0]]
    shown = as_pictures(np.stack([digit.image, found.pictures[0, best], nearest]))
    png = draw_picture_grid(shown, columns=3, side=_SIDE, gap=8).png
    alt = f"{digit.title}, the picture of the best z and the nearest training digit"
    show_png(
        png, f"{digit.title}; the best of {STARTS} starts; the nearest training digit", alt=alt, width=3 * _SIDE + 16
    )
    lines = {f"start {start + 1}": row.tolist() for start, row in enumerate(found.distances[0])}
    chart = curves(range(STEPS + 1), lines, "Distance, step by step of Adam", x_title="step", percent=False)
    show_chart(chart.update_traces(mode="lines"), "walk-inversion")
    ends = found.distances[0, :, -1]
    length = float(np.linalg.norm(found.latents[0, best]))
    st.caption(
        f"{STARTS} starts drawn as in training, {STEPS} steps of Adam at rate {RATE:g} by the gradient of the squared "
        f"distance, which autograd brings back through the generator. They end between {ends.min():.2f} and "
        f"{ends.max():.2f}: one start alone may stay in a poor place. The best z is {length:.2f} long; "
        "z of training are 3.94 long on average, nine of ten between 2.82 and 5.13."
    )
