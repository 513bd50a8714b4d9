"""The Digits part's view of first-layer weights as pictures: are they edges?"""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.neurons.describing import write_table
from explorer.neurons.digits import DIGIT, FARTHEST, GROUND, Recipe, count_silent
from explorer.neurons.digits_snippets import first_layer_snippet
from explorer.neurons.straightness import ROUNDEST_EDGE, measure_straightness
from explorer.rendering import draw_grid
from explorer.text import count_text
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.shared.digits_training import obtain_networks

_PARTS = ("less than a fifth of them", "about half", "more than four fifths")


def show_first_layer(seed: int) -> None:
    """The weights of both first layers, and how straight each picture is, before and after training."""
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
    kept, silent = mlp.first == mlp.start, count_silent(mlp)
    ended = f" The sum of {count_text(silent, 'neuron')} is above 0 for no training digit: ReLU ended their learning."
    unheard = ended if silent else ""
    verb = "is an edge" if edges < 2 else "are edges"
    st.markdown(
        f"**{edges or 'None'} of the MLP's {len(straight)} first neurons {verb}.** "
        f"Their median straightness is {np.median(straight):.2f}, and was {np.median(before):.2f} before training; "
        f"an edge has {ROUNDEST_EDGE} to 1. Edges first, then circles, then digits is a hope; this MLP does without. "
        f"{int(kept.sum()):,} of its {kept.size:,} weights are to the last bit what they were before training: no "
        f"training digit has ink there.{unheard}"
    )
    wide, narrow = st.columns([5, 4], gap="medium")
    grids = [
        draw_grid(each.first, signed=True, columns=columns, magnify=magnify, gap=magnify)
        for each, columns, magnify in ((mlp, 8, 4), (cnn, 4, 24))
    ]
    show_png(
        grids[0].png,
        f"MLP: the {GROUND} × {GROUND} weights of each neuron, red above zero, blue below, each by its own largest",
        alt=f"{len(straight)} pictures of weights: blobs in the middle, noise around them",
        place=wide,
    )
    show_png(
        grids[1].png,
        f"CNN: the {cnn.first.shape[1]} × {cnn.first.shape[2]} weights of each filter",
        alt=f"{len(cnn.first)} pictures of weights",
        place=narrow,
    )
    filters, filters_before = measure_straightness(cnn.first), measure_straightness(cnn.start)
    with narrow:
        both = ((straight, before), (filters, filters_before))
        edges_of = [[str(int((each >= ROUNDEST_EDGE).sum())) for each in pair] for pair in both]
        medians = [[f"{np.median(each):.2f}" for each in pair] for pair in both]
        st.markdown(
            write_table(
                [f"MLP, of {len(straight)}", f"CNN, of {len(filters)}"],
                {
                    "edges": [pair[0] for pair in edges_of],
                    "before training": [pair[1] for pair in edges_of],
                    "median straightness": [pair[0] for pair in medians],
                    "before training ": [pair[1] for pair in medians],
                },
            )
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
