"""The Saliency page's part on one unit: the patches of all pictures at hand that activate it most."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.anatomy import LayerFacts, describe_maps
from explorer.anatomy.patches import describe_patch, draw_patch, is_wide, own_place
from explorer.rendering import encode_png, join_pictures
from explorer.saliency import SaliencyImpossible, default_layer, layers_for
from explorer.saliency.snippets import patches_snippet
from explorer.text import as_plain_text, count_text, significant
from explorer.ui.app import link_to
from explorer.ui.kit.choose import choose_one, slide
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.session.opening import pictures_lines
from explorer.ui.session.pictures import get_picture, list_pictures
from explorer.ui.session.subject import Subject
from explorer.ui.shared.recorded import PLACES, compute_maps
from explorer.ui.shared.strongest_patches import Patch, cut_patch, rank_patches
from explorer.zoo import list_transformers

SIDE = 144  # pixels of a drawn patch
MOST, FIRST = 36, 12  # patches
_PATIENCE = 0.3  # seconds before a bar is worth its place


def show_patches(subject: Subject) -> None:
    """Choose a unit; the patches that activate it most, and the hand-over."""
    if subject.network in list_transformers():
        st.info(
            f"{subject.network} is a transformer: its units look at the whole photo through attention, so no patch can "
            "be cut out for one. Choose a CNN in the sidebar, or see the part “Attention inside”.",
            icon=":material/lightbulb:",
        )
        return
    st.markdown("What one unit answers to most, on all your pictures and the samples, cut out to what it can see.")
    try:
        first = default_layer(subject.model, subject.input)
    except SaliencyImpossible as problem:
        st.info(as_plain_text(str(problem)), icon=":material/block:")
        return
    facts, asked, count = _choose_unit(subject, first)
    if facts.resolution == (1, 1):
        st.info(
            f"{facts.name} has maps of a single cell, which sees the whole picture: there is no patch to cut out.",
            icon=":material/block:",
        )
        return
    unit = most_active_unit(subject, facts.name) if asked is None else asked
    if unit >= facts.channels:
        st.info(f"There is no unit {unit}: {facts.name} has units 0 to {facts.channels - 1}.", icon=":material/block:")
        return
    labels = list_pictures()
    place = st.empty()
    patches = rank_patches(subject, facts, unit, labels, tell=_teller(place, len(labels)))[:count]
    place.empty()
    chosen = ", the most active one on this photo" if asked is None else ""
    st.markdown(f"**Unit {unit}**{chosen}, of {count_text(facts.channels, 'unit')} at `{facts.name}`")
    if not patches:
        st.info(
            f"Unit {unit} is nowhere above zero on {count_text(len(labels), 'picture')}: nothing activates it. Try "
            "another unit, or bring other pictures.",
            icon=":material/block:",
        )
        return
    _show(subject, facts, unit, patches)
    st.caption(_say_found(facts, patches, count, len(labels), subject.model.preprocessing.size))
    link_to(
        "layers",
        f"Grow the input that unit {unit} prefers",
        {"layer": facts.name, "unit": str(unit), "preferred": "true"},
    )
    alike = {"of": "Your pictures and the samples", "by": facts.name}
    link_to("pictures", f"Which of your pictures are alike at {facts.name}", alike)
    offer(
        f"patches-{subject.file_stem}-{facts.name}-{unit}",
        lambda: encode_png(join_pictures([_draw(subject, facts, patch) for patch in patches], min(6, len(patches)))),
        lambda: arrays_as_npz(
            values=np.array([patch.value for patch in patches], np.float32),
            cells=np.array([patch.cell for patch in patches]),
            boxes=np.array([patch.box for patch in patches]),
            titles=np.array([patch.title for patch in patches]),
        ),
        patches_snippet(
            pictures_lines(subject, [get_picture(label) for label in labels]),
            subject.model.preprocessing.size,
            facts.name,
            unit,
            count,
            PLACES,
        ),
        key="offer",
    )


def _choose_unit(subject: Subject, first: str) -> tuple[LayerFacts, int | None, int]:
    """The layer, the unit (None for the most active one) and how many patches."""
    left, middle, right = st.columns(3)
    options = {facts.name: facts for facts in layers_for(subject.model, subject.input)}
    layer = choose_one("Layer", list(options), "excited_layer", first, place=left)
    unit = middle.number_input(
        "Unit",
        0,
        None,
        None,
        placeholder="the most active",
        key="excited_unit",
        bind="query-params",
        help=f"One map of the layer, 0 to {options[layer].channels - 1}; empty for the most active on this photo.",
    )
    count = slide("Patches", 1, MOST, FIRST, "excited_count", place=right)
    return options[layer], None if unit is None else int(unit), count


def most_active_unit(subject: Subject, layer: str) -> int:
    """The channel with the largest mean magnitude on the photo."""
    import torch

    return int(describe_maps(torch.from_numpy(compute_maps(subject, layer))).strength.argmax())


def _teller(place: st.delta_generator.DeltaGenerator, total: int) -> Callable[[int], None]:
    """A bar with a count, once there is something to wait for."""
    start = time.perf_counter()

    def tell(done: int) -> None:
        spent = time.perf_counter() - start
        if spent > _PATIENCE and done < total:
            left = spent / done * (total - done)
            place.progress(done / total, f"{done} of {total} pictures, about {left:.0f} s left")

    return tell


def _show(subject: Subject, facts: LayerFacts, unit: int, patches: list[Patch]) -> None:
    """Every patch with its value and its picture."""
    places = st.container(horizontal=True)
    for patch in patches:
        place = places.container(width=SIDE, gap=None)
        show_png(
            encode_png(_draw(subject, facts, patch)),
            alt=f"A patch of {patch.title} that activates unit {unit} of {facts.name}: {significant(patch.value)}",
            place=place,
        )
        place.text(f"{significant(patch.value)}\n{patch.title}")  # a file name is untrusted text: never Markdown


def _draw(subject: Subject, facts: LayerFacts, patch: Patch) -> NDArray[np.uint8]:
    """A patch, `SIDE` pixels square; where it is wide, with the cell's own place marked."""
    field, (left, top, *_) = facts.receptive_field, patch.box
    inside = None
    if is_wide(field, subject.model.preprocessing.size):
        own = own_place(field, patch.cell)
        inside = own[0] - left, own[1] - top, own[2] - left, own[3] - top
    return draw_patch(cut_patch(subject, patch), SIDE, inside)


def _say_found(facts: LayerFacts, patches: list[Patch], count: int, pictures: int, size: int) -> str:
    """How many there are, of how many pictures, and what a patch is."""
    found = "1 patch" if len(patches) == 1 else f"{len(patches)} patches"
    sources = len({patch.label for patch in patches})
    said = f"{found} from {sources} of {count_text(pictures, 'picture')}, strongest first, at most {PLACES} from each. "
    if len(patches) < count:
        said += "There are no more: all other places are not above zero, or see nearly the same. "
    return said + describe_patch(facts.receptive_field, size)
