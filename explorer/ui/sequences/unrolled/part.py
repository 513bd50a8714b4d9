"""The Sequences page's part on a recurrent network, one step after another, on a person's own text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.neurons.describing import write_difference, write_number, write_sum, write_table
from explorer.rendering import draw_units, step_boxes, unit_heatmap
from explorer.sequences.next_letter import (
    LEAST_UNITS,
    MOST_UNITS,
    SEEDS,
    STEPS,
    Recipe,
    Trained,
    Weights,
    count_right,
    count_without_memory,
    name_letter,
)
from explorer.sequences.unrolled.snippets import unrolled_snippet
from explorer.sequences.unrolled.steps import Run, find_twice, run_by_torch, unroll
from explorer.text import format_percent
from explorer.ui.app import link_to
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, choose_number, choose_step, settings_popover, slide, switch
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.sequences.own_text import choose_text, obtain_trained, quote, say_training
from explorer.ui.sequences.unrolled.matrices import show_joined, show_look_up
from explorer.ui.session.subject import Subject

STARTS = {"trained": "Trained on your text", "begun": "As they begin"}
TIMES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
_WINDOW = 5  # boxes side by side
_ANSWERS = ("the same, by the same letter and the same weights", "different ones, since the state before is another")


@dataclass(frozen=True, eq=False)
class Looked:
    """What is looked at.

    Attributes:
        trained: of every seed, the first one shown in numbers.
        weights: of the first, W_h multiplied.
        times: by what.
        run: of these weights over the text.
    """

    trained: Sequence[Trained]
    weights: Weights
    times: float
    run: Run

    @property
    def recipe(self) -> Recipe:
        """Of the network in numbers."""
        return self.trained[0].recipe

    def name(self, place: int) -> str:
        """The letter read at a step from 0, for a sentence."""
        return quote(self.recipe.text[place])

    def says(self, place: int) -> str:
        """The likeliest next letter after a step from 0, with its probability."""
        p = self.run.probabilities[place]
        return f"{quote(self.recipe.letters[int(p.argmax())])} ({format_percent(float(p.max()))})"


def show_unrolled(subject: Subject) -> None:
    """What the state is good for, the steps in a row, one of them in numbers, and what its two products come to."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    said = st.container()
    with said:
        text = choose_text("unrolled_text", row)
    units = slide("Units", LEAST_UNITS, MOST_UNITS, 5, "unrolled_units", place=row, width=150)
    start = choose("Weights", STARTS, "unrolled_start", place=row)
    with settings_popover(row):
        seed = choose_number("Seed of the weights", 0, 99, "unrolled_seed", 0)
    finding = st.container()
    controls = st.container(horizontal=True, gap="large")
    changed = "Multiplies W_h, all that leads from one step to the next. At 0 nothing is remembered."
    times = choose_step(
        "$W_h$ times",
        TIMES,
        "unrolled_times",
        1.0,
        place=controls,
        width=300,
        format_func=lambda value: f"{value:g}",
        help=changed,
    )
    recipes = [Recipe(text, "rnn", units, seed + more, STEPS if start == "trained" else 0) for more in range(SEEDS)]
    trained = obtain_trained(recipes, st.empty())
    if trained is None:
        return
    weights = trained[0].weights.remember(times)
    looked = Looked(trained, weights, times, unroll(weights, recipes[0].numbers))
    with finding:
        if not _show_finding(looked):
            return
    step = _show_step(looked, controls)
    states, rows = run_by_torch(weights, recipes[0].numbers)
    st.caption(
        f"PyTorch, `nn.RNN` with the same weights: the states of all {len(text)} steps differ by "
        f"{write_difference(float(np.abs(states - looked.run.states).max()))} at most; its `nn.Embedding`, by "
        f"{write_difference(float(np.abs(rows - looked.run.inward).max()))} from $W_x x$."
    )
    _offer(looked, step)


def _show_finding(looked: Looked) -> bool:
    recipe, run = looked.recipe, looked.run
    twice = find_twice(recipe.text)
    of, most = len(recipe.text) - 1, count_without_memory(recipe.text)
    rights = [_count(each, looked.times) for each in looked.trained]
    if twice is not None:
        first, second = twice
        before, after = (int(run.probabilities[place].argmax()) for place in twice)
        asked = (
            f"{looked.name(first)} is read at step {first + 1} and at step {second + 1}, by the same weights. Which "
            "next letters does the network expect?"
        )
        if not ask_first(asked, _ANSWERS, _ANSWERS[before != after], f"ask-unrolled-{hash((recipe, looked.times))}"):
            return False
    bound = f"who knows only the letter before can have {most} of {of} next letters right, and no more"
    counts = f"{rights[0]} of {of}" + (
        f" (from {SEEDS} first weights: {', '.join(map(str, rights))})" if len(set(rights)) > 1 else ""
    )
    what = "" if looked.times == 1 else f" with $W_h$ times {looked.times:g}"
    beside = (
        "more than without a memory"
        if min(rights) > most
        else "no more than without a memory"
        if max(rights) <= most
        else "not from all first weights more than without a memory"
    )
    st.markdown(
        f"**In your text {bound}. A network with a state of {recipe.units} numbers, {say_training(recipe)},{what} "
        f"has {counts} right: {beside}.**"
    )
    if twice is None:
        st.markdown(
            "Every letter of it has one follower only, so no memory is needed. Type a text with two, as in hello."
        )
        return True
    st.markdown(
        f"{looked.name(first)} at step {first + 1} expects {looked.says(first)}, at step {second + 1} "
        f"{looked.says(second)}; the true ones are {looked.name(first + 1)} and {looked.name(second + 1)}. Both steps "
        f"read the same column of $W_x$ and use the same {looked.weights.count} numbers; $W_h h$, what is left of the "
        f"letters before, {'differs' if looked.times else 'is zero both times'}."
    )
    return True


def _count(trained: Trained, times: float) -> int:
    numbers = trained.recipe.numbers
    return count_right(unroll(trained.weights.remember(times), numbers).probabilities, numbers)


def _show_step(looked: Looked, controls: DeltaGenerator) -> int:
    """The number of the step that is looked at, from 1."""
    recipe, run, length = looked.recipe, looked.run, len(looked.recipe.text)
    twice = find_twice(recipe.text)
    step = slide("Step", 1, length, 1 + (twice[1] if twice else 0), "unrolled_step", place=controls, width=300)
    begins = max(0, min(step - 1 - _WINDOW // 2, length - _WINDOW))
    shown = range(begins, min(length, begins + _WINDOW))
    names = [name_letter(letter) for letter in recipe.text]
    likeliest = run.probabilities.argmax(axis=1)
    written = [
        f"{name_letter(recipe.letters[likeliest[at]])}<br>{format_percent(float(run.probabilities[at].max()))}"
        for at in shown
    ]
    left, right = st.columns([6, 5], gap="large")
    with left:
        show_chart(
            step_boxes(
                run.states[list(shown)],
                [names[at] for at in shown],
                written,
                [at + 1 for at in shown],
                step,
                "The state h at each step, and the next letter",
            ),
            "unrolled-boxes",
        )
        st.caption(
            f"The network unrolled in time: every box is the same network, with the same {looked.weights.count} "
            f"weights and biases, whether the text has {length} letters or a million. Red is above zero, blue below."
        )
    with right:
        _write_step(looked, step)
    show_chart(
        unit_heatmap(
            run.states, names, np.arange(recipe.units), "The state over the whole text", signed=True, height=200
        ),
        "unrolled-states",
    )
    if switch("One matrix", "unrolled_joined", help="Puts both matrices side by side, and the state below the letter."):
        show_joined(looked.weights, recipe, step, run.before[step - 1])
    show_look_up(looked.weights, recipe, step)
    return step


def _write_step(looked: Looked, step: int) -> None:
    run, at, units = looked.run, step - 1, looked.recipe.units
    st.markdown(f"**Step {step} reads {looked.name(at)}**: $h = \\tanh(W_x x + W_h h_{{\\text{{before}}}} + b)$")
    columns = (run.inward[at], run.onward[at], looked.weights.bias, run.states[at])
    rows = {
        f"$h_{unit + 1}$": [f"{column[unit]:z.2f}".replace("-", "−") for column in columns] for unit in range(units)
    }
    st.markdown(write_table(["$W_x x$", "$W_h h$", "$b$", "$h$"], rows))
    unit = slide("Unit written out", 1, units, 1, "unrolled_unit", width=240) - 1
    before, back = run.before[at].tolist(), looked.weights.onward[unit].tolist()
    inward, bias = write_number(float(run.inward[at, unit])), float(looked.weights.bias[unit])
    st.markdown(
        f"$z_{unit + 1} = {inward} + {write_sum(before, back, bias)} = {write_number(float(run.sums[at, unit]))}$, "
        f"$\\ h_{unit + 1} = \\tanh z_{unit + 1} = {write_number(float(run.states[at, unit]))}$"
    )
    st.caption(
        "Of $W_x$ a single number is left, that of the letter read; then each number of the state before times its "
        f"weight, and the bias. After the step, $\\text{{softmax}}(W_y h + b_y)$ expects {looked.says(at)}"
        + (f"; next comes {looked.name(at + 1)}." if step < len(run.states) else ", which your text does not say.")
    )


def _offer(looked: Looked, step: int) -> None:
    recipe, run, weights = looked.recipe, looked.run, looked.weights
    offer(
        "unrolled",
        lambda: draw_units([run.states], np.arange(recipe.units), [True]),
        lambda: arrays_as_npz(
            letters=np.array(list(recipe.text)), **vars(run), **{f"weights_{k}": v for k, v in vars(weights).items()}
        ),
        unrolled_snippet(recipe, looked.times, step),
        key="unrolled-offer",
    )
    with st.container(horizontal=True):
        link_to("neurons", "One-hot rows of classes", {"part": "Softmax and losses", "losses": "One-hot"})
        link_to("captions", "Word vectors that a captioner reads", {"part": "Inside the decoder"})
