"""Where training stands on the Neurons page: the step, numbers set by hand, what is looked at, in the address."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import streamlit as st

from explorer.neurons.points import Points
from explorer.neurons.training import Recipe
from explorer.ui.components import Item, Stop
from explorer.ui.components.perceptron_trainer import read_stop
from explorer.ui.kit.choose import put_in_address

_LOOKED_AT = "trained_recipe"  # in the session: points, recipe and what the address said
_NAMES = ("step", "by_hand", "point", "held")


def stop_in_address(points: Points, recipe: Recipe) -> Stop:
    """Where the address says that training stands; another recipe begins anew, unless a link brought its step along.

    Other points or another shape also forget which point and what of the network was looked at.
    """
    said = tuple(st.query_params.get(name, "") for name in _NAMES)
    before = st.session_state.get(_LOOKED_AT)
    if before is not None and before[:2] != (points, recipe) and before[2] == said:
        keeps = before[0] == points and before[1].hidden == recipe.hidden
        for name in _NAMES[: 2 if keeps else 4]:
            st.query_params.pop(name, None)
    said = tuple(st.query_params.get(name, "") for name in _NAMES)
    st.session_state[_LOOKED_AT] = (points, recipe, said)
    step, by_hand, point, held = said
    sizes = (2, *recipe.hidden, points.count)
    try:
        sent = {
            "step": step or 0,
            "edits": [_split_edit(edit) for edit in by_hand.split(";") if edit],
            "point": int(point or 1) - 1,
            "item": _split_item(held) if held else asdict(first_item(sizes)),
        }
    except ValueError:
        sent = {}
    return read_stop(sent, sizes, len(points.classes)) or Stop(item=first_item(sizes))


def first_item(sizes: tuple[int, ...]) -> Item:
    """The weight that is worked out at first: from the second input to the last unit of the first layer."""
    return Item("number", 0, sizes[1] - 1, 1)


def _split_edit(text: str) -> tuple[str, str, str]:
    step, number, value = text.split(",")
    return step, number, value


def _split_item(text: str) -> dict[str, Any] | None:
    if text == "nothing":
        return None
    kind, layer, unit, source = text.split(",")
    return {"kind": kind, "layer": layer, "unit": unit, "source": source or None}


def write_stop(stop: Stop, sizes: tuple[int, ...]) -> None:
    """Put it into the address, where the next run takes it for what a link says."""
    st.session_state.pop(_LOOKED_AT, None)
    item = stop.item
    by_hand = ";".join(f"{edit.step},{edit.number},{edit.value!r}" for edit in stop.edits)
    held = "nothing"
    if item is not None:
        held = f"{item.kind},{item.layer},{item.unit},{'' if item.source is None else item.source}"
    point = str(stop.point + 1) if stop.point else ""
    said = (str(stop.step or ""), by_hand, point, "" if item == first_item(sizes) else held)
    put_in_address(dict(zip(_NAMES, said, strict=True)))
