"""All pictures of this person captioned at once: a grid to read, and a CSV to keep."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from explorer.captioning import Caption
from explorer.captioning.records import captions_as_csv
from explorer.captioning.snippets import several_snippet
from explorer.rendering import format_percent
from explorer.ui.captions.choices import choose_width
from explorer.ui.captions.subject import CaptionSubject, captioner_lines, compute_caption
from explorer.ui.kit.export import download
from explorer.ui.kit.snippet import show_snippet
from explorer.ui.session.pictures import get_picture, list_pictures

_SIDE = 240  # pixels of a picture's longer side


def show_grid(subject: CaptionSubject) -> None:
    """Every picture with its caption, as they come, and what they say as a file."""
    width = choose_width(st.container())
    labels = list_pictures()
    st.markdown(
        f"Your pictures and the samples, {len(labels)} in all, each described by the captioner in the sidebar. Drop "
        "more of them into the sidebar to have them here too."
    )
    bar = st.progress(0.0, "Looking and writing …")
    rows: list[tuple[str, Caption]] = []
    grid = st.container(horizontal=True, gap="medium")
    for number, label in enumerate(labels, start=1):
        picture = get_picture(label)
        caption = compute_caption(replace(subject, picture=picture), width)
        rows.append((picture.title, caption))
        _show_one(grid.container(width=_SIDE, border=True), label, caption)
        bar.progress(number / len(labels), f"{number} of {len(labels)} described")
    bar.empty()
    download(st.container(), "CSV", captions_as_csv(rows), f"{subject.name}-captions.csv", "grid-csv")
    show_snippet(several_snippet(captioner_lines(subject, look=False), width), "grid-python")


def _show_one(place: st.delta_generator.DeltaGenerator, label: str, caption: Caption) -> None:
    picture = get_picture(label)
    image = picture.intake.image.copy()
    image.thumbnail((2 * _SIDE, 2 * _SIDE))
    place.image(np.asarray(image), alt=f"{picture.title}: {caption.text or 'nothing is said'}", width="stretch")
    place.text(caption.text or "It has nothing to say of this picture.")
    place.caption(f"{format_percent(float(np.exp(_mean(caption))))} likely a word, in the geometric mean")


def _mean(caption: Caption) -> float:
    """Log probability a word, the end included."""
    return caption.log_probability / (len(caption.words) + 1)
