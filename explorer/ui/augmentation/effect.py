"""Cause and effect: what a network makes of the draws, of a sweep, and what the change does inside of it."""

from __future__ import annotations

import streamlit as st
from PIL import Image

from explorer.augmentation import DrawProbabilities, TestTimeAverage, probabilities_of_draws
from explorer.augmentation.describing import say_average, say_draw, say_draw_probabilities
from explorer.augmentation.records import Drawn, full_grid, probability_arrays
from explorer.augmentation.snippets import probabilities_snippet
from explorer.rendering import average_bars, draw_bars
from explorer.text import class_labels, format_percent, labels_in_markdown
from explorer.ui.augmentation.compute import DRAWS, compute_draws, side_of, square_lines, square_of, viewer_of
from explorer.ui.augmentation.inside import show_inside
from explorer.ui.augmentation.pipeline import choose_seed, draws_or_reason
from explorer.ui.augmentation.sweep import show_sweep
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.session.pipeline import current_pipeline
from explorer.ui.session.subject import Subject
from explorer.ui.shared.knowledge import show_knowledge

EFFECT_LABELS = {"draws": "16 draws", "sweep": "Sweep", "inside": "Inside the network"}
_LIKELY = 4  # classes of both predictions


def show_effect(subject: Subject) -> None:
    """One of three questions at a time."""
    effect = choose("Effect", EFFECT_LABELS, "effect", "draws", hidden=True)
    if effect == "sweep":
        show_sweep(subject)
    elif effect == "inside":
        show_inside(subject)
    else:
        _show_draw_probabilities(subject)


@st.cache_data(max_entries=24, show_spinner=False)
def compute_draw_probabilities(subject: Subject, pipeline: str, seed: int) -> tuple[DrawProbabilities, float]:
    """What the network makes of the sixteen draws and of the picture as it is.

    A small network sees draws scaled down a second time, and the picture as it is only once: the second value is the
    probability for the square that pipelines change, without a change and scaled like the draws.
    """
    draws = [Image.fromarray(each.pixels) for each in compute_draws(subject, pipeline, seed)]
    scaled = probabilities_of_draws(viewer_of(subject), square_of(subject), draws)
    single = subject.model.probabilities(subject.picture.intake.image)
    target = int(single.argmax())
    return DrawProbabilities(target, single, scaled.probabilities), float(scaled.single[target])


def _show_draw_probabilities(subject: Subject) -> None:
    st.markdown("Every bar is one draw from your pipeline, the surest first: does the network see the same?")
    seed = choose_seed()
    pipeline = current_pipeline()
    draws = draws_or_reason(subject, pipeline, seed)
    if draws is None:
        return
    found, scaled = compute_draw_probabilities(subject, pipeline.to_json(), seed)
    names = class_labels(subject.model.classes)
    show_knowledge(subject, float(found.single.max()))
    st.markdown(say_draw_probabilities(found, labels_in_markdown(subject.model.classes)))
    order = [int(place) for place in found.order]
    chart = draw_bars(
        [float(found.of_target[place]) for place in order],
        float(found.single[found.target]),
        [draws[place].pixels for place in order],
        [f"draw {place + 1}" for place in order],
        [say_draw(found, place, names) for place in order],
        names[found.target],
    )
    show_chart(chart, "chart-draws")
    size, side = subject.model.preprocessing.size, side_of(subject)
    st.caption(
        "The dashed line is the picture as it is. Point at a bar to read what the network sees in that draw."
        + (
            f" Draws are made at {side} px and scaled to the network's {size} px; without any change, this alone makes "
            f"the probability {format_percent(scaled)}."
            if side != size
            else ""
        )
    )
    average = TestTimeAverage((), found.single, found.probabilities)
    _show_average(average, subject.model.classes)
    _offer(subject, draws, found, average, seed)


def _show_average(average: TestTimeAverage, classes: tuple[str, ...]) -> None:
    st.subheader("Test-time augmentation", anchor=False)
    likely = {int(index) for each in (average.mean, average.single) for index in each.argsort()[::-1][:_LIKELY]}
    shown = sorted(likely, key=lambda index: -average.mean[index])
    st.markdown(say_average(average, labels_in_markdown(classes)))
    names = class_labels(classes)
    chart = average_bars(
        [names[index] for index in shown],
        *([float(each[index]) for index in shown] for each in (average.mean, average.spread, average.single)),
    )
    show_chart(chart, "chart-average")
    st.caption(
        f"The mean of {DRAWS} predictions in place of one; the whiskers are one standard deviation over the draws."
    )


def _offer(
    subject: Subject, draws: tuple[Drawn, ...], found: DrawProbabilities, average: TestTimeAverage, seed: int
) -> None:
    ordered = tuple(draws[int(place)] for place in found.order)
    offer(
        "augmentation-probabilities",
        lambda: full_grid(ordered),
        lambda: arrays_as_npz(**probability_arrays(found, average, subject.model.classes)),
        probabilities_snippet(square_lines(subject), current_pipeline().compact(), DRAWS, seed),
        key="probabilities-offer",
    )
