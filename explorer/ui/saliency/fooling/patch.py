"""Fool it: a patch that is trained for a class, placed by hand and tried everywhere."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from explorer.adversarial.attacks import AttackImpossible, predict
from explorer.adversarial.patch import PER_SIDE, STEPS, Patch, place_patch, train_patch_in_slices, try_places
from explorer.adversarial.snippets import patch_snippet
from explorer.anatomy import PredictionChange
from explorer.neurons.describing import write_table
from explorer.rendering import encode_png, enlarge_cells, format_percent
from explorer.slices import finish
from explorer.text import as_plain_text
from explorer.ui.kit.cache import once
from explorer.ui.kit.choose import choose_one, choose_step, slide
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.kit.slow import obtain
from explorer.ui.saliency.choices import ordered_classes
from explorer.ui.saliency.fooling.compute import name_class, pixels_of
from explorer.ui.session.opening import pictures_lines
from explorer.ui.session.pictures import get_picture, list_pictures
from explorer.ui.session.subject import Subject
from explorer.ui.shared.prediction_change import show_change

_SIDES = (15, 20, 25, 30, 40)  # percent of the photo's side
_PHOTOS = 8  # to train on, the chosen one first
_SIDE = 420  # pixels of the photo on the page, at least
_LIKED = ("toaster", "banana", "dog", "parachute")  # classes to begin with, as far as a network has them


def show_patch(subject: Subject) -> None:
    """The class, the size, the place; what the network says, here and everywhere."""
    labels, ordered = ordered_classes(subject)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    first = next((each for each in _LIKED if each in labels and each != ordered[0]), ordered[1])
    target = labels.index(choose_one("A patch for", ordered, "fool_patch_class", first, place=row, width=220))
    percent = choose_step(
        "Its side", _SIDES, "fool_side", 30, place=row, width=220, format_func="{} % of the photo's".format
    )
    size = subject.model.preprocessing.size
    side = max(1, round(size * percent / 100))
    others = [label for label in list_pictures() if label != subject.picture.label]
    pictures = [subject.picture, *map(get_picture, others)][:_PHOTOS]
    photos = np.stack(
        [
            pixels_of(Subject(each, subject.network, subject.device, subject.weights, subject.fit, subject.size))
            for each in pictures
        ]
    )
    try:
        patch: Patch | None = obtain(
            ("patch", subject, target, side, *pictures),
            f"Training a patch on {len(pictures)} photos",
            "steps",
            partial(finish, train_patch_in_slices(subject.model, photos, target, side)),
            st.empty(),
            "fool-patch",
        )
    except AttackImpossible as problem:
        st.info(as_plain_text(str(problem)), icon=":material/block:")
        return
    if patch is None:
        return
    _show_trained(subject, patch, photos[0], percent)
    shares = _try(subject, patch, photos[0])[0]
    offer(
        f"patch-{subject.file_stem}-{target}",
        encode_png(patch.pixels),
        lambda: arrays_as_npz(patch=patch.pixels, probabilities=shares, losses=patch.losses),
        patch_snippet(pictures_lines(subject, pictures), target, side),
        key="fool-patch-offer",
    )


def _try(subject: Subject, patch: Patch, photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities at every place: with the patch, and with its pixels in a random order."""
    return once(
        ("patch places", subject, patch.target, patch.pixels.tobytes()),
        lambda: (
            try_places(subject.model, photo, patch.pixels),
            try_places(subject.model, photo, patch.shuffled().pixels),
        ),
    )


def _show_trained(subject: Subject, patch: Patch, photo: np.ndarray, percent: int) -> None:
    """The finding, the patch, the photo with it, and both predictions."""
    every, shuffled = _try(subject, patch, photo)
    hits, by_chance = (int((each.argmax(-1) == patch.target).sum()) for each in (every, shuffled))
    mean, mean_shuffled = (float(each[..., patch.target].mean()) for each in (every, shuffled))
    places = PER_SIDE**2
    st.markdown(
        f"**With the patch the photo is called {name_class(subject, patch.target)} at {hits} of {places} places; with "
        f"the same pixels in a random order at {by_chance}.** The mean probability is {format_percent(mean)}, in a "
        f"random order {format_percent(mean_shuffled)}. The patch covers {format_percent((percent / 100) ** 2)} of the "
        "photo, may have any colours, and need not be aimed: it was trained at places drawn by chance."
    )
    left, middle, right = st.columns([2, 5, 5], gap="medium")
    with left:
        show_png(
            encode_png(enlarge_cells(patch.pixels, 160)),
            "The patch",
            width=160,
            alt=f"A patch trained for {subject.model.classes[patch.target]}",
        )
        row = slide("Row", 1, PER_SIDE, 3, "fool_row")
        column = slide("Column", 1, PER_SIDE, 3, "fool_column")
    placed = place_patch(photo, patch.pixels, row - 1, column - 1)
    show_png(
        encode_png(enlarge_cells(placed, _SIDE)),
        f"Placed in row {row}, column {column} of {PER_SIDE}",
        alt=f"{subject.picture.title} with the patch in row {row}, column {column}",
        place=middle,
    )
    before, after = predict(subject.model, np.stack([photo, placed]))
    with right:
        show_change(subject, PredictionChange.of_best(before, after), "fool-patch-bars")
    heads = [f"column {place}" for place in range(1, PER_SIDE + 1)]
    lines = {
        f"row {place}": [format_percent(float(each)) for each in line]
        for place, line in enumerate(every[..., patch.target], 1)
    }
    st.caption(f"Probability of {name_class(subject, patch.target)} with the patch at every place:")
    st.markdown(write_table(heads, lines))
    st.caption(
        f"Trained for {STEPS} steps of Adam on 4 placements each (Brown et al. 2017), neither turned nor scaled: a "
        "printed one would need that too."
    )
