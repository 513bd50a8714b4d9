"""The text that is read: a person's own, or an example."""

from __future__ import annotations

import streamlit as st

from explorer.sequences.attention.dates import Reading, read_text
from explorer.text import as_plain_text
from explorer.ui.sequences.attention.address import forget_led
from explorer.ui.sequences.attention.without import FAR

START = "3 May 1998"
_BEHIND_DOTS = f"{FAR * '.'}{START}"
EXAMPLES = {
    **{text: text for text in (START, "Sunday, the 3rd of May 1998", "05/12/04", "31 Feb 2001", "hello world")},
    _BEHIND_DOTS: f"Behind {FAR} dots",
}
_KEY = "dates_text"
_EXAMPLE = "dates_example"
_EXAMPLES_WIDTH = 828  # pixels: all of them in a row
_KEPT = "dates_read"  # the last text that could be read, in the session


def choose_text() -> Reading:
    """The field and the examples; what cannot be read leaves the last text in its place."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    typed = row.text_input(
        "A date, any way you like", START, key=_KEY, bind="query-params", on_change=forget_led, width=232
    )
    row.pills(
        "Or one of these",
        list(EXAMPLES),
        format_func=EXAMPLES.__getitem__,
        key=_EXAMPLE,
        on_change=_take,
        width=_EXAMPLES_WIDTH,
    )
    try:
        reading = read_text(typed or "")
    except ValueError as rejected:
        st.warning(as_plain_text(str(rejected)), icon=":material/edit_off:")
        kept: Reading = st.session_state.get(_KEPT, read_text(START))
        return kept
    st.session_state[_KEPT] = reading
    return reading


def _take() -> None:
    """Put the example that was clicked into the field."""
    example = st.session_state[_EXAMPLE]
    if example is not None:
        st.session_state[_KEY] = example
        st.session_state[_EXAMPLE] = None
        forget_led()
