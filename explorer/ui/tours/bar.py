"""The bar at the top of every page while a tour runs: what to say, where to look, back and on."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from explorer.ui.app import PRESENT, link_to, shown_page
from explorer.ui.kit.choose import put_in_address
from explorer.ui.tours.tour import Tour, find_step, list_tours

_FOLDER = Path(__file__).parent
_STYLE: Final = _FOLDER / "bar.css"
_KEYS: Final = f"<script>{(_FOLDER / 'bar.js').read_text(encoding='utf-8')}</script>"
_PLACE: Final = ("tour", "step")  # in the address


def show_bar() -> None:
    """Draw the bar, where the address names a step that is on this page."""
    place = st.empty()  # one element in either case: what follows keeps its place when the tour is left
    found = find_step(st.query_params.get("tour"), st.query_params.get("step"), shown_page())
    if found is not None:
        with place.container(key="tour"):
            _show_step(*found)


def offer_tours() -> None:
    """A link to the first step of every tour, with what it leads to."""
    places = [column for _ in range(0, len(list_tours()), 2) for column in st.columns(2)]  # a link does not wrap
    for place, tour in zip(places, list_tours(), strict=False):
        with place.container(border=True, height="stretch"):
            _link(tour, 1, f"**{tour.title}**", ":material/co_present:", present=True)
            st.caption(f"{tour.promise} {len(tour.steps)} steps.")


def _show_step(tour: Tour, number: int) -> None:
    step, last = tour.steps[number - 1], len(tour.steps)
    st.html(_STYLE)
    with st.container(key="tour_says"):
        st.markdown(step.say)
        st.caption(f":material/visibility: {step.look}")
    with st.container(horizontal=True, vertical_alignment="center", key="tour_ways"):
        present = st.query_params.get(PRESENT) == "true"
        st.caption(f"{tour.title}: {number} of {last}", width="content")
        if number > 1:
            with st.container(key="tour_back", width="content"):
                _link(tour, number - 1, "Previous", ":material/arrow_back:", present)
        if number < last:
            with st.container(key="tour_on", width="content"):
                _link(tour, number + 1, "Next", ":material/arrow_forward:", present)
        said, icon = ("With sidebar", ":material/view_sidebar:") if present else ("Large", ":material/fullscreen:")
        st.button(said, key="present_tour", type="tertiary", icon=icon, on_click=_present, args=(not present,))
        st.html(_link_for_the_class() + _KEYS, width="content", unsafe_allow_javascript=True)
        st.button("Leave the tour", key="leave_tour", type="tertiary", icon=":material/close:", on_click=_leave)


def _link(tour: Tour, number: int, label: str, icon: str, present: bool) -> None:
    page, address = tour.link_to(number, present)
    link_to(page, label, address, icon=icon, exactly=True)


def _link_for_the_class() -> str:
    """This view without the tour, with the questions that its page asks; `bar.js` keeps it like the address."""
    address = {key: st.query_params.get_all(key) for key in st.query_params if key not in (*_PLACE, PRESENT)}
    query = urlencode({**address, "ask": "true"}, doseq=True)
    said = "The same view for the class, which is asked first where the page has questions. Copy its address."
    return f'<a class="for_the_class" href="?{escape(query)}" title="{said}">Link for the class</a>'


def _present(wanted: bool) -> None:
    put_in_address({PRESENT: "true" if wanted else ""})


def _leave() -> None:
    for key in (*_PLACE, PRESENT):
        st.query_params.pop(key, None)
