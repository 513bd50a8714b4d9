"""The part "Fool it": the smallest change that turns the photo into another class, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from explorer.rendering import encode_png
from explorer.ui.app import link_to
from explorer.ui.kit.choose import choose
from explorer.ui.saliency.fooling.change import show_smallest
from explorer.ui.saliency.fooling.compute import Fooled, choose_fooled
from explorer.ui.saliency.fooling.layers import show_layers
from explorer.ui.saliency.fooling.patch import show_patch
from explorer.ui.saliency.fooling.survival import show_survival
from explorer.ui.session.pictures import add_picture
from explorer.ui.session.subject import Subject

_OF_ALL_PIXELS: dict[str, tuple[str, Callable[[Fooled], None]]] = {
    "change": ("The smallest change", show_smallest),
    "layers": ("Through the layers", show_layers),
    "survival": ("Does it survive?", show_survival),
}
VIEWS = {**{key: label for key, (label, _) in _OF_ALL_PIXELS.items()}, "patch": "A patch to place"}


def show_fooling(subject: Subject) -> None:
    """One view at a time."""
    view = choose("What to look at", VIEWS, "fool_view", hidden=True)
    if view == "patch":
        show_patch(subject)
        return
    fooled = choose_fooled(subject)
    if fooled is None:
        return
    if fooled.growth.smallest is None:
        bound = fooled.growth.bounds[-1]
        shown = "; this one is shown" if fooled.bound == bound else ""
        st.info(
            f"No change of at most {bound} of 255 does it in this way{shown}. Try the other attack, or any other "
            "class.",
            icon=":material/shield:",
        )
    _OF_ALL_PIXELS[view][1](fooled)
    with st.container(horizontal=True, vertical_alignment="center"):
        link_to("saliency", "Where the network looks on the photo as it is", {"part": "Heatmaps"})
        st.button(
            "Where it looks on the fooled photo",
            key="fool-open",
            on_click=_open_fooled,
            args=(fooled,),
            icon=":material/visibility:",
            help="The fooled photo becomes the sidebar's picture, for every page; Fit is set to Squash, which resizes "
            "no pixel of it.",
        )


def _open_fooled(fooled: Fooled) -> None:
    """Runs before the page: the fooled photo becomes the picture of all pages, and its heatmaps show."""
    title = f"fooled-{fooled.bound}-{fooled.subject.picture.title}.png"
    st.session_state["image"] = add_picture(title, encode_png(fooled.pixels)).label
    st.session_state["fit"], st.session_state["part"] = "squash", "maps"
