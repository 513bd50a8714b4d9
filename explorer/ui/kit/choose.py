"""Choices that pages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isinf
from typing import Any, Literal, ParamSpec, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.text import as_plain_text

P = ParamSpec("P")
T = TypeVar("T")
_ENDLESS = "endless_numbers"  # of the address, in the session until a run tells of them


def choose(
    label: str,
    labels: Mapping[T, str],
    key: str,
    start: T | None = None,
    *,
    place: DeltaGenerator | None = None,
    hidden: bool = False,
    disabled: bool = False,
    help: str | None = None,
) -> T:
    """One of a few named values, side by side, in the address under `key`; what an address says in vain is forgotten.

    Args:
        label: what is chosen.
        labels: what a person reads, by value.
        key: of the widget and of the address.
        start: what is chosen at first; None for the first value.
        place: where it stands; None for where the page has come to.
        hidden: whether the label is for screen readers only.
        disabled: whether it can be looked at only.
        help: a sentence behind a question mark.
    """
    options = list(labels)
    start = options[0] if start is None else start
    keep_valid(key, options, start)
    chosen: T | None = (place or st).segmented_control(
        label,
        options,
        default=start,
        format_func=labels.__getitem__,
        key=key,
        bind="query-params",
        required=True,
        label_visibility="collapsed" if hidden else "visible",
        disabled=disabled,
        help=help,
    )
    return start if chosen is None else chosen  # an address may leave it empty


def choose_one(
    label: str,
    options: Sequence[T] | Mapping[T, str],
    key: str,
    start: T | None = None,
    *,
    place: DeltaGenerator | None = None,
    width: int | Literal["stretch"] = "stretch",
    hidden: bool = False,
    disabled: bool = False,
    help: str | None = None,
) -> T:
    """One of many values in a list to open, in the address under `key`; what is no longer there is forgotten.

    Args:
        label: what is chosen.
        options: the values, or what a person reads by value.
        key: of the widget and of the address.
        start: what is chosen at first; None for the first value.
        place: where it stands; None for where the page has come to.
        width: in pixels, or all there is.
        hidden: whether the label is for screen readers only.
        disabled: whether it can be looked at only.
        help: a sentence behind a question mark.
    """
    values = list(options)
    start = values[0] if start is None else start
    keep_valid(key, values, start)
    return (place or st).selectbox(
        label,
        values,
        values.index(start),
        format_func=options.__getitem__ if isinstance(options, Mapping) else str,
        key=key,
        bind="query-params",
        label_visibility="collapsed" if hidden else "visible",
        disabled=disabled,
        help=help,
        width=width,
    )


def choose_step(
    label: str,
    steps: Sequence[T],
    key: str,
    start: T,
    *,
    place: DeltaGenerator | None = None,
    width: int | Literal["stretch"] = "stretch",
    format_func: Callable[[T], str] = str,
    disabled: bool = False,
    help: str | None = None,
) -> T:
    """One of several values in a row, in the address under `key`; the arguments are those of `choose_one`."""
    keep_valid(key, steps, start)
    return (place or st).select_slider(
        label,
        steps,
        start,
        format_func=format_func,
        key=key,
        bind="query-params",
        disabled=disabled,
        help=help,
        width=width,
    )


def choose_several(
    label: str,
    labels: Mapping[T, str],
    key: str,
    start: Sequence[T],
    *,
    place: DeltaGenerator | None = None,
    help: str | None = None,
) -> tuple[T, ...]:
    """Any of several named values, in the order of `labels`, in the address under `key`; perhaps none.

    Back to `start` where an address or an earlier choice names what is not on offer.
    """
    asked = st.session_state.get(key)
    if asked is not None and any(each not in labels for each in asked):
        st.session_state[key] = list(start)
    picked = (place or st).pills(
        label,
        list(labels),
        selection_mode="multi",
        default=list(start),
        format_func=labels.__getitem__,
        key=key,
        bind="query-params",
        help=help,
    )
    return tuple(value for value in labels if value in picked)


def slide(
    label: str,
    least: int,
    most: int,
    start: int,
    key: str,
    *,
    place: DeltaGenerator | None = None,
    width: int | Literal["stretch"] = "stretch",
    help: str | None = None,
) -> int:
    """A whole number from `least` to `most`, in the address under `key`; back to `start` where it is out of reach."""
    keep_valid(key, range(least, most + 1), start)
    return int((place or st).slider(label, least, most, start, key=key, bind="query-params", help=help, width=width))


def choose_number(
    label: str,
    least: int,
    most: int,
    key: str,
    start: int,
    *,
    place: DeltaGenerator | None = None,
    width: int | Literal["stretch"] = "stretch",
    disabled: bool = False,
    help: str | None = None,
) -> int:
    """A whole number to type, from `least` to `most`, in the address under `key`."""
    keep_valid(key, range(least, most + 1), start)
    typed = (place or st).number_input(
        label, least, most, start, key=key, bind="query-params", disabled=disabled, help=help, width=width
    )
    return int(typed)


def switch(
    label: str, key: str, start: bool = False, *, place: DeltaGenerator | None = None, help: str | None = None
) -> bool:
    """On or off, in the address under `key`."""
    return bool((place or st).toggle(label, start, key=key, bind="query-params", help=help))


def refuse_endless_numbers() -> None:
    """Take numbers beyond all bounds (`?unit=1e999`) out of the address, and say so; at the beginning of a page.

    Streamlit forgets whatever else an address says in vain, but ends in an error where an integer is to be infinite.
    """
    endless = [key for key, text in st.query_params.items() if key not in st.session_state and _is_endless(text)]
    if endless:
        for key in endless:
            del st.query_params[key]
        st.session_state[_ENDLESS] = ", ".join(endless)
        st.rerun()  # this run's widgets have the address as it was
    if told := st.session_state.pop(_ENDLESS, ""):
        st.warning(
            f"The link asks for a number that is too large: {as_plain_text(told)}. It is left out.",
            icon=":material/link_off:",
        )


def _is_endless(text: str) -> bool:
    try:
        return isinf(float(text))
    except ValueError:
        return False


def said_by(key: str, start: Any) -> Any:
    """What a control says that may not be drawn now; as text where only the address has said it."""
    return st.session_state.get(key, st.query_params.get(key, start))


def put_in_address(said: Mapping[str, str]) -> None:
    """Let the address say this, by parameter; those that are empty leave it."""
    for name, text in said.items():
        if text:
            st.query_params[name] = text
        else:
            st.query_params.pop(name, None)


def choose_view(
    views: Mapping[str, tuple[str, Callable[P, None]]], key: str, *, place: DeltaGenerator | None = None
) -> Callable[P, None]:
    """What draws the view that a person has chosen, in the address under `key`; the others are not computed.

    Args:
        views: by name, what a person reads and what draws it.
        key: of the widget and of the address.
        place: where the choice stands; None for where the page has come to.
    """
    labels = {name: label for name, (label, _) in views.items()}
    return views[choose("What to look at", labels, key, place=place, hidden=True)][1]


def choose_part(labels: Mapping[str, str]) -> str:
    """Which part of a page to show, "part" in the address; the first is shown at first."""
    return choose("Part", labels, "part", hidden=True)


def settings_popover(place: DeltaGenerator) -> DeltaGenerator:
    """Where a page keeps what is changed rarely, one click away, so that its picture stands first."""
    return place.popover("Settings", icon=":material/tune:")


def keep_valid(key: str, options: Sequence[Any], default: Any) -> None:
    """Put a widget back to its default where an address or an earlier choice names what is not on offer."""
    if key in st.session_state and st.session_state[key] not in options:
        st.session_state[key] = default
