"""The Learning page's view of two input columns of different scale that share one learning rate."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.learning.scale.two_columns import NEAR, Columns, Numbers
from explorer.learning.scale.two_columns_snippet import two_columns_snippet
from explorer.neurons.describing import say_number, write_difference, write_table
from explorer.rendering import WeightPath, weight_path, weight_path_picture
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose_step
from explorer.ui.kit.export import arrays_as_npz, offer

SPREADS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
CORRELATIONS = (-0.9, -0.5, 0.0, 0.5, 0.9)
SHARES = (0.25, 0.5, 0.9, 0.99, 1.0, 1.01, 1.1)  # of the largest stable rate
STEPS = 50  # that are drawn
LONG = 500  # after which what is stable and what is not have parted
_AXIS = np.linspace(-0.5, 2.5, 61)


def show_two_columns() -> None:
    """What the scale of two columns does to gradient descent, beside the same columns normalised."""
    finding, row, write = st.container(), st.columns(4), "{:g}".format
    columns = Columns(
        choose_step(
            "Spread of the first column",
            SPREADS,
            "columns_first",
            100.0,
            place=row[0],
            format_func=write,
            help="Its standard deviation.",
        ),
        choose_step("Spread of the second", SPREADS, "columns_second", 0.01, place=row[1], format_func=write),
        choose_step("Their correlation", CORRELATIONS, "columns_correlation", 0.0, place=row[2], format_func=write),
    )
    share = choose_step(
        "Rate, of the largest stable one",
        SHARES,
        "columns_rate",
        0.9,
        place=row[3],
        format_func=lambda share: f"× {share:g}",
        help="The largest stable rate is 2 ÷ the larger curvature. The columns as they are and the normalised ones "
        "each have theirs.",
    )
    asked = "The rate is a little too large: which weight jumps past its best value with the first step?"
    answers = (
        f"that of the first column, spread {columns.first:g}",
        f"that of the second column, spread {columns.second:g}",
        "both",
    )
    past = np.flatnonzero(columns.descend(1.01 * columns.largest_stable_rate, 1)[1] > 1)
    with finding:
        if not ask_first(asked, answers, answers[past[0] if len(past) == 1 else 2], "ask-columns"):
            return
    normalised = columns.normalised()
    both = {"as they are": columns, "normalised": normalised}
    paths = {name: each.descend(share * each.largest_stable_rate, STEPS) for name, each in both.items()}
    said = once(("two columns", columns, share), lambda: _ask_pytorch(columns, share, paths["as they are"]))
    with finding:
        _say_finding(columns, share, paths["as they are"])
        st.caption(said)
    places = np.stack(np.meshgrid(_AXIS, _AXIS), axis=-1)
    ways = [
        WeightPath(
            _AXIS,
            each.loss(places),
            paths[name],
            (1.0, 1.0),
            f"Columns {name}: {STEPS} steps at {say_number(share * each.largest_stable_rate)}",
        )
        for name, each in both.items()
    ]
    for number, (place, way) in enumerate(zip(st.columns(2), ways, strict=True)):
        show_chart(weight_path(way), f"columns-{number}", place)
    st.markdown(_write_rows(both))
    st.caption(
        "Four rows, ±1 in all four ways, times each column's spread; a linear model, half the mean squared error; the "
        "truth is the sum of the columns. Normalised: minus the column's mean, which is 0, and divided by its standard "
        f"deviation. Learned: {100 * NEAR:g}\u00a0% of the distance is left, wherever it began; at the best fixed "
        "rate, 2 ÷ the sum of both curvatures."
    )
    offer(
        "two-columns",
        lambda: weight_path_picture(ways),
        lambda: arrays_as_npz(
            rows=columns.rows,
            hessian=columns.hessian,
            path=paths["as they are"],
            normalised_rows=normalised.rows,
            normalised_hessian=normalised.hessian,
            normalised_path=paths["normalised"],
        ),
        two_columns_snippet(columns, share, STEPS),
        "columns",
    )


def _say_finding(columns: Columns, share: float, path: Numbers) -> None:
    names = ("first", "second")
    at = int(columns.second > columns.first)  # of the large column
    large, small = names[at], names[1 - at]
    past = int((path[1] > 1).sum())
    if share > 1:
        headline = f"Above the largest stable rate the {large} column's weight jumps farther with every step."
    elif columns.first == columns.second:
        headline = (
            "Columns of one scale that correlate are a valley all the same."
            if columns.correlation
            else "Columns of one scale: one rate suits both weights."
        )
    elif past == 2:
        headline = f"Both weights jump past their best value; that of the {small} column then crawls."
    elif past:
        headline = f"The {large} column's weight jumps past its best value, the {small} one's crawls."
    else:
        headline = f"At this rate no weight jumps past its best value, and the {small} column's crawls."
    stable = columns.largest_stable_rate
    below, above = (say_number(abs(columns.descend(times * stable, LONG)[-1, at] - 1)) for times in (0.99, 1.01))
    first, second = (say_number(weight) for weight in path[1])
    larger, smaller = map(say_number, columns.curvatures)
    st.markdown(
        f"**{headline}** Both begin at 0 and are best at 1; at a rate of {say_number(share * stable)} the first step "
        f"takes them to {first} and {second}. A weight's gradient grows with its column: the curvatures are **{larger} "
        f"and {smaller}**, and the rate has to stay below 2 ÷ {larger} = **{say_number(stable)} for both**. "
        f"After {LONG} steps at 0.99 times that the {large} column's weight is {below} off, at 1.01 times {above}."
    )


def _write_rows(both: dict[str, Columns]) -> str:
    """Both ways beside each other, in a table."""
    rows = {
        "curvatures": [" and ".join(map(say_number, each.curvatures)) for each in both.values()],
        "largest stable rate": [say_number(each.largest_stable_rate) for each in both.values()],
        "steps until both weights are learned": [f"{each.count_steps(each.best_rate):,}" for each in both.values()],
    }
    return write_table(list(both), rows)


def _ask_pytorch(columns: Columns, share: float, path: Numbers) -> str:
    """Autograd's Hessian and the steps of `torch.optim.SGD`, in a sentence."""
    import torch

    x = torch.from_numpy(columns.rows)

    def loss(w: torch.Tensor) -> torch.Tensor:
        return ((x @ (w - 1)) ** 2).mean() / 2

    w = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    hessian = torch.func.hessian(loss)(w.detach())
    curvatures = torch.linalg.eigvalsh(hessian).flip(0).tolist()
    optimiser, theirs = torch.optim.SGD([w], share * columns.largest_stable_rate), [w.tolist()]
    for _ in range(STEPS):
        (w.grad,) = torch.autograd.grad(loss(w), w)
        optimiser.step()
        theirs.append(w.tolist())
    return (
        f"PyTorch: autograd's Hessian has the curvatures {' and '.join(map(say_number, curvatures))}, difference "
        f"{write_difference(*(hessian.numpy() - columns.hessian).ravel())}; `torch.optim.SGD` goes the same way, "
        f"{STEPS} steps, largest difference {write_difference(*(np.array(theirs) - path).ravel())}."
    )
