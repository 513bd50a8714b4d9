"""The controls of the Transfer page: each stands in the address, and keeps its value while other parts are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

from explorer.ui.kit.choose import choose_one, choose_step

_REMEMBERED = "transfer_remembered"
T = TypeVar("T")


def remembered(key: str, draw: Callable[[], T]) -> T:
    """Draw a control that keeps its value while other parts of the page are shown.

    Streamlit forgets a widget that is not drawn, and its parameter leaves the address with it.
    """
    memory: dict[str, Any] = st.session_state.setdefault(_REMEMBERED, {})
    if key in memory and key not in st.session_state and key not in st.query_params:
        st.session_state[key] = memory[key]
    value = draw()
    memory[key] = st.session_state.get(key, value)
    return value


def recall(key: str, start: Any) -> Any:
    """What a control says that may not be drawn now; as text where only the address has said it."""
    memory: dict[str, Any] = st.session_state.get(_REMEMBERED, {})
    return st.session_state.get(key, st.query_params.get(key, memory.get(key, start)))


def slide(
    label: str,
    options: Sequence[T],
    start: T,
    key: str,
    running: bool,
    *,
    help: str | None = None,
    format_func: Callable[[T], str] = str,
) -> T:
    """One of several values in a row, `start` at first."""
    return remembered(
        key,
        lambda: choose_step(label, options, key, start, format_func=format_func, disabled=running, help=help),
    )


def select(label: str, labels: Mapping[T, str], start: T, key: str, running: bool, *, help: str | None = None) -> T:
    """One of a few named values, `start` at first."""
    return remembered(key, lambda: choose_one(label, labels, key, start, disabled=running, help=help))


def number(label: str, least: int, most: int, start: int, key: str, running: bool, *, help: str | None = None) -> int:
    """A whole number, `start` at first."""
    if key in st.session_state and not least <= int(st.session_state[key] or 0) <= most:
        st.session_state[key] = start
    return int(
        remembered(
            key,
            lambda: st.number_input(
                label, least, most, start, key=key, bind="query-params", disabled=running, help=help
            ),
        )
    )


def percent(share: float) -> str:
    """A share as people read it: 20 %."""
    return f"{share:.0%}".replace("%", " %")
