"""The Learning page's part on dropout: one digit through many masks, and what dropping does to a training."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from explorer.learning.dropout.masks import (
    MaskedRuns,
    MeanBesideEvaluation,
    compare_mean,
    find_difference_from_pytorch,
    read_runs,
    run_masked,
)
from explorer.learning.dropout.snippets import masks_snippet
from explorer.learning.dropout.training import ALL, DropoutNetwork, DropoutRecipe, train
from explorer.neurons.describing import say_number, write_difference, write_number, write_sum, write_table
from explorer.neurons.digits import SMALL
from explorer.rendering import as_picture, colour_map, encode_png, enlarge_cells, marked_histogram, mask_grid
from explorer.text import format_percent
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, choose_number, choose_step, settings_popover, slide, switch
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.learning.dropout.gap import show_gap
from explorer.ui.session.pictures import Picture
from explorer.ui.session.subject import Subject
from explorer.ui.shared.digits_source import Digit, choose_digit

LOOKS = {"masks": "200 masks", "gap": "Does it help?"}
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
MASKS = 200
_SIDE = 160  # pixels of the digit
_SHOWN = 16  # of them, as rows
_PLACES = ("near zero", "about 1 − p times it", "close to it", "far above it")
_BY_CHANCE = 3.0  # standard errors; farther off the mean of many masks is once in 400 times


def show_dropout(subject: Subject) -> None:
    """One view at a time."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    look = choose("What to look at", LOOKS, "dropout_look", place=row, hidden=True)
    with settings_popover(row):
        said = "Of the masks, the first weights and the order of the digits; another one trains anew."
        seed = choose_number("Seed", 0, 99, "dropout_seed", 0, help=said)
    if look == "gap":
        show_gap(seed)
    else:
        _show_masks(subject.picture, seed)


def _show_masks(picture: Picture, seed: int) -> None:
    row = st.container(horizontal=True, vertical_alignment="bottom")
    said = "The share of the hidden neurons that a mask drops on average. A network is trained anew with each."
    p = choose_step(
        "Dropped with probability p",
        SHARES,
        "dropout_p",
        0.5,
        place=row,
        width=300,
        format_func=format_percent,
        help=said,
    )
    said = "As `nn.Dropout` does it in training. Without, the masks are the same and nothing is divided."
    divided = switch("Divide what is kept by 1 − p", "dropout_divided", True, place=row, help=said)
    recipe = DropoutRecipe(p, a_class=ALL, seed=seed)
    trained: DropoutNetwork = once(("dropout", recipe), partial(train, recipe))
    finding = st.container()
    left, wide = st.columns([3, 9], gap="medium")
    with left:
        digit = choose_digit(picture)
        cells = encode_png(enlarge_cells(as_picture(digit.image[None]), _SIDE))
        show_png(cells, "What the network gets", alt=f"{digit.title}, {SMALL} × {SMALL} cells", width=_SIDE)
    pixels = digit.image.astype(np.float64)
    runs = run_masked(trained.network, pixels, p, MASKS, seed, divided=divided)
    of = int(runs.evaluation.argmax()) if digit.true is None else digit.true
    logit, probability = compare_mean(runs, of), compare_mean(runs, of, probability=True)
    with finding:
        asked = (
            f"{MASKS} masks drop each hidden neuron with probability {p:g}; what is kept is "
            f"{f'divided by {1 - p:g}' if divided else 'left as it is'}. Where is the mean logit, beside evaluation's?"
        )
        if not ask_first(asked, _PLACES, _PLACES[2 if divided else 1], f"ask-dropout-{divided}"):
            return
        _say_mean(runs, digit, of, logit)
    with wide:
        _show_histograms(runs, of, logit, probability)
        _say_exact_and_near(runs, of, logit, probability)
        training, evaluation = find_difference_from_pytorch(trained.network, pixels, MASKS)
        st.caption(
            f"By hand, beside PyTorch: `nn.Dropout` in training, {MASKS} masks of its own, difference "
            f"{write_difference(training)}; in evaluation, where it changes nothing, {write_difference(evaluation)}. "
            f"The network, {SMALL**2}-{recipe.hidden}-10, learned with p = {p:g} and gets "
            f"{format_percent(trained.held_out)} of the held-out digits right."
        )
    _show_batch(runs, of)
    offer(
        "dropout-masks",
        lambda: _draw_kept(runs),
        lambda: arrays_as_npz(
            picture=digit.image,
            masks=runs.masks,
            hidden=runs.hidden,
            weight=runs.weight,
            bias=runs.bias,
            logits=runs.logits,
            evaluation=runs.evaluation,
        ),
        masks_snippet(recipe, digit.image, of, MASKS, divided=divided),
        key="dropout-offer",
    )


def _say_mean(runs: MaskedRuns, digit: Digit, of: int, logit: MeanBesideEvaluation) -> None:
    mean, evaluation, factor = say_number(logit.mean), say_number(logit.evaluation), f"{1 - runs.p:g}"
    begins = f"**For {digit.title}, {MASKS} masks give the {of} a logit of {mean} on average, evaluation {evaluation}"
    if runs.divided:
        short = (1 - runs.p) * (logit.mean - runs.bias[of]) + runs.bias[of]
        st.markdown(
            f"{begins}.** Every mask drops other neurons, and what is kept is divided by 1 − p = {factor}; without "
            f"that the mean would be {say_number(float(short))}."
        )
        return
    bias = say_number(float(runs.bias[of]))
    st.markdown(
        f"{begins}: without the division the mean is about 1 − p = {factor} times that**, bias ({bias}) aside. A "
        f"network that had learned so would get sums in evaluation {1 / (1 - runs.p):.3g} times as large as it knows "
        f"them. Hence the division by 1 − p in training, or else a factor {factor} in evaluation."
    )


def _show_histograms(runs: MaskedRuns, of: int, logit: MeanBesideEvaluation, probability: MeanBesideEvaluation) -> None:
    left, right = st.columns(2, gap="small")
    with left:
        marks = {"mean of the masks": logit.mean, "evaluation": logit.evaluation}
        show_chart(marked_histogram(read_runs(runs, of), marks, f"Logit of {of}"), "dropout-logits")
    with right:
        shares = 100 * read_runs(runs, of, probability=True)
        marks = {"mean of the masks": 100 * probability.mean, "evaluation": 100 * probability.evaluation}
        show_chart(marked_histogram(shares, marks, f"Probability of {of}", unit=" %"), "dropout-probabilities")


def _say_exact_and_near(
    runs: MaskedRuns, of: int, logit: MeanBesideEvaluation, probability: MeanBesideEvaluation
) -> None:
    off = say_number(100 * (probability.mean - probability.evaluation), signed=True)
    st.markdown(
        write_table(
            [f"logit of {of}", "probability"],
            {
                "evaluation": [say_number(logit.evaluation), format_percent(probability.evaluation)],
                f"mean of {MASKS} masks": [say_number(logit.mean), format_percent(probability.mean)],
                "off by": [say_number(logit.mean - logit.evaluation, signed=True), f"{off} points"],
                "in standard errors": [say_number(each.errors, signed=True) for each in (logit, probability)],
                "mean of all there are": [say_number(float(runs.expected[of])), "no formula"],
                f"spread of {MASKS} masks": [say_number(logit.deviation), f"{100 * probability.deviation:.3g} points"],
                "spread of all there are": [say_number(float(runs.deviation[of])), "no formula"],
            },
        )
    )
    if not runs.divided:
        return
    far = abs(probability.errors)
    chance = "more than chance explains" if far > _BY_CHANCE else "no more than chance may explain"
    st.markdown(
        "**Exact for the logit**: it is linear in what the mask keeps, so its mean over all masks is evaluation's, and "
        f"{MASKS} of them miss it by chance alone. **Only near for the probability**: softmax bends, and the mean of "
        f"what it gives is not what it gives for the mean. Here it is {far:.1f} standard errors off, {chance}."
    )


def _show_batch(runs: MaskedRuns, of: int) -> None:
    show_chart(mask_grid(runs.kept[:_SHOWN], runs.masks[:_SHOWN], runs.hidden), "dropout-batch")
    st.caption(
        f"The first {_SHOWN} examples of a batch of {MASKS}, all of them the same digit. A mask belongs to an example: "
        "each has one of its own, drawn anew in every step."
    )
    number = slide("Example written out", 1, _SHOWN, 1, "dropout_example", width=300)
    kept, mask, weight = runs.kept[number - 1], runs.masks[number - 1], runs.weight[of]
    heard = kept > 0
    silent = int(((runs.hidden == 0) & (mask == 1)).sum())
    anyway = f", {silent} of those kept are 0 anyway" if silent else ""
    written = write_sum(kept[heard].tolist(), weight[heard].tolist(), float(runs.bias[of]))
    divisor = rf" / {1 - runs.p:g}" if runs.divided else ""
    total = write_number(float(runs.logits[number - 1, of]))
    st.markdown(
        f"Example {number} drops {int((mask == 0).sum())} of {len(mask)} neurons{anyway}: "
        rf"$z_{of} = \sum_i (h_i m_i{divisor}) \cdot w_i + b = {written} = {total}$."
    )


def _draw_kept(runs: MaskedRuns) -> bytes:
    """All masks as rows, what is passed on in viridis and what is dropped in grey."""
    passed = np.where(runs.masks == 0, np.nan, runs.kept)
    return encode_png(enlarge_cells(colour_map(passed, 0.0, float(runs.kept.max()), signed=False), 8 * MASKS))
