"""How every strategy is trained: the controls of the recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import streamlit as st

from explorer.transfer.trial import DEFAULT_RECIPE, Optimiser, Recipe, Schedule
from explorer.ui.app import link_to
from explorer.ui.kit.choose import choose_number, choose_one, choose_step

Augment = Literal["none", "small", "own"]
AUGMENT_LABELS: Mapping[Augment, str] = {
    "none": "None",
    "small": "Small: shift, turn, light",
    "own": "Your pipeline (Augmentation page)",
}
OPTIMISER_LABELS: Mapping[Optimiser, str] = {"adamw": "AdamW", "sgd": "SGD, momentum 0.9"}
SCHEDULE_LABELS: Mapping[Schedule, str] = {
    "cosine": "Cosine to zero",
    "step": "A tenth after each third",
    "constant": "Constant",
}
_ON_LEARNING: Mapping[Schedule, str] = {  # what that page calls them; each warms up first
    "cosine": "Warm-up, cosine",
    "step": "A tenth after each third",
    "constant": "Warm-up",
}
RATES: Final = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1)
BACKBONE: Final = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
BATCHES: Final = (8, 16, 32, 64, 128)
BUDGETS: Final = (0, 15, 30, 60, 120, 300, 600)  # seconds of one training; 0 for none
STEPS: Final = (0, 100, 200, 300, 500, 1000, 2000)
PATIENCE: Final = (0.0, 0.1, 0.2, 0.3, 0.5)
MOST_EPOCHS: Final = 100


def choose_recipe() -> Recipe:
    """The controls of how every strategy is trained."""
    first, second, third = st.columns(3, gap="medium")
    with first:
        optimiser = choose_one("Optimiser", OPTIMISER_LABELS, "optimiser", "adamw")
        rate = choose_step(
            "Learning rate", RATES, "rate", 1e-3, format_func=lambda value: f"{value:g}", help="At its peak."
        )
        backbone = choose_step(
            "Share of it for pretrained layers",
            BACKBONE,
            "backbone",
            0.1,
            format_func=lambda value: f"× {value:g}",
            help="What is known already should change more slowly than what is new.",
        )
        schedule = choose_one("Schedule", SCHEDULE_LABELS, "schedule", "cosine")
    with second:
        epochs = choose_number(
            "Epochs",
            1,
            MOST_EPOCHS,
            "epochs",
            DEFAULT_RECIPE.epochs,
            help="Passes over the training pictures; more where the steps below ask for more.",
        )
        steps = choose_step(
            "Steps at least",
            STEPS,
            "steps",
            DEFAULT_RECIPE.steps,
            help="A step is one batch. Few pictures make few steps of an epoch, so they are passed over more often.",
        )
        seconds = choose_step(
            "Time for one training",
            BUDGETS,
            "budget",
            int(DEFAULT_RECIPE.seconds),
            format_func=lambda value: f"{value} s" if value else "no limit",
            help="A training that is not done by then ends and is measured as it is; its learning rate falls in time "
            "for it. What frozen layers take once does not count.",
        )
        batch = choose_step("Batch size", BATCHES, "batch", 32)
        patience = choose_step(
            "Early stopping",
            PATIENCE,
            "patience",
            DEFAULT_RECIPE.patience,
            format_func=lambda share: f"after {format_share(share)}" if share else "never",
            help="Ends after this share of all planned epochs without a lower validation loss.",
        )
    with third:
        decay = choose_step(
            "Weight decay", (0.0, 1e-4, 1e-3, 1e-2, 0.1), "decay", 1e-2, format_func=lambda value: f"{value:g}"
        )
        dropout = choose_step(
            "Dropout before the head", (0.0, 0.1, 0.2, 0.3, 0.5), "dropout", 0.2, format_func=format_share
        )
        smoothing = choose_step(
            "Label smoothing", (0.0, 0.05, 0.1, 0.2), "smoothing", 0.0, format_func=lambda value: f"{value:g}"
        )
        augment = choose_one(
            "Augmentation",
            AUGMENT_LABELS,
            "augment",
            "none",
            help="Without any, frozen layers are computed once, which is many times faster.",
        )
    _link_learning(optimiser, schedule, dropout)
    return Recipe(
        optimiser=optimiser,
        learning_rate=rate,
        backbone_share=backbone,
        schedule=schedule,
        epochs=epochs,
        steps=steps,
        seconds=float(seconds),
        batch_size=batch,
        weight_decay=decay,
        dropout=dropout,
        label_smoothing=smoothing,
        patience=patience,
        pipeline=pipeline_of(augment),
    )


def _link_learning(optimiser: Optimiser, schedule: Schedule, dropout: float) -> None:
    """The parts of the Learning page that show what is chosen here at work."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("What these do:", width="content")
        shown, title = {"adamw": ("AdamW", "AdamW"), "sgd": ("Momentum", "SGD with momentum")}[optimiser]
        terrain = {"part": "Terrain", "terrain_chosen": shown, "terrain_optimisers": ["SGD", shown]}
        link_to("learning", f"{title}, step by step", terrain)
        rate = {"part": "Rate over time", "rate_view": "Noisy parabola", "rate_schedule": _ON_LEARNING[schedule]}
        link_to("learning", "This schedule against noise", rate)
        share = {"dropout_p": format_share(dropout)} if dropout else {}
        link_to("learning", "Dropout, mask by mask", {"part": "Dropout", "dropout_look": "200 masks", **share})


def pipeline_of(augment: Augment) -> str:
    """The pipeline as JSON; "" for none."""
    if augment == "none":
        return ""
    from explorer.augmentation import Pipeline, Step
    from explorer.ui.session.pipeline import current_pipeline, open_pipeline

    if augment == "own":
        open_pipeline()
        return current_pipeline().to_json()
    small = (
        Step("RandomAffine", {"degrees": (-8, 8), "translate": (0.05, 0.05), "scale": (0.9, 1.1)}),
        Step("ColorJitter", dict.fromkeys(("brightness", "contrast", "saturation"), (0.85, 1.15))),
    )
    return Pipeline(small).to_json()


def format_share(share: float) -> str:
    """As people read it: 20 %."""
    return f"{100 * share:.0f} %"
