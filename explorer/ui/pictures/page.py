"""The Pictures page: the finding, the map, the nearest of one, and what changes from early to late layers."""

from __future__ import annotations

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.anatomy import INPUT
from explorer.picture_features.depth import Depth
from explorer.picture_features.features import SECONDS
from explorer.picture_features.neighbours import expect_of_class
from explorer.picture_features.planes import PLANES, Kind
from explorer.rendering import format_percent
from explorer.ui.app import link_to
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.choose import choose, choose_step
from explorer.ui.pictures.albums import Choice, choose_album
from explorer.ui.pictures.computed import Believed, Seen, compare, lay_out, look_at_all, see
from explorer.ui.pictures.depth import show_depth
from explorer.ui.pictures.map import offer_map, show_map
from explorer.ui.pictures.nearest import show_nearest
from explorer.ui.session.page import begin_page
from explorer.ui.session.sidebar import show_sidebar

_NOTICE = "All your pictures by what a network makes of them: near each other lies what is alike to it."
_ASKED = "pictures_by"  # of the session: the layer that the address had when the page opened
_ANSWERS = ("by the colours alone", "by an early layer", "by the last layer")


def show() -> None:
    """The whole page."""
    subject = begin_page("Pictures", partial(show_sidebar, transformers=True), _NOTICE)
    finding = st.container()
    row = st.container(horizontal=True, vertical_alignment="bottom")
    place = st.container()
    with place:
        choice = choose_album(row)
        if choice is None:
            return
        seen = see(subject, choice.album, _remember_asked())
        if seen is None:
            return
        layers = list(seen.features.layers)
        kind: Kind = choose("Map", PLANES, "plane", place=row)
        layer = choose_step("By layer", layers, "by", layers[-1], place=row, width=320)
        depth = compare(seen)
        believed = lay_out(seen, layer, kind) if depth is not None else None
        if depth is None or believed is None:
            return
    if not _say_finding(finding, choice, seen, depth, layer, kind, believed):
        return
    chosen = show_map(choice, seen, depth, believed, layer, kind)
    offer_map(choice, seen, depth, believed, layer, kind)
    show_nearest(choice, seen, depth, chosen, layer)
    show_depth(seen, depth)
    link_to("transfer", "Train a network on such pictures", {})


def _remember_asked() -> str:
    """The layer that a link has asked for, perhaps one between the stages; "" for none."""
    if "by" not in st.session_state:  # the page opens
        st.session_state[_ASKED] = st.query_params.get("by", "")
    asked: str = st.session_state[_ASKED]
    return asked


def _say_finding(
    place: DeltaGenerator, choice: Choice, seen: Seen, depth: Depth, layer: str, kind: Kind, believed: Believed
) -> bool:
    """What the layers make near, how far the map may be believed; gives whether it may be shown."""
    features, k = seen.features, depth.neighbours
    count, last = len(features.places), list(features.layers)[-1]
    shares = depth.of_class
    with place:
        if shares:
            best = max(shares, key=shares.__getitem__)
            answer = _ANSWERS[0 if best == INPUT else 2 if best == last else 1]
            asked = f"By what are the {k} nearest pictures most often of the picture's own class?"
            if not ask_first(asked, _ANSWERS, answer, f"ask-pictures-{choice.album.key[:8]}"):
                return False
            told = (
                f"**Of the {k} nearest pictures {format_percent(shares[last])} are of the picture's own class by "
                f"`{last}`, {format_percent(shares[INPUT])} by the mean colours alone; by chance it would be "
                f"{format_percent(expect_of_class(seen.labels))}.**"
            )
        else:
            told = (
                f"**Of the {k} pictures that are nearest by the mean colours alone "
                f"{format_percent(depth.like_last[INPUT])} are among the nearest by `{last}` too; by chance it would "
                f"be {format_percent(k / (count - 1))}.**"
            )
        spread = believed.plane.explained
        seen_of_all = "" if spread is None else f" Two directions show {format_percent(spread)} of the variance."
        st.markdown(
            f"{told} This map, {PLANES[kind]} of `{layer}`, keeps {format_percent(believed.kept)} of the nearest "
            f"pictures; its trustworthiness is {believed.trust:.2f} (1: who is near on it is near to the network, "
            f"about 0.5 by chance).{seen_of_all}"
        )
        if count < features.asked:
            st.caption(
                f"{count:,} of {features.asked:,} pictures were reached in the {SECONDS:.0f} s that a map may take, in "
                "random order."
            )
            st.button("Look at all of them", key="pictures-all", on_click=look_at_all, args=(choice.album,))
    return True
