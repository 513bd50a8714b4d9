"""The Learning page's views on batch norm in training and evaluation, and on its running averages."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.learning.scale.normalisation import EPS, find_sets, normalise
from explorer.learning.scale.running_statistics import evaluate
from explorer.learning.scale.snippets import modes_snippet
from explorer.neurons.activations import Numbers
from explorer.neurons.describing import say_number, write_difference, write_table
from explorer.rendering import curves
from explorer.text import as_plain_text
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose_step, switch
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.learning.scale.batch import (
    CROPS,
    choose_filter,
    dim_inputs,
    first_convolution_of,
    list_batch,
    maps_of,
    picture_lines,
    statistics_of,
)
from explorer.ui.session.pictures import Picture, choose_picture_of, get_picture
from explorer.ui.session.subject import Subject

_LIGHTS = tuple(round(0.1 * step, 1) for step in range(1, 11))


def show_modes(subject: Subject) -> None:
    """One picture beside changing neighbours, in both modes; alone, and with one value for each map."""
    first = first_convolution_of(subject)
    finding = st.container()
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    batch = list_batch(subject)
    others = [picture.label for picture in batch[1:]]
    with row:
        label = choose_picture_of("Neighbour in the batch", others, "norm_neighbour", others[0])
        light = choose_step("The neighbour's light", _LIGHTS, "norm_light", 0.3, format_func="{:g} ×".format)
        channel = choose_filter(subject)
    pooled = switch("Average every map to one value first", "norm_pooled")
    neighbour = get_picture(label)
    own = maps_of(subject, [subject.picture])
    dimmed = {each: first.compute_maps(dim_inputs(subject, [neighbour], each)) for each in _LIGHTS}
    batches = {
        "alone": own,
        "beside the neighbour": np.concatenate([own, dimmed[1.0]]),
        f"beside it at {light:g} × light": np.concatenate([own, dimmed[light]]),
        f"beside all {len(others)} others": maps_of(subject, batch),
    }
    if pooled:
        batches = {name: each.mean((2, 3), keepdims=True) for name, each in batches.items()}
    in_training, in_evaluation = {}, {}
    mean, variance = statistics_of(subject, batch)
    for name, each in batches.items():
        in_training[name] = _train(each, first.gamma, first.beta)
        in_evaluation[name] = evaluate(each, mean, variance, first.gamma, first.beta, EPS)[0]
    with finding:
        answers = ("in training only", "in evaluation only", "in both", "in neither")
        asked = "Another picture in the batch is swapped. When does batch norm's result for the first picture change?"
        if not ask_first(asked, answers, answers[0], "ask-norm-modes"):
            return
        _say_modes(in_training, in_evaluation, channel)
    rows = {name: [_say_middle(each[name], channel) for each in (in_training, in_evaluation)] for name in batches}
    st.markdown(write_table(["in training", "in evaluation"], rows))
    where = "its one value" if pooled else "the middle cell of its map"
    st.caption(
        f"{as_plain_text(subject.picture.title)}, filter {first.filters[channel]}: {where} after batch norm; the "
        f"neighbour is {as_plain_text(neighbour.title)}."
    )
    if pooled:
        _say_pooled(batches, in_training)
    else:
        _show_curve(own, dimmed, subject, batch, channel)
    _show_modes_oracle(subject, batch, batches, in_training, in_evaluation)


def _train(batch: Numbers, gamma: Numbers, beta: Numbers) -> Numbers | None:
    """(C, H, W) of the first picture; None for a batch that has one value a channel."""
    if batch.size == batch.shape[1]:
        return None
    pictures, channels = batch.shape[:2]
    return normalise(batch, find_sets("batch", pictures, channels, 0), gamma, beta, EPS).result[0]


def _middle(result: Numbers, channel: int) -> float:
    return float(result[channel, result.shape[1] // 2, result.shape[2] // 2])


def _say_middle(result: Numbers | None, channel: int) -> str:
    return "refused" if result is None else say_number(_middle(result, channel))


def _say_modes(in_training: dict[str, Numbers | None], in_evaluation: dict[str, Numbers], channel: int) -> None:
    trained = [each for each in in_training.values() if each is not None]
    moved = max(float(np.abs(each - trained[0]).max()) for each in trained)
    evaluated = list(in_evaluation.values())
    still = max(float(np.abs(each - evaluated[0]).max()) for each in evaluated)
    values = sorted(_middle(each, channel) for each in trained)
    st.markdown(
        f"**The same picture, the same weights: in training its value lies between {say_number(values[0])} and "
        f"{say_number(values[-1])}, by whoever stands beside it; in evaluation it is "
        f"{say_number(_middle(evaluated[0], channel))} beside anyone.** Over all its cells neighbours move the result "
        f"by up to {say_number(moved)} in training and by {write_difference(still)} in evaluation, where running "
        "averages take the batch's place."
    )


def _say_pooled(batches: dict[str, Numbers], in_training: dict[str, Numbers | None]) -> None:
    from explorer.learning.scale.layers import find_refusal

    alone, pair = list(batches)[:2]
    signs = in_training[pair]
    assert signs is not None
    st.markdown(
        f"**Alone, each channel has one value**: its own mean, with variance 0; whatever it was, it would come out as "
        f"β. PyTorch refuses: “{as_plain_text(find_refusal(batches[alone]))}”. Beside one other there are two values, "
        "and of two, one is always one standard deviation above their mean and the other as far below: before γ and β "
        "the result is 1 or −1, whatever the pictures show. In evaluation one value is no trouble."
    )


def _show_curve(
    own: Numbers, dimmed: dict[float, Numbers], subject: Subject, batch: list[Picture], channel: int
) -> None:
    first = first_convolution_of(subject)
    mean, variance = statistics_of(subject, batch)
    trained = []
    for light in _LIGHTS:
        result = _train(np.concatenate([own, dimmed[light]]), first.gamma, first.beta)
        assert result is not None
        trained.append(_middle(result, channel))
    still = _middle(evaluate(own, mean, variance, first.gamma, first.beta, EPS)[0], channel)
    chart = curves(
        _LIGHTS,
        {"in training": trained, "in evaluation": [still] * len(_LIGHTS)},
        "Its middle cell after batch norm",
        x_title="the neighbour's light",
        percent=False,
        height=300,
    )
    chart.update_yaxes(rangemode="normal")
    show_chart(chart, "norm-modes")
    alone = _train(own, first.gamma, first.beta)
    instance = normalise(own, find_sets("instance", 1, own.shape[1], 0), first.gamma, first.beta, EPS).result[0]
    st.markdown(
        f"**A batch of one picture** is taken, for a map of {own.shape[2]} × {own.shape[3]} cells has "
        f"{own.shape[2] * own.shape[3]} values for its mean: in training batch norm then is instance norm, difference "
        f"{write_difference(float(np.abs(alone - instance).max()) if alone is not None else 0.0)}."
    )


def _show_modes_oracle(
    subject: Subject,
    batch: list[Picture],
    batches: dict[str, Numbers],
    in_training: dict[str, Numbers | None],
    in_evaluation: dict[str, Numbers],
) -> None:
    from explorer.learning.scale.layers import apply_layer, build_layer, evaluate_batch

    first = first_convolution_of(subject)
    mean, variance = statistics_of(subject, batch)
    differences = []
    for name, each in batches.items():
        trained = in_training[name]
        if trained is not None:
            layer = build_layer("batch", each.shape, 0, first.gamma, first.beta, EPS)
            differences.append(float(np.abs(apply_layer(layer, each)[0] - trained).max()))
        theirs = evaluate_batch(each, mean, variance, first.gamma, first.beta, EPS)[0]
        differences.append(float(np.abs(theirs - in_evaluation[name]).max()))
    source = (
        f"γ, β and the running averages are those of {first.norm_name}"
        if first.running_mean is not None
        else f"this network has no batch norm there: γ = 1, β = 0, and the running averages are those of {CROPS} "
        "windows of the pictures"
    )
    st.caption(
        f"PyTorch, `nn.BatchNorm2d` in both modes: largest difference {write_difference(*differences)}. The maps are "
        f"those of {first.name}; {source}."
    )
    numbers = [each.tolist() for each in (first.gamma, first.beta, mean, variance)]
    offer(
        "training-and-evaluation",
        None,
        lambda: arrays_as_npz(
            maps=maps_of(subject, batch),
            gamma=first.gamma,
            beta=first.beta,
            running_mean=mean,
            running_variance=variance,
            **{f"training_{k}": each for k, each in enumerate(in_training.values()) if each is not None},
            **{f"evaluation_{k}": each for k, each in enumerate(in_evaluation.values())},
        ),
        modes_snippet(picture_lines(subject, batch), *numbers),
        "norm-modes",
    )
