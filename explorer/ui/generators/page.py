"""The Generators page: a picture squeezed through a few numbers, and pictures made from none."""

from __future__ import annotations

from explorer.ui.generators.autoencoder.part import show_autoencoder
from explorer.ui.generators.growing.part import show_growing
from explorer.ui.generators.latent.part import show_latent
from explorer.ui.generators.plane.part import show_plane
from explorer.ui.shared.parts import show_parts

PARTS = {
    "autoencoder": ("Autoencoder", show_autoencoder),
    "growing": ("Growing", show_growing),
    "plane": ("GAN in the plane", show_plane),
    "latent": ("Latent walk", show_latent),
}


def show() -> None:
    """The whole page."""
    show_parts("Generators", "A picture squeezed through a few numbers, and pictures made from none.", PARTS)
