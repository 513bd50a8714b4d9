"""What is looked at on the Sequences page's dates, in the address: the chosen character, and what was led elsewhere."""

from __future__ import annotations

import streamlit as st

from explorer.ui.components import Looking
from explorer.ui.components.letter_attention import read_looking
from explorer.ui.kit.choose import put_in_address

_CHARACTER, _LED = "dates_character", "dates_led"  # of the address; characters are counted from 1 there
_FIRST = 6  # the month's second digit


def looking_in_address(shape: tuple[int, int]) -> Looking:
    """What the address says of (written, typed) characters; what it says in vain is forgotten."""
    try:
        character = int(st.query_params.get(_CHARACTER, _FIRST + 1)) - 1
        pairs = [
            [int(each) - 1 for each in pair.split("-")] for pair in st.query_params.get(_LED, "").split(",") if pair
        ]
    except ValueError:
        return Looking(_FIRST)
    return read_looking((character, pairs), shape) or Looking(_FIRST)


def write_looking(looking: Looking) -> None:
    """Put it into the address."""
    put_in_address(
        {
            _CHARACTER: "" if looking.character == _FIRST else str(looking.character + 1),
            _LED: ",".join(f"{place + 1}-{goal + 1}" for place, goal in sorted(looking.led.items())),
        }
    )


def forget_led() -> None:
    """Let every character look by itself, as where another text is read."""
    st.query_params.pop(_LED, None)
