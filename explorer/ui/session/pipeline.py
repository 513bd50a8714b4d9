"""The pipeline that a person builds: kept for the session and, where it is short enough, in the address.

Every step has a number of its own, and its controls carry that number in their keys: so a step that moves takes its
values along, and a control of an old step never answers for a new one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from explorer.augmentation import EXAMPLE, Pipeline, PipelineRejected, Step

MOST_IN_ADDRESS = 1800  # characters: beyond that, some programs cut a link
PARAMETER = "pipeline"  # of the address
_ROWS = "augmentation_rows"
_COUNTER = "augmentation_counter"
_WRITTEN = "augmentation_written"
_PROBLEM = "augmentation_problem"


@dataclass(frozen=True)
class Row:
    """A step and its number, which no other step of the session has had."""

    number: int
    step: Step


def open_pipeline() -> None:
    """Take the pipeline of the address where it is a new one; else the session's, or at first the example."""
    asked = st.query_params.get(PARAMETER)
    st.session_state.pop(_PROBLEM, None)
    if asked is not None and asked != st.session_state.get(_WRITTEN):
        try:
            _set_rows(Pipeline.from_json(asked))
        except PipelineRejected as problem:
            st.session_state[_PROBLEM] = f"The pipeline of this link cannot be read: {problem}"
    if _ROWS not in st.session_state:
        _set_rows(EXAMPLE)
    write_address()


def address_problem() -> str:
    """What is wrong with the pipeline of the address; "" for nothing."""
    return str(st.session_state.get(_PROBLEM, ""))


def rows() -> tuple[Row, ...]:
    """The steps in their order."""
    kept: tuple[Row, ...] = st.session_state[_ROWS]
    return kept


def current_pipeline() -> Pipeline:
    """The pipeline as a value."""
    return Pipeline(tuple(row.step for row in rows()))


def _new_number() -> int:
    number = int(st.session_state.get(_COUNTER, 0)) + 1
    st.session_state[_COUNTER] = number
    return number


def _set_rows(pipeline: Pipeline) -> None:
    st.session_state[_ROWS] = tuple(Row(_new_number(), step) for step in pipeline.steps)


def replace_pipeline(pipeline: Pipeline) -> None:
    """Put another pipeline in the place of the old one."""
    _set_rows(pipeline)
    write_address()


def add_step(step: Step) -> None:
    """One more step at the end.

    Raises:
        PipelineRejected: there are too many.
    """
    current_pipeline().add(step)  # refuses where there are too many
    _change(lambda kept: (*kept, Row(_new_number(), step)))


def move_step(number: int, by: int) -> None:
    """A step further up (negative) or down; nothing where it would leave the pipeline."""
    place = _place_of(number)
    to = place + by
    if not 0 <= to < len(rows()):
        return

    def moved(kept: tuple[Row, ...]) -> tuple[Row, ...]:
        others = [row for row in kept if row.number != number]
        others.insert(to, kept[place])
        return tuple(others)

    _change(moved)


def remove_step(number: int) -> None:
    """The pipeline without a step."""
    _change(lambda kept: tuple(row for row in kept if row.number != number))


def put_step(number: int, step: Step) -> None:
    """Other values for a step."""
    _change(lambda kept: tuple(Row(number, step) if row.number == number else row for row in kept))


def _place_of(number: int) -> int:
    return next(place for place, row in enumerate(rows()) if row.number == number)


def _change(changed: Callable[[tuple[Row, ...]], tuple[Row, ...]]) -> None:
    st.session_state[_ROWS] = changed(rows())
    write_address()


def write_address() -> None:
    """Let the address name the pipeline; the example and what is too long are left out."""
    text = current_pipeline().compact()
    if current_pipeline() == EXAMPLE or len(text) > MOST_IN_ADDRESS:
        st.query_params.pop(PARAMETER, None)
        st.session_state[_WRITTEN] = None
    else:
        if st.query_params.get(PARAMETER) != text:
            st.query_params[PARAMETER] = text
        st.session_state[_WRITTEN] = text


def fits_address() -> bool:
    """Whether a link carries the pipeline."""
    return len(current_pipeline().compact()) <= MOST_IN_ADDRESS
