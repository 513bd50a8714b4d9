"""What changes from early to late layers, over all pictures."""

from __future__ import annotations

import streamlit as st

from explorer.neurons.describing import write_table
from explorer.picture_features.depth import Depth
from explorer.picture_features.neighbours import expect_of_class
from explorer.rendering import curves, format_percent
from explorer.ui.kit.chart import show_chart
from explorer.ui.pictures.computed import Seen


def show_depth(seen: Seen, depth: Depth) -> None:
    """Lines over the layers, and the same in numbers."""
    st.subheader("From early to late layers", anchor=False)
    k, count = depth.neighbours, len(seen.labels)
    series = {"of the picture's own class": [*depth.of_class.values()]} if depth.of_class else {}
    if depth.of_class:
        series["own class, by chance"] = [expect_of_class(seen.labels)] * len(depth.of_class)
    series |= {
        "among the nearest by the last layer": [*depth.like_last.values()],
        "the same, by chance": [k / (count - 1)] * len(depth.like_last),
    }
    chart = curves(
        range(len(depth.nearest)), series, f"Of the {k} nearest pictures", x_title="layer, 0 is the input", percent=True
    )
    show_chart(chart, "pictures-depth")
    rows = {
        f"{number}: `{name}`": [
            *([format_percent(depth.of_class[name])] if depth.of_class else ()),
            format_percent(depth.like_last[name]),
        ]
        for number, name in enumerate(depth.nearest)
    }
    heads = [*(["own class"] if depth.of_class else ()), "like the last"]
    st.markdown(write_table(heads, rows))
    tokens = ", of a transformer's block its class token" if hasattr(seen.subject.model.network, "class_token") else ""
    st.caption(
        f"Nearest by the cosine between features; features are the mean of each map over its cells{tokens}, of the "
        f"input the mean red, green and blue. The network saw squares of {seen.features.side} px."
    )
