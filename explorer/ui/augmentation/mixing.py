"""MixUp and CutMix between the person's pictures: two pictures, and two labels, become one."""

from __future__ import annotations

import numpy as np
import streamlit as st
from PIL import Image

from explorer.augmentation import Mixture, PipelineRejected, cut_mix, mix_up
from explorer.augmentation.describing import say_mixture
from explorer.augmentation.snippets import mixing_snippet
from explorer.rendering import encode_png, format_percent, probability_bars
from explorer.text import as_plain_text, class_labels, labels_in_markdown
from explorer.ui.augmentation.compute import viewer_of
from explorer.ui.augmentation.pipeline import choose_seed
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, switch
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.session.opening import image_lines
from explorer.ui.session.pictures import choose_picture_of, get_picture, list_pictures
from explorer.ui.session.subject import Subject
from explorer.ui.shared.knowledge import show_knowledge

WAYS = {"mixup": "MixUp", "cutmix": "CutMix"}
SIDE = 224
_LIKELY = 5


def show_mixing(subject: Subject) -> None:
    """The controls, both pictures with the mixture, and what the network makes of it."""
    st.markdown("MixUp blends two pictures, CutMix puts a box of one into the other; the label is shared out alike.")
    row = st.container(horizontal=True, vertical_alignment="bottom")
    way = choose("How", WAYS, "mix", "mixup", place=row)
    others = [label for label in list_pictures() if label != subject.picture.label]
    if not others:
        st.error("Mixing takes at least two pictures; add another one.", icon=":material/block:")
        return
    said = "The first is the one of the sidebar. Upload several there to mix your own."
    partner = choose_picture_of("Second picture", others, "partner", others[0], place=row, help=said)
    with row:
        seed = choose_seed()
    drawn = switch(
        "Draw the share",
        "draw_share",
        help="As in training: the share comes from a Beta distribution. Off, you choose it.",
        place=row,
    )
    left, _ = st.columns([2, 3])
    if drawn:
        alpha = left.slider(
            "Alpha of the Beta distribution",
            0.1,
            5.0,
            1.0,
            0.1,
            key="alpha",
            bind="query-params",
            help="Small values leave one picture nearly alone; 1 makes every share as likely; large ones mix half.",
        )
        share = None
    else:
        alpha = 1.0
        share = (
            left.slider("Share of the first picture", 0, 100, 60, 5, format="%d %%", key="share", bind="query-params")
            / 100
        )
    labels = [subject.picture.label, partner]
    pictures = [get_picture(label).intake.image for label in labels]
    try:
        mixed = (mix_up if way == "mixup" else cut_mix)(pictures, seed, share, alpha, SIDE)[0]
    except PipelineRejected as problem:
        st.error(as_plain_text(str(problem)), icon=":material/block:")
        return
    _show_result(subject, mixed, labels, pictures)
    _offer(subject, str(way), mixed, labels, seed, share, alpha)


def _show_result(subject: Subject, mixed: Mixture, labels: list[str], pictures: list[Image.Image]) -> None:
    titles = [get_picture(label).title for label in labels]
    sides = [np.array(_square(picture)) for picture in pictures]
    first, second, third, chart = st.columns([2, 2, 2, 4], gap="medium", vertical_alignment="center")
    show_png(encode_png(sides[0]), "x1, label y1", alt=titles[0], place=first)
    show_png(encode_png(sides[1]), "x2, label y2", alt=titles[1], place=second)
    alt = f"{titles[0]} and {titles[1]} mixed, {mixed.share:.0%} of the first"
    show_png(encode_png(np.array(mixed.image)), "the mixture", alt=alt, place=third)
    st.markdown(f"`{mixed.formula}`")
    st.caption(
        f"The network is trained to answer {format_percent(mixed.share)} of the first label and "
        f"{format_percent(1 - mixed.share)} of the second. This one was not asked for that; below is what it says."
        if mixed.box is None
        else f"The box covers {format_percent(1 - mixed.share)} of the area, and so much of the label is the second's."
    )
    model = viewer_of(subject)
    of_originals = [model.probabilities(Image.fromarray(side)) for side in sides]
    of_mixture = model.probabilities(mixed.image)
    names = class_labels(subject.model.classes)
    likely = {int(index) for each in (of_mixture, *of_originals) for index in each.argsort()[::-1][:2]}
    shown = sorted(
        {*likely, *(int(i) for i in of_mixture.argsort()[::-1][:_LIKELY])}, key=lambda index: -of_mixture[index]
    )
    figure = probability_bars(
        [names[index] for index in shown],
        [float(of_mixture[index]) for index in shown],
        compare=[float(of_originals[0][index]) for index in shown],
    )
    with chart:
        show_knowledge(subject, float(of_originals[0].max()))
    show_chart(figure, "chart-mixture", chart)
    chart.caption("Now is the mixture, before is the first square alone.")
    st.markdown(say_mixture(of_mixture, of_originals, labels_in_markdown(subject.model.classes)))


def _square(picture: Image.Image) -> Image.Image:
    """What the mixture takes of a picture: mixed with itself, nothing is left of the mixing."""
    return mix_up([picture, picture], 0, 1.0, 1.0, SIDE)[0].image


def _offer(
    subject: Subject, way: str, mixed: Mixture, labels: list[str], seed: int, share: float | None, alpha: float
) -> None:
    lines = [line for n, label in enumerate(labels, 1) for line in image_lines(get_picture(label), f"image{n}")]
    offer(
        f"{way}-{subject.file_stem}",
        encode_png(np.array(mixed.image)),
        lambda: arrays_as_npz(
            mixture=np.array(mixed.image),
            share=np.array(mixed.share),
            box=np.array(mixed.box if mixed.box is not None else (), dtype=np.int64),
        ),
        mixing_snippet(lines, "mix_up" if way == "mixup" else "cut_mix", seed, share, alpha, SIDE),
        key="mix-offer",
    )
