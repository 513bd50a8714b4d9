"""Which points a network is trained on: a set made by rule, or the person's own."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.neurons.points import (
    MOST_BYTES,
    MOST_CLASSES,
    MOST_POINTS,
    Points,
    PointsRejected,
    point_set,
    read_points,
)
from explorer.text import as_plain_text, significant
from explorer.ui.kit.choose import choose_one, slide, switch

OWN = "own"
TITLES = {
    "xor": "XOR",
    "corners": "XOR, four corners",
    "circles": "circle in a ring",
    "moons": "two moons",
    "spiral": "two spirals",
    "blobs": "2 to 6 blobs",
    OWN: "your own points",
}
_TEXT, _LAST_GOOD = "own_points", "own_points_that_work"
_EXAMPLE = """x1, x2, class
5.1, 1.4, setosa
4.9, 1.5, setosa
5.8, 1.2, setosa
7.0, 4.7, versicolor
6.4, 4.5, versicolor
5.5, 4.0, versicolor
6.3, 6.0, virginica
7.1, 5.9, virginica
6.5, 5.5, virginica"""
_UNLIKE = 5.0  # how many times one column's spread is the other's, from which scaling is offered


def choose_points(place: DeltaGenerator, prefix: str = "", start: str = "xor") -> str:
    """Which points, in the address under "points" with the page's prefix before it."""
    return choose_one("Points", TITLES, f"{prefix}points", start, place=place, width=170)


def show_points(name: str, prefix: str = "") -> Points | None:
    """The points of a name in `TITLES`; None where a person's own give none, and have given none before.

    Own points are the same on all pages.
    """
    if name == OWN:
        return _read_own()
    return _make(name, slide("Blobs", 2, MOST_CLASSES, 3, f"{prefix}blobs", width=300) if name == "blobs" else 2)


@st.cache_data(show_spinner=False)
def _make(name: str, classes: int) -> Points:
    return point_set(name, classes)


def _read_own() -> Points | None:
    written, beside = st.columns([2, 1])
    upload = beside.container()
    scales = switch("Scale both columns", "scale_points", help="To mean 0 and standard deviation 1.", place=beside)
    try:
        label = f"Rows of x1, x2 and a class: at most {MOST_POINTS} rows and {MOST_CLASSES} classes"
        points = read_points(take_text(label, _TEXT, _EXAMPLE, (written, upload)))
    except PointsRejected as refused:
        last: Points | None = st.session_state.get(_LAST_GOOD)
        stays = " The last points that worked stay." if last else ""
        st.error(f"{as_plain_text(str(refused))}{stays}", icon=":material/error:")
        if last is None:
            return None
        points = last
    st.session_state[_LAST_GOOD] = points
    first, second = points.places.std(axis=0)
    if not scales and max(first, second) > _UNLIKE * min(first, second):
        st.caption(
            f"The columns spread by {significant(first)} and {significant(second)}: the rate that suits one is too "
            "large or too small for the other. “Scale both columns” makes them alike."
        )
    st.caption("A link holds the settings and not your points: whoever follows it brings their own.")
    return points.scaled() if scales else points


def take_text(label: str, key: str, example: str, places: tuple[DeltaGenerator, DeltaGenerator]) -> str:
    """Rows that a person pastes or writes, or those of a file; kept for the session.

    Args:
        label: What is wanted.
        key: Of the text.
        example: What stands there at first.
        places: Of the text and of the file.

    Raises:
        PointsRejected: The file is no text, or too large.
    """
    written, upload = places
    file = upload.file_uploader("Or a CSV file", type=["csv", "tsv", "txt"], max_upload_size=1, key=f"{key}_file")
    st.session_state.setdefault(key, st.session_state.get(f"{key}_kept", example))
    text = written.text_area(
        label,
        key=key,
        height=130,
        max_chars=MOST_BYTES,
        disabled=file is not None,
        help="Paste from a table or write. Columns are parted by tabs, semicolons, commas or spaces.",
    )
    st.session_state[f"{key}_kept"] = text  # a widget that is not drawn forgets
    return text if file is None else _decode(file.getvalue())


def _decode(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise PointsRejected(f"The file has {len(data) / 1e3:,.0f} kB: {MOST_BYTES / 1e3:,.0f} at most.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PointsRejected("The file is no text in UTF-8: save it as CSV (UTF-8).") from None
