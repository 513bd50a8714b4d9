"""Which classes are taken for which, the pictures behind every cell, and the surest errors with their heatmaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.rendering import format_percent
from explorer.rendering.figures.confusion import confusion_chart
from explorer.text import as_plain_text, count_text
from explorer.transfer.data.grids import draw_grid, draw_whole
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.evaluation.comparing import digest
from explorer.transfer.evaluation.mistakes import (
    Mistake,
    confident_errors,
    confusion,
    mistake_arrays,
    pictures_behind,
    worst_cell,
)
from explorer.transfer.experiment import Experiment
from explorer.transfer.snippets import mistakes_snippet
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, choose_one, switch
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.transfer.results import choose_share, find_groups
from explorer.ui.transfer.state import WeightsOf

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from explorer.transfer.evaluation.error_pictures import ErrorPicture
    from explorer.zoo import VisionModel

MOST_BEHIND, MOST_ERRORS = 24, 10
CARD = 160  # pixels of the place of an error
_CHART = "chart-confusion"
_ALL = "All together"


def show_mistakes(experiments: Sequence[Experiment], pictures: PictureSet, weights_of: WeightsOf) -> None:
    """The confusion matrix of a strategy, the pictures behind a cell, and the surest errors.

    Args:
        experiments: of one comparison.
        pictures: what it was about.
        weights_of: gives the safetensors file of a trained network.
    """
    groups = find_groups(experiments)
    if not groups:
        return
    if any(int(each.test_places.max()) >= len(pictures) for group in groups for each in group.experiments):
        st.warning("These trainings were made on other pictures.", icon=":material/image_not_supported:")
        return
    share = choose_share(groups, "mistakes_share")
    shown = {group.title: group for group in groups if group.share == share}
    first, second = st.columns(2, vertical_alignment="bottom")
    best = max(shown, key=lambda each: shown[each].mean)
    group = shown[choose_one("Strategy", list(shown), "mistakes_of", best, place=first)]
    chosen = _choose_seeds(second, group.experiments)
    counts = confusion(chosen)
    true, predicted = _choose_cell(chosen, counts)
    _show_behind(chosen, pictures, counts, true, predicted, group.title)
    st.subheader("The surest errors", anchor=False)
    _show_errors(chosen, pictures, weights_of)


def _choose_seeds(place: DeltaGenerator, trained: Sequence[Experiment]) -> Sequence[Experiment]:
    """All trainings of the strategy, or one."""
    if len(trained) == 1:
        return trained
    by_name = {_ALL: trained, **{f"Seed {each.trial.seed}": (each,) for each in trained}}
    return by_name[choose("Trainings", {name: name for name in by_name}, "mistakes_seed", place=place)]


def _choose_cell(trained: Sequence[Experiment], counts: NDArray[np.int64]) -> tuple[int, int]:
    """The matrix and the two lists that name a cell of it; a click on the matrix sets them."""
    names = list(trained[0].classes)
    first_true, first_predicted = worst_cell(counts)
    place = st.empty()
    left, right = st.columns(2)
    true = choose_one("True class", names, "true_class", names[first_true], place=left)
    predicted = choose_one("Predicted as", names, "told_class", names[first_predicted], place=right)
    cell = names.index(true), names.index(predicted)
    show_chart(
        confusion_chart(counts, names, cell),
        _CHART,
        place=place,
        on_select=lambda: take_click(names),
        selection_mode="points",
    )
    right_ones, total = int(np.trace(counts)), int(counts.sum())
    summed = f", summed over {len(trained)} seeds" if len(trained) > 1 else ""
    st.caption(
        f"{right_ones:,} of {count_text(total, 'answer')} are right{summed}. A cell's colour is its share of the row; "
        "click one to see its pictures."
    )
    return cell


def take_click(names: Sequence[str]) -> None:
    """Let the two lists name the cell that was clicked; a click beside the cells changes nothing."""
    points = st.session_state[_CHART]["selection"]["points"]
    if points:
        row, column = points[-1]["customdata"]
        st.session_state["true_class"], st.session_state["told_class"] = names[row], names[column]


def _show_behind(
    trained: Sequence[Experiment],
    pictures: PictureSet,
    counts: NDArray[np.int64],
    true: int,
    predicted: int,
    title: str,
) -> None:
    names = trained[0].classes
    behind = pictures_behind(trained, true, predicted)
    if not behind:
        with st.container(border=True):
            st.text(f"No picture of “{names[true]}” was predicted as “{names[predicted]}”.")
        return
    shown = behind[:MOST_BEHIND]
    grid = compute_grid(pictures.key, tuple(each.place for each in shown), pictures)
    st.text(
        f"“{names[true]}” predicted as “{names[predicted]}”: {count_text(len(behind), 'picture')}"
    )  # untrusted text
    show_png(
        grid,
        alt=f"{count_text(len(shown), 'picture')} of {names[true]} that {title} predicted as {names[predicted]}",
        width="content",
    )
    notes = []
    if several := sum(len(each.seeds) > 1 for each in behind):
        notes.append(f"{several:,} of them came out so with more than one seed; these stand first.")
    if len(shown) < len(behind):
        notes.append(f"Shown are the first {len(shown)}.")
    if notes:
        st.caption(" ".join(notes))
    offer(
        "mistakes",
        grid,
        lambda: arrays_as_npz(**mistake_arrays(trained, counts, [each.place for each in behind])),
        mistakes_snippet(),
        key="mistakes-offer",
    )


def _show_errors(trained: Sequence[Experiment], pictures: PictureSet, weights_of: WeightsOf) -> None:
    errors = confident_errors(trained, MOST_ERRORS)
    if not errors:
        st.success("Every test picture was classified correctly.", icon=":material/check:")
        return
    look = switch(
        "Where it looked",
        "mistakes_look",
        True,
        help="Grad-CAM for the predicted class, by the training that was surest of it.",
    )
    by_seed = {each.trial.seed: each for each in trained}
    row = st.container(horizontal=True, gap="small")  # on a phone two stand side by side
    for error in errors:
        with row.container(width=CARD):
            _show_error(error, by_seed[error.seed], pictures, weights_of, bool(look), len(trained))


def _show_error(
    error: Mistake, trained: Experiment, pictures: PictureSet, weights_of: WeightsOf, look: bool, trainings: int
) -> None:
    names = trained.classes
    try:
        drawn = compute_error(
            pictures.key, digest([trained]), error.place, error.predicted, trained, pictures, weights_of
        )
    except (OSError, KeyError, ValueError) as problem:
        alt = f"A picture of {names[error.true]} predicted as {names[error.predicted]}"
        show_png(draw_whole(pictures, error.place), alt=alt)
        st.caption("Its network cannot be opened any more.", help=as_plain_text(str(problem)))
        drawn = None
    if drawn is not None:
        glows = look and drawn.glow is not None
        show_png(
            drawn.glow if glows and drawn.glow is not None else drawn.seen,
            alt=f"A picture of {names[error.true]} predicted as {names[error.predicted]}"
            + (", with where the network looked" if glows else ""),
        )
    said = f"{names[error.true]}, predicted as {names[error.predicted]}: {format_percent(error.probability)}"
    st.text(f"{said}\n{pictures.names[error.place]}")
    predicted = f"The true class got {format_percent(error.true_probability)}."
    if trainings > 1:
        predicted += f" Wrong with {error.seeds} of {trainings} seeds."
    note = drawn.note if look and drawn is not None else ""
    if look and drawn is not None and (drawn.glow is None or drawn.blank):
        predicted += " There is no heatmap." if drawn.glow is None else " Its heatmap is blank."
    st.caption(predicted, help=note or None)


@st.cache_resource(max_entries=3, show_spinner=False)
def _open(training: str, _experiment: Experiment, _weights_of: WeightsOf) -> VisionModel:
    from explorer.zoo import load_model  # brings torch, for which the rest does not wait

    return load_model(_experiment.trial.network, weights=_weights_of(_experiment))


@st.cache_data(max_entries=128, show_spinner="Looking where it looked …")
def compute_error(
    key: str,
    training: str,
    place: int,
    predicted: int,
    _experiment: Experiment,
    _pictures: PictureSet,
    _weights_of: WeightsOf,
) -> ErrorPicture:
    """`draw_error` of a picture; `key` and `training` say of which pictures and weights.

    Raises:
        OSError, KeyError, ValueError: its weights are gone or cannot be read.
    """
    from explorer.transfer.evaluation.error_pictures import draw_error

    return draw_error(_open(training, _experiment, _weights_of), _pictures.image(place), predicted)


@st.cache_data(max_entries=64, show_spinner=False)
def compute_grid(key: str, places: tuple[int, ...], _pictures: PictureSet) -> bytes:
    """`draw_grid` of the pictures that `key` names."""
    return draw_grid(_pictures, places)
