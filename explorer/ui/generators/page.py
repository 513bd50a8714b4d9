"""The Generators page: a picture squeezed through a few numbers, and pictures made from none."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from explorer.ui.generators.autoencoder.part import show_autoencoder
from explorer.ui.generators.growing.part import show_growing
from explorer.ui.generators.latent.part import show_latent
from explorer.ui.generators.plane.part import show_plane
from explorer.ui.kit.ask import choose_asking
from explorer.ui.kit.choose import choose_part
from explorer.ui.session.page import begin_page
from explorer.ui.session.sidebar import show_sidebar
from explorer.ui.session.subject import Subject

PARTS: dict[str, tuple[str, Callable[[Subject], None]]] = {
    "autoencoder": ("Autoencoder", show_autoencoder),
    "growing": ("Growing", show_growing),
    "plane": ("GAN in the plane", show_plane),
    "latent": ("Latent walk", show_latent),
}


def show() -> None:
    """The whole page."""
    subject = begin_page(
        "Generators", show_sidebar, "A picture squeezed through a few numbers, and pictures made from none."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        part = choose_part({key: label for key, (label, _) in PARTS.items()})
        choose_asking()
    # One part at a time: what is not looked at is not computed.
    PARTS[part][1](subject)
