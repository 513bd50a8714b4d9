"""The Memory part's view of one LSTM cell on a person's own text: its gates in numbers, held open or shut."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final, get_args

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.neurons.describing import write_difference, write_factor, write_number, write_table
from explorer.rendering import draw_units, unit_heatmap, word_lines
from explorer.sequences.memory.lstm_cell import (
    UNITS,
    CellRun,
    Gate,
    Hold,
    cell_snippet,
    hold_each_step,
    run_by_torch,
    run_cell,
)
from explorer.sequences.next_letter import Recipe, Trained, name_letter
from explorer.text import format_percent
from explorer.ui.app import link_to
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, choose_number, settings_popover, slide
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.sequences.own_text import choose_text, obtain_trained, quote, say_training

STATES: Final = {"free": "free", "open": "open", "shut": "shut"}
_GATES: Final[tuple[Gate, ...]] = get_args(Gate)
_SIGNS: Final = {"input": "i", "forget": "f", "candidate": "g", "output": "o", "cell": "c", "hidden": "h"}
_TITLES: Final = {
    "input": "Input gate i: how much is taken in",
    "candidate": "Candidate g: what is new",
    "forget": "Forget gate f: how much is kept",
    "output": "Output gate o: how much is shown",
    "cell": "Cell c: what is remembered",
    "hidden": "State h: what is shown",
}
_GATE_LIKE: Final = ("input", "forget", "output")


@dataclass(frozen=True, eq=False)
class Looked:
    """A network and what it does with the text up to its last letter.

    Attributes:
        trained: the network.
        holds: gates that are held.
        free: without any held.
        run: with them.
    """

    trained: Trained
    holds: tuple[Hold, ...]
    free: CellRun
    run: CellRun

    @property
    def text(self) -> str:
        """What the network was trained on; it reads all but the last letter."""
        return self.trained.recipe.text

    def last(self, run: CellRun) -> float:
        """The probability of the text's last letter at the end of a run."""
        return float(run.probabilities[-1, self.trained.recipe.numbers[-1]])

    def expects(self, run: CellRun) -> str:
        """The letter with the highest probability at the end of a run."""
        return self.trained.recipe.letters[int(run.probabilities[-1].argmax())]


def show_cell() -> None:
    """What holding gates does to the end, all gates of all steps, and one step in numbers."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    said = st.container()
    with said:
        text = choose_text("cell_text", row)
    with settings_popover(row):
        seed = choose_number("Seed of the weights", 0, 99, "cell_seed", 0)
    finding = st.container()
    made = obtain_trained([Recipe(text, "lstm", UNITS, seed)], st.empty())
    if made is None:
        return
    (trained,) = made
    controls = st.container(horizontal=True, vertical_alignment="bottom")
    holds = _choose_holds(len(text) - 1, controls)
    reads = trained.recipe.numbers[:-1]
    looked = Looked(trained, holds, run_cell(trained.weights, reads), run_cell(trained.weights, reads, holds))
    with finding:
        if not _show_finding(looked):
            return
    if holds:
        st.markdown(
            f"**As you hold the gates, the last letter, {quote(text[-1])}, gets "
            f"{format_percent(looked.last(looked.run))}** in place of {format_percent(looked.last(looked.free))}; the "
            f"network expects {_say_end(looked, looked.run)}."
        )
    names = [name_letter(letter) for letter in text[:-1]]
    for pair in (("input", "candidate"), ("forget", "output"), ("cell", "hidden")):
        for column, kind in zip(st.columns(2, gap="medium"), pair, strict=True):
            values = getattr(looked.run, kind)
            show_chart(
                unit_heatmap(values, names, np.arange(UNITS), _TITLES[kind], signed=kind not in _GATE_LIKE, height=150),
                f"cell-{kind}",
                column,
            )
    st.caption(
        f"A row for each of {UNITS} units, a column for each letter read. Gates run from 0 (dark) to 1 (yellow); the "
        "others are blue below zero, white at zero, red above."
    )
    left, right = st.columns(2, gap="large")
    with left:
        steps = len(names)
        _write_step(looked, slide("Step", 1, steps, steps, "cell_step", width=300) if steps > 1 else 1)
    with right:
        _show_each_step(looked, names)
    _say_check(looked)
    _offer(looked)


def _choose_holds(steps: int, place: DeltaGenerator) -> tuple[Hold, ...]:
    held = {
        gate: choose(f"{gate.capitalize()} gate {_SIGNS[gate]}", STATES, f"cell_{gate}", place=place) for gate in _GATES
    }
    if steps == 1:
        first = last = 1
    else:
        first = slide("Held from step", 1, steps, 2, "cell_from", place=place, width=150)
        last = slide("to step", 1, steps, steps, "cell_to", place=place, width=150)
    units = {"all": "all", **{str(unit + 1): str(unit + 1) for unit in range(UNITS)}}
    unit = choose("Unit", units, "cell_unit", place=place)
    one = None if unit == "all" else int(unit) - 1
    if last < first:
        st.info("The last step that is held comes before the first: nothing is held.", icon=":material/info:")
    return tuple(
        Hold(gate, 1.0 if state == "open" else 0.0, first - 1, last - 1, one)
        for gate, state in held.items()
        if state != "free" and first <= last
    )


def _show_finding(looked: Looked) -> bool:
    text, weights, steps = looked.text, looked.trained.weights, len(looked.text) - 1
    first, last_read = quote(text[0]), quote(text[-2])
    kept = run_cell(
        weights,
        looked.trained.recipe.numbers[:-1],
        [Hold("forget", 1.0, 1, steps - 1), Hold("input", 0.0, 1, steps - 1)],
    )
    free = looked.expects(looked.free)
    answers = (
        f"{quote(free)}, as when no gate is held",
        f"{quote(text[1])}, which follows its first letter",
        "another letter",
    )
    held = looked.expects(kept)
    right = answers[0 if held == free else 1 if held == text[1] else 2]
    asked = (
        "From step 2 on all forget gates are held open and all input gates shut. What does the network expect after "
        f"the last letter that it reads, {last_read}?"
    )
    if not ask_first(asked, tuple(dict.fromkeys(answers)), right, f"ask-cell-{hash(looked.trained.recipe)}"):
        return False
    follows = f", what follows {first}" if held == text[1] else ""
    apart = float(np.abs(kept.cell[-1] - kept.cell[0]).max())
    reads = (
        f"**An LSTM of {UNITS} units, {say_training(looked.trained.recipe)}, reads all of it but the last letter and "
        f"expects {_say_end(looked, looked.free)}."
    )
    if steps == 1:
        st.markdown(f"{reads}** That is one step: a longer text has something to keep.")
        return True
    left = looked.free.forget[1:].prod(axis=0)
    st.markdown(
        f"{reads} With every forget gate held open and every input gate shut from step 2 on, it expects "
        f"{_say_end(looked, kept)}{follows}**: its memory after step {steps} is still that of step 1, of {first} alone "
        f"(difference {write_difference(apart)}), whatever it has read since."
    )
    st.markdown(
        "With no gate held, of the memory of step 1 the forget gates leave "
        f"${write_number(float(left.max()))}$ at most in a unit, the product of its gates at steps 2 to {steps}."
    )
    return True


def _say_end(looked: Looked, run: CellRun) -> str:
    return f"{quote(looked.expects(run))} ({format_percent(float(run.probabilities[-1].max()))})"


def _write_step(looked: Looked, step: int) -> None:
    run, at = looked.run, step - 1
    held = {hold.gate for hold in looked.holds if hold.first <= at <= hold.last}
    parts = {
        "$i$": ("input", run.input),
        "$f$": ("forget", run.forget),
        "$g$": ("candidate", run.candidate),
        "$o$": ("output", run.output),
        "$c_{t-1}$": ("before", run.before),
        "$c_t$": ("cell", run.cell),
        "$h_t$": ("hidden", run.hidden),
    }
    rows = {
        f"{name}{' held' if kind in held else ''}": [f"{value:z.2f}".replace("-", "−") for value in values[at]]
        for name, (kind, values) in parts.items()
    }
    st.markdown(f"**Step {step} reads {quote(looked.text[at])}**: $c_t = f c_{{t-1}} + i g$, $\\ h_t = o \\tanh c_t$")
    st.markdown(write_table([f"unit\u00a0{unit + 1}" for unit in range(UNITS)], rows))
    kept, new, shown = (float(each[at, 0]) for each in (run.forget, run.input, run.output))
    before, candidate, c, h = (float(each[at, 0]) for each in (run.before, run.candidate, run.cell, run.hidden))
    st.markdown(
        f"Unit 1: $c_t = {write_number(kept)} \\cdot {write_factor(before)} + {write_number(new)} \\cdot "
        f"{write_factor(candidate)} = {write_number(c)}$, $\\ h_t = {write_number(shown)} \\cdot "
        f"\\tanh({write_number(c)}) = {write_number(h)}$"
    )


def _show_each_step(looked: Looked, names: list[str]) -> None:
    """What the last letter gets where one kind of gate is held at one step, of all units, and the others are free."""
    recipe, weights = looked.trained.recipe, looked.trained.weights
    tried: tuple[tuple[str, Gate, float], ...] = (
        ("f shut", "forget", 0.0),
        ("f open", "forget", 1.0),
        ("i shut", "input", 0.0),
    )
    lines = {
        name: once(
            ("lstm cell held", recipe, gate, value), partial(hold_each_step, weights, recipe.numbers, gate, value)
        )
        for name, gate, value in tried
    }
    show_chart(
        word_lines(names, lines, "Probability of the last letter, one step held", percent=True, top=1.0),
        "cell-each-step",
    )
    name, ends = min(lines.items(), key=lambda each: float(each[1].min()))
    place = int(ends.argmin())
    st.caption(
        f"Each kind of gate held at that step alone, of all units, the rest free. Most is lost with {name} at step "
        f"{place + 1}, {quote(recipe.text[place])}: {format_percent(float(ends[place]))} in place of "
        f"{format_percent(looked.last(looked.free))}."
    )


def _say_check(looked: Looked) -> None:
    shown, cell = run_by_torch(looked.trained.weights, looked.trained.recipe.numbers[:-1])
    apart = (np.abs(shown - looked.free.hidden).max(), np.abs(cell - looked.free.cell[-1]).max())
    st.caption(
        "PyTorch, `nn.LSTM` with the same weights and no gate held: states of all steps, and the cell at the end, "
        f"differ by {write_difference(*map(float, apart))} at most."
    )


def _offer(looked: Looked) -> None:
    run = looked.run
    panels = [getattr(run, kind) for kind in _TITLES]
    offer(
        "lstm-cell",
        lambda: draw_units(panels, np.arange(UNITS), [kind not in _GATE_LIKE for kind in _TITLES]),
        lambda: arrays_as_npz(
            letters=np.array(list(looked.text)),
            **vars(run),
            **{f"weights_{name}": values for name, values in vars(looked.trained.weights).items()},
        ),
        cell_snippet(looked.trained.recipe, looked.holds),
        key="cell-offer",
    )
    link_to("captions", "Gates and cells of a captioner, word by word", {"part": "Inside the decoder"})
