"""What is looked at on the Learning page's terrain: start, step, optimiser and parts left out, in the address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from explorer.learning.terrain.formula import FormulaRejected
from explorer.learning.terrain.surfaces import Surface, check_start
from explorer.ui.components import Look
from explorer.ui.components.terrain import read_look
from explorer.ui.kit.choose import put_in_address

_LOOKED_AT = "terrain_looked_at"  # in the session: the surface's name and what the address said
_NAMES: Final = ("terrain_start", "terrain_step", "terrain_chosen", "terrain_left_out")
_PARTS: Final = ("bias", "eps", "root")


def look_in_address(name: str, surface: Surface, titles: tuple[str, ...]) -> Look:
    """What the address says; another surface begins at its own start, unless a link brought another along.

    Args:
        name: of the surface, which is the same however steep, noisy or turned it is.
        surface: what paths go down.
        titles: of the optimisers that are shown; at least one.
    """
    said = _read()
    before: tuple[str, Mapping[str, str]] | None = st.session_state.get(_LOOKED_AT)
    if before is not None and before[0] != name and before[1] == said:
        for forgotten in _NAMES[:2]:
            st.query_params.pop(forgotten, None)
        said = _read()
    st.session_state[_LOOKED_AT] = (name, said)
    left_out = said["terrain_left_out"].split(",")
    chosen = said["terrain_chosen"]
    sent = {
        "start": said["terrain_start"].split(",") if said["terrain_start"] else surface.start,
        "step": said["terrain_step"] or 1,
        "chosen": chosen if chosen in titles else _first(titles),
        "toggles": [part not in left_out for part in _PARTS],
    }
    look = read_look(sent, surface, titles) or Look(surface.start, chosen=_first(titles))
    try:
        check_start(surface, look.start)
    except FormulaRejected as rejected:
        st.warning(f"{rejected} Until then paths begin at the surface's own start.", icon=":material/error:")
        return Look(surface.start, look.step, look.chosen, look.bias, look.eps, look.root)
    return look


def _read() -> dict[str, str]:
    return {name: st.query_params.get(name, "") for name in _NAMES}


def _first(titles: tuple[str, ...]) -> str:
    return "Adam" if "Adam" in titles else titles[-1]


def write_look(look: Look, surface: Surface, titles: tuple[str, ...]) -> None:
    """Put it into the address, where the next run takes it for what a link says."""
    st.session_state.pop(_LOOKED_AT, None)
    left_out = ",".join(part for part in _PARTS if not getattr(look, part))
    said = (
        "" if look.start == surface.start else ",".join(f"{value:.10g}" for value in look.start),
        "" if look.step == 1 else str(look.step),
        "" if look.chosen == _first(titles) else look.chosen,
        left_out,
    )
    put_in_address(dict(zip(_NAMES, said, strict=True)))
