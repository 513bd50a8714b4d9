"""Which real points the generator is to imitate: a ready shape, a drawing, a person's own, or the photo's edges."""

from __future__ import annotations

import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from explorer.generators.plane.points import FEWEST, Reals, edge_points, read_places, shape_points, stroke_points
from explorer.neurons.points import MOST_POINTS, PointsRejected
from explorer.neurons.strokes import MOST_TEXT, read_strokes
from explorer.text import as_plain_text
from explorer.ui.components import digit_pad
from explorer.ui.kit.cache import once
from explorer.ui.kit.choose import choose_one, put_in_address
from explorer.ui.session.pictures import Picture
from explorer.ui.shared.training_points import take_text

TITLES = {
    "eight": "eight clusters",
    "ring": "ring",
    "moons": "two moons",
    "line": "line",
    "drawn": "a shape to draw",
    "own": "your own points",
    "edges": "edges of your photo",
}
_DRAWN = "plane_drawn"  # the drawing, in the address
_LAST_GOOD = "plane_points_that_work"
_UNTIL_DRAWN = "1015308550456585_6585851590109010"  # a W
_EXAMPLE = "x, y\n" + "\n".join(f"{x / 10:.1f}, {(x / 10 - 1.5) ** 2:.2f}" for x in range(31))


def choose_reals(place: DeltaGenerator) -> str:
    """Which points, in the address under "plane_points"."""
    return choose_one("Real points", TITLES, "plane_points", place=place, width=210)


def show_reals(name: str, picture: Picture) -> Reals | None:
    """The points of a name in `TITLES`; None where a person's give none, and have given none before."""
    try:
        reals = _read(name, picture)
    except PointsRejected as refused:
        last: Reals | None = st.session_state.get(_LAST_GOOD)
        stays = " The last points that worked stay." if last else ""
        st.error(f"{as_plain_text(str(refused))}{stays}", icon=":material/error:")
        return last
    st.session_state[_LAST_GOOD] = reals
    return reals


def _read(name: str, picture: Picture) -> Reals:
    if name == "edges":
        return once(("plane edges", picture.key), lambda: edge_points(Image.fromarray(picture.pixels)))
    if name == "drawn":
        return _read_drawing()
    if name == "own":
        label = f"Rows of x and y, {FEWEST} to {MOST_POINTS} of them; both are scaled alike to fit"
        written, upload = st.columns([2, 1])
        reals = read_places(take_text(label, "plane_own", _EXAMPLE, (written, upload)))
        st.caption("A link holds the settings and not your points: whoever follows it brings their own.")
        return reals
    return shape_points(name)


def _read_drawing() -> Reals:
    """The pad; gives points along what is drawn, which the address has."""
    drawn = st.query_params.get(_DRAWN, "")
    try:
        strokes = read_strokes(drawn)
    except ValueError:
        drawn, strokes = "", ()
    changed = digit_pad(drawing=drawn, most=MOST_TEXT, what="a shape", key="plane-pad")
    if changed is not None and changed != drawn:
        put_in_address({_DRAWN: changed})
        st.rerun()
    if not strokes:
        st.caption("Until you draw, the real points are those of a W.")
    return stroke_points(strokes or read_strokes(_UNTIL_DRAWN))
