"""Controls for the parameters of a transform, built from what the catalogue says of each."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explorer.augmentation import CATALOGUE, Parameter, PipelineRejected, Step
from explorer.text import as_plain_text

_FINEST = 400  # positions of a slider; with more, a number is typed


def show_parameters(step: Step, key: str) -> Step:
    """The controls of a step; gives the step with their values, or as it was where they do not go together.

    Args:
        step: what the controls start with.
        key: what the controls' keys begin with, the step's own.
    """
    known = CATALOGUE[step.transform]
    if not known.parameters:
        st.caption("This transform has no parameters.")
    values = {each.name: _show_one(each, step.parameters[each.name], f"{key}-{each.name}") for each in known.parameters}
    if all(_same(values[name], step.parameters[name]) for name in values):
        return step
    try:
        return step.with_parameters(**values)
    except PipelineRejected as problem:
        st.error(f"{as_plain_text(str(problem))} The last values that work are kept.", icon=":material/block:")
        return step


def _same(shown: Any, kept: Any) -> bool:
    """A slider gives back floats that may differ from those of a file in the last bit."""
    if isinstance(shown, tuple) and isinstance(kept, tuple):
        return len(shown) == len(kept) and all(_same(*pair) for pair in zip(shown, kept, strict=True))
    if isinstance(shown, float) and isinstance(kept, int | float):
        return abs(shown - kept) < 1e-12
    return bool(shown == kept)


def _show_one(parameter: Parameter, value: Any, key: str) -> Any:
    if parameter.optional:
        _begin(f"{key}-on", value is not None)
        if not st.toggle(f"Use {parameter.label}", key=f"{key}-on", help=parameter.documentation or None):
            return None
        if value is None:
            value = parameter.first
    label, said = parameter.label, (parameter.documentation or None)
    match parameter.kind:
        case "switch":
            _begin(key, value)
            return bool(st.toggle(label, key=key, help=said))
        case "choice":
            _begin(key, value)
            return str(st.selectbox(label, parameter.choices, key=key, help=said))
        case "colour":
            _begin(key, "#{:02x}{:02x}{:02x}".format(*value))
            return _from_hex(st.color_picker(label, key=key, help=said))
        case "range":
            return _slide(label, parameter, value, key, said)
        case "pair":
            return tuple(
                _slide(f"{label}, {way}", parameter, value[place], f"{key}-{place}", said)
                for place, way in enumerate(("across", "down"))
            )
    positions = (parameter.high - parameter.low) / parameter.step
    if positions <= _FINEST:
        return _slide(label, parameter, value, key, said)
    number = parameter.number
    _begin(key, number(value))
    low, high, step = number(parameter.low), number(parameter.high), number(parameter.step)
    return number(st.number_input(label, low, high, step=step, key=key, help=said))


def _slide(label: str, parameter: Parameter, value: Any, key: str, said: str | None) -> Any:
    number = parameter.number
    _begin(key, tuple(number(each) for each in value) if isinstance(value, tuple) else number(value))
    low, high, step = number(parameter.low), number(parameter.high), number(parameter.step)
    return st.slider(label, low, high, step=step, key=key, help=said, format="%g")


def _begin(key: str, value: Any) -> None:
    """The value a control starts with, unless it has one: given to the control itself, it would compete with that."""
    if key not in st.session_state:
        st.session_state[key] = value


def _from_hex(text: str) -> tuple[int, int, int]:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)
