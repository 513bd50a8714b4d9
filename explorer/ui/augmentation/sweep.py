"""One change led from end to end: the curves of the likely classes, the picture at the cursor, where it flips."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.augmentation import SWEEPS, Flip, Sweep, SweepResult, flips, sweep
from explorer.augmentation.describing import say_flip, say_steady, say_value
from explorer.augmentation.snippets import sweep_snippet
from explorer.rendering import draw_picture_grid, encode_png, fit_picture, format_percent, sweep_curves
from explorer.text import class_labels, count_text, labels_in_markdown
from explorer.ui.augmentation.compute import seen_lines
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, choose_step
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.session.subject import Subject
from explorer.ui.shared.knowledge import show_knowledge

_TOLD = 6  # flips in sentences; what is beyond is counted
_SIDE = 300  # pixels of the two pictures
CLASSES = 3


def show_sweep(subject: Subject) -> None:
    """The controls, the curves, and both pictures."""
    st.markdown("Change one thing from end to end and watch the probabilities move; the slider picks the picture.")
    name = choose("What changes", {name: each.title for name, each in SWEEPS.items()}, "sweep", "rotation")
    chosen, result = SWEEPS[name], compute_sweep(subject, name)
    show_knowledge(subject, float(result.single.max()))
    values = [float(value) for value in result.values]
    place = _choose_point(chosen, values)
    names, told = class_labels(subject.model.classes), labels_in_markdown(subject.model.classes)
    chart, pictures = st.columns([5, 4], gap="medium", vertical_alignment="center")
    turns = flips(result)
    figure = sweep_curves(
        values,
        {names[index]: result.probabilities[:, index].tolist() for index in result.top(CLASSES)},
        title=f"{chosen.title}: the three classes that matter most",
        x_title=f"{chosen.title.lower()} ({chosen.unit})",
        cursor=values[place],
        neutral=chosen.neutral,
        flips=[(flip.before + flip.after) / 2 for flip in turns],
    )
    show_chart(figure, f"chart-sweep-{name}", chart)
    chart.caption("Solid line: the slider. Dashed: the picture as it is. Dotted: the prediction flips here.")
    with pictures:
        _show_pictures(chosen, result, place, told)
    _say_flips(chosen, result, turns, told)
    _offer(subject, chosen, result)


@st.cache_data(max_entries=16, show_spinner="The network looks at 41 pictures …")
def compute_sweep(subject: Subject, name: str) -> SweepResult:
    """The network's probabilities at 41 points."""
    return sweep(subject.model, subject.picture.intake.image, name)


def _choose_point(chosen: Sweep, values: list[float]) -> int:
    labels = [say_value(chosen, value) for value in values]
    start = labels[values.index(chosen.neutral)]
    return labels.index(choose_step(f"{chosen.title}: the picture at", labels, f"at_{chosen.name}", start))


def _show_pictures(chosen: Sweep, result: SweepResult, place: int, names: list[str]) -> None:
    value = float(result.values[place])
    unchanged = int(np.flatnonzero(result.values == chosen.neutral)[0])
    left, right = st.columns(2)
    for column, where, probabilities, said in (
        (left, unchanged, result.single, "as it is"),
        (right, place, result.probabilities[place], say_value(chosen, value)),
    ):
        best = int(probabilities.argmax())
        picture = np.array(fit_picture(result.pixels[where], _SIDE))
        show_png(encode_png(picture), said, alt=f"What the network sees: {said}", place=column)
        column.markdown(f"**{names[best]}** {format_percent(float(probabilities[best]))}")


def _say_flips(chosen: Sweep, result: SweepResult, turns: tuple[Flip, ...], names: list[str]) -> None:
    st.markdown(say_steady(chosen, result, names))
    # Those next to the picture as it is come first: they are what a person meets first when turning a knob.
    near = sorted(turns, key=lambda flip: abs((flip.before + flip.after) / 2 - chosen.neutral))[:_TOLD]
    shown = [flip for flip in turns if flip in near]
    if shown:
        st.markdown("\n".join(f"- {say_flip(chosen, flip, names)}" for flip in shown))
    if len(turns) > len(shown):
        st.caption(f"And {count_text(len(turns) - len(shown), 'more flip')} further out, the dotted lines above.")


def _offer(subject: Subject, chosen: Sweep, result: SweepResult) -> None:
    offer(
        f"sweep-{chosen.name}",
        lambda: draw_picture_grid(list(result.pixels), columns=7, side=max(96, result.pixels.shape[1])).png,
        lambda: arrays_as_npz(
            classes=np.array(subject.model.classes),
            values=result.values,
            probabilities=result.probabilities,
            single=result.single,
            pixels=result.pixels,
        ),
        sweep_snippet(seen_lines(subject), chosen.name),
        key="sweep-offer",
    )
