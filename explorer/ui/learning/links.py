"""From a part of the Learning page to where what it explains is chosen for a training of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from explorer.ui.app import link_to

_OPTIMISERS: Final = {
    **dict.fromkeys(("SGD", "Momentum", "Nesterov"), "SGD, momentum 0.9"),
    **dict.fromkeys(("Adam", "AdamW"), "AdamW"),
}
_SCHEDULES: Final[Mapping[str | None, str]] = {
    **dict.fromkeys(("constant", "warm_up"), "Constant"),
    "step": "A tenth after each third",
    **dict.fromkeys(("cosine", "warm_up_cosine"), "Cosine to zero"),
}
_DROPPED: Final = {0.1: "10 %", 0.2: "20 %", 0.3: "30 %", 0.5: "50 %"}


def link_back(part: str) -> None:
    """The link below a part, where there is one: Transfer learning with what was looked at here chosen there too."""
    if part == "terrain":
        chosen = _OPTIMISERS.get(st.query_params.get("terrain_chosen", "Adam"))
        _link("Train on your own pictures with AdamW or SGD", {"optimiser": chosen} if chosen else {})
    elif part == "network":
        _link("Compare trainings on your own pictures", {})
    elif part == "depth":
        address = {"part": "Backward", "hidden": "8-8-8-8"}
        link_to("neurons", "A gradient through four layers, weight by weight", address)
    elif part == "dropout":
        share = _DROPPED.get(st.session_state.get("dropout_p", 0.5))
        _link("Train on your own pictures with dropout", {"dropout": share} if share else {})
    elif part == "rate":
        schedule = _SCHEDULES.get(st.session_state.get("rate_schedule"), "Constant")
        _link("Train on your own pictures with a schedule", {"schedule": schedule})


def _link(label: str, recipe: Mapping[str, str]) -> None:
    link_to("transfer", label, {"part": "Train", **recipe})
