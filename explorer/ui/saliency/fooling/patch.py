"""Fool it: a patch that is trained for a class, placed by a click and tried everywhere."""

from __future__ import annotations

import time
from collections.abc import Hashable

import numpy as np
import streamlit as st
from PIL import Image

from explorer.adversarial.attacks import AttackImpossible, predict
from explorer.adversarial.patch import (
    BATCH,
    PER_SIDE,
    SHIPPED,
    STEPS,
    Patch,
    PatchTraining,
    place_patch,
    read_shipped,
    try_places,
)
from explorer.adversarial.snippets import patch_snippet
from explorer.anatomy import PredictionChange
from explorer.neurons.describing import write_table
from explorer.rendering import cut_up, encode_png, enlarge_cells, format_percent
from explorer.slices import finish
from explorer.text import as_plain_text, count_text
from explorer.ui.components import clickable_grid
from explorer.ui.kit.cache import once
from explorer.ui.kit.choose import choose_one, choose_step, slide, switch
from explorer.ui.kit.click import choose_next
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.kit.slow import Tell, obtain
from explorer.ui.saliency.choices import ordered_classes
from explorer.ui.saliency.fooling.compute import name_class, pixels_of
from explorer.ui.session.opening import pictures_lines
from explorer.ui.session.pictures import Picture, get_picture, list_pictures
from explorer.ui.session.subject import Subject
from explorer.ui.shared.prediction_change import show_change

_SIDES = (15, 20, 25, 30, 40)  # percent of the photo's side
_PHOTOS = 8  # to train on, the chosen one first
_SIDE = 90 * PER_SIDE  # pixels of the photo on the page
_EVERY = 0.5  # seconds between two pictures of a patch in training
_LIKED = (SHIPPED[1], "banana", "dog", "parachute")  # classes to begin with, as far as a network has them
_TRAINING = "patch_in_training"  # the last one of this session, and what was asked of it


def show_patch(subject: Subject) -> None:
    """The class, the size, the place; what the network says, here and everywhere."""
    labels, ordered = ordered_classes(subject)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    first = next((each for each in _LIKED if each in labels and each != ordered[0]), ordered[1])
    target = labels.index(choose_one("A patch for", ordered, "fool_patch_class", first, place=row, width=220))
    percent = choose_step(
        "Its side", _SIDES, "fool_side", _SIDES[-1], place=row, width=220, format_func="{} % of the photo's".format
    )
    others = [label for label in list_pictures() if label != subject.picture.label]
    pictures = [subject.picture, *map(get_picture, others)][:_PHOTOS]
    said = (
        f"{STEPS} steps of {BATCH} placements; 24 s with {SHIPPED[0]} on two CPU cores. What is there at Stop is kept."
    )
    own = switch(f"Train it on {count_text(len(pictures), 'picture')} at hand", "fool_train", place=row, help=said)
    if labels[target] == ordered[0]:
        st.info(f"The network already says {name_class(subject, target)}: choose another class for the patch.")
        return
    side = max(1, round(subject.model.preprocessing.size * percent / 100))
    patch = _train(subject, pictures, target, side) if own else _take_shipped(subject, target, side)
    if patch is None:
        if not own:
            st.info(
                f"A patch for {name_class(subject, target)} has to be trained first: switch that on above. It takes "
                f"{STEPS} steps, in each of which the network looks at {BATCH} placements; a bar shows how long.",
                icon=":material/model_training:",
            )
        return
    photo = pixels_of(subject)
    _show_trained(subject, patch, photo, pictures if own else [])
    every = _try(subject, patch, photo)[0]
    offer(
        f"patch-{subject.file_stem}-{target}",
        encode_png(patch.pixels),
        lambda: arrays_as_npz(patch=patch.pixels, probabilities=every, losses=patch.losses),
        patch_snippet(pictures_lines(subject, pictures if own else pictures[:1]), target, side, len(patch.losses)),
        key="fool-patch-offer",
    )


def _take_shipped(subject: Subject, target: int, side: int) -> Patch | None:
    """The patch that comes along; None where it was made for another network, class or size."""
    model = subject.model
    if subject.weights or (subject.network, model.classes[target], model.preprocessing.size) != SHIPPED:
        return None
    patch = read_shipped(target)
    return patch if len(patch.pixels) == side else None


def _train(subject: Subject, pictures: list[Picture], target: int, side: int) -> Patch | None:
    """The patch, shown while it is trained; as far as it was when the person stopped it, None where that is nowhere."""
    asked = ("patch", subject, target, side, *pictures)
    live, place = st.empty(), st.empty()

    def compute(tell: Tell) -> Patch:
        training, shown = _begun(asked, subject, pictures, target, side), 0.0

        def show(done: int, of: int) -> None:
            nonlocal shown
            if time.perf_counter() - shown > _EVERY:
                shown = time.perf_counter()
                show_png(_enlarge(training.look()), alt="The patch in training", width="content", place=live)
            tell(done, of)

        return finish(training.go_on_in_slices(STEPS), show)

    try:
        patch = obtain(
            asked, f"Training a patch on {count_text(len(pictures), 'photo')}", "steps", compute, place, "fool-patch"
        )
    except AttackImpossible as problem:
        st.info(as_plain_text(str(problem)), icon=":material/block:")
        return None
    live.empty()
    if patch is None:
        training = _begun(asked, subject, pictures, target, side)
        patch = training.look() if training.steps else None
    return patch


def _begun(asked: Hashable, subject: Subject, pictures: list[Picture], target: int, side: int) -> PatchTraining:
    """The training of this session, wherever it was left; a new one where another was asked for meanwhile."""
    kept: tuple[Hashable, PatchTraining] | None = st.session_state.get(_TRAINING)
    if kept is None or kept[0] != asked:
        photos = np.stack(
            [
                pixels_of(Subject(each, subject.network, subject.device, subject.weights, subject.fit, subject.size))
                for each in pictures
            ]
        )
        kept = st.session_state[_TRAINING] = asked, PatchTraining(subject.model, photos, target, side)
    return kept[1]


def _enlarge(patch: Patch) -> bytes:
    return encode_png(enlarge_cells(patch.pixels, 160))


def _try(subject: Subject, patch: Patch, photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities at every place: with the patch, and with its pixels in a random order."""
    return once(
        ("patch places", subject, patch.target, patch.pixels.tobytes()),
        lambda: (
            try_places(subject.model, photo, patch.pixels),
            try_places(subject.model, photo, patch.shuffled().pixels),
        ),
    )


def _show_trained(subject: Subject, patch: Patch, photo: np.ndarray, pictures: list[Picture]) -> None:
    """The finding, the photo with the patch, both predictions, and every place.

    Args:
        subject: the photo and the network.
        patch: trained.
        photo: as the network sees it.
        pictures: on which it was trained, this one among them; none for the patch that comes along.
    """
    every, shuffled = _try(subject, patch, photo)
    name, shares = name_class(subject, patch.target), every[..., patch.target]
    hits, by_chance = (int((each.argmax(-1) == patch.target).sum()) for each in (every, shuffled))
    mean, mean_shuffled = (float(each[..., patch.target].mean()) for each in (every, shuffled))
    among = "this photo among them" if subject.picture.sample else "which this photo is not among"
    samples = f"trained beforehand on the six samples, {among}"
    at_hand = f"trained on {count_text(len(pictures), 'picture')}, this photo among them"
    st.markdown(
        f"**With the patch the photo is called {name} at {hits} of {PER_SIDE**2} places; with the same pixels in a "
        f"random order at {by_chance}.** The mean probability is {format_percent(mean)}, in a random order "
        f"{format_percent(mean_shuffled)}. The patch covers {format_percent((len(patch.pixels) / len(photo)) ** 2)} of "
        f"the photo, may have any colours, and was {at_hand if pictures else samples}, at places drawn by chance."
    )
    # In the page's order: the photo first on a narrow screen, whose place the sliders say.
    middle, right, left = st.columns([5, 5, 2], gap="medium")
    with left:
        show_png(_enlarge(patch), "The patch", width=160, alt=f"A patch for {subject.model.classes[patch.target]}")
        row = slide("Row", 1, PER_SIDE, 1 + PER_SIDE // 2, "fool_row")
        column = slide("Column", 1, PER_SIDE, 1 + PER_SIDE // 2, "fool_column")
    placed = place_patch(photo, patch.pixels, row - 1, column - 1)
    with middle:
        _show_placed(subject, placed, shares, row, column)
    before, after = predict(subject.model, np.stack([photo, placed]))
    with right:
        show_change(subject, PredictionChange.of_best(before, after), "fool-patch-bars")
    heads = [str(place) for place in range(1, PER_SIDE + 1)]
    lines = {f"row {place}": [f"{100 * each:.0f}" for each in line] for place, line in enumerate(shares, 1)}
    st.caption(f"Probability of {name} in percent, with the patch at every place:")
    st.markdown(write_table(heads, lines))
    trained = len(patch.losses) or STEPS
    st.caption(
        f"{'Trained' if trained == STEPS else f'Stopped after {trained} of {STEPS} steps: trained'} by Adam on {BATCH} "
        "placements a step (Brown et al. 2017), neither turned nor scaled: a printed one would need that too."
    )


def _show_placed(subject: Subject, placed: np.ndarray, shares: np.ndarray, row: int, column: int) -> None:
    """The photo with the patch; a click on a cell, or Enter, puts it there."""
    grid = cut_up(
        np.array(Image.fromarray(placed).resize((_SIDE, _SIDE), Image.Resampling.NEAREST)), PER_SIDE, PER_SIDE
    )
    said = f"row {row}, column {column} of {PER_SIDE}"
    clicked = clickable_grid(
        png=grid.png,
        cells=grid,
        labels=[
            f"row {1 + place // PER_SIDE}, column {1 + place % PER_SIDE}: {format_percent(float(share))}"
            for place, share in enumerate(shares.ravel())
        ],
        selected=PER_SIDE * (row - 1) + column - 1,
        marked=(),
        alt=f"{subject.picture.title} with the patch in {said}",
        key="fool-places",
        noun="place",
    )
    st.caption(f"Placed in {said}: click where the patch should lie.")
    if clicked is not None and clicked != PER_SIDE * (row - 1) + column - 1:
        choose_next(fool_row=1 + clicked // PER_SIDE, fool_column=1 + clicked % PER_SIDE)
