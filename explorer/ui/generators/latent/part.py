"""The Generators page's part on a small GAN of digits: its samples, its z dragged and walked, a digit inverted."""

from __future__ import annotations

import streamlit as st

from explorer.generators.latent.networks import load_gan
from explorer.neurons.digits import HELD_OUT, load_digits
from explorer.ui.app import link_to
from explorer.ui.generators.latent.between import show_between
from explorer.ui.generators.latent.drag import show_drag
from explorer.ui.generators.latent.own import show_own
from explorer.ui.generators.latent.samples import show_samples
from explorer.ui.kit.choose import choose_number, choose_view, settings_popover
from explorer.ui.session.subject import Subject


def show_latent(subject: Subject) -> None:
    """One view at a time, and what such networks are used for."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    views = {
        "samples": ("Samples", show_samples),
        "drag": ("Drag z", show_drag),
        "between": ("Between two", show_between),
        "own": ("Your digit", lambda gan, seed: show_own(gan, subject.picture, seed)),
    }
    show_view = choose_view(views, "walk_look", place=row)
    with settings_popover(row):
        seed = choose_number("Seed", 0, 99, "walk_seed", 0, help="Of all z that are drawn here, and of the starts.")
    gan = load_gan()
    show_view(gan, seed)
    parameters, training = gan.card["parameters"], gan.card["training"]
    st.caption(
        f"Generator {parameters['generator']:,} parameters, discriminator {parameters['discriminator']:,}, trained for "
        f"{training['steps']:,} steps on {len(load_digits().training):,} digits, {HELD_OUT} others held out: "
        f"`{training['command']}`, {training['seconds']} s, seed {training['seed']}."
    )
    st.markdown(
        "**What GANs are used for**, and what is not shown here: faces of people who do not exist, a horse turned into "
        "a zebra or a sketch into a photo, pictures enlarged or filled in. Digits of 64 cells are what a processor "
        "learns to make in minutes. For pictures diffusion models have mostly taken over; a GAN still needs one pass "
        "where they need many."
    )
    link_to("generators", "Both players and every step of theirs, in the plane", {"part": "GAN in the plane"})
    link_to(
        "convolution",
        "The layer that makes maps larger, on your photo",
        {"look": "Kernels on your photo", "transposed": "true", "stride": "2", "ksize": "4", "padding": "1"},
    )
