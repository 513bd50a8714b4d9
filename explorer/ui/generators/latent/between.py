"""From one sample to another, straight and along the sphere, and what the middle is like on either way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.generators.latent.nearest import find_nearest
from explorer.generators.latent.networks import Gan
from explorer.generators.latent.snippets import walk_snippet
from explorer.generators.latent.walking import Way, walk
from explorer.learning.seed_intervals import Interval, interval_of
from explorer.neurons.activations import Numbers
from explorer.neurons.describing import say_number
from explorer.rendering import curves, draw_picture_grid, format_percent
from explorer.ui.generators.latent.shared import DRAWN, as_pictures, ask_discriminator, draw, make
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, choose_number
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png

WAYS: dict[Way, str] = {"sphere": "Along the sphere", "straight": "Straight"}
FRAMES = 9
_CELL = 64  # pixels of a frame
_ANSWERS = ("as long as at the ends", "shorter than at the ends", "longer than at the ends")


@dataclass(frozen=True, eq=False)
class Middles:
    """The middles of many walks on both ways.

    Attributes:
        lengths: of z there, mean by way.
        shorter: share of all z that are as short as the straight way's mean.
        logits: the discriminator's, straight less sphere.
        distances: to the nearest training digit, straight less sphere.
        walks: how many.
    """

    lengths: dict[Way, float]
    shorter: float
    logits: Interval
    distances: Interval
    walks: int


def show_between(gan: Gan, seed: int) -> None:
    """The finding on the middles, and one walk."""
    finding = st.container()
    row = st.container(horizontal=True, vertical_alignment="bottom")
    way = choose("Way", WAYS, "walk_way", place=row)
    first = choose_number("From sample", 1, DRAWN, "walk_from", 1, place=row, width=130)
    last = choose_number("to sample", 1, DRAWN, "walk_to", 2, place=row, width=130)
    middles: Middles = once(("latent middles", seed), lambda: _measure(gan, seed))
    with finding:
        asked = "Halfway on the straight line between two z that were drawn by chance: how long is z there?"
        if not ask_first(asked, _ANSWERS, _ANSWERS[1], "ask-walk-between"):
            return
        _say_middles(middles)
    z = draw(seed)
    begin, end = z[first - 1], z[last - 1]
    if first == last:
        st.info("Both ends are the same sample, so there is no way between them: choose two.", icon=":material/info:")
    shares = np.linspace(0, 1, FRAMES)
    along: dict[Way, Numbers] = {each: walk(begin, end, shares, each) for each in WAYS}
    frames = make(gan, along[way])
    strip = draw_picture_grid(as_pictures(frames), columns=FRAMES, side=_CELL, gap=4).png
    nearest = find_nearest(frames).distances
    logits = ask_discriminator(gan, frames)
    show_png(strip, alt=f"{FRAMES} pictures from sample {first} to sample {last}, {WAYS[way].lower()}")
    left, right = st.columns(2, gap="medium")
    with left:
        lengths = {WAYS[each]: np.linalg.norm(places, axis=1).tolist() for each, places in along.items()}
        show_chart(
            curves(shares.tolist(), lengths, "Length of z", x_title="share of the way", percent=False), "walk-length"
        )
    with right:
        told = {
            "D, probability of real": (1 / (1 + np.exp(-logits))).tolist(),
            "distance to the nearest training digit": nearest.tolist(),
        }
        title = f"What both make of it: {WAYS[way].lower()}"
        show_chart(curves(shares.tolist(), told, title, x_title="share of the way", percent=False), "walk-verdict")
    offer(
        "digit-gan-walk",
        strip,
        lambda: arrays_as_npz(z=along[way], made=frames, logits=logits, distances=nearest),
        walk_snippet(begin, end, FRAMES, way),
        key="walk-between-offer",
    )


def _measure(gan: Gan, seed: int) -> Middles:
    z = draw(seed)
    half = np.array([0.5])
    pairs = list(zip(z[::2], z[1::2], strict=True))
    middles: dict[Way, Numbers] = {way: np.concatenate([walk(*pair, half, way) for pair in pairs]) for way in WAYS}
    made = {way: make(gan, places) for way, places in middles.items()}
    logits = {way: ask_discriminator(gan, pictures) for way, pictures in made.items()}
    distances = {way: find_nearest(pictures).distances for way, pictures in made.items()}
    lengths = {way: float(np.linalg.norm(places, axis=1).mean()) for way, places in middles.items()}
    return Middles(
        lengths,
        float((np.linalg.norm(z, axis=1) < lengths["straight"]).mean()),
        interval_of(logits["straight"] - logits["sphere"]),
        interval_of(distances["straight"] - distances["sphere"]),
        len(pairs),
    )


def _say_middles(middles: Middles) -> None:
    straight, sphere = middles.lengths["straight"], middles.lengths["sphere"]
    st.markdown(
        f"**Halfway on the straight line z is {straight:.2f} long on average, along the sphere {sphere:.2f}, as at the "
        f"ends** ({middles.walks} walks). Of {DRAWN} z that were drawn {format_percent(middles.shorter)} are shorter "
        f"than {straight:.2f}: the straight way leads through places that training hardly drew. So the walk here goes "
        "along the sphere unless you choose otherwise. What it does to the pictures in the middle, straight less "
        f"sphere: the discriminator's logit {_say_difference(middles.logits)}; the distance to the nearest training "
        f"digit {_say_difference(middles.distances)}."
    )


def _say_difference(interval: Interval) -> str:
    low, high = (say_number(each, signed=True) for each in (interval.low, interval.high))
    if interval.holds_zero:
        return f"shows no difference (95 % interval {low} to {high})"
    return f"{say_number(interval.mean, signed=True)} ({low} to {high})"
