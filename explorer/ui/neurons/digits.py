"""The Neurons page's part on digits: an MLP and a CNN trained here, and what becomes of both when pixels move."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.neurons.activations import Numbers
from explorer.neurons.describing import write_difference
from explorer.neurons.digits import DIGIT, FARTHEST, GROUND, HELD_OUT, SMALL, Recipe, Trained, prepare, reorder
from explorer.neurons.digits_by_hand import run_in_any_order
from explorer.neurons.digits_snippets import first_layer_snippet, moving_snippet, shuffling_snippet
from explorer.neurons.losses import softmax
from explorer.neurons.straightness import ROUNDEST_EDGE, measure_straightness
from explorer.rendering import as_picture, curves, digit_bars, draw_grid, encode_png, enlarge_cells, join_pictures
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, choose_number, settings_popover, slide
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.neurons.digits_source import Digit, choose_digit
from explorer.ui.neurons.digits_training import NAMES, obtain_networks, say_answers
from explorer.ui.session.pictures import Picture
from explorer.ui.session.subject import Subject

LOOKS = {"move": "Move it", "shuffle": "Shuffle the pixels", "first": "First layer"}
POOLINGS = {0: "none", 1: "one", 2: "two"}
_SIDE = 264  # pixels of a digit on the page
_TOLD = (0, 2, FARTHEST)  # cells that the table is about
_SHARES = ("more than 80 %", "50 to 80 %", "less than 50 %")
_WORSE = ("both", "only the MLP", "only the CNN", "neither")
_CLEARLY = 0.01  # of the held-out digits: 5 of them
_PARTS = ("less than a fifth of them", "about half", "more than four fifths")


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
        _show_first_layer(seed)


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
    asked = (
        f"In the middle the MLP gets {networks[0].accuracies[0]:.1%} of the held-out digits right. Moved by {moved}?"
    )
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
    st.markdown(
        f"**Moved {moved} to the right, the MLP gets {m[moved]:.1%} of {HELD_OUT} held-out digits right instead of "
        f"{m[0]:.1%}; the CNN {c[moved]:.1%} instead of {c[0]:.1%}.** The MLP has learned a weight for each pixel, and "
        "none where no digit lay. The CNN leads the same filters over all places, and of each filter's answers the "
        "largest counts, wherever it was."
    )
    step = 2**cnn.recipe.poolings
    if step > 1:
        st.markdown(
            f"But pooling makes it move in steps: by {step} cells the maps move along, {c[step]:.1%}; by 1 other cells "
            f"fall into one window, {c[1]:.1%}."
        )
    _show_table(
        ["weights", *(f"moved {cells}" for cells in _TOLD)],
        {
            NAMES[each.recipe.kind]: [f"{each.weights:,}", *(f"{each.accuracies[cells]:.1%}" for cells in _TOLD)]
            for each in (mlp, cnn)
        },
    )


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
    st.markdown(
        f"**All pixels shuffled alike, and trained again: the MLP makes {errors[1]:.1%} errors instead of "
        f"{errors[0]:.1%}, the CNN {errors[3]:.1%} instead of {errors[2]:.1%}.** To an MLP pixels have no order: "
        "any other is as good. A CNN counts on neighbours that belong together."
    )
    _show_table(
        ["weights", "errors", "errors, shuffled"],
        {
            "MLP": [f"{mlp.weights:,}", f"{errors[0]:.1%}", f"{errors[1]:.1%}"],
            "CNN": [f"{cnn.weights:,}", f"{errors[2]:.1%}", f"{errors[3]:.1%}"],
        },
    )
    left, middle, wide = st.columns([3, 3, 5], gap="medium")
    with left:
        digit = choose_digit(picture)
    with middle:
        pixels = [_pixels(digit, each) for each in (mlp, mlp_shuffled)]
        png = encode_png(join_pictures([_enlarged(each) for each in pixels], 1))
        show_png(
            png,
            f"{SMALL} × {SMALL} cells as they are, and shuffled",
            alt=f"{digit.title} above, its {SMALL**2} pixels in another order below, white on black",
            width=_SIDE // 2,
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


def _show_first_layer(seed: int) -> None:
    recipes = Recipe("mlp", seed=seed), Recipe("cnn", seed=seed)
    networks = obtain_networks(recipes)
    if networks is None:
        return
    mlp, cnn = networks
    lit = slice(FARTHEST, FARTHEST + DIGIT)
    straight, before = (measure_straightness(each[:, lit, lit]) for each in (mlp.first, mlp.start))
    edges = int((straight >= ROUNDEST_EDGE).sum())
    share = edges / len(straight)
    right = _PARTS[0 if share < 0.2 else 1 if share <= 0.8 else 2]
    asked = f"The MLP's first layer has {len(straight)} neurons. How many of them look for an edge?"
    if not ask_first(asked, _PARTS, right, "ask-first"):
        return
    same = int((mlp.first == mlp.start).sum())
    st.markdown(
        f"**{edges} of the MLP's {len(straight)} first neurons {'is an edge' if edges == 1 else 'are edges'}.** Their "
        f"straightness is {np.median(straight):.2f} in the middle, and was {np.median(before):.2f} before training; "
        f"an edge has {ROUNDEST_EDGE} to 1. Edges first, then circles, then digits is a hope; this MLP does without. "
        f"{same:,} of its {mlp.first.size:,} weights are to the last bit what they were before training: no training "
        "digit has ink there."
    )
    left, right_column = st.columns([3, 2], gap="medium")
    grids = [draw_grid(each.first, signed=True, columns=columns) for each, columns in ((mlp, 8), (cnn, 4))]
    show_png(
        grids[0].png,
        f"MLP: the {GROUND} × {GROUND} weights of each neuron, red above zero, blue below, each by its own largest",
        alt=f"{len(straight)} pictures of weights: blobs in the middle, noise around them",
        place=left,
    )
    show_png(
        grids[1].png,
        f"CNN: the {cnn.first.shape[1]} × {cnn.first.shape[2]} weights of each filter",
        alt=f"{len(cnn.first)} pictures of weights",
        place=right_column,
    )
    filters, filters_before = measure_straightness(cnn.first), measure_straightness(cnn.start)
    with right_column:
        _show_table(
            ["edges", "before", "straightness", "before"],
            {
                name: [
                    f"{int((now >= ROUNDEST_EDGE).sum())} of {len(now)}",
                    f"{int((then >= ROUNDEST_EDGE).sum())}",
                    f"{np.median(now):.2f}",
                    f"{np.median(then):.2f}",
                ]
                for name, now, then in (("MLP", straight, before), ("CNN", filters, filters_before))
            },
        )
        st.caption(
            "Straightness: how far a picture's changes from cell to cell share one direction (coherence of the "
            f"structure tensor); 1 for a straight edge, 0 for a round blob, {ROUNDEST_EDGE} for an edge that fades on "
            f"all sides alike. Of the MLP the {DIGIT} × {DIGIT} cells count where digits lay. On few cells chance is "
            "straight too: hence the numbers before training."
        )
    offer(
        "first-layer",
        grids[0].png,
        lambda: arrays_as_npz(mlp=mlp.first, mlp_before=mlp.start, cnn=cnn.first, cnn_before=cnn.start),
        first_layer_snippet(recipes[0]),
        key="first-layer-offer",
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


def _show_table(heads: Sequence[str], rows: dict[str, list[str]]) -> None:
    """A small table whose cells are numbers as text."""
    lines = [["", *heads], ["---", *("---:" for _ in heads)], *([name, *cells] for name, cells in rows.items())]
    st.markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))
