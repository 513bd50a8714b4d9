"""How close the fast modes come to the exact ones: as measured over many photos, and on this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from explorer.saliency import METHODS, agreement
from explorer.saliency.fast_mode import read_measured
from explorer.text import significant
from explorer.ui.saliency.compute import Asked, known_heatmap, obtain_heatmap


def show_fast_note(asked: Sequence[Asked]) -> None:
    """One line for each approximated heatmap, and a button to compare it with the exact one."""
    for number, each in enumerate(asked):
        exact = replace(each, fast=False)
        label = METHODS[each.method].label
        row = st.container(horizontal=True, vertical_alignment="center")
        row.markdown(f"**{label}, fast mode**: {read_measured()[each.method].describe()}.")
        place = st.empty()
        wanted = row.button("Compare on this photo", key=f"compare-{number}")
        fast_map = known_heatmap(each)
        exact_map = known_heatmap(exact)
        if wanted and exact_map is None:
            exact_map = obtain_heatmap(exact, place, key=f"exact{number}")
        if fast_map is not None and exact_map is not None:
            likeness = agreement([fast_map.values, exact_map.values])[0, 1]
            row.markdown(
                f"On this photo: **{likeness:.3f}**, in {significant(fast_map.seconds)} s instead of "
                f"{significant(exact_map.seconds)} s."
            )
