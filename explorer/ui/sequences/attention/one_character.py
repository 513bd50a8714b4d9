"""How one character came about, in numbers: scores, their softmax, the context vector and the decoder's step."""

from __future__ import annotations

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.neurons.activations import Numbers
from explorer.neurons.describing import say_number, write_table
from explorer.sequences.attention.dates import OUTPUTS
from explorer.sequences.attention.finding import cut_sum, show_sign
from explorer.sequences.attention.network import STATE
from explorer.sequences.attention.steps import Run, Step, open_gates
from explorer.text import as_plain_text, count_text, format_percent
from explorer.ui.components import Looking
from explorer.ui.kit.choose import slide
from explorer.ui.sequences.attention.compute import load

_SHOWN = 5  # rows of a table; what is left is summed


def show_character(run: Run, looking: Looking) -> None:
    """The chosen character: what is compared, what is weighted, and what the decoder makes of it."""
    place = looking.character
    step = run.steps[place]
    assert step.scores is not None  # it attends
    assert step.own_weights is not None
    st.markdown(f"##### Character {place + 1}, “{as_plain_text(step.character)}”, in numbers")
    typed = [
        f"“{as_plain_text(show_sign(sign))}”,\u00a0{number}" for number, sign in enumerate(run.reading.text, start=1)
    ]
    unit = slide("Number of the context, and unit of the decoder", 1, STATE, 1, "dates_unit", width=440)
    scoring, weighing = st.columns(2, gap="large")
    _show_scores(scoring, typed, run, place, looking.led.get(place))
    _show_context(weighing, typed, run.states[:, unit - 1], step, unit)
    stepping, deciding = st.columns(2, gap="large")
    _show_decoder(stepping, step, unit)
    _show_logits(deciding, step)


def _show_scores(place: DeltaGenerator, typed: list[str], run: Run, character: int, goal: int | None) -> None:
    step = run.steps[character]
    assert step.scores is not None
    assert step.own_weights is not None
    assert step.query is not None
    assert run.keys is not None
    place.markdown("**Scores, then their softmax**")
    place.markdown(_write_softmax(("score $e$", "weight $a$"), typed, step.scores, step.own_weights))
    best = int(step.scores.argmax())
    terms = np.tanh(run.keys[best] + step.query) * load(True).energy.weight.double().numpy()[0]
    named = {f"unit {unit}": float(term) for unit, term in enumerate(terms, start=1)}
    written = " ".join(f"{say_number(value, signed=True)} ({name})" for name, value in cut_sum(named, 3))
    led = "" if goal is None else f" You led all of its attention to {typed[goal]}: that weight is 1, all others are 0."
    place.caption(
        rf"$e = v \cdot \tanh(W_k h + W_q s)$: a typed character's state $h$ and the decoder's state $s$ before. "
        f"Of {typed[best]}: {written} = {say_number(float(terms.sum()))}.{led}"
    )


def _show_context(place: DeltaGenerator, typed: list[str], states: Numbers, step: Step, unit: int) -> None:
    assert step.weights is not None
    terms = dict(zip(typed, (step.weights * states).tolist(), strict=True))
    factors = dict(zip(typed, zip(step.weights.tolist(), states.tolist(), strict=True), strict=True))
    rows = {}
    for name, value in cut_sum(terms, _SHOWN):
        weight, state = factors.get(name, (None, None))
        rows[name] = ["" if each is None else _write_fixed(each) for each in (weight, state, value)]
    rows["**sum**"] = ["", "", f"**{_write_fixed(float(step.context[unit - 1]))}**"]
    place.markdown(f"**The context vector**, number {unit} of {STATE}")
    place.markdown(write_table(["weight $a$", "state $h$", "product"], rows))
    place.caption(
        "The sum of that number of all typed characters' states, each times its weight. The first "
        f"{STATE // 2} come of reading forward, the others of reading backward."
    )


def _show_decoder(place: DeltaGenerator, step: Step, unit: int) -> None:
    gates = open_gates(load(True), step)
    reset, update, candidate = (float(each[unit - 1]) for each in (gates.reset, gates.update, gates.candidate))
    before, after = float(step.asking[unit - 1]), float(step.state[unit - 1])
    read = "the mark for the start" if step.before == len(OUTPUTS) else f"“{as_plain_text(OUTPUTS[step.before])}”"
    place.markdown(f"**The decoder's step**, unit {unit} of {STATE}")
    place.markdown(
        f"It reads {read}, which was written before, and the context. Reset gate {say_number(reset)}, update gate "
        f"$z$ {say_number(update)}, candidate $n$ {say_number(candidate)}, state before $s$ {say_number(before)}:"
    )
    place.markdown(
        rf"$(1 - z)\,n + z\,s$ = {say_number(1 - update)} × {_factor(candidate)} + {say_number(update)} × "
        f"{_factor(before)} = **{say_number(after)}**"
    )


def _show_logits(place: DeltaGenerator, step: Step) -> None:
    place.markdown("**What is written**: logits of the new state and the context, and their softmax")
    names = [f"“{as_plain_text(sign)}”" for sign in OUTPUTS]
    place.markdown(_write_softmax(("logit $z$", "$p$"), names, step.logits, step.probabilities, 3))


def _write_fixed(value: float) -> str:
    """As numbers that are added up stand below each other, and narrow enough for a phone."""
    return f"{round(value, 4) + 0.0:.4f}".replace("-", "−")


def _factor(value: float) -> str:
    return f"({say_number(value)})" if value < 0 else say_number(value)


def _write_softmax(
    heads: tuple[str, str], names: list[str], scores: Numbers, shares: Numbers, shown: int = _SHOWN
) -> str:
    """A softmax as a table, the largest first."""
    powers = np.exp(scores - scores.max())
    order = np.argsort(-scores, kind="stable")
    rows = {
        names[k]: [say_number(float(scores[k])), _write_fixed(float(powers[k])), format_percent(float(shares[k]))]
        for k in order[:shown]
    }
    if rest := list(order[shown:]):
        rows[count_text(len(rest), "other")] = [
            "",
            _write_fixed(float(powers[rest].sum())),
            format_percent(float(shares[rest].sum())),
        ]
    rows["**sum**"] = ["", f"**{_write_fixed(float(powers.sum()))}**", f"**{format_percent(float(shares.sum()))}**"]
    return write_table([heads[0], r"$e^{\,\cdot\, - \max}$", heads[1]], rows)
