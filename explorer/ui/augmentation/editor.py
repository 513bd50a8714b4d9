"""The editor of a pipeline: a card for each step, a list to add from, and the way in and out as JSON."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.augmentation import CATALOGUE, EXAMPLE, GROUPS, Pipeline, PipelineRejected, Step, Transform
from explorer.text import as_plain_text
from explorer.ui.augmentation.parameters import show_parameters
from explorer.ui.kit.choose import choose_one
from explorer.ui.kit.export import download
from explorer.ui.session.pipeline import (
    MOST_IN_ADDRESS,
    Row,
    add_step,
    address_problem,
    current_pipeline,
    fits_address,
    move_step,
    put_step,
    remove_step,
    replace_pipeline,
    rows,
)

_MOST_BYTES = 200_000  # of an uploaded pipeline
_REFUSED = "augmentation_refused"


def show_editor() -> None:
    """The cards, and what changes the pipeline as a whole."""
    if address_problem():
        st.warning(as_plain_text(address_problem()), icon=":material/link_off:")
    _show_adding()
    kept = rows()
    if not kept:
        st.info("The pipeline is empty: every draw is the picture itself. Add a step.", icon=":material/info:")
    for place, row in enumerate(kept):
        _show_card(row, place, len(kept))
    if not fits_address():
        st.caption(
            f"This pipeline has more than {MOST_IN_ADDRESS:,} characters, too many for a link: it is kept for this "
            "session only. Take it with you as JSON."
        )
    _show_whole()


def choose_transform(prefix: str, group_label: str = "Group", label: str = "Transform") -> Transform:
    """A group and a transform of it, from two lists side by side."""
    left, right = st.columns([2, 3])
    group = choose_one(group_label, {each: each.capitalize() for each in GROUPS}, f"{prefix}_group", place=left)
    titles = {name: known.title for name, known in CATALOGUE.items() if known.group == group}
    return CATALOGUE[choose_one(label, titles, f"{prefix}_transform", place=right)]


def _show_adding() -> None:
    names = list(CATALOGUE)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    row.selectbox(
        "Add a step",
        names,
        format_func=lambda each: f"{CATALOGUE[each].title} · {CATALOGUE[each].group}",
        key="add_transform",
        help="Every transform of torchvision that takes a picture. The part “One transform” shows each by itself.",
    )
    row.button("Add", key="add_step", icon=":material/add:", on_click=_add_chosen)
    say_refusal("add")


def _add_chosen() -> None:
    add_or_refuse(Step(str(st.session_state["add_transform"])), "add")


def add_or_refuse(step: Step, where: str) -> None:
    """Add a step; where there are too many, `say_refusal(where)` says so."""
    try:
        add_step(step)
    except PipelineRejected as problem:
        st.session_state[_REFUSED] = (where, str(problem))


def say_refusal(where: str) -> None:
    """What a button's press was refused for, once."""
    refused = st.session_state.get(_REFUSED)
    if refused is not None and refused[0] == where:
        st.error(as_plain_text(refused[1]), icon=":material/block:")
        del st.session_state[_REFUSED]


def _show_card(row: Row, place: int, count: int) -> None:
    known, number = CATALOGUE[row.step.transform], row.number
    key = f"step{number}"
    with st.container(border=True, gap="small"):
        head = st.container(horizontal=True, vertical_alignment="center", gap="small")
        head.markdown(f"**{place + 1}. {known.title}**", width="stretch")
        for name, icon, help, off, change in (
            ("up", "arrow_upward", "Earlier", place == 0, lambda: move_step(number, -1)),
            ("down", "arrow_downward", "Later", place == count - 1, lambda: move_step(number, 1)),
            ("remove", "delete", "Remove this step", False, lambda: remove_step(number)),
        ):
            icon = f":material/{icon}:"
            head.button("", f"{key}-{name}", help, change, type="tertiary", icon=icon, disabled=off)
        body = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
        step = row.step.with_probability(_choose_probability(body, row.step, key))
        with body.popover("Settings", icon=":material/tune:"):
            st.markdown(f"**{known.title}** · torchvision says:")
            st.caption(known.documentation)
            step = show_parameters(step, key)
    if step != row.step:
        put_step(number, step)


def _choose_probability(place: DeltaGenerator, step: Step, key: str) -> float:
    if f"{key}-probability" not in st.session_state:
        st.session_state[f"{key}-probability"] = round(100 * step.probability)
    percent = place.slider("Probability", 0, 100, step=5, format="%d %%", key=f"{key}-probability")
    # A probability of a file that is no whole per cent stays until the slider is moved.
    return step.probability if percent == round(100 * step.probability) else percent / 100


def _show_whole() -> None:
    row = st.container(horizontal=True)
    row.button(
        "Back to the example",
        key="reset_pipeline",
        icon=":material/restart_alt:",
        on_click=replace_pipeline,
        args=(EXAMPLE,),
    )
    row.button(
        "Empty", key="clear_pipeline", icon=":material/clear_all:", on_click=replace_pipeline, args=(Pipeline(),)
    )
    with st.expander("Pipeline as JSON", icon=":material/data_object:"):
        download(st.container(), "Save as JSON", current_pipeline().to_json(), "pipeline.json", "pipeline-json")
        file = st.file_uploader("Open a pipeline", type=["json"], key="pipeline_file", max_upload_size=1)
        if file is not None and st.session_state.get("augmentation_file_taken") != file.file_id:
            st.session_state["augmentation_file_taken"] = file.file_id
            data = file.getvalue()
            if take_in(data.decode("utf-8", errors="replace") if len(data) <= _MOST_BYTES else " " * 200_001):
                st.rerun()
        st.text_area("Or paste JSON", key="pipeline_text", height=120, placeholder='{"steps": [{"transform": …}]}')
        st.button("Use the pasted JSON", key="use_text", on_click=_take_in_text)
        say_refusal("json")


def _take_in_text() -> None:
    take_in(str(st.session_state.get("pipeline_text", "")))


def take_in(text: str) -> bool:
    """Put the pipeline of a JSON text in place of the old one; a broken text leaves it, and the page says why."""
    try:
        replace_pipeline(Pipeline.from_json(text))
    except PipelineRejected as problem:
        st.session_state[_REFUSED] = ("json", f"{problem} The pipeline you had is still here.")
        return False
    return True
