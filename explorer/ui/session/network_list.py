"""What the sidebar says of networks: of the chosen one in a line, and of all of them in a list."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import streamlit as st

from explorer.ui.session.subject import UNTRAINED
from explorer.zoo import list_missing, list_shipped, read_card, say_missing
from explorer.zoo.catalogue import describe_size, list_own

_HEIGHT = 480  # pixels


def show_missing() -> None:
    """How to install the package that the weights of a network of ours come with, where it is not there."""
    for name in list_missing():
        st.caption(f"{say_missing(name)} Until then {list_shipped()[0]} is the default.")


def describe_chosen(name: str, weights: str) -> str:
    """The chosen network in a line; its accuracy only where that was measured for these very weights.

    Args:
        name: of the network.
        weights: as in `Subject`.
    """
    if weights and weights != UNTRAINED:
        return "Own weights: their accuracy was not measured."
    size = describe_size(name)
    if weights == UNTRAINED:
        return f"{size}. Random weights: it has learned nothing.".removeprefix(". ")
    if name not in list_own():
        return f"{size}." if size else ""
    card = read_card(name)
    return f"{size}, {card['data']['name']}: {card['accuracy']['value']:.1%} accuracy"


@st.fragment
def show_list(names: Sequence[str]) -> None:
    """Size, classes and whereabouts of the weights of every network on offer, to be opened on a click.

    Made only once it is open: a table imports pandas, for which a home page should not wait.
    """
    panel = st.popover("All networks", icon=":material/list:", width="stretch", key="all_networks", on_change="rerun")
    with panel.container(height=_HEIGHT, border=False):  # the browser finds it a place before it is filled
        if not panel.open:
            return
        if "torchvision" not in sys.modules:
            st.caption("Torchvision's networks join the list as soon as a page has opened one.")
            rows = [
                (name, read_card(name)["parameters"], len(read_card(name)["classes"]), "here")
                for name in names
                if name in list_shipped()
            ]
        else:
            from explorer.zoo.download import cached_path

            folder = cached_path("").parent
            rows = _list_rows(tuple(names), str(folder), folder.stat().st_mtime_ns if folder.is_dir() else 0)
        columns = list(zip(*rows, strict=True))
        titles = ("network", "parameters", "classes", "weights")
        st.dataframe(
            dict(zip(titles, columns, strict=True)),
            hide_index=True,
            column_config={"parameters": st.column_config.NumberColumn(format="compact")},
            alt="The networks, their parameters and classes, and whether their weights are here",
        )
        st.caption("Weights are here, or need a download; any network opens untrained, without one.")


@st.cache_data(max_entries=8, show_spinner=False)
def _list_rows(names: tuple[str, ...], folder: str, changed: int) -> list[tuple[str, int, int, str]]:
    """A row for each network; the folder of downloaded weights, and when it changed, say how long that is true."""
    from explorer.zoo import describe_listing

    return [
        (each.name, each.parameters, each.classes, each.whereabouts)
        for each in (describe_listing(name) for name in names)
    ]
