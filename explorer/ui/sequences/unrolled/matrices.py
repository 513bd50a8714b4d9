"""The Unrolled part's two looks at a step's products: both matrices as one, and a letter's product as a look-up."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.neurons.describing import say_number, write_difference, write_table
from explorer.rendering import vector_over_matrix
from explorer.sequences.next_letter import Numbers, Recipe, Weights, name_letter
from explorer.sequences.unrolled.steps import hot, join, look_up
from explorer.ui.kit.chart import show_chart
from explorer.ui.sequences.own_text import quote


def show_joined(weights: Weights, recipe: Recipe, step: int, before: Numbers) -> None:
    """[W_x | W_h] times [x; h] beside W_x x + W_h h.

    Args:
        weights: of the network.
        recipe: of it.
        step: from 1.
        before: (H,) the state before the step.
    """
    number, letters = int(recipe.numbers[step - 1]), recipe.letters
    joined = join(weights, number, before)
    names = [name_letter(letter) for letter in letters] + [f"h{unit + 1}" for unit in range(recipe.units)]
    two = weights.inward[:, number] + weights.onward @ before
    left, right = st.columns([7, 4], gap="large")
    with left:
        show_chart(
            vector_over_matrix(
                joined.matrix,
                joined.vector,
                names,
                {"W<sub>x</sub>": len(letters), "W<sub>h</sub>": recipe.units},
                "[W<sub>x</sub> | W<sub>h</sub>] times [x; h]",
            ),
            "unrolled-joined",
        )
    with right:
        rows = {
            f"$h_{unit + 1}$": [say_number(float(one)), say_number(float(other))]
            for unit, (one, other) in enumerate(zip(joined.product, two, strict=True))
        }
        st.markdown(write_table(["$[W_x \\mid W_h][x; h]$", "$W_x x + W_h h$"], rows))
    exact = "0" if joined.exact == 0 else f"{float(joined.exact):.0e}"
    rounded = "0" if not joined.rounding else f"{write_difference(joined.rounding)}, by the order of adding"
    st.markdown(
        f"**The same products, so the same step: difference {exact}**, worked out in fractions, which round nothing; "
        f"in float64 {rounded}. A step is one dense layer of shape {recipe.units} × ({len(letters)} + {recipe.units}), "
        "and part of what it reads is its own last output."
    )


def show_look_up(weights: Weights, recipe: Recipe, step: int) -> None:
    """The product of W_x and a one-hot letter, beside the column that is found there."""
    number, letters = int(recipe.numbers[step - 1]), recipe.letters
    multiplied, found, same = look_up(np.ascontiguousarray(weights.inward.T), number)
    show_chart(
        vector_over_matrix(
            weights.inward,
            hot(number, len(letters)),
            [name_letter(letter) for letter in letters],
            {"W<sub>x</sub>": len(letters)},
            "W<sub>x</sub> times a one-hot letter",
            number,
        ),
        "unrolled-look-up",
    )
    st.markdown(
        f"**$W_x$ times a one-hot letter is a look-up: the product is the column of {quote(letters[number])}, "
        f"{'the same in every bit' if same else 'yet not in every bit'}**, difference "
        f"{write_difference(float(np.abs(multiplied - found).max()))}. This is where vectors of letters, or of words, "
        f"enter the network. The product multiplies {weights.inward.size} times, the look-up never; `nn.Embedding` "
        "keeps the columns as rows of its table, and looks up."
    )
