"""Switch channels off, or scale them, and see the prediction and the maps further on move."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.anatomy import Edit, LayerFacts, PredictionChange, layers_behind, record
from explorer.rendering import map_pairs
from explorer.saliency import (
    SaliencyImpossible,
    attention_inside,
    default_layer,
    estimate_losses,
    layers_for,
    measure_losses,
)
from explorer.saliency.channels import MovedMaps, estimates_hold, find_moved, loss_rows
from explorer.saliency.snippets import edit_snippet
from explorer.text import as_plain_text, count_text, significant
from explorer.ui.kit.choose import choose, choose_one, slide
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.saliency.choices import Question, say_question
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject
from explorer.ui.shared.prediction_change import show_change
from explorer.ui.shared.recorded import compute_edited, compute_maps, compute_probabilities, facts_of

WHICH_LABELS = {"top": "Top for this class", "one": "One channel", "all": "All"}
LISTED = 5
MOST_MAPS = 12
PAIRS_IN_A_ROW = 4
_TOP = 5  # channels that are switched off at first


@st.cache_data(max_entries=64, show_spinner="Weighing the channels …")
def compute_estimates(subject: Subject, layer: str, target: int, contrast: int | None) -> NDArray[np.float64]:
    """(C,) what the score would lose without each channel, to first order.

    Raises:
        SaliencyImpossible: the score does not depend on this layer.
    """
    return estimate_losses(subject.model, subject.input, layer, target, contrast)


@st.cache_data(max_entries=64, show_spinner="Switching the channels off one by one …")
def compute_measured(
    subject: Subject, layer: str, channels: tuple[int, ...], target: int, contrast: int | None
) -> NDArray[np.float64]:
    """(len(channels),) what the score loses without each of some channels."""
    return measure_losses(subject.model, subject.input, layer, channels, target, contrast)


@st.cache_data(max_entries=32, show_spinner=False)
def compute_moved(subject: Subject, edit: Edit, layer: str) -> MovedMaps:
    """The maps of a layer that the edit moves most."""
    edited = record(subject.model, subject.input, layers=[layer], edits=[edit])
    return find_moved(compute_maps(subject, layer), edited[layer].maps.float().cpu().numpy(), MOST_MAPS)


def show_channels(subject: Subject, question: Question) -> None:
    """Choose channels and a factor; both predictions, the maps further on, and the channels the class rests on."""
    st.subheader("Switch channels off", anchor=False)
    try:
        first = default_layer(subject.model, subject.input)
    except SaliencyImpossible as problem:
        st.info(f"{as_plain_text(str(problem))} There are no channels to switch.")
        return
    layers = {facts.name: facts for facts in layers_for(subject.model, subject.input)}
    if attention_inside(subject.model) == "tokens":
        st.caption(
            "A transformer has tokens in place of maps: only channels of the convolutions that make its tokens can be "
            "switched."
        )
    first_row, second_row = st.columns(2), st.columns(2)
    with first_row[0]:
        facts = _choose_layer(layers, first)
    try:
        estimates = compute_estimates(subject, facts.name, question.target, question.contrast)
    except SaliencyImpossible as problem:
        st.info(f"{as_plain_text(str(problem))} Choose another layer.")
        return
    order = np.argsort(-estimates, kind="stable")
    channels = _choose_channels(facts, order, first_row[1], second_row[0])
    if channels == ():
        return
    factor = second_row[1].slider(
        "Factor",
        0.0,
        2.0,
        0.0,
        0.05,
        key="edited_factor",
        bind="query-params",
        help="What the maps of these channels are multiplied by: 0 switches them off, 1 leaves them, 2 doubles them.",
    )
    edit = Edit(facts.name, float(factor), channels)
    before, after = compute_probabilities(subject), compute_edited(subject, edit)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(edit.describe(facts.channels))
        show_change(subject, PredictionChange(before, after, question.target), "switched-bars")
    with right:
        _list_channels(subject, question, facts, estimates, order)
    shown, moved = _show_moved(subject, edit)
    offer(
        f"{subject.file_stem}-{facts.name}-switched",
        lambda: map_pairs(moved.before, moved.after, signed=moved.signed, columns=PAIRS_IN_A_ROW).png,
        lambda: arrays_as_npz(
            estimates=estimates,
            before=before,
            after=after,
            map_numbers=moved.channels,
            maps_before=moved.before,
            maps_after=moved.after,
        ),
        edit_snippet(opening_lines(subject), edit, shown, question.target, question.contrast),
        key="switched-offer",
    )


def _choose_layer(layers: dict[str, LayerFacts], first: str) -> LayerFacts:
    said = "In the order of execution; at first the last one with maps."
    return layers[choose_one("Layer to change", list(layers), "edited", first, help=said)]


def _choose_channels(
    facts: LayerFacts, order: NDArray[np.intp], place: DeltaGenerator, below: DeltaGenerator
) -> tuple[int, ...] | None:
    """Which channels: None for all, none where there is no such channel, which is said."""
    which = choose("Which channels", WHICH_LABELS, "switched", "top", place=place)
    if which == "all":
        below.caption(f"{facts.name} has {count_text(facts.channels, 'channel')}.")
        return None
    if which == "one":
        number = int(
            below.number_input(
                f"Channel, 0 to {facts.channels - 1}", 0, None, int(order[0]), key="edited_channel", bind="query-params"
            )
        )
        if number < facts.channels:
            return (number,)
        below.info(f"{facts.name} has {count_text(facts.channels, 'channel')}, from 0; there is no channel {number}.")
        return ()
    if facts.channels == 1:
        below.caption("This layer has one channel only.")
        return (0,)
    most = slide(
        "How many of the top",
        1,
        facts.channels,
        min(_TOP, facts.channels),
        "edited_top",
        place=below,
        help="Those without which the class would lose most, by the estimate in the table.",
    )
    return tuple(sorted(int(channel) for channel in order[:most]))


def _list_channels(
    subject: Subject, question: Question, facts: LayerFacts, estimates: NDArray[np.float64], order: NDArray[np.intp]
) -> None:
    """The channels that the class rests on most, estimated and measured."""
    top = tuple(int(channel) for channel in order[:LISTED])
    measured = compute_measured(subject, facts.name, top, question.target, question.contrast)
    score = "logit" if question.contrast is None else "lead in logits"
    st.markdown(f"What **{as_plain_text(say_question(subject, question))}** rests on most in `{facts.name}`")
    st.table(
        loss_rows(top, estimates, measured),
        hide_index=True,
        alt=f"The {len(top)} channels of {facts.name} that the class rests on most",
    )
    st.caption(
        f"What the {score} loses without each channel: estimated as gradient × map, summed over its cells, and "
        "measured by switching it alone off. The share is of all estimates above zero in this layer. "
        + (
            "Both agree: little but sums follows this layer."
            if estimates_hold(estimates[list(top)], measured)
            else "They part where later layers bend, and the measurement is right."
        )
    )


def _show_moved(subject: Subject, edit: Edit) -> tuple[str, MovedMaps]:
    """The maps that moved most, of a later layer where there is one with maps; gives that layer and its maps."""
    later = [facts.name for facts in layers_behind(facts_of(subject), edit.layer)]
    if later:
        last = default_layer(subject.model, subject.input)
        first = last if last in later else later[-1]
        said = "Layers that depend on the changed one."
        shown = choose_one("See the maps of", later, "downstream", first, help=said)
    else:
        shown = edit.layer
        st.caption(
            f"No layer with maps follows {shown}: these are its own. Choose an earlier layer to see others move."
        )
    moved = compute_moved(subject, edit, shown)
    if not moved.changes.any():
        st.info(f"Nothing in {shown} has changed.")
        return shown, moved
    for start in range(0, len(moved.channels), PAIRS_IN_A_ROW):
        row = st.container(horizontal=True)  # four side by side, two on a phone
        for place in range(start, start + PAIRS_IN_A_ROW):
            with row.container(width="stretch"):
                if place >= len(moved.channels):
                    st.space("small")  # what is empty takes no room, and the others would spread over it
                else:
                    channel = moved.channels[place]
                    one = slice(place, place + 1)
                    show_png(
                        map_pairs(moved.before[one], moved.after[one], signed=moved.signed, columns=1).png,
                        f"map {channel}, by {significant(moved.changes[place])}",
                        alt=f"Map {channel} of {shown} before and after",
                    )
    colours = "Blue is below zero, red above." if moved.signed else "Dark is zero, yellow the largest."
    still = f" {count_text(moved.still, 'channel')} did not change at all." if moved.still else ""
    st.caption(
        f"The maps of {shown} that changed most, and by how much a cell did on average. In each pair left is before, "
        f"right after, on one scale. {colours}{still}"
    )
    return shown, moved
