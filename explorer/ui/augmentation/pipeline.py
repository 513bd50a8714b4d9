"""The Augmentation page's first part: a pipeline, sixteen draws from it, and how each came about."""

from __future__ import annotations

import json

import streamlit as st

from explorer.augmentation import Pipeline, PipelineRejected
from explorer.augmentation.describing import say_firing, say_steps
from explorer.augmentation.records import Drawn, draw_arrays, draw_record, full_grid
from explorer.augmentation.snippets import draws_snippet
from explorer.rendering import encode_png
from explorer.text import as_plain_text
from explorer.ui.augmentation.compute import DRAWS, compute_draws, compute_grid_of_draws, compute_square, square_lines
from explorer.ui.augmentation.editor import show_editor
from explorer.ui.components import clickable_grid
from explorer.ui.kit.choose import choose_step
from explorer.ui.kit.click import choose_next
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.kit.snippet import show_snippet
from explorer.ui.session.pipeline import current_pipeline
from explorer.ui.session.subject import Subject

MOST_SEED = 10_000


def show_pipeline(subject: Subject) -> None:
    """The draws, one of them large below, and on the right the editor, which a phone shows after the pictures."""
    left, right = st.columns([3, 2], gap="large")
    with right:
        show_editor()
    with left:
        _show_draws(subject, current_pipeline())


def choose_seed() -> int:
    """The seed of the first draw; the others follow it."""
    if not 0 <= int(st.session_state.get("seed", 0) or 0) <= MOST_SEED:
        st.session_state["seed"] = 0
    return int(
        st.number_input(
            "Seed",
            0,
            MOST_SEED,
            key="seed",
            bind="query-params",
            width=200,
            help="The same seed gives the same draws; draw 1 has this seed, draw 2 the next one.",
        )
    )


def draws_or_reason(subject: Subject, pipeline: Pipeline, seed: int) -> tuple[Drawn, ...] | None:
    """The draws; None where there are none, and the page says why."""
    try:
        return compute_draws(subject, pipeline.to_json(), seed)
    except PipelineRejected as problem:
        st.error(as_plain_text(str(problem)), icon=":material/block:")
        return None


def _show_draws(subject: Subject, pipeline: Pipeline) -> None:
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        seed = choose_seed()
    row.button("Draw again", key="draw_again", icon=":material/casino:", on_click=_next_seed)
    draws = draws_or_reason(subject, pipeline, seed)
    if draws is None:
        return
    grid = compute_grid_of_draws(subject, pipeline.to_json(), seed)
    place = st.container()  # above the slider, which says what is selected
    chosen = _choose_draw()
    with place:
        clicked = clickable_grid(
            png=grid.png,
            cells=grid,
            labels=[f"draw {number}: {each.description}" for number, each in enumerate(draws, 1)],
            selected=chosen - 1,
            marked=(),
            alt=f"{DRAWS} draws of {subject.picture.title}, each changed in its own way by {say_steps(pipeline)}",
            key="draws",
            noun="draw",
            opens="draw",
        )
        st.caption(say_firing(draws))
    if clicked is not None and clicked + 1 != chosen:
        choose_next(draw=clicked + 1)
    _show_one(subject, draws, chosen)
    offer(
        "augmentation-draws",
        lambda: full_grid(draws),
        lambda: arrays_as_npz(**draw_arrays(draws)),
        draws_snippet(square_lines(subject, seen=False), pipeline.compact(), DRAWS, seed),
        key="draws-offer",
        json=lambda: json.dumps([draw_record(each) for each in draws], indent=2) + "\n",
    )
    show_snippet(
        pipeline.to_python(seed),
        "pipeline-python",
        "The pipeline in torchvision's own words",
        "For a training script: it needs torchvision alone, and a picture beside it as photo.jpg.",
    )


def _next_seed() -> None:
    st.session_state["seed"] = (int(st.session_state.get("seed", 0)) + DRAWS) % MOST_SEED


def _choose_draw() -> int:
    """The draw that is shown large, from 1: by the slider, or by a click on the grid."""
    return choose_step("Draw", range(1, DRAWS + 1), "draw", 1)


def _show_one(subject: Subject, draws: tuple[Drawn, ...], number: int) -> None:
    draw = draws[number - 1]
    before, after = st.columns(2, gap="medium")
    show_png(encode_png(compute_square(subject)), "before", alt=f"{subject.picture.title} as it is", place=before)
    show_png(
        encode_png(draw.pixels),
        f"draw {number}, seed {draw.seed}",
        alt=f"Draw {number}: {draw.description}",
        place=after,
    )
    lines = [
        f"{':material/check_circle:' if step.fired else ':material/remove:'} {place}. {step.description}"
        for place, step in enumerate(draw.steps, 1)
    ]
    st.markdown("  \n".join(lines) or "Nothing was done.")
