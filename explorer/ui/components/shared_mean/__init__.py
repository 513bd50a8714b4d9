"""Maps of a batch before and after normalisation: point at a cell, and those that share its mean light up.

arithmetic.js has the formula and how numbers are written; component.js draws and listens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.neurons.activations import Numbers
from explorer.rendering import encode_png
from explorer.ui.components.colours import COLOURS_JS
from explorer.ui.components.mounting import keep_event, mount
from explorer.ui.components.store import send_numbers, send_picture

Cell = tuple[int, int, int, int]

_mount = mount(
    Path(__file__).parent,
    ("../shared/canvas.js", "../shared/colour_maps.js", "arithmetic.js"),
    ("unseen.css", "drawing.css", "maps.css"),
    COLOURS_JS,
)


@dataclass(frozen=True)
class Rule:
    """How a cell's result is computed.

    Attributes:
        kind: of normalisation, for people.
        sets: (N, C) maps with one number share mean and variance.
        mean, variance: (N, C).
        gamma, beta: (C,).
        eps: added to the variance.
        by_variance: whether the variance divides in place of its root.
    """

    kind: str
    sets: Sequence[Sequence[int]]
    mean: Sequence[Sequence[float]]
    variance: Sequence[Sequence[float]]
    gamma: Sequence[float]
    beta: Sequence[float]
    eps: float
    by_variance: bool


def shared_mean(
    *,
    values: Numbers,
    photos: NDArray[np.uint8],
    rule: Rule,
    pictures: Sequence[str],
    filters: Sequence[int],
    chosen: Cell,
    key: str,
) -> Cell | None:
    """Shows the maps and gives the cell that was chosen since the last run, once.

    Args:
        values: (N, C, H, W) before normalisation. Sent only when they change.
        photos: (N, S, S, 3) what the maps were made of.
        rule: What is done to them.
        pictures: What each of the N is called, untrusted text.
        filters: What number each of the C has in its layer.
        chosen: (picture, channel, row, column) that is explained while nobody points.
        key: Of the element, unique on the page.
    """
    with st.container(gap=None):
        with st.container(gap=None):  # so that the maps keep their place when one thing more is sent
            sent = {
                "valuesId": send_numbers([values], key=f"{key}-values"),
                "photosId": send_picture(encode_png(photos.reshape(-1, *photos.shape[2:])), key=f"{key}-photos"),
            }
        result = _mount(
            data={
                **sent,
                "shape": list(values.shape),
                "kind": rule.kind,
                "sets": [int(each) for row in rule.sets for each in row],
                "mean": [float(each) for row in rule.mean for each in row],
                "variance": [float(each) for row in rule.variance for each in row],
                "gamma": list(rule.gamma),
                "beta": list(rule.beta),
                "eps": rule.eps,
                "byVariance": rule.by_variance,
                "pictures": list(pictures),
                "filters": list(filters),
                "chosen": list(chosen),
            },
            key=key,
            on_cell_change=keep_event,
        )
    return read_cell(result.get("cell"), values.shape)


def read_cell(sent: Any, shape: Sequence[int]) -> Cell | None:
    """What a browser sent, as a cell of these sides; None where it is none."""
    if not isinstance(sent, (list, tuple)) or len(sent) != 4:
        return None
    if not all(type(each) is int and 0 <= each < side for each, side in zip(sent, shape, strict=True)):
        return None
    picture, channel, row, column = sent
    return picture, channel, row, column
