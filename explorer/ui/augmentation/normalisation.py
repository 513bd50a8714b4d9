"""Normalisation as the last step of every pipeline: the picture before and after, a dim and a bright version."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.augmentation import Meeting, PipelineRejected, Stage, dim_and_bright, normalise
from explorer.augmentation.describing import say_meeting
from explorer.augmentation.snippets import normalisation_snippet
from explorer.rendering import channel_histograms_chart, colour_map, draw_picture_grid, encode_png, two_histograms
from explorer.text import as_plain_text, significant
from explorer.ui.app import link_to
from explorer.ui.augmentation.compute import compute_square, square_lines, square_of
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.session.subject import Subject

_SIDE = 224


def show_normalisation(subject: Subject) -> None:
    """Before and after, then two lights of one photo."""
    preprocessing = subject.model.preprocessing
    mean, std = preprocessing.mean, preprocessing.std
    image = square_of(subject)
    found = normalise(image, mean, std)
    st.markdown(
        f"The last step before the network: every value becomes **(pixel − mean) / standard deviation**. For "
        f"{subject.network}: mean {_three(mean)}, standard deviation {_three(std)} (red, green, blue; pixels 0 to 1)."
    )
    peak = float(np.abs(found.values).max()) or 1.0
    channels = [colour_map(found.values[:, :, channel], -peak, peak, signed=True) for channel in range(3)]
    before, after = st.columns([1, 3], gap="medium")
    title = subject.picture.title
    show_png(
        draw_picture_grid([compute_square(subject)], columns=1, side=_SIDE).png,
        "before",
        alt=f"{title} before normalisation",
        place=before,
    )
    show_png(
        draw_picture_grid(channels, columns=3, side=_SIDE).png,
        "after: red, green, blue; white is the mean, red above it, blue below",
        alt=f"The three channels of {title} after normalisation",
        place=after,
    )
    left, right = st.columns(2, gap="large")
    for place, name, each, x_title in (
        (left, "Before", found.before, "pixel, 0 to 1"),
        (right, "After", found.after, "standard deviations from the mean"),
    ):
        chart = channel_histograms_chart(each.edges.tolist(), each.shares, name, x_title=x_title)
        show_chart(chart, f"chart-{name.lower()}", place)
        place.caption(f"Mean {_three(each.mean)}, standard deviation {_three(each.std)} (red, green, blue).")
    st.subheader("A dim and a bright version", anchor=False)
    meeting, dim, bright = _show_meeting(subject, mean, std)
    if meeting is not None:
        _offer(subject, found.values, meeting, dim, bright)
    columns = {"part": "Scale and batch norm", "scale_view": "Two columns"}
    link_to("learning", "What inputs of different scale do to training", columns)


def _three(values: object) -> str:
    return ", ".join(significant(float(value)) for value in np.asarray(values))


def _show_meeting(
    subject: Subject, mean: tuple[float, ...], std: tuple[float, ...]
) -> tuple[Meeting | None, float, float]:
    first, second, _ = st.columns([2, 2, 3])
    dim = first.slider("Dim", 0.1, 1.0, 0.5, 0.05, format="%.2f x", key="dim", bind="query-params")
    bright = second.slider("Bright", 1.0, 3.0, 1.5, 0.05, format="%.2f x", key="bright", bind="query-params")
    try:
        meeting = dim_and_bright(square_of(subject), mean, std, float(dim), float(bright))
    except PipelineRejected as problem:
        st.error(as_plain_text(str(problem)), icon=":material/block:")
        return None, float(dim), float(bright)
    places = st.columns([1, 1, 2], gap="medium", vertical_alignment="center")
    show_png(encode_png(meeting.dim), f"dim, {dim:g} x", alt="The dim version", place=places[0])
    show_png(encode_png(meeting.bright), f"bright, {bright:g} x", alt="The bright version", place=places[1])
    places[2].markdown(say_meeting(meeting))
    for place, stage in zip(st.columns(3), meeting.stages, strict=True):
        show_chart(_stage_chart(stage), f"chart-{stage.name}", place)
        place.caption(f"{stage.title}: {significant(stage.gap)} standard deviations apart.")
    return meeting, float(dim), float(bright)


def _stage_chart(stage: Stage) -> Any:
    titles = {"pixels": "Pixels", "data set": "Data set's mean and SD", "own": "Its own mean and SD"}
    return two_histograms(
        stage.dim.edges.tolist(),
        stage.dim.shares.mean(axis=0).tolist(),
        stage.bright.shares.mean(axis=0).tolist(),
        ("dim", "bright"),
        titles[stage.name],
    )


def _offer(subject: Subject, values: NDArray[np.float64], meeting: Meeting, dim: float, bright: float) -> None:
    preprocessing = subject.model.preprocessing
    side = values.shape[0]
    peak = float(np.abs(values).max()) or 1.0
    offer(
        "normalisation",
        lambda: (
            draw_picture_grid(
                [
                    compute_square(subject),
                    *(colour_map(values[:, :, channel], -peak, peak, signed=True) for channel in range(3)),
                    meeting.dim,
                    meeting.bright,
                ],
                columns=3,
                side=side,
            ).png
        ),
        lambda: arrays_as_npz(
            values=values,
            mean=np.array(preprocessing.mean),
            std=np.array(preprocessing.std),
            dim=meeting.dim,
            bright=meeting.bright,
            gaps=np.array([stage.gap for stage in meeting.stages]),
        ),
        normalisation_snippet(square_lines(subject, seen=False), dim, bright),
        key="normalisation-offer",
    )
