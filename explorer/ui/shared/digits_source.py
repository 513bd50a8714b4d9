"""The digit that a page's digits networks get: drawn, held out, or the photo shrunk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.neurons.digits import HELD_OUT, load_digits
from explorer.neurons.strokes import MOST_TEXT, draw_strokes, read_strokes, shrink_photo
from explorer.ui.components import digit_pad
from explorer.ui.kit.choose import choose, choose_one, slide
from explorer.ui.session.pictures import Picture

SOURCES = {"draw": "Draw one", "photo": "Your photo"}
_DRAWN = "digit_drawn"  # the drawing, in the address
_START = 33  # of the held-out digits: a 6 that both networks know, and the MLP loses where it is moved by 2
_UNSAID = "not said"


@dataclass(frozen=True, eq=False)
class Digit:
    """What the networks get.

    Attributes:
        image: (8, 8) float32, 0 for paper and 1 for ink.
        title: for people, in the middle of a sentence.
        true: which digit it is; None where nobody has said it.
    """

    image: NDArray[np.float32]
    title: str
    true: int | None


def choose_digit(picture: Picture, *, named: bool = True) -> Digit:
    """The pad and what else can be chosen; until something is drawn, a held-out digit.

    Args:
        picture: the page's.
        named: whether a network says which digit it is: then the person is asked what is true.
    """
    source = choose("Digit", SOURCES, "digit", hidden=True)
    if source == "photo":
        if named:
            st.caption(
                "Whatever it gets, a network of ten digits shares out 100 % among them: none of them stands for no "
                "digit."
            )
        return Digit(compute_shrunk(picture), "your photo", _ask_true() if named else None)
    strokes = read_strokes(_drawing())
    if strokes:
        return Digit(draw_strokes(strokes), "your digit", _ask_true() if named else None)
    number = slide("Until you draw: held-out digit", 0, HELD_OUT - 1, _START, "digit_number")
    data = load_digits()
    place = data.held_out[number]
    true = int(data.labels[place])
    return Digit(data.images[place], f"held-out digit {number} (a {true})", true)


def _drawing() -> str:
    """The pad; gives what is drawn, which the address has."""
    drawn = _as_drawing(st.query_params.get(_DRAWN, ""))
    changed = digit_pad(drawing=drawn, most=MOST_TEXT, key="digit-pad")
    if changed is None or changed == drawn:
        return drawn
    if text := _as_drawing(changed):
        st.query_params[_DRAWN] = text
    elif not changed:
        st.query_params.pop(_DRAWN, None)
    st.rerun()


def _as_drawing(text: str) -> str:
    """The text of a drawing; none where it makes no sense."""
    try:
        read_strokes(text)
    except ValueError:
        return ""
    return text


def _ask_true() -> int | None:
    said = choose_one("Which digit is it?", [_UNSAID, *map(str, range(10))], "digit_true")
    return None if said == _UNSAID else int(said)


@st.cache_data(max_entries=16, show_spinner=False)
def compute_shrunk(picture: Picture) -> NDArray[np.float32]:
    """(8, 8), 0 to 1."""
    return shrink_photo(picture.intake.image)
