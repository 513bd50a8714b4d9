"""One transform by itself: its controls, torchvision's own words about it, and eight draws; and all of its group."""

from __future__ import annotations

import json

import numpy as np
import streamlit as st

from explorer.augmentation import CATALOGUE, Pipeline, PipelineRejected, Step, Transform
from explorer.augmentation.records import draw_arrays, full_grid
from explorer.augmentation.snippets import draws_snippet
from explorer.rendering import MapGrid, draw_picture_grid
from explorer.text import as_plain_text
from explorer.ui.augmentation.compute import compute_draws, compute_square, side_of, square_lines
from explorer.ui.augmentation.editor import add_or_refuse, choose_transform, say_refusal
from explorer.ui.augmentation.parameters import show_parameters
from explorer.ui.augmentation.pipeline import choose_seed
from explorer.ui.components import clickable_grid
from explorer.ui.kit.click import choose_next
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.session.subject import Subject

SHOWN = 8  # draws of one transform
_CELL = 150
_STEPS = "augmentation_single_steps"  # by name of the transform: a person may come back to one


def show_gallery(subject: Subject) -> None:
    """The chosen transform, then its group."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        known = choose_transform("one")
        st.caption(known.documentation)
        step = _edit(known)
        st.button(
            "Add to the pipeline",
            key="add_one",
            icon=":material/playlist_add:",
            on_click=add_or_refuse,
            args=(step, "one"),
        )
        say_refusal("one")
    with right:
        _show_draws(subject, step)
    _show_group(subject, known)


def _edit(known: Transform) -> Step:
    kept: dict[str, Step] = st.session_state.setdefault(_STEPS, {})
    # It always takes place here: a draw that changes nothing would show nothing of it.
    step = show_parameters(kept.get(known.name, Step(known.name, probability=1.0)), f"one-{known.name}")
    kept[known.name] = step
    with st.expander("What each parameter does, in torchvision's words", icon=":material/menu_book:"):
        for each in known.parameters:
            st.markdown(f"**{each.name}** {each.documentation or 'has no documentation of its own.'}")
        if not known.parameters:
            st.caption("There are none.")
    return step


def _show_draws(subject: Subject, step: Step) -> None:
    seed = choose_seed()
    pipeline = Pipeline((step,))
    try:
        draws = compute_draws(subject, pipeline.to_json(), seed, SHOWN)
    except PipelineRejected as problem:
        st.error(as_plain_text(str(problem)), icon=":material/block:")
        return
    title = CATALOGUE[step.transform].title
    pictures = [compute_square(subject), *(each.pixels for each in draws)]
    # Each fills its cell, so what a transform does to the size stands in words.
    grid = draw_picture_grid(pictures, columns=3, side=224)
    show_png(grid.png, alt=f"{subject.picture.title} as it is, then {SHOWN} draws of {title}")
    sizes = sorted({each.pixels.shape[1::-1] for each in draws})
    said = f"First the square that is changed, {side_of(subject)} × {side_of(subject)} px; then {SHOWN} draws"
    said += f" of {sizes[0][0]} × {sizes[0][1]} px." if len(sizes) == 1 else " of different sizes."
    st.caption(said)
    with st.expander("What was drawn", icon=":material/casino:"):
        st.markdown("\n".join(f"{number}. {each.description}" for number, each in enumerate(draws, 1)))
    offer(
        f"transform-{step.transform}",
        lambda: full_grid(draws),
        lambda: arrays_as_npz(**draw_arrays(draws)),
        draws_snippet(square_lines(subject, seen=False), pipeline.compact(), SHOWN, seed),
        key="one-offer",
        json=lambda: (
            json.dumps([{"seed": each.seed, "description": each.description} for each in draws], indent=2) + "\n"
        ),
    )


@st.cache_data(max_entries=12, show_spinner=False)
def compute_group(subject: Subject, names: tuple[str, ...], seed: int) -> tuple[MapGrid, tuple[str, ...]]:
    """One draw of each transform with its first values, on one grid, and what was drawn."""
    pictures, words = [], []
    for name in names:
        try:
            (draw,) = compute_draws(subject, Pipeline((Step(name, probability=1.0),)).to_json(), seed, 1)
        except PipelineRejected as problem:
            pictures.append(np.full((8, 8, 3), 136, np.uint8))
            words.append(f"{CATALOGUE[name].title}: {problem}")
            continue
        pictures.append(draw.pixels)
        words.append(draw.description)
    return draw_picture_grid(pictures, columns=5, side=_CELL), tuple(words)


def _show_group(subject: Subject, known: Transform) -> None:
    st.subheader(f"All {known.group} transforms", anchor=False)
    names = tuple(name for name, each in CATALOGUE.items() if each.group == known.group)
    grid, words = compute_group(subject, names, int(st.session_state.get("seed") or 0) + 1)
    clicked = clickable_grid(
        png=grid.png,
        cells=grid,
        labels=list(words),
        selected=names.index(known.name),
        marked=(),
        alt=f"One draw of {', '.join(CATALOGUE[name].title for name in names)}",
        key="group-grid",
        noun="transform",
        opens="one_transform",
    )
    if clicked is not None and names[clicked] != known.name:
        choose_next(one_transform=names[clicked])
    st.caption(
        f"One draw of each with its first values; click one to open it above. In reading order: "
        f"{', '.join(CATALOGUE[name].title for name in names)}."
    )
