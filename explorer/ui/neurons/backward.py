"""The Neurons page's part on gradients: a small network that is trained, and where each of its gradients comes from."""

from __future__ import annotations

import re
from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.neurons.activations import ACTIVATIONS, Numbers
from explorer.neurons.losses import LOSSES, one_hot
from explorer.neurons.perceptron import backward, forward, split_numbers
from explorer.neurons.points import Points
from explorer.neurons.snippets import training_snippet
from explorer.neurons.training import RESOLUTION, Promise, Recipe, Rise, State, find_rise, train, weigh_step
from explorer.text import significant
from explorer.ui.components import Stop, perceptron_trainer
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.choose import choose_number, choose_one, choose_step, settings_popover, switch
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.neurons.decisions import draw_decisions
from explorer.ui.neurons.shelf import Setting, show_shelf
from explorer.ui.neurons.training_address import first_item, stop_in_address, write_stop
from explorer.ui.session.subject import Subject
from explorer.ui.shared.training_points import choose_points, show_points

RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
MOST_LAYERS, MOST_UNITS = 4, 8
_SHAPE = re.compile(r"[1-8](\D+[1-8]){0,3}")
_LAST = "reached_training"


def show_backward(subject: Subject) -> None:
    """A perceptron in the browser, what its next step promises, settings that work and that fail, and the PyTorch."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    name = choose_points(row)
    recipe = _choose_recipe(row)
    points = show_points(name)
    if points is None:
        return
    stop = stop_in_address(points, recipe)
    recipe = replace(recipe, edits=stop.edits)
    state = _reach(points, recipe, stop.step)
    finding = st.container()
    gradients = _by_pytorch(points, recipe, state, stop.point)
    stopped = perceptron_trainer(
        points=points,
        recipe=recipe,
        first=_reach_first(points, recipe),
        state=state,
        stop=stop,
        gradients=gradients,
        key="trainer",
    )
    if stopped is not None and stopped != stop:
        write_stop(stopped, state.net.sizes)
        st.rerun()
    with finding:
        _show_finding(points, recipe, state)
    _show_check(points, recipe, state, gradients[0])
    show_shelf(_open)
    _offer(points, recipe, state)


def _choose_recipe(row: DeltaGenerator) -> Recipe:
    shape = row.text_input(
        "Hidden layers",
        "3",
        key="hidden",
        bind="query-params",
        max_chars=20,
        width=120,
        help="Units of each hidden layer: up to four layers of 1 to 8, such as 8-8. Empty: no hidden layer.",
    )
    titles = {name: each.title for name, each in ACTIVATIONS.items()}
    activation = choose_one("Activation", titles, "net_activation", "tanh", place=row, width=125)
    losses = {name: each.title for name, each in LOSSES.items()}
    loss = choose_one("Loss", losses, "net_loss", place=row, width=180)
    rate = choose_step("Learning rate", RATES, "net_rate", 0.3, place=row, width=190, format_func=significant)
    with settings_popover(row):
        seed = choose_number("Seed of the first weights", 0, 9999, "net_seed", 0)
        clears = switch(
            "Clear gradients before each step",
            "clear",
            True,
            help="PyTorch adds every gradient to the last ones until zero_grad() clears them; who forgets it steps "
            "along the sum of all gradients so far.",
        )
    return Recipe(_read_shape(shape), activation, loss, rate, seed, clears)


def _read_shape(text: str) -> tuple[int, ...]:
    if not text.strip() or text.strip() == "0":
        return ()
    if _SHAPE.fullmatch(text.strip()):
        return tuple(int(digit) for digit in re.findall(r"\d", text))
    st.warning(
        f"Hidden layers are up to {MOST_LAYERS} numbers from 1 to {MOST_UNITS}, such as 8-8. One layer of 3 is shown.",
        icon=":material/error:",
    )
    return (3,)


def _open(setting: Setting) -> None:
    recipe = setting.recipe
    st.session_state.update(
        points=setting.points,
        blobs=setting.blobs,
        hidden="-".join(map(str, recipe.hidden)) or "0",
        net_activation=recipe.activation,
        net_loss=recipe.loss,
        net_rate=recipe.rate,
        net_seed=recipe.seed,
        clear=recipe.clears,
    )
    sizes = (2, *recipe.hidden, setting.blobs)
    write_stop(Stop(setting.step, recipe.edits, item=first_item(sizes)), sizes)


def _reach(points: Points, recipe: Recipe, steps: int) -> State:
    """The state after so many steps, on from where this session last stood where that lies on the way."""
    last: tuple[Points, Recipe, State] | None = st.session_state.get(_LAST)
    since = None
    if last is not None and last[0] == points and last[2].step <= steps:
        at = last[2].step
        kept, wanted = (replace(each, edits=_before(each, at)) for each in (last[1], recipe))
        set_then, set_now = ({edit.number for edit in each.edits if edit.step == at} for each in (last[1], recipe))
        since = last[2] if kept == wanted and set_then <= set_now else None
    with st.spinner("Training …"):
        state = once(("training", points, recipe, steps), lambda: train(points, recipe, steps, since))
    st.session_state[_LAST] = (points, recipe, state)
    return state


def _before(recipe: Recipe, step: int) -> tuple[Any, ...]:
    return tuple(edit for edit in recipe.edits if edit.step < step)


def _reach_first(points: Points, recipe: Recipe) -> State:
    plain = replace(recipe, edits=())
    return once(("training", points, plain, 0), lambda: train(points, plain, 0))


def _by_pytorch(points: Points, recipe: Recipe, state: State, point: int) -> tuple[Numbers, Numbers | None]:
    """Gradients of the mean loss, and of the loss of one point."""
    from explorer.neurons.autograd import gradient_by_autograd

    x, y = points.places, one_hot(points.classes, points.count)
    of_point = gradient_by_autograd(state.net, x[[point]], y[[point]], recipe.loss) if point >= 0 else None
    return gradient_by_autograd(state.net, x, y, recipe.loss), of_point


def _show_finding(points: Points, recipe: Recipe, state: State) -> None:
    """What the gradient promises of the next step and what comes of it, or why there is none."""
    rise = once(("rise", points, recipe, state.step), lambda: (find_rise(points, recipe, state),))[0]
    if rise is not None:
        st.warning(_describe_rise(rise, recipe), icon=":material/trending_up:")
    promise = once(("promise", points, recipe, state.step), lambda: weigh_step(points, recipe, state))
    if not isfinite(promise.real):
        st.error(
            f"Step {state.step + 1:,} gives no finite number. Step {state.step:,} is the last that does, and it is "
            "kept: a smaller learning rate, or “Start over”, leads on.",
            icon=":material/error:",
        )
        return
    if abs(promise.predicted) < RESOLUTION * max(1.0, abs(state.losses[-1])):
        st.markdown(
            f"The gradient has all but vanished: the next step promises to change the loss by "
            f"**{_signed(promise.predicted)}**, less than float64 can tell."
        )
        return
    if promise.predicted > 0:
        st.markdown(
            "The sum of all gradients so far points uphill here: the next step promises to change the loss by "
            f"**+{_signed(promise.predicted)}** and changes it by **{_signed(promise.real)}**."
        )
        return
    share = promise.real / promise.predicted
    answers = ("nearly all of it", "a part of it", "nothing: the loss rises")
    right = answers[0 if share >= 0.9 else 1 if share > 0 else 2]
    question = (
        f"The slope promises that one step at rate {significant(recipe.rate)} changes the loss by "
        f"{_signed(promise.predicted)}. How much of that comes true?"
    )
    if ask_first(question, answers, right, f"ask-promise-{hash((points, recipe, state.step))}"):
        st.markdown(_describe(promise, recipe, share))


def _describe_rise(rise: Rise, recipe: Recipe) -> str:
    if not isfinite(rise.largest_rate):
        why = "nothing curved upwards just before, so 2/curvature sets no limit there"
    elif recipe.rate > rise.largest_rate:
        why = f"the rate {significant(recipe.rate)} is above 2/curvature = {significant(rise.largest_rate)}"
    else:
        why = f"2/curvature was {significant(rise.largest_rate)} just before, above the rate {significant(recipe.rate)}"
    piled = "" if recipe.clears else "; gradients that pile up make steps longer still"
    return f"Since step {rise.since:,} the loss has been above that of step 0: {why}{piled}."


def _describe(promise: Promise, recipe: Recipe, share: float) -> str:
    along = "−rate · |∇L|²" if recipe.clears else "−rate · ∇L · (sum of all gradients so far)"
    kept = "more than it promised" if share > 1.005 else f"{100 * share:.0f} % of it" if share > 0 else "the wrong way"
    parting = (
        f"From a rate of **{significant(promise.parting)}** on less than half of the promise comes true: the slope is "
        "that of this place, and a long step leaves it."
        if promise.parting is not None
        else "At every rate up to 1,000,000 at least half of the promise comes true."
    )
    return (
        f"The next step at rate {significant(recipe.rate)} promises to change the loss by {along} = "
        f"**{_signed(promise.predicted)}** and changes it by **{_signed(promise.real)}**, {kept}. {parting}"
    )


def _signed(value: float) -> str:
    return significant(value).replace("-", "−")


def _show_check(points: Points, recipe: Recipe, state: State, by_pytorch: Numbers) -> None:
    x, y = points.places, one_hot(points.classes, points.count)
    by_hand = backward(state.net, forward(state.net, x), y, recipe.loss).gradient
    difference = float(np.abs(by_hand - by_pytorch).max())
    st.caption(
        f"All {len(by_hand)} gradients of step {state.step:,}, worked out by hand and by PyTorch’s autograd in "
        f"float64: largest difference {significant(difference)}."
    )
    if recipe.hidden:
        norms = [float(np.linalg.norm(layer.weight)) for layer in split_numbers(state.net.sizes, by_hand)]
        st.caption(
            f"How long the gradient is, layer by layer from the first: {', '.join(map(significant, norms))} (the norm "
            "over each layer's weights)."
        )


def _offer(points: Points, recipe: Recipe, state: State) -> None:
    x, y = points.places, one_hot(points.classes, points.count)

    def arrays() -> bytes:
        gradient = backward(state.net, forward(state.net, x), y, recipe.loss).gradient
        layers = {
            f"{kind}{number}": part
            for number, layer in enumerate(state.net.layers, 1)
            for kind, part in zip(("weight", "bias"), layer, strict=True)
        }
        return arrays_as_npz(
            points=x, classes=np.array(points.classes), losses=np.array(state.losses), gradient=gradient, **layers
        )

    offer(
        f"perceptron-step-{state.step}",
        lambda: draw_decisions(state.net, points),
        arrays,
        training_snippet(points, recipe, state.step),
        "backward",
    )
