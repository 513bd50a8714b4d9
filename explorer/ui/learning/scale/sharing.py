"""The Learning page's view on who shares a mean: the person's pictures behind a convolution, by four kinds of norm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.learning.scale.normalisation import EPS, KINDS, Normalised, find_sets, normalise
from explorer.learning.scale.snippets import batch_snippet
from explorer.neurons.activations import Numbers
from explorer.neurons.describing import say_number, write_difference
from explorer.rendering import draw_grid
from explorer.text import count_text
from explorer.ui.components import Cell, Rule, shared_mean
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.choose import choose, choose_one, choose_step, settings_popover, slide, switch
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.learning.scale.batch import first_convolution_of, list_batch, maps_of, photos_of, picture_lines
from explorer.ui.session.pictures import Picture
from explorer.ui.session.subject import Subject
from explorer.ui.shared.typed_numbers import read_or_keep

KIND_LABELS = {kind: kind.capitalize() for kind in KINDS}
LEARNED = {"plain": "γ = 1, β = 0", "network": "The network's own", "typed": "Typed"}
_SHARERS = {
    "batch": "All of its filter, in all pictures",
    "layer": "All of its picture, in all filters",
    "instance": "All of its own map alone",
    "group": "All of its picture, in some filters",
}
_COUNTS = {
    "batch": "The other pictures count; in evaluation, running averages take their place.",
    "layer": "The other filters count, and no other picture does.",
    "instance": "Nothing but its own map counts.",
    "group": "One group is layer norm, as many groups as filters are instance norm.",
}
_EPS = (EPS, 1e-3, 1e-1, 1.0)
_CELL = "norm_cell"  # the chosen cell, in the address: picture, filter, row, column, all from 1
_KEPT = "norm_learned_kept"  # the last scale and shift that could be read, in the session
_MAGNIFIED = 6  # pixels of a cell in the PNG


@dataclass(frozen=True, eq=False)
class _Chosen:
    """What is normalised, and how."""

    pictures: list[Picture]
    kind: str
    groups: int
    gamma: Numbers
    beta: Numbers
    eps: float
    by_variance: bool
    sets: NDArray[np.intp]


def show_norms(subject: Subject) -> None:
    """The finding, the maps to point at, and PyTorch's result beside ours."""
    first = first_convolution_of(subject)
    row = st.container(horizontal=True, vertical_alignment="center", gap="medium")
    finding = st.container()
    asked = st.container()
    chosen = _choose(subject, row)
    values = maps_of(subject, chosen.pictures)
    found = normalise(values, chosen.sets, chosen.gamma, chosen.beta, chosen.eps, by_variance=chosen.by_variance)
    cell = _read_cell(st.query_params.get(_CELL, ""), values.shape)
    with asked:
        if not ask_first(
            f"{KINDS[chosen.kind].capitalize()}: which cells share their mean with a cell?",
            tuple(_SHARERS.values()),
            _SHARERS[chosen.kind],
            "ask-norm-sets",
        ):
            return
    with finding:
        _say_sets(subject, chosen, values, cell)
    clicked = shared_mean(
        values=values,
        photos=photos_of(subject, chosen.pictures),
        rule=Rule(
            KINDS[chosen.kind],
            chosen.sets.tolist(),
            found.mean.tolist(),
            found.variance.tolist(),
            chosen.gamma.tolist(),
            chosen.beta.tolist(),
            chosen.eps,
            chosen.by_variance,
        ),
        pictures=[picture.title for picture in chosen.pictures],
        filters=first.filters,
        chosen=cell,
        key="norm-maps",
    )
    if clicked is not None and clicked != cell:
        st.query_params[_CELL] = ",".join(str(each + 1) for each in clicked)
        st.rerun()
    _show_oracle(subject, chosen, values, found, cell)


def _choose(subject: Subject, row: DeltaGenerator) -> _Chosen:
    """The controls, and how the layer is set up by them."""
    first = first_convolution_of(subject)
    channels = len(first.filters)
    kind = choose("Normalised by", KIND_LABELS, "norm_kind", place=row, hidden=True)
    divisors = [count for count in range(1, channels + 1) if channels % count == 0]
    groups = 0
    if kind == "group":
        start = divisors[len(divisors) // 2]
        named = {count: count_text(count, "group") for count in divisors}
        groups = choose_one("Groups", named, "norm_groups", start, place=row, width=130, hidden=True)
    by_variance = switch("Divide by the variance, not by its root", "norm_by_variance", place=row)
    settings = settings_popover(row)
    batch = list_batch(subject)
    count = slide("Pictures", 1, len(batch), len(batch), "norm_pictures", place=settings)
    options = {key: label for key, label in LEARNED.items() if key != "network" or first.norm_name}
    learned = choose("Scale γ and shift β", options, "norm_learned", place=settings)
    gamma, beta = np.ones(channels), np.zeros(channels)
    if learned == "network":
        gamma, beta = first.gamma, first.beta
    elif learned == "typed":
        with settings:
            typed = st.text_input("γ and β of every filter", "2 -1", key="norm_typed", bind="query-params")
            scale, shift = read_or_keep(typed, 2, 2, _KEPT, (2.0, -1.0)).tolist()
        gamma, beta = np.full(channels, scale), np.full(channels, shift)
    eps = choose_step("ε, added to the variance", _EPS, "norm_eps", EPS, place=settings, format_func="{:g}".format)
    pictures = batch[:count]
    sets = find_sets(kind, len(pictures), channels, groups)
    return _Chosen(pictures, kind, groups, gamma, beta, eps, by_variance, sets)


def _read_cell(text: str, shape: tuple[int, ...]) -> Cell:
    """The cell that an address names; one in the middle of the first picture where it names none."""
    try:
        places = [int(part) - 1 for part in text.split(",")]
    except ValueError:
        places = []
    if len(places) == 4 and all(0 <= place < side for place, side in zip(places, shape, strict=True)):
        return places[0], places[1], places[2], places[3]
    return 0, 0, shape[2] // 2, shape[3] // 2


def _say_sets(subject: Subject, chosen: _Chosen, values: Numbers, cell: Cell) -> None:
    first = first_convolution_of(subject)
    picture, channel, _, _ = cell
    own = chosen.sets == chosen.sets[picture, channel]
    cells = int(own.sum()) * values.shape[2] * values.shape[3]
    number = first.filters[channel]
    pictures = count_text(len(chosen.pictures), "picture")
    of = {
        "batch": f"filter {number} of {'all ' if len(chosen.pictures) > 1 else ''}{pictures}",
        "layer": f"all {values.shape[1]} filters of picture {picture + 1}",
        "instance": f"filter {number} of picture {picture + 1}",
        "group": f"{count_text(int(own.sum()), 'filter')} of picture {picture + 1}",
    }[chosen.kind]
    sets = int(chosen.sets.max()) + 1
    st.markdown(
        f"**{KINDS[chosen.kind].capitalize()}: a cell shares its mean with {cells:,} cells, {of}**; there are "
        f"{count_text(sets, 'mean')} in all. {_COUNTS[chosen.kind]}"
    )
    if chosen.by_variance:
        right = normalise(values, chosen.sets, np.ones_like(chosen.gamma), 0 * chosen.beta, chosen.eps)
        wrong = normalise(
            values, chosen.sets, np.ones_like(chosen.gamma), 0 * chosen.beta, chosen.eps, by_variance=True
        )
        st.markdown(
            f"Divided by the variance these cells have standard deviation **{say_number(wrong.result[own].std())}**; "
            f"divided by its root, {say_number(right.result[own].std())} (before γ and β). Of 0, 2, 4 and 10 it would "
            "be 0.267 in place of 1."
        )


def _show_oracle(subject: Subject, chosen: _Chosen, values: Numbers, found: Normalised, cell: Cell) -> None:
    from explorer.learning.scale.layers import apply_layer, build_layer

    first = first_convolution_of(subject)
    layer = build_layer(chosen.kind, values.shape, chosen.groups, chosen.gamma, chosen.beta, chosen.eps)
    theirs = apply_layer(layer, values)
    difference = float(np.abs(theirs - found.result).max())
    name = type(layer).__name__
    same = "it divides by the root, so they differ by" if chosen.by_variance else "largest difference"
    st.caption(
        f"The marked cell by hand: {say_number(float(found.result[cell]))}; by PyTorch's `nn.{name}` in training: "
        f"{say_number(float(theirs[cell]))}; {same} "
        f"{say_number(difference) if chosen.by_variance else write_difference(difference)} over all {values.size:,} "
        f"cells. The maps are those of {first.name} ({len(first.filters)} of its {first.count} filters, those with the "
        f"largest weights) on pictures of {first.side} × {first.side} pixels."
    )
    flat = (-1, *values.shape[2:])
    offer(
        "normalisation",
        lambda: (
            draw_grid(
                found.result.reshape(flat), signed=True, scale="shared", columns=values.shape[1], magnify=_MAGNIFIED
            ).png
        ),
        lambda: arrays_as_npz(
            before=values,
            after=found.result,
            pytorch=theirs,
            sets=chosen.sets,
            mean=found.mean,
            variance=found.variance,
            gamma=chosen.gamma,
            beta=chosen.beta,
        ),
        batch_snippet(
            picture_lines(subject, chosen.pictures),
            chosen.kind,
            chosen.groups,
            chosen.gamma.tolist(),
            chosen.beta.tolist(),
            chosen.eps,
            cell,
        ),
        "norm-offer",
    )
