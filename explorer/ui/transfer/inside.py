"""The part of the Transfer page that looks into a trained network: weights, features and maps, before and after."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.rendering.figures.movement import feature_scatter, movement_bars
from explorer.rendering.movement_pictures import movement_picture, scatter_picture
from explorer.text import as_plain_text
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.evaluation.describing import say_movement, say_points, say_separation, separation_table
from explorer.transfer.evaluation.inside import (
    PROJECTIONS,
    Moved,
    Projection,
    Separation,
    choose_places,
    moved_from_pretrained,
    project,
    separation,
)
from explorer.transfer.snippets import features_snippet, movement_snippet
from explorer.transfer.trial import TransferRejected
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.transfer.maps import show_maps
from explorer.ui.transfer.state import Trained

VIEWS = {"weights": "Weights", "features": "Features", "maps": "Maps"}
GROUPS = {"test": "Test pictures", "all": "All pictures"}


def show_inside(trained: Trained, pictures: PictureSet) -> None:
    """Choose what of a network to compare with how it began; `pictures` are those that it was trained on."""
    view = choose("What changed", VIEWS, "view", "weights")
    if view == "features":
        show_features(trained, pictures)
    elif view == "maps":
        show_maps(trained, pictures)
    else:
        show_movement(trained)


def show_movement(trained: Trained) -> None:
    """How far each layer moved from its pretrained weights."""
    if trained.trial.strategy == "scratch":
        st.info("From scratch nothing begins pretrained: there is no place from which a layer could have moved.")
        return
    moved = compute_movement(trained.digest, trained)
    st.markdown(say_movement(moved))
    show_chart(movement_bars(moved.distance, moved.likeness), "chart-movement")
    st.caption(
        "The first layer is on top. 100 % means that the weights went as far as they were long; layers without a bar "
        "are frozen. New layers are left out: they began at random."
    )
    offer(
        f"movement-{trained.trial.strategy}",
        lambda: movement_picture(moved.distance),
        lambda: arrays_as_npz(**moved.arrays),
        movement_snippet(trained.experiment),
        "movement",
    )


def show_features(trained: Trained, pictures: PictureSet) -> None:
    """Pictures as points by what the last layer reads of them, before and after the training."""
    method, group = _choose_features()
    places = choose_places(trained.experiment, len(pictures), group)
    labels = pictures.labels[places]
    try:
        before, after = (compute_features(when, places, trained, pictures) for when in ("before", "after"))
        points = [compute_points(each, method) for each in (before, after)]
    except TransferRejected as rejected:
        st.error(as_plain_text(str(rejected)), icon=":material/block:")
        return
    apart = [compute_separation(each, labels) for each in (before, after)]
    names = [pictures.names[place] for place in places]
    held_out = ~np.isin(places, trained.experiment.test_places)
    titles = ("Before training", "After training")
    for column, title, each in zip(st.columns(2, gap="large"), titles, points, strict=True):
        figure = feature_scatter(each, labels, pictures.classes, names, title, hollow=held_out)
        show_chart(figure, f"chart-features-{title}", column)
    st.markdown(say_separation(*apart))
    st.markdown(separation_table(*apart))
    st.caption(say_points(trained.trial.strategy, method, group, len(places), len(pictures)))
    panels = dict(zip(titles, points, strict=True))
    offer(
        f"features-{trained.trial.strategy}-{method}",
        lambda: scatter_picture(panels, labels, pictures.classes),
        lambda: arrays_as_npz(
            places=places,
            labels=labels,
            features_before=before,
            features_after=after,
            points_before=points[0],
            points_after=points[1],
        ),
        features_snippet(trained.experiment, method, places),
        "features",
    )


def _choose_features() -> tuple[Projection, str]:
    row = st.container(horizontal=True, vertical_alignment="bottom")
    said = "PCA keeps the directions in which the pictures differ most; t-SNE keeps neighbours together."
    method = choose("Projection", PROJECTIONS, "projection", place=row, help=said)
    said = "Test pictures were never learned from, so only they tell whether classes really lie apart."
    return method, choose("Points", GROUPS, "points", place=row, help=said)


@st.cache_data(max_entries=8, show_spinner=False)
def compute_movement(digest: str, _trained: Trained) -> Moved:
    """Of every pretrained layer; `digest` says of which weights."""
    return moved_from_pretrained(_trained.trial, _trained.after)


def compute_features(
    when: str, places: NDArray[np.int64], trained: Trained, pictures: PictureSet
) -> NDArray[np.float32]:
    """What the last layer reads of the chosen pictures, "before" or "after"."""
    # Before the training all that matters is how it began, not what came of it.
    begin = f"{trained.trial.to_json()} {trained.experiment.classes}" if when == "before" else trained.digest
    return _features(begin, pictures.key, places.tobytes(), trained, pictures, when)


@st.cache_data(max_entries=12, show_spinner="Looking at the pictures …")
def _features(
    network: str, key: str, places: bytes, _trained: Trained, _pictures: PictureSet, _when: str
) -> NDArray[np.float32]:
    from explorer.transfer.features import features_of

    model = _trained.before if _when == "before" else _trained.after
    return features_of(model, _pictures, np.frombuffer(places, dtype=np.int64))


@st.cache_data(max_entries=16, show_spinner="Arranging the points …")
def compute_points(features: NDArray[np.float32], method: Projection) -> NDArray[np.float64]:
    """The features in a plane.

    Raises:
        TransferRejected: too few of them.
    """
    return project(features, method)


@st.cache_data(max_entries=16, show_spinner=False)
def compute_separation(features: NDArray[np.float32], labels: NDArray[np.int64]) -> Separation:
    """How well the classes lie apart, in all dimensions."""
    return separation(features, labels)
