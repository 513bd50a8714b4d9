"""Samples of the GAN beside the training digits nearest to them: was anything learned by heart?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.generators.latent.nearest import Nearest, find_nearest, find_nearest_to_held_out
from explorer.generators.latent.networks import LATENT, Gan
from explorer.generators.latent.snippets import samples_snippet
from explorer.neurons.activations import Numbers
from explorer.neurons.describing import write_difference, write_table
from explorer.neurons.digits import HELD_OUT, load_digits
from explorer.rendering import draw_picture_grid, format_percent, nearest_bars, two_histograms
from explorer.ui.generators.latent.shared import DRAWN, as_pictures, ask_discriminator, compare_with_pytorch, draw, make
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose_step
from explorer.ui.kit.export import arrays_as_npz, offer

SCALES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
SHOWN = 8
_NEAR = 0.05  # the share of held-out digits that are called near
_ANSWERS = ("yes: made digits come nearer to them than new ones do", "no: new digits come as near, or nearer")
_BY_HEART = 0.05  # more training digits than held-out ones taken for real
_BINS = 30
_SIDE = 80  # pixels of a picture to take along


@dataclass(frozen=True, eq=False)
class Samples:
    """What the view looks at.

    Attributes:
        z: (DRAWN, LATENT).
        made: (DRAWN, 8, 8).
        nearest: the training digits nearest to them.
        logits: (DRAWN,) the discriminator's.
        apart: how far sums by hand are from PyTorch's: pictures, logits.
    """

    z: Numbers
    made: NDArray[np.float32]
    nearest: Nearest
    logits: Numbers
    apart: tuple[float, float]


def show_samples(gan: Gan, seed: int) -> None:
    """The finding, eight samples with their nearest training digits, and all of them counted."""
    finding = st.container()
    said = "1 is as in training, where each of its numbers is drawn from the standard normal distribution."
    scale = choose_step("z times", SCALES, "walk_scale", 1.0, width=340, format_func="{:g}".format, help=said)
    samples: Samples = once(("latent samples", seed, scale), lambda: _draw(gan, seed, scale))
    honest = find_nearest_to_held_out().distances
    bound = float(np.quantile(honest, _NEAR))
    near = float((samples.nearest.distances < bound).mean())
    with finding:
        asked = "Has the generator learned its training digits by heart?"
        if not ask_first(asked, _ANSWERS, _ANSWERS[0 if near > 2 * _NEAR else 1], f"ask-walk-samples-{scale}"):
            return
        _say_finding(samples, honest, bound, near, scale)
    data = load_digits()
    shown = samples.nearest.places[:SHOWN]
    chart = nearest_bars(
        as_pictures(samples.made[:SHOWN]),
        as_pictures(data.images[shown]),
        samples.nearest.distances[:SHOWN].tolist(),
        [f"{_squash(logit):.2f}" for logit in samples.logits[:SHOWN]],
        {"held-out digits, median": float(np.median(honest)), f"the nearest {format_percent(_NEAR)} of them": bound},
        f"Samples 1 to {SHOWN} and their nearest",
    )
    show_chart(chart, "walk-nearest")
    st.caption(
        "Bars: the distance between a sample and the training digit nearest to it; both stand below, and under them "
        "the discriminator's probability D of real."
    )
    left, right = st.columns(2, gap="medium")
    with left:
        _show_spread(samples, honest)
    with right:
        _show_table(gan, samples, honest)
    offer(
        "digit-gan-samples",
        lambda: (
            draw_picture_grid(
                [*as_pictures(samples.made[:SHOWN]), *as_pictures(data.images[shown])], columns=SHOWN, side=_SIDE
            ).png
        ),
        lambda: arrays_as_npz(
            z=samples.z,
            made=samples.made,
            nearest=samples.nearest.places,
            distances=samples.nearest.distances,
            held_out_distances=honest,
            logits=samples.logits,
        ),
        samples_snippet(seed, DRAWN, scale),
        key="walk-samples-offer",
    )


def _draw(gan: Gan, seed: int, scale: float) -> Samples:
    z = scale * draw(seed)
    made = make(gan, z)
    logits = ask_discriminator(gan, made)
    return Samples(z, made, find_nearest(made), logits, compare_with_pytorch(gan, z[:SHOWN]))


def _say_finding(samples: Samples, honest: Numbers, bound: float, near: float, scale: float) -> None:
    mean, theirs = samples.nearest.distances.mean(), honest.mean()
    drawn = f"a latent vector z of {LATENT} random numbers{'' if scale == 1 else f' times {scale:g}'}"
    some = "some may be" if near > 2 * _NEAR else "they are not"
    farther = ""
    if mean > theirs:
        farther = " That they are farther away than new digits is no merit: what is no digit is far from all."
    st.markdown(
        f"**{DRAWN} digits made of {drawn} are {mean:.2f} from the nearest training digit on average; digits that "
        f"were held out, which nobody can have learned, come {theirs:.2f} near. Nearer than {bound:.2f} are "
        f"{format_percent(_NEAR)} of those and {format_percent(near)} of the made: {some} learned by heart.**{farther}"
    )


def _show_spread(samples: Samples, honest: Numbers) -> None:
    top = float(max(honest.max(), samples.nearest.distances.max()))
    edges = np.linspace(0, top, _BINS + 1)
    old, new = (np.histogram(each, edges)[0] / len(each) for each in (honest, samples.nearest.distances))
    names = (f"{HELD_OUT} held-out digits", f"{DRAWN} samples")
    title = "Distance to the nearest training digit"
    show_chart(two_histograms(edges.tolist(), old.tolist(), new.tolist(), names, title), "walk-distances")


def _show_table(gan: Gan, samples: Samples, honest: Numbers) -> None:
    data, measured = load_digits(), gan.card["accuracy"]
    parts = [ask_discriminator(gan, data.images[part]) for part in (data.held_out, data.training)]
    real = [format_percent(float((logits > 0).mean())) for logits in (samples.logits, *parts)]
    distances = samples.nearest.distances
    st.markdown(
        write_table(
            ["samples", "held out", "learned"],
            {
                "distance, median": [f"{np.median(each):.2f}" for each in (distances, honest)] + ["0"],
                "5 % are below": [f"{np.quantile(each, _NEAR):.2f}" for each in (distances, honest)] + ["0"],
                "taken for real": real,
            },
        )
    )
    heart = float((parts[1] > 0).mean() - (parts[0] > 0).mean())
    if heart > _BY_HEART:
        st.markdown(
            f"The discriminator takes {real[2]} of the training digits for real, of the held-out ones {real[1]}: it "
            "has learned some by heart. The generator never sees a digit, only gradients that come through it."
        )
    judge = measured["judge"]
    classes = judge["classes_of_samples"]
    st.markdown(
        f"**An independent judge**, a CNN that learned the same training digits and gets "
        f"{format_percent(judge['right_of_held_out'])} of the held-out ones right, is more than 90 % sure of "
        f"{format_percent(judge['named_of_samples'])} of {measured['samples']:,} samples (z times 1), and of "
        f"{format_percent(judge['named_of_held_out'])} of the held-out digits. It finds "
        f"{sum(share > 0 for share in classes)} of the ten digits, the rarest, {int(np.argmin(classes))}, in "
        f"{format_percent(min(classes))} and the most frequent, {int(np.argmax(classes))}, in "
        f"{format_percent(max(classes))}: {judge['entropy_bits']:.2f} bits of at most {np.log2(10):.2f}."
    )
    pictures, logits = samples.apart
    st.caption(
        f"Distances are Euclidean over 64 cells of 0 to 1. By hand, stamp by stamp, beside PyTorch's "
        f"`nn.ConvTranspose2d` and `nn.Conv2d` in float64: pictures differ by {write_difference(pictures)}, the "
        f"discriminator's logits by {write_difference(logits)}."
    )


def _squash(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))
