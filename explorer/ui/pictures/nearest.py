"""The pictures that are nearest to one of them, layer by layer."""

from __future__ import annotations

from functools import partial

import streamlit as st

from explorer.anatomy import INPUT
from explorer.picture_features.album import Album
from explorer.picture_features.depth import Depth
from explorer.rendering import draw_picture_grid
from explorer.text import as_plain_text
from explorer.ui.app import link_to
from explorer.ui.kit.cache import once
from explorer.ui.kit.choose import choose
from explorer.ui.kit.picture import show_png
from explorer.ui.pictures.albums import Choice
from explorer.ui.pictures.computed import Seen

_SIDE, _GAP = 96, 4
_PAGES = {"layers": "Layer by layer", "saliency": "Where the network looks on it"}
_LAYERS = {"ends": "Input, this and the last layer", "all": "All layers"}


def show_nearest(choice: Choice, seen: Seen, depth: Depth, chosen: int, layer: str) -> None:
    """A row of pictures for each layer, the chosen one in front, and the way to other pages with it."""
    album = choice.album
    name = _describe(album, seen, chosen)
    st.subheader("Nearest pictures", anchor=False)
    st.text(f"To {name}, which stands first in each row; the nearest come next.")  # untrusted text
    if picture := choice.in_sidebar(int(seen.features.places[chosen])):
        with st.container(horizontal=True):
            for page, title in _PAGES.items():
                link_to(page, title, {"image": picture.label})
    every = list(depth.nearest)
    if choose("Layers", _LAYERS, "rows", hidden=True) == "ends":
        every = list(dict.fromkeys([INPUT, layer, every[-1]]))
    for each in every:
        near = depth.nearest[each][chosen].tolist()
        cosines = depth.cosines[each][chosen]
        places = [int(seen.features.places[place]) for place in (chosen, *near)]
        png: bytes = once(("nearest", album.key, tuple(places)), partial(_draw_row, album, places))
        told = ", ".join(_describe(album, seen, place) for place in near)
        st.markdown(f"`{each}`: {_say_row(seen, chosen, near)}cosine {cosines[0]:.3f} to {cosines[-1]:.3f}")
        show_png(png, alt=as_plain_text(f"Nearest by {each}: {told}"), width="content")


def _draw_row(album: Album, places: list[int]) -> bytes:
    return draw_picture_grid(album.thumbnails(places, _SIDE), columns=len(places), side=_SIDE, gap=_GAP).png


def _describe(album: Album, seen: Seen, place: int) -> str:
    """A picture by its number, its file and its class."""
    own = int(seen.features.places[place])
    label = int(album.labels[own])
    of = f" ({album.classes[label]})" if label >= 0 else ""
    return f"{place + 1}: {album.names[own]}{of}"


def _say_row(seen: Seen, chosen: int, near: list[int]) -> str:
    label = int(seen.labels[chosen])
    if label < 0:
        return ""
    same = sum(int(seen.labels[place]) == label for place in near)
    return f"{same} of {len(near)} of the same class, "
