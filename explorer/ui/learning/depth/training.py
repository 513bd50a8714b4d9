"""The Depth part's view that trains the network for a hundred steps, to see whether it learns."""

from __future__ import annotations

from functools import partial
from math import isfinite
from typing import get_args

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.learning.depth.signal import Recipe
from explorer.learning.depth.snippets import training_snippet
from explorer.learning.depth.training import (
    BEGUN,
    BELOW,
    CHANCE,
    LEARNED,
    RATES,
    SEEDS,
    STEPS,
    Optimiser,
    Run,
    Trial,
    Verdict,
    train_in_slices,
)
from explorer.neurons.activations import ACTIVATIONS
from explorer.neurons.describing import say_number, write_table
from explorer.neurons.digits import HELD_OUT
from explorer.rendering import format_percent
from explorer.slices import finish
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.choose import choose
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.slow import obtain
from explorer.ui.learning.depth.controls import say_start

OPTIMISERS: dict[Optimiser, str] = {"sgd": "SGD", "adam": "Adam"}
_VERDICTS = get_args(Verdict)


def show_training(recipe: Recipe, finding: DeltaGenerator) -> None:
    """All rates and seeds, and in `finding` what is to be said of them."""
    optimiser = choose("Optimiser", OPTIMISERS, "depth_optimiser", hidden=True)
    trial = obtain(
        ("depth-training", recipe, optimiser),
        f"Training {SEEDS} seeds at {len(RATES[optimiser])} rates",
        "steps",
        partial(finish, train_in_slices(recipe, optimiser)),
        st.empty(),
        "depth-training",
    )
    if trial is None:
        return
    asked = f"After {STEPS} steps of {OPTIMISERS[optimiser]} on digits, at the best of {len(RATES[optimiser])} rates:"
    with finding:
        if not ask_first(asked, _VERDICTS, trial.verdict, "ask-depth-training"):
            return
        _say_trial(recipe, optimiser, trial)
    seeds = [f"seed {run.seed}" for run in trial.best]
    rows = {f"rate {rate:g}": [_say_run(run) for run in trial.at(rate)] for rate in RATES[optimiser]}
    st.markdown(write_table(seeds, rows))
    st.caption(
        f"Cross-entropy of {HELD_OUT} held-out digits before and after {STEPS} steps of 32 digits, and how many are "
        "right. A last layer of ten logits is added, its weights by Xavier. Batch norm, where it is chosen, takes mean "
        "and variance from the held-out digits themselves. The best rate is that with the most digits right; "
        f"{format_percent(LEARNED)} of them is called learning; {format_percent(BEGUN)}, or a loss {BELOW} below "
        "that of guessing, its beginning."
    )
    offer(
        "depth-training",
        None,
        lambda: arrays_as_npz(
            **{name: np.array([getattr(run, name) for run in trial.runs]) for name in Run.__dataclass_fields__}
        ),
        training_snippet(recipe, optimiser),
        "depth-training",
    )


def _say_trial(recipe: Recipe, optimiser: Optimiser, trial: Trial) -> None:
    best = trial.best
    more = [word for word, on in (("residual", recipe.residual), ("batch norm", recipe.batch_norm)) if on]
    network = ", ".join([f"{recipe.layers} layers", ACTIVATIONS[recipe.activation].title, say_start(recipe), *more])
    shares = ", ".join(format_percent(run.right / HELD_OUT) for run in best)
    losses = ", ".join(f"{say_size(run.before)} → {say_size(run.after)}" for run in best)
    st.markdown(
        f"**{network}: it {trial.verdict}.** At the best of {len(RATES[optimiser])} rates, {best[0].rate:g}, {STEPS} "
        f"steps of {OPTIMISERS[optimiser]} take the loss of {SEEDS} seeds from {losses}; {shares} of the held-out "
        f"digits are right. Guessing has a loss of ln 10 = {CHANCE:.3g} and 10 %."
    )


def _say_run(run: Run) -> str:
    ended = "" if run.steps == STEPS else f", ended at step {run.steps + 1}"
    return f"{say_size(run.before)} → {say_size(run.after)}{ended} ({format_percent(run.right / HELD_OUT)})"


def say_size(value: float) -> str:
    """A number of any size for a sentence: 1.66e−8, 0.584, 1.51e26, ∞."""
    text = say_number(value) if value < 1e6 or not isfinite(value) else f"{value:.3g}".replace("+", "")
    return text.replace("e−0", "e−").replace("e0", "e")
