"""The Pooling page's experiments on the network: pooling layers changed, heads compared, the photo moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from explorer.anatomy.heads import Acceptance
from explorer.anatomy.surgery import CHANGES
from explorer.anatomy.surgery_effect import PredictionDrift, SurgeryEffect, surgery_snippet
from explorer.operations.convolution import Impossible
from explorer.operations.pooling import PoolingKind
from explorer.operations.pooling_comparison import POOLING_LABELS, describe_drift
from explorer.operations.shifting import MOST
from explorer.rendering import curves, probability_bars
from explorer.rendering.figures.basic import plain
from explorer.text import as_plain_text, shape_text, with_unit
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose
from explorer.ui.kit.export import download
from explorer.ui.kit.snippet import show_snippet
from explorer.ui.pooling.compute import (
    compute_effect,
    compute_pooled_drift,
    compute_prediction_drift,
    compute_sizes,
    list_changes,
    list_pooling_layers,
    photo_of,
)
from explorer.ui.pooling.kinds import choose_settings
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject
from explorer.ui.shared.knowledge import show_knowledge

CHANGE_LABELS: dict[str, str] = {
    "max-average": "Max → average",
    "max-slicing": "Max → slicing",
    "average-max": "Average → max",
    "last-removed": "Remove the last one",
}
WAYS = {"right": (0, 1), "down": (1, 0), "diagonal": (1, 1)}
_WAY_LABELS = {"right": "To the right", "down": "Down", "diagonal": "Both"}


def show_surgery(subject: Subject) -> None:
    """Choose a change of the pooling layers; shapes, work and prediction before and after."""
    layers = list_pooling_layers(subject)
    possible = list_changes(subject)
    if len(layers) < 2:
        st.info(
            f"{subject.network} has no pooling layer but the one at its end. tiny-vgg (in the sidebar) has three more, "
            "squeezenet1_1 too.",
            icon=":material/lightbulb:",
        )
    reasons = {str(compute_effect(subject, change)) for change in CHANGES if change not in possible}
    if reasons:
        st.caption(as_plain_text(" ".join(sorted(reasons))))
    if not possible:
        return
    change = choose(
        "Change",
        {change: CHANGE_LABELS[change] for change in possible},
        "change",
        help="In a copy of the network that keeps every weight. Nothing is trained again.",
    )
    effect = compute_effect(subject, change)
    if isinstance(effect, str):
        st.warning(as_plain_text(effect), icon=":material/block:")
        return
    left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
    show_knowledge(subject, float(effect.change.before.max()))
    names, after, before = effect.change.bars(subject.model.classes)
    show_chart(probability_bars(names, after, compare=before), f"surgery-{change}-{subject!r}", left)
    with right:
        _show_numbers(effect)
    st.table(effect.table())
    st.caption(effect.describe_others())
    show_snippet(surgery_snippet(opening_lines(subject), change), "surgery-python")


def _show_numbers(effect: SurgeryEffect) -> None:
    old, new = effect.macs
    row = st.container(horizontal=True)
    row.metric(
        "multiply-adds",
        with_unit(new, ""),
        f"{new / old - 1:+.1%}" if new != old else "unchanged",
        delta_color="off",
        delta_arrow="auto" if new != old else "off",
        width=150,
    )
    row.metric(
        "weights", with_unit(effect.parameters, ""), "pooling has none", delta_color="off", delta_arrow="off", width=150
    )
    before, after = effect.heads
    if before is not None and after is not None:
        moved = after.flattened != before.flattened
        row.metric(
            "dense head",
            with_unit(after.flattened, ""),
            f"from {with_unit(before.flattened, '')}" if moved else "unchanged",
            delta_color="off",
            delta_arrow="auto" if moved else "off",
            width=150,
            help="Weights of a dense layer on every cell of the last maps, if there were one.",
        )


def show_heads(subject: Subject) -> None:
    """Flatten and dense against global average: weights, and which sizes each of them takes."""
    head, sizes = compute_sizes(subject.network, subject.device, subject.weights)
    if head is None:
        st.info(f"{subject.network} has no pooling layer before its classes.", icon=":material/info:")
        return
    channels, height, width = head.shape
    row = st.container(horizontal=True)
    row.metric(
        "flatten + dense",
        with_unit(head.flattened, ""),
        help=f"{channels} · {height} · {width} · {head.classes} weights + {head.classes} biases",
        width=190,
    )
    row.metric(
        "global average + dense",
        with_unit(head.averaged, ""),
        help=f"{channels} · {head.classes} weights + {head.classes} biases",
        width=190,
    )
    row.metric("this network's own", with_unit(head.own, ""), help="All layers after its last pooling.", width=190)
    st.markdown(head.describe())
    st.table([_size_row(size) for size in sizes])
    st.caption(
        "The network was really run at every size; the dense layer is PyTorch's own, made for the size trained on. "
        "Convolutions slide over any size, and an average is one number however many cells it is of; a dense layer has "
        "one weight for every cell."
    )


def _size_row(size: Acceptance) -> dict[str, str]:
    return {
        "input": f"{size.side} px",
        "last maps": shape_text(size.shape) if size.shape else "none",
        "as it is": f":material/close: {size.own}" if size.own else ":material/check: runs",
        "flatten + dense": f":material/close: {size.dense}" if size.dense else ":material/check: runs",
    }


def show_shift(subject: Subject) -> None:
    """The photo moved by 0 to 8 pixels: prediction and pooled maps."""
    way = choose(
        "Move the photo", _WAY_LABELS, "way", "right", help="What comes in at the edge is the photo's mirror image."
    )
    rows, columns = WAYS[way]
    steps = list(range(MOST + 1))
    st.subheader("The prediction", anchor=False)
    moved = compute_prediction_drift(subject, rows, columns)
    left, right = st.columns(2, gap="large")
    for place, series, title, key in (
        (left, moved.distances, "Probability moved to other classes", "distance"),
        (right, moved.shares, f"Probability of “{plain(moved.top)}”", "share"),
    ):
        named = {CHANGE_LABELS.get(name, name): values for name, values in series.items()}
        show_chart(curves(steps, named, title, x_title="shift in pixels"), f"{key}-{way}-{subject!r}", place)
    st.caption(
        f"{subject.network} and copies of it with other pooling, each against itself at shift 0. A photo moved by a "
        "pixel shows the same thing, so a flat line is what one would wish for."
    )
    st.subheader("The pooled maps", anchor=False)
    source = photo_of(subject)
    settings = choose_settings(source, st.container(horizontal=True))
    if settings is None:
        return
    try:
        drift = compute_pooled_drift(source, *settings, rows, columns)
    except Impossible as problem:
        st.info(as_plain_text(str(problem)), icon=":material/info:")
        return
    show_chart(
        curves(
            steps,
            {POOLING_LABELS[kind]: values for kind, values in drift.items()},
            "How far the pooled maps stray",
            x_title="shift in pixels",
        ),
        f"drift-{way}-{settings}-{source!r}",
    )
    st.caption(describe_drift(drift, settings[1]))
    _offer_curves(subject, moved, drift)


def _offer_curves(subject: Subject, moved: PredictionDrift, drift: Mapping[PoolingKind, Sequence[float]]) -> None:
    """Every curve as one CSV table."""
    table = {"shift": range(MOST + 1), **moved.columns()}
    table |= {f"pooled maps, {name}": values for name, values in drift.items()}
    text = pd.DataFrame(table).to_csv(index=False, lineterminator="\r\n")
    download(st.container(horizontal=True), "Curves (CSV)", text, f"{subject.file_stem}-shift.csv", "curves-csv")
