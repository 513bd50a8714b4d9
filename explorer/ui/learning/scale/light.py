"""The Learning page's view on light: which norms make a dim version of a picture like the picture itself."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.learning.scale.normalisation import EPS, KINDS, find_sets, measure_gap, normalise
from explorer.learning.scale.running_statistics import evaluate
from explorer.learning.scale.snippets import light_snippet
from explorer.neurons.activations import Numbers
from explorer.neurons.describing import say_number
from explorer.rendering import draw_grid
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.choose import choose_step
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.learning.scale.batch import (
    choose_filter,
    dim_inputs,
    first_convolution_of,
    inputs_of,
    list_batch,
    picture_lines,
    statistics_of,
)
from explorer.ui.session.subject import Subject

_LIGHTS = tuple(round(0.1 * step, 1) for step in range(1, 10))
_GROUPS = 2
_GREEN = 1  # the channel of the input that is drawn
_WIDTH = 160  # pixels of a pair as shown


def show_light(subject: Subject) -> None:
    """The picture and its dim version after every norm, and how far they are apart."""
    first = first_convolution_of(subject)
    finding = st.container()
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    with row:
        light = choose_step("Light of the dim version", _LIGHTS, "norm_dim", 0.5, format_func="{:g} ×".format)
        channel = choose_filter(subject)
    stages = _compute_stages(subject, light)
    gaps = {name: measure_gap(pair[0][0], pair[1][0]) for name, pair in stages.items()}
    with finding:
        answers = ("the data set's", "the picture's own", "both")
        asked = "Which mean and standard deviation make a dim version of a picture like the picture?"
        if not ask_first(asked, answers, answers[1], "ask-norm-light"):
            return
        by_set, by_own, *_ = gaps.values()
        if np.isnan(by_set):
            st.info("This picture has one colour: there is no spread to measure by. Choose another.")
            return
        st.markdown(
            f"**At {light:g} of its light the picture is {say_number(by_set)} standard deviations from itself after "
            f"the data set's mean and standard deviation, and {say_number(by_own)} after its own.** The data set's are "
            "the same numbers for every picture, so a dim one stays dim. Behind the convolution it is "
            f"{say_number(gaps['convolution'])}, with batch norm too, whose scale and shift both share; instance norm, "
            f"by the map's own, leaves {say_number(gaps['instance norm'])}."
        )
    place = st.container(horizontal=True, gap="medium")
    for name, pair in stages.items():
        shown = [each[0, _GREEN if each.shape[1] == 3 else channel] for each in pair]
        show_png(
            _draw(shown),
            f"{name}: {say_number(gaps[name])}",
            alt=f"The picture and its dim version side by side, {name}; {gaps[name]:.2g} standard deviations apart",
            width=_WIDTH,
            place=place,
        )
    st.caption(
        f"Left the picture, right its dim version; the first two are the green of the input, the others filter "
        f"{first.filters[channel]} of {first.name}. The numbers say how far all values are apart, every channel in "
        "standard deviations of the picture's. Batch norm in training has both in one batch. The convolution has no "
        "padding here, whose zeros would not get darker; what their own statistics leave comes from ε."
    )
    offer(
        "light",
        lambda: _draw([each[0, channel] for pair in list(stages.values())[2:] for each in pair]),
        lambda: arrays_as_npz(
            gaps=np.array(list(gaps.values())),
            **{f"{name.replace(' ', '_').replace(',', '')}": np.concatenate(pair) for name, pair in stages.items()},
        ),
        light_snippet(
            picture_lines(subject, [subject.picture]),
            light,
            subject.model.preprocessing.mean,
            subject.model.preprocessing.std,
        ),
        "norm-light-offer",
    )


def _draw(maps: list[Numbers]) -> bytes:
    """Pairs side by side in the colours of the first of each."""
    most = [float(np.abs(each).max()) for each in maps[::2] for _ in range(2)]
    ranges = np.array([[-each, each] for each in most])
    return draw_grid(np.stack(maps), signed=True, columns=2, magnify=8, ranges=ranges).png


def _compute_stages(subject: Subject, light: float) -> dict[str, tuple[Numbers, Numbers]]:
    """(1, C, H, W) of the picture and of its dim version, by what was done to them."""
    import torch

    first = first_convolution_of(subject)
    dim = dim_inputs(subject, [subject.picture], light)
    inputs = np.concatenate([inputs_of(subject, [subject.picture]).double().numpy(), dim.numpy()])
    maps = first.compute_maps(torch.from_numpy(inputs), padded=False)
    mean, variance = statistics_of(subject, list_batch(subject))
    in_evaluation = evaluate(maps, mean, variance, first.gamma, first.beta, EPS)

    def by(kind: str, values: Numbers) -> Numbers:
        channels = values.shape[1]
        groups = _GROUPS if channels % _GROUPS == 0 else 1
        one = np.ones(channels)
        return normalise(values, find_sets(kind, 2, channels, groups), one, 0 * one, EPS).result

    stages = {
        "the data set's mean and SD": inputs,
        "its own mean and SD": by("instance", inputs),
        "convolution": maps,
        "batch norm, evaluation": in_evaluation,
        "batch norm, training": by("batch", maps),
        **{KINDS[kind]: by(kind, maps) for kind in ("layer", "group", "instance")},
    }
    return {name: (both[:1], both[1:]) for name, both in stages.items()}
