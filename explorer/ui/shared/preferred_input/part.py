"""The input that one map prefers, or a class, grown from noise, and the real patches beside it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.anatomy import LayerFacts, most_active_cell, record
from explorer.feature_visualization import (
    SIDE,
    Basis,
    Grown,
    Kind,
    Objective,
    ObjectiveImpossible,
    Recipe,
    driven_layer,
    find_layers,
    fine_share,
    grow,
    record_maps,
)
from explorer.feature_visualization.snippets import preferred_snippet
from explorer.neurons.describing import write_difference
from explorer.rendering import draw_picture_grid, encode_png, enlarge_cells, format_percent
from explorer.slices import finish
from explorer.text import as_plain_text, class_labels, count_text, significant
from explorer.ui.kit.choose import choose, choose_number, choose_one, settings_popover, slide, switch
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.kit.slow import Tell, obtain
from explorer.ui.session.opening import network_lines, opening_lines
from explorer.ui.session.pictures import list_pictures
from explorer.ui.session.subject import Subject
from explorer.ui.shared.preferred_input.evidence import Evidence, find_evidence
from explorer.ui.shared.recorded import compute_probabilities
from explorer.ui.shared.strongest_patches import cut_patch

KINDS: Final[dict[Kind, str]] = {
    "channel": "The whole map",
    "cell": "One cell",
    "direction": "The photo’s direction",
    "class": "A class",
}
SIGNS: Final = {"most": "As much as can be", "least": "As little as can be"}
BASIS_LABELS: Final[dict[Basis, str]] = {"waves": "Decorrelated waves", "pixels": "Bare pixels"}
MOST_COMPARED: Final = 12  # pictures
_PATCHES: Final = 6
_LARGE: Final = 512  # pixels of the pictures that were made, side by side
_EVERY: Final = 0.25  # seconds between two pictures while one grows
_SO_FAR: Final = "preferred_so_far"  # in the session: the work that was begun last, and what it had made of it


@dataclass(frozen=True)
class Wish:
    """What the page is asked to grow.

    Attributes:
        objective: at the layer that is measured.
        name: of what answers, in words.
        cell: of the photo where the direction was taken; None for the other kinds.
    """

    objective: Objective
    name: str
    cell: tuple[int, int] | None


def show_preferred(subject: Subject, layer: str, unit: int | None = None) -> None:
    """The switch, and behind it what a map of a layer looks for; which one is asked for where it is not given."""
    said = "Grows a picture from noise that the map answers to as much as possible, beside patches of your pictures."
    if not switch("Preferred input", "preferred", help=said):
        return
    finding = st.container()
    row = st.container(horizontal=True, vertical_alignment="bottom")
    kind = choose("Made for", KINDS, "prefer", place=row)
    facts = find_layers(subject.model, subject.model.preprocessing.size)
    labels = class_labels(subject.model.classes)
    target = int(compute_probabilities(subject).argmax())
    if kind == "class":
        target = labels.index(choose_one("Class", labels, "prefer_class", labels[target], place=row, width=220))
    elif unit is None:
        target = choose_number("Map", 0, facts[layer].channels - 1, "prefer_unit", 0, place=row, width=120)
    else:
        target = unit
    negative, recipe = _choose_recipe(subject, row)
    wish = _make_wish(subject, facts, layer, target, kind, negative)
    try:
        grown = _obtain(subject, wish, recipe)
    except ObjectiveImpossible as problem:
        st.info(as_plain_text(str(problem)), icon=":material/block:")
        return
    if grown is None:
        return
    recipe = replace(recipe, steps=len(grown.path))
    seen = None if kind == "class" else facts[wish.objective.layer]
    evidence = find_evidence(subject, wish.objective, seen, list_pictures()[:MOST_COMPARED])
    with finding:
        _show_finding(wish, recipe, grown, evidence)
    left, right = st.columns(2, gap="medium")
    with left:
        _show_grown(wish, recipe, grown)
    with right:
        _show_patches(subject, wish, evidence)
    _show_check(subject, wish, grown, layer)
    stem = "class" if kind == "class" else f"{layer}-{kind}" if kind == "direction" else f"{layer}-{kind}-{target}"
    offer(
        f"{subject.file_stem}-preferred-{stem}",
        lambda: draw_picture_grid(list(grown.pixels), columns=2, side=recipe.side).png,
        lambda: arrays_as_npz(
            pixels=grown.pixels,
            values=grown.values,
            start=grown.start,
            path=grown.path,
            patches=evidence.values,
            direction=np.array(wish.objective.direction),
        ),
        preferred_snippet(
            opening_lines(subject) if wish.cell else network_lines(subject), wish.objective, recipe, wish.cell
        ),
        key="prefer-offer",
    )


def _choose_recipe(subject: Subject, row: DeltaGenerator) -> tuple[bool, Recipe]:
    """Whether as little as can be is asked for, and how the picture is made."""
    said = (
        "Without the basis every pixel is turned by itself: the network’s answer grows, but out of fine noise that no "
        "photo has."
    )
    basis = choose("Basis", BASIS_LABELS, "prefer_basis", place=row, help=said)
    with settings_popover(row):
        negative = choose("The network answers", SIGNS, "prefer_sign") == "least"
        count = slide("Pictures", 1, 4, 1, "prefer_count", help="Several at once are kept from being alike.")
        seed = choose_number("Seed", 0, 9999, "prefer_seed", 0)
        told = "At every step the network sees the picture shifted, turned and scaled a little, by chance."
        moves = switch("Small moves", "prefer_moves", True, help=told)
    model = subject.model
    side = model.only_size or min(SIDE, model.preprocessing.size)
    return negative, Recipe(basis, moves, count, seed, side)


def _make_wish(
    subject: Subject, facts: dict[str, LayerFacts], layer: str, unit: int, kind: Kind, negative: bool
) -> Wish:
    if kind == "class":
        name = class_labels(subject.model.classes)[unit]
        return Wish(Objective("class", unit=unit, negative=negative), f"The logit of {name}", None)
    measured = driven_layer(facts, layer)
    if kind != "direction":
        name = f"Map {unit}" if kind == "channel" else f"The middle cell of map {unit}"
        return Wish(Objective(kind, measured, unit, negative=negative), name, None)
    maps = record_maps(subject.model, subject.input, measured).float().cpu().numpy()
    shown = maps if measured == layer else record_maps(subject.model, subject.input, layer).float().cpu().numpy()
    row, column = most_active_cell(shown[unit])
    direction = tuple(float(value) for value in maps[:, row, column])
    name = f"The direction of cell ({row}, {column}) on the photo"
    return Wish(Objective("direction", measured, direction=direction, negative=negative), name, (row, column))


def _obtain(subject: Subject, wish: Wish, recipe: Recipe) -> Grown | None:
    """The picture, shown while it grows; as far as it had come where the person has stopped it, None before that."""
    place, live = st.empty(), st.empty()  # the button to stop stays where it is while the picture below it changes
    asked = ("preferred", subject.network, subject.device, subject.weights, wish.objective, recipe)

    def compute(tell: Tell) -> Grown:
        shown = 0.0

        def show(so_far: Callable[[], Grown]) -> None:
            nonlocal shown
            if time.perf_counter() - shown > _EVERY:
                shown = time.perf_counter()
                grown = so_far()
                show_png(_enlarge(grown), alt="The picture as it grows", width="content", place=live)
                st.session_state[_SO_FAR] = asked, grown

        return finish(grow(subject.model, wish.objective, recipe, show), tell)

    grown = obtain(asked, "Growing from noise", "steps", compute, place, "prefer")
    live.empty()
    begun, so_far = st.session_state.get(_SO_FAR, (None, None))
    return so_far if grown is None and begun == asked else grown


def _enlarge(grown: Grown) -> bytes:
    """Two pictures in a row, their pixels unblended."""
    side = _LARGE // min(2, len(grown.pixels))
    pictures = [enlarge_cells(each, side) for each in grown.pixels]
    return draw_picture_grid(pictures, columns=2, side=max(len(each) for each in pictures)).png


def _show_finding(wish: Wish, recipe: Recipe, grown: Grown, evidence: Evidence) -> None:
    """How far the picture goes beyond real ones, and what it is made of."""
    negative, whole = wish.objective.negative, wish.objective.kind == "class"
    value = float(grown.values.min() if negative else grown.values.max())
    best = evidence.patches[0].value
    beyond = int((evidence.values <= value).sum() if negative else (evidence.values >= value).sum())
    fine = fine_share(grown.pixels[0])
    patch = f"{'lowest' if negative else 'strongest'} {'one' if whole else 'patch'}"
    pictures = count_text(evidence.pictures, "picture")
    among = pictures if whole else f"{evidence.values.size:,} patches of {pictures}"
    st.markdown(
        f"**{as_plain_text(wish.name)} comes to {significant(value)} on a picture made from noise, to "
        f"{significant(best)} on the {patch} of your pictures.** Of {among}, {beyond} "
        f"{'goes' if beyond == 1 else 'go'} as far. "
        f"{format_percent(fine)} of its variance is finer than four pixels"
        + (
            ": noise that the network answers to, and eyes do not."
            if recipe.basis == "pixels"
            else "; without the basis it is more, see “Bare pixels”."
        )
    )


def _show_grown(wish: Wish, recipe: Recipe, grown: Grown) -> None:
    values = ", ".join(significant(value) for value in grown.values)
    show_png(
        _enlarge(grown),
        f"Made from noise in {recipe.steps} steps: {values}; the noise itself {significant(grown.start.mean())}",
        alt=f"{count_text(len(grown.pixels), 'picture')} made from noise. {wish.name}: {values}",
        width="content",
    )


def _show_patches(subject: Subject, wish: Wish, evidence: Evidence) -> None:
    what = "pictures" if wish.objective.kind == "class" else "parts of your pictures"
    st.caption(f"The {what} that answer {'least' if wish.objective.negative else 'most'}, each with its value.")
    places = st.container(horizontal=True)
    for patch in evidence.patches[:_PATCHES]:
        place = places.container(width=120)
        show_png(
            encode_png(cut_patch(subject, patch)),
            alt=f"A part of {patch.title}: {significant(patch.value)}",
            place=place,
        )
        place.text(f"{significant(patch.value)}\n{patch.title}")  # a file name is untrusted text: never Markdown


def _show_check(subject: Subject, wish: Wish, grown: Grown, layer: str) -> None:
    """The number anew, by a recorded pass of the saved pixels, and what was measured."""
    model, objective = subject.model, wish.objective
    x = model.preprocessing.as_input(grown.pixels[:1])
    if objective.kind == "class":
        again = float(record(model, x, layers=[]).logits[objective.unit])
    else:
        again = float(objective.measure(record_maps(model, x, objective.layer)[None])[0])
    rectified = (
        f" A rectifier has no slope where it is silent: what {layer} reads, {grown.layer}, was made large instead."
        if grown.layer not in ("", layer)
        else ""
    )
    st.caption(
        f"The picture as it is saved, in 8 bits, by a recorded pass: {significant(again)}; difference "
        f"{write_difference(again - float(grown.values[0]))}.{rectified} A picture that a network answers to is no "
        "photo of what it looks for: the patches beside it show what really does it."
    )
