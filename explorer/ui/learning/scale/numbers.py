"""The Learning page's view on normalising a few numbers by hand: by the root of their variance, or by the variance."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.learning.scale.normalisation import EPS
from explorer.learning.scale.snippets import numbers_snippet
from explorer.neurons.activations import Numbers
from explorer.neurons.describing import say_number, write_difference, write_number, write_table
from explorer.neurons.reading import write_numbers
from explorer.text import as_plain_text
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.shared.typed_numbers import read_or_keep

_START = (0.0, 2.0, 4.0, 10.0)
_MOST = 12
_KEPT = "norm_numbers_kept"  # the last that could be read, in the session


def show_numbers() -> None:
    """The numbers, both results side by side, and the variance that goes into the running average."""
    finding = st.container()
    typed = st.text_input(
        "The numbers of a batch, one channel", write_numbers(_START), key="norm_numbers", bind="query-params", width=320
    )
    values = read_or_keep(typed, 1, _MOST, _KEPT, _START)
    with finding:
        if len(values) == 1:
            _say_refusal(values)
            return
        mean, variance = float(values.mean()), float(values.var())
        right, wrong = (values - mean) / np.sqrt(variance + EPS), (values - mean) / (variance + EPS)
        answers = ("1", "below 1", "above 1")
        asked = f"The variance is {say_number(variance)}. Divided by it, what standard deviation do they have?"
        told = answers[0] if abs(wrong.std() - 1) < 0.005 else answers[1 if wrong.std() < 1 else 2]
        if not ask_first(asked, answers, told, "ask-norm-variance"):
            return
        st.markdown(
            f"**Divided by the root of their variance, numbers have standard deviation {say_number(right.std())}; "
            f"divided by the variance, {say_number(wrong.std())}.** Their mean is {say_number(mean)}, their variance "
            f"{say_number(variance)}, its root {say_number(variance**0.5)}."
        )
        first = values[0]
        st.markdown(
            rf"The first: $({write_number(first)} - {_factor(mean)}) / \sqrt{{{write_number(variance)} + 10^{{-5}}}} = "
            rf"{write_number(right[0])}$; divided by the variance, ${write_number(wrong[0])}$."
        )
    _show_table(values, right, wrong)
    _show_oracle(values, right, wrong)


def _factor(value: float) -> str:
    return f"({write_number(value)})" if value < 0 else write_number(value)


def _say_refusal(values: Numbers) -> None:
    from explorer.learning.scale.layers import find_refusal

    said = find_refusal(values[:, None])
    st.markdown(
        "**One number has no spread: it is its own mean, and would come out as 0, whatever it is.** PyTorch refuses "
        f"it in training: “{as_plain_text(said)}”. In evaluation it takes it, for there running averages take the "
        "batch's place."
    )


def _show_table(values: Numbers, right: Numbers, wrong: Numbers) -> None:
    columns = (values, right, wrong)
    rows = {f"{place}.": [say_number(each) for each in row] for place, row in enumerate(zip(*columns, strict=True), 1)}
    rows["mean"] = [say_number(0.0 if abs(each.mean()) < 1e-12 else each.mean()) for each in columns]
    rows["standard deviation"] = [f"**{say_number(each.std())}**" for each in columns]
    st.markdown(write_table(["x", "by the root", "by the variance"], rows))


def _show_oracle(values: Numbers, right: Numbers, wrong: Numbers) -> None:
    from explorer.learning.scale.layers import normalise_numbers

    theirs, running = normalise_numbers(values)
    n, variance = len(values), float(values.var())
    sample = variance * n / (n - 1)
    st.markdown(
        f"**Two variances.** The batch is divided by the root of its own, {variance:.4g}, with n = {n} in the "
        f"denominator. Into the running variance, which evaluation uses, goes n/(n − 1) = {n}/{n - 1} of it: "
        f"**{sample:.4g}**, the estimate for all data that the batch was drawn from."
    )
    st.caption(
        f"PyTorch, `nn.BatchNorm1d(1, momentum=1.0)`: largest difference {write_difference(*(theirs - right))}; its "
        f"running variance after this batch {running:.4g}, difference {write_difference(running - sample)}."
    )
    offer(
        "normalised-numbers",
        None,
        lambda: arrays_as_npz(values=values, by_root=right, by_variance=wrong),
        numbers_snippet(values.tolist()),
        "norm-numbers",
    )
