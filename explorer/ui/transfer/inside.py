"""The part of the Transfer page that looks into a trained network: weights, features and maps, before and after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.rendering import CHART_CONFIG
from explorer.rendering.movement_figures import feature_scatter, movement_bars
from explorer.rendering.movement_pictures import movement_picture, scatter_picture
from explorer.text import count_text, significant
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.evaluation.inside import PROJECTIONS, Moved, Projection, Separation
from explorer.transfer.experiment import Experiment
from explorer.transfer.trial import TransferRejected
from explorer.ui.kit.choose import choose
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.transfer.maps import show_maps
from explorer.ui.transfer.snippets import features_snippet, movement_snippet
from explorer.ui.transfer.state import Trained, WeightsOf, choose_trained

VIEWS = {"weights": "Weights", "features": "Features", "maps": "Maps"}
GROUPS = {"test": "Test pictures", "all": "All pictures"}
MOST_POINTS = 600  # t-SNE of more takes longer than one waits


def show_inside(experiments: Sequence[Experiment], pictures: PictureSet, weights_of: WeightsOf) -> None:
    """Choose a training, and what of its network to compare with how it began.

    Args:
        experiments: of a comparison.
        pictures: it was trained on.
        weights_of: gives the safetensors file of a finished one; raises OSError or JobUnknown where it has gone.
    """
    trained = choose_trained(experiments, weights_of)
    if trained is None:
        return
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
    st.plotly_chart(movement_bars(moved.distance, moved.likeness), config=CHART_CONFIG, key="chart-movement")
    st.caption(
        "The first layer is on top. 100 % means that the weights went as far as they were long; layers without a bar "
        "are frozen. New layers are left out: they began at random."
    )
    offer(
        f"movement-{trained.trial.strategy}",
        lambda: movement_picture(moved.distance),
        lambda: arrays_as_npz(
            layers=np.array(list(moved.distance)),
            distance=np.array(list(moved.distance.values())),
            likeness=np.array(list(moved.likeness.values())),
        ),
        movement_snippet(trained),
        "movement",
    )


def say_movement(moved: Moved) -> str:
    """Which layers moved, and which most, in a sentence or two."""
    names = list(moved.distance)
    went = [name for name in names if moved.distance[name] > 0]
    if not went:
        return f"**No pretrained layer moved**: all {len(names)} are frozen, only what is new has learned."
    most = max(went, key=lambda name: moved.distance[name])
    half = len(names) // 2
    early, late = (
        float(np.mean([moved.distance[name] for name in part])) for part in (names[:half] or names, names[half:])
    )
    where = "later layers moved more" if late > early else "earlier layers moved more"
    return (
        f"**{len(went)} of {count_text(len(names), 'pretrained layer')} moved**, most of all `{most}` by "
        f"{significant(100 * moved.distance[most])} % of its length; {where} on average, {significant(100 * late)} % "
        f"in the second half of the network against {significant(100 * early)} % in the first."
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
        st.error(str(rejected), icon=":material/block:")
        return
    apart = [compute_separation(each, labels) for each in (before, after)]
    names = [pictures.names[place] for place in places]
    held_out = ~np.isin(places, trained.experiment.test_places)
    titles = ("Before training", "After training")
    for column, title, each in zip(st.columns(2, gap="large"), titles, points, strict=True):
        figure = feature_scatter(each, labels, pictures.classes, names, title, hollow=held_out)
        column.plotly_chart(figure, config=CHART_CONFIG, key=f"chart-features-{title}")
    st.markdown(say_separation(*apart))
    st.markdown(separation_table(*apart))
    st.caption(_say_points(trained, method, group, len(places), len(pictures)))
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
        features_snippet(trained, method, places),
        "features",
    )


def _choose_features() -> tuple[Projection, str]:
    row = st.container(horizontal=True, vertical_alignment="bottom")
    method = choose(
        "Projection",
        PROJECTIONS,
        "projection",
        "pca",
        place=row,
        help="PCA keeps the directions in which the pictures differ most; t-SNE keeps neighbours together.",
    )
    group = choose(
        "Points",
        GROUPS,
        "points",
        "test",
        place=row,
        help="Test pictures were never learned from, so only they tell whether classes really lie apart.",
    )
    return method, group


def choose_places(experiment: Experiment, count: int, group: str) -> NDArray[np.int64]:
    """Which pictures are shown: at most `MOST_POINTS`, evenly taken."""
    places = experiment.test_places if group == "test" else np.arange(count)
    if len(places) > MOST_POINTS:
        places = places[np.linspace(0, len(places) - 1, MOST_POINTS).round().astype(np.int64)]
    return np.asarray(places, dtype=np.int64)


@st.cache_data(max_entries=8, show_spinner=False)
def compute_movement(digest: str, _trained: Trained) -> Moved:
    """Of every pretrained layer; `digest` says of which weights."""
    from explorer.transfer.evaluation.inside import moved_from_pretrained

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


def compute_points(features: NDArray[np.float32], method: Projection) -> NDArray[np.float64]:
    """The features in a plane.

    Raises:
        TransferRejected: too few of them.
    """
    return _points(features.tobytes(), features.shape, method)


@st.cache_data(max_entries=16, show_spinner="Arranging the points …")
def _points(features: bytes, shape: tuple[int, ...], method: Projection) -> NDArray[np.float64]:
    from explorer.transfer.evaluation.inside import project

    return project(np.frombuffer(features, dtype=np.float32).reshape(shape), method)


def compute_separation(features: NDArray[np.float32], labels: NDArray[np.int64]) -> Separation:
    """How well the classes lie apart, in all dimensions."""
    return _separation(features.tobytes(), features.shape, labels.tobytes())


@st.cache_data(max_entries=16, show_spinner=False)
def _separation(features: bytes, shape: tuple[int, ...], labels: bytes) -> Separation:
    from explorer.transfer.evaluation.inside import separation

    return separation(np.frombuffer(features, dtype=np.float32).reshape(shape), np.frombuffer(labels, dtype=np.int64))


def say_separation(before: Separation, after: Separation) -> str:
    """What became of the classes, in a sentence."""
    gained = after.neighbours - before.neighbours
    if before == after:
        return "**The features are the same**: what the last layer reads comes from frozen layers."
    verb = "lie further apart" if gained > 0 else "lie no further apart" if gained == 0 else "lie closer together"
    return (
        f"**The classes {verb}** for their neighbours: {100 * before.neighbours:.1f} % of the pictures had their own "
        f"class around them before, {100 * after.neighbours:.1f} % have it after."
    )


def separation_table(before: Separation, after: Separation) -> str:
    """Both measures as a Markdown table."""
    rows = [
        "| In all dimensions | Before | After |",
        "|:--|--:|--:|",
        f"| Silhouette, −1 to 1 | {_number(before.silhouette)} | {_number(after.silhouette)} |",
        f"| Classified correctly by {count_text(after.count, 'neighbour')} | {100 * before.neighbours:.1f} % | "
        f"{100 * after.neighbours:.1f} % |",
    ]
    return "\n".join(rows)


def _number(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "too few pictures"


def _say_points(trained: Trained, method: Projection, group: str, shown: int, count: int) -> str:
    many = f"{shown:,} of {count:,} pictures. " if group == "all" and shown < count else ""
    rings = "Rings were learned from or watched, full points are test pictures. " if group == "all" else ""
    far = (
        "In t-SNE distances between groups and their sizes mean little. "
        if method == "tsne"
        else "Axes are the two directions in which the pictures differ most; each panel has directions of its own. "
    )
    new = " New layers before the last one began at random." if trained.trial.strategy == "truncated" else ""
    return f"{many}{rings}{far}Hover shows the file's name.{new}"
