"""Fool it: the photo, the change made large, the photo with it, and the probabilities as the change grows."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.adversarial.attacks import STEPS, Attack
from explorer.adversarial.drawing import enlarge_change
from explorer.adversarial.snippets import growth_snippet
from explorer.rendering import curves, decode_png, encode_png, enlarge_cells, format_percent, join_pictures
from explorer.text import class_labels
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.export import arrays_as_npz, download, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.saliency.fooling.compute import Fooled, name_class
from explorer.ui.session.opening import opening_lines

_SIDE = 360  # pixels of a picture on the page, at least
_WAYS: dict[Attack, str] = {
    "sign": "each the way that the gradient of the loss points",
    "projected": "step by step the way that the gradient of the loss points",
}
_ANSWERS = ("1 of 255", "2 to 4", "6 to 16", "more than 16, or none")


def show_smallest(fooled: Fooled) -> None:
    """The finding, three pictures, the chart, and the hand-over."""
    subject, growth, bound = fooled.subject, fooled.growth, fooled.bound
    least = None if growth.smallest is None else growth.bounds[growth.smallest]
    right = _ANSWERS[3 if least is None else (least > 1) + (least > 4)]
    asked = "By how much must every channel of every pixel change before the network says something else?"
    if not ask_first(asked, _ANSWERS, right, "ask-fool"):
        return
    before, after = (growth.probabilities[index] for index in (0, fooled.index))
    was, now = name_class(subject, growth.original), name_class(subject, fooled.named)
    change = growth.change(fooled.index)
    moved = int((change != 0).sum())
    said = f"**{was}, {format_percent(float(before[growth.original]))}, becomes {now}**, "
    if not fooled.is_fooled:
        aim = "something else" if growth.target is None else name_class(subject, growth.target)
        said = f"**{was}, {format_percent(float(before[growth.original]))}, does not become {aim}** but {now}, "
    st.markdown(
        f"{said}{format_percent(float(after[fooled.named]))}, when no channel of any pixel changes by more than "
        f"{bound} of 255. "
        + (
            f"This is no noise: {moved:,} of {change.size:,} values move, {_WAYS[fooled.attack]}, and the network adds "
            "these small pushes up."
            if moved
            else "The gradient of the loss is zero: the attack has nothing to follow."
        )
    )
    file = encode_png(fooled.pixels)
    drawn = [growth.pixels[0], enlarge_change(change, bound), fooled.pixels]
    titles = ["The photo", f"The change, {127 / bound:.3g} times as large", f"Both together: {now}"]
    for place, pixels, title in zip(st.columns(3, gap="small"), drawn, titles, strict=True):
        picture = encode_png(enlarge_cells(pixels, _SIDE))
        show_png(picture, title, alt=f"{subject.picture.title}: {title}", place=place)
    reopened = decode_png(file)
    most = int(np.abs(reopened.astype(int) - growth.pixels[0].astype(int)).max())
    st.caption(
        f"Checked on the file below, opened again: the largest difference of any channel is {most} of 255, the bound "
        f"{bound}; {format_percent(moved / change.size)} of the values changed. Grey in the middle is no change. "
        + (
            "Gradient sign is one step of that length (Goodfellow, Shlens & Szegedy 2015)."
            if fooled.attack == "sign"
            else f"Projected gradient descent takes {STEPS} steps from a random start, always back into the bound "
            "(Madry et al. 2018)."
        )
    )
    labels = class_labels(subject.model.classes)
    named = growth.probabilities.argmax(1).tolist()  # under every bound
    shown = dict.fromkeys([*named, *([] if growth.target is None else [growth.target])])
    chart = curves(
        growth.bounds,
        {labels[index]: growth.probabilities[:, index].tolist() for index in shown},
        "Probability as the change grows",
        x_title="a channel changes by at most, of 255",
    )
    show_chart(chart, "fool-growth")
    if fooled.attack == "sign" and growth.fooled.any() and not growth.fooled[growth.smallest or 0 :].all():
        st.caption(
            "More is not always worse for the network: one long step along a straight line may leave the region that "
            "a shorter one had reached. Projected gradient descent turns on the way."
        )
    row = offer(
        f"fooled-{subject.file_stem}-all",
        lambda: encode_png(join_pictures(drawn, 3)),
        lambda: arrays_as_npz(
            photo=growth.pixels[0],
            fooled=fooled.pixels,
            change=change,
            bounds=np.array(growth.bounds),
            probabilities=growth.probabilities,
        ),
        growth_snippet(opening_lines(subject), fooled.attack, growth.target, fooled.index),
        key="fool-offer",
    )
    download(row, "The fooled photo, 8 bits", file, f"fooled-{subject.file_stem}.png", "fool-photo-png")
