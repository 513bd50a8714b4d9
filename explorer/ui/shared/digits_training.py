"""The digits' networks, trained on the server while the page waits, and kept by recipe; what they say."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from explorer.neurons.activations import Numbers
from explorer.neurons.describing import write_difference
from explorer.neurons.digits import Kind, Recipe, Trained, compute_logits, prepare, train_in_slices
from explorer.neurons.digits_by_hand import run_by_hand
from explorer.neurons.losses import LOSSES, one_hot, softmax
from explorer.rendering import format_percent
from explorer.slices import finish
from explorer.ui.kit.slow import obtain
from explorer.ui.shared.digits_source import Digit

NAMES: dict[Kind, str] = {"mlp": "MLP", "cnn": "CNN"}


def obtain_networks(recipes: Sequence[Recipe]) -> tuple[Trained, ...] | None:
    """A network of each recipe; None where the person has stopped a training, which is said."""
    found = []
    place = st.empty()
    for recipe in recipes:
        trained = obtain(
            ("digits", recipe),
            f"Training the {NAMES[recipe.kind]}{' on shuffled pixels' if recipe.shuffled else ''}",
            "steps",
            partial(finish, train_in_slices(recipe)),
            place,
            f"digits-{recipe.kind}-{recipe.shuffled}",
            quick=recipe.kind == "mlp",  # 0.3 s
        )
        if trained is None:
            return None
        found.append(trained)
    return tuple(found)


def say_answers(networks: Sequence[Trained], digit: Digit, columns: int = 0) -> list[Numbers]:
    """What each network makes of the digit, its loss, and how far PyTorch is from the sums by hand.

    Returns:
        The ten logits of each.
    """
    logits = [compute_logits(trained, digit.image, columns) for trained in networks]
    answers = []
    for trained, z in zip(networks, logits, strict=True):
        p = softmax(z)
        said = f"the {NAMES[trained.recipe.kind]} says **{p.argmax()}** ({format_percent(float(p.max()))})"
        answers.append(said)
    where = f", moved {columns} to the right" if columns else ""
    st.markdown(f"Of {digit.title}{where}: {' and '.join(answers)}.")
    if digit.true is not None:
        y = one_hot(digit.true, 10)
        losses = [
            f"{NAMES[trained.recipe.kind]} {float(LOSSES['cross_entropy'].value(z, y)):.3g}"
            for trained, z in zip(networks, logits, strict=True)
        ]
        st.markdown(f"Cross-entropy, $-\\log p$ of the true {digit.true}: {', '.join(losses)}.")
    told = []
    for trained, z in zip(networks, logits, strict=True):
        pixels = prepare(digit.image[None], trained.recipe, columns)[0, 0].double().numpy()
        by_hand = run_by_hand(trained.network, pixels)
        largest = by_hand.argmax()
        told.append(
            f"{NAMES[trained.recipe.kind]} {by_hand[largest]:.4g}, PyTorch {z[largest]:.4g}, "
            f"difference {write_difference(float(np.abs(by_hand - z).max()))}"
        )
    st.caption(f"Largest logit by hand: {'; '.join(told)}.")
    return logits
