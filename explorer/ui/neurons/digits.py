"""The Neurons page's part on digits: an MLP and a CNN trained here, and what becomes of both when pixels move."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.neurons.activations import Numbers
from explorer.neurons.describing import write_difference, write_table
from explorer.neurons.digits import DIGIT, FARTHEST, GROUND, HELD_OUT, SMALL, Recipe, Trained, prepare, reorder
from explorer.neurons.digits_by_hand import run_in_any_order
from explorer.neurons.digits_snippets import moving_snippet, shuffling_snippet
from explorer.neurons.losses import softmax
from explorer.rendering import as_picture, curves, digit_bars, encode_png, enlarge_cells, format_percent, join_pictures
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, choose_number, settings_popover, slide
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.neurons.digits_first_layer import show_first_layer
from explorer.ui.session.pictures import Picture
from explorer.ui.session.subject import Subject
from explorer.ui.shared.digits_source import Digit, choose_digit
from explorer.ui.shared.digits_training import NAMES, obtain_networks, say_answers

LOOKS = {"move": "Move it", "shuffle": "Shuffle the pixels", "first": "First layer"}
POOLINGS = {0: "none", 1: "one", 2: "two"}
_SIDE = 264  # pixels of a digit on the page
_TOLD = (0, 2, FARTHEST)  # cells that the table is about
_SHARES = ("more than 80 %", "50 to 80 %", "less than 50 %")
_WORSE = ("both", "only the MLP", "only the CNN", "neither")
_CLEARLY = 0.01  # of the held-out digits: 5 of them


def show_digits(subject: Subject) -> None:
    """One view at a time."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    look = choose("What to look at", LOOKS, "digits", place=row, hidden=True)
    with settings_popover(row):
        said = "Of the first weights, the order of the training digits and the shuffling; another one trains anew."
        seed = choose_number("Seed", 0, 99, "digits_seed", 0, help=said)
    if look == "move":
        _show_moving(subject.picture, seed)
    elif look == "shuffle":
        _show_shuffling(subject.picture, seed)
    else:
        show_first_layer(seed)


def _show_moving(picture: Picture, seed: int) -> None:
    row = st.container(horizontal=True, vertical_alignment="bottom")
    columns = slide("Cells to the right", 0, FARTHEST, 2, "digit_shift", place=row, width=260)
    said = "2 × 2 max pooling after its first layers: it saves work, and moves along only in steps."
    poolings = choose("Poolings in the CNN", POOLINGS, "digit_pooling", place=row, help=said)
    recipes = Recipe("mlp", seed=seed), Recipe("cnn", poolings=poolings, seed=seed)
    networks = obtain_networks(recipes)
    if networks is None:
        return
    moved = columns or 2
    share = networks[0].accuracies[moved]
    right = _SHARES[0 if share > 0.8 else 1 if share >= 0.5 else 2]
    middle_share = format_percent(networks[0].accuracies[0])
    asked = f"In the middle the MLP gets {middle_share} of the held-out digits right. And moved by {moved}?"
    if not ask_first(asked, _SHARES, right, f"ask-move-{moved}"):
        return
    mlp, cnn = networks
    _say_moving(mlp, cnn, moved)
    left, middle, wide = st.columns([3, 3, 5], gap="medium")
    with left:
        digit = choose_digit(picture)
    with middle:
        pixels = _pixels(digit, networks[0], columns)
        place = f"moved {columns} to the right" if columns else "in the middle"
        png = encode_png(_enlarged(pixels))
        show_png(
            png,
            f"What both get: {DIGIT} × {DIGIT} on {GROUND} × {GROUND} cells, {place}",
            alt=f"{digit.title}, {place}, white on black",
        )
    with wide:
        logits = say_answers(networks, digit, columns)
        _show_bars(logits, digit, "digit-bars")
    accuracies = {NAMES[each.recipe.kind]: each.accuracies for each in networks}
    show_chart(
        curves(
            range(FARTHEST + 1), accuracies, "Held-out digits right", x_title="cells moved to the right", height=250
        ),
        "digit-accuracies",
    )
    offer(
        "digit-moved",
        png,
        lambda: arrays_as_npz(
            picture=pixels, **_by_kind("logits", logits), **_by_kind("right", [each.right for each in networks])
        ),
        moving_snippet(recipes),
        key="digit-offer",
    )


def _say_moving(mlp: Trained, cnn: Trained, moved: int) -> None:
    m, c = mlp.accuracies, cnn.accuracies
    as_before = ", as before" if c[moved] == c[0] else f" instead of {format_percent(c[0])}"
    st.markdown(
        f"**Moved {moved} to the right, the MLP gets {format_percent(m[moved])} of {HELD_OUT} held-out digits right "
        f"instead of {format_percent(m[0])}; the CNN {format_percent(c[moved])}{as_before}.** The MLP has "
        "learned a weight for each pixel, and none where no digit lay. The CNN leads the same filters over all places, "
        "and of each filter's answers the largest counts, wherever it was."
    )
    step = 2**cnn.recipe.poolings
    if step > 1:
        worst = min((cells for cells in range(FARTHEST + 1) if cells % step), key=c.__getitem__)
        st.markdown(
            f"But pooling makes it move in steps: by {step} cells the maps move along, {format_percent(c[step])}; by "
            f"{worst}, other cells fall into one window, {format_percent(c[worst])}."
        )
    rows = {"weights": [f"{each.weights:,}" for each in (mlp, cnn)]}
    for cells in _TOLD:
        rows[f"right, moved by {cells}"] = [format_percent(each.accuracies[cells]) for each in (mlp, cnn)]
    st.markdown(write_table(list(NAMES.values()), rows))


def _show_shuffling(picture: Picture, seed: int) -> None:
    kinds = [Recipe(kind, "bare", shuffled=shuffled, seed=seed) for kind in NAMES for shuffled in (False, True)]
    networks = obtain_networks(kinds)
    if networks is None:
        return
    mlp, mlp_shuffled, cnn, cnn_shuffled = networks
    errors = [1 - each.accuracies[0] for each in networks]
    worse = errors[1] - errors[0] > _CLEARLY, errors[3] - errors[2] > _CLEARLY
    right = {(True, True): "both", (True, False): "only the MLP", (False, True): "only the CNN"}.get(worse, "neither")
    asked = (
        "All pixels of all digits are put into one other order, the same for each, and both learn anew. Who is worse?"
    )
    if not ask_first(asked, _WORSE, right, "ask-shuffle"):
        return
    said = [format_percent(each) for each in errors]
    st.markdown(
        f"**All pixels shuffled alike, and trained again: the MLP makes {said[1]} errors instead of {said[0]}, the CNN "
        f"{said[3]} instead of {said[2]}.** To an MLP pixels have no order: any other is as good. A CNN counts on "
        "neighbours that belong together."
    )
    st.markdown(
        write_table(
            ["weights", "errors", "errors, shuffled"],
            {"MLP": [f"{mlp.weights:,}", said[0], said[1]], "CNN": [f"{cnn.weights:,}", said[2], said[3]]},
        )
    )
    left, middle, wide = st.columns([3, 3, 5], gap="medium")
    with left:
        digit = choose_digit(picture)
    with middle:
        pixels = [_pixels(digit, each) for each in (mlp, mlp_shuffled)]
        png = encode_png(join_pictures([_enlarged(each) for each in pixels], 2))
        show_png(
            png,
            f"{SMALL} × {SMALL} cells as they are, and shuffled",
            alt=f"{digit.title}; beside it its {SMALL**2} pixels in another order; white on black",
        )
    with wide:
        _say_equal(mlp, digit)
        st.markdown("Trained on shuffled pixels:")
        logits = say_answers((mlp_shuffled, cnn_shuffled), digit)
        _show_bars(logits, digit, "digit-bars-shuffled")
    offer(
        "digit-shuffled",
        png,
        lambda: arrays_as_npz(
            picture=pixels[0], shuffled=pixels[1], errors=np.array(errors), **_by_kind("logits", logits)
        ),
        shuffling_snippet(kinds[0].seed),
        key="digit-shuffle-offer",
    )


def _say_equal(mlp: Trained, digit: Digit) -> None:
    """The MLP with the columns of its first layer shuffled like the pixels is the same function."""
    other = reorder(mlp)
    before, after = (run_in_any_order(each.network, _pixels(digit, each)) for each in (mlp, other))
    theirs = [each.network(prepare(digit.image[None], each.recipe))[0].double().numpy() for each in (mlp, other)]
    st.markdown(
        "The MLP need not even be trained again: shuffle the columns of its first layer like the pixels, and its ten "
        f"logits for {digit.title} differ by **{write_difference(*(before - after).tolist())}**."
    )
    st.caption(
        "With every sum rounded once, at its end. PyTorch's float32, whose sums depend on their order: difference "
        f"{write_difference(*(theirs[0] - theirs[1]).tolist())}."
    )


def _pixels(digit: Digit, trained: Trained, columns: int = 0) -> Numbers:
    """(side, side) of what a network gets."""
    return np.asarray(prepare(digit.image[None], trained.recipe, columns)[0, 0].double().numpy())


def _enlarged(pixels: Numbers) -> NDArray[np.uint8]:
    return enlarge_cells(as_picture(pixels[None]), _SIDE)


def _show_bars(logits: Sequence[Numbers], digit: Digit, key: str) -> None:
    show_chart(
        digit_bars({name: softmax(z).tolist() for name, z in zip(NAMES.values(), logits, strict=True)}, digit.true), key
    )
    st.caption(
        "Ten classes, one of them right: softmax and cross-entropy. Where several can be right at once, each gets a "
        "sigmoid and binary cross-entropy. PyTorch's losses take the logits."
    )


def _by_kind(what: str, values: Sequence[Sequence[float] | Numbers]) -> dict[str, NDArray[np.generic]]:
    return {f"{what}_{kind}": np.asarray(each) for kind, each in zip(NAMES, values, strict=True)}
