"""The Learning page's view on batch norm's running averages: over batches of windows of the person's pictures."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.learning.scale.running_statistics import MOMENTA, Running, follow
from explorer.learning.scale.snippets import running_snippet
from explorer.neurons.activations import Numbers
from explorer.neurons.describing import say_number, write_difference
from explorer.rendering import curves
from explorer.text import count_text
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose_one, choose_step, slide
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.learning.scale.batch import (
    CROPS,
    choose_filter,
    crop_lines,
    crops_of,
    first_convolution_of,
    list_batch,
)
from explorer.ui.session.pictures import Picture
from explorer.ui.session.subject import Subject

_BATCH_SIZES = (2, 4, 8, 16)
_BATCHES = 60  # at most, drawn from the windows
_SEED = 0


def show_running(subject: Subject) -> None:
    """Running averages over batches of windows of the person's pictures."""
    first = first_convolution_of(subject)
    finding = st.container()
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    with row:
        momentum = choose_step(
            "Share of the newest batch",
            MOMENTA,
            "norm_momentum",
            0.1,
            format_func="{:g}".format,
            help="`momentum` in PyTorch; not that of an optimiser.",
        )
        seen = slide("Batches seen", 1, _BATCHES, 30, "norm_batches")
        size = choose_one("Pictures in a batch", _BATCH_SIZES, "norm_batch", 4, width=150)
        channel = choose_filter(subject)
    pictures = list_batch(subject)
    crops = crops_of(subject, pictures)
    order = np.random.default_rng(_SEED).integers(0, len(crops), (_BATCHES, size))[:seen]
    batches = crops[order]
    running = follow(batches, momentum)
    number = first.filters[channel]
    with finding:
        answers = ("all of it", "(1 − share)^batches of it", "none of it")
        asked = (
            f"Running averages begin at 0 and 1, and take a share of {momentum:g} of every batch. How much of the "
            f"start is still in them after {_say_batches(seen)}?"
        )
        if not ask_first(asked, answers, answers[1], "ask-norm-running"):
            return
        _say_running(running, crops, momentum, channel, number)
    x = list(range(seen + 1))
    left, right = st.columns(2)
    for place, title, kept, each, whole, start in (
        (left, "mean", running.mean, running.batch_mean, crops.mean((0, 2, 3)), 0.0),
        (right, "variance", running.variance, running.batch_variance, crops.var((0, 2, 3), ddof=1), 1.0),
    ):
        chart = curves(
            x,
            {
                f"running {title}": kept[:, channel].tolist(),
                f"the batch's {title}": [float("nan"), *each[:, channel].tolist()],
                "of all windows": [float(whole[channel])] * len(x),
            },
            f"{title.capitalize()} of filter {number}, from {start:g}",
            x_title="batches seen",
            percent=False,
            height=300,
        )
        chart.update_yaxes(rangemode="normal")
        show_chart(chart, f"norm-running-{title}", place)
    _show_running_oracle(subject, pictures, batches, running, momentum, size)


def _say_batches(count: int) -> str:
    return f"{count} batch{'es' if count > 1 else ''}"


def _say_running(running: Running, crops: Numbers, momentum: float, channel: int, number: int) -> None:
    seen = len(running.batch_mean)
    left = (1 - momentum) ** seen
    mean, variance = float(running.mean[-1, channel]), float(running.variance[-1, channel])
    whole_mean, whole = float(crops.mean((0, 2, 3))[channel]), float(crops.var((0, 2, 3), ddof=1)[channel])
    n = running.cells
    st.markdown(
        f"**After {_say_batches(seen)} the running mean of filter {number} is {say_number(mean)}, its running variance "
        f"{say_number(variance)}; all {len(crops)} windows have {say_number(whole_mean)} and {say_number(whole)}.** Of "
        f"the start, 0 and 1, (1 − {momentum:g})^{seen} = {say_number(100 * left)} % is left. After too few "
        "batches, evaluation works with numbers that nobody has measured."
    )
    st.markdown(
        f"A batch has n = {n:,} values of each filter: into the running variance goes n/(n − 1) = {n / (n - 1):.5f} "
        "times the variance by whose root the batch itself is divided. For n = 4 that is 1.333: of 0, 2, 4 and 10, "
        "18.67 beside 14."
    )


def _show_running_oracle(
    subject: Subject, pictures: list[Picture], batches: Numbers, running: Running, momentum: float, size: int
) -> None:
    from explorer.learning.scale.layers import follow_batches

    mean, variance = follow_batches(batches, momentum)
    difference = write_difference(*(mean - running.mean[-1]), *(variance - running.variance[-1]))
    first = first_convolution_of(subject)
    st.caption(
        f"PyTorch, `nn.BatchNorm2d` over the same batches: largest difference of the running averages {difference}. "
        f"Each batch is {size} of {CROPS} windows of {first.side} × {first.side} pixels, cut out of "
        f"{count_text(len(pictures), 'picture')}, behind {first.name}."
    )
    offer(
        "running-averages",
        None,
        lambda: arrays_as_npz(
            batches=batches,
            running_mean=running.mean,
            running_variance=running.variance,
            batch_mean=running.batch_mean,
            batch_variance=running.batch_variance,
        ),
        running_snippet(crop_lines(subject, pictures), _SEED, len(batches), size, momentum),
        "norm-running",
    )
