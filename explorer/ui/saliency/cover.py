"""Cover part of the photo by hand, and see what the network gets and what it then says."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.anatomy import PredictionChange, record
from explorer.rendering import encode_png, enlarge_cells, format_percent
from explorer.saliency import Cover, Covered, Fill, cover_photo
from explorer.saliency.snippets import cover_snippet
from explorer.text import shape_text
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.saliency.choices import Question
from explorer.ui.saliency.compute import compute_photo
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject
from explorer.ui.shared.cover import choose_fill, paint_cover, say_too_small
from explorer.ui.shared.prediction_change import show_change
from explorer.ui.shared.recorded import compute_probabilities

_SIDE = 480  # pixels of the photo on the page, at least


@st.cache_data(max_entries=32, show_spinner=False)
def compute_covered(subject: Subject, text: str, fill: Fill) -> tuple[Covered, NDArray[np.float32]]:
    """What the network gets of a covered photo, and the probabilities (num_classes,) that it gives.

    Args:
        subject: the photo and the network.
        text: the cover, as `Cover.to_text` writes it.
        fill: what stands in its place.
    """
    x, covered = cover_photo(subject.model, subject.input, Cover.from_text(text), fill)
    return covered, record(subject.model, x, layers=[]).probabilities.cpu().numpy()


def show_cover(subject: Subject, question: Question) -> None:
    """The photo to paint on, what the network gets, and both predictions."""
    st.subheader("Cover part of the photo", anchor=False)
    fill = choose_fill()
    left, middle, right = st.columns([6, 6, 7], gap="medium")
    text = paint_cover(left, compute_photo(subject, max(_SIDE, subject.model.preprocessing.size)), subject.picture)
    covered, after = compute_covered(subject, text, fill)
    before = compute_probabilities(subject)
    share = covered.share
    picture = encode_png(enlarge_cells(covered.pixels, _SIDE))
    show_png(
        picture,
        f"What the network gets, {shape_text(covered.mask.shape)}",
        alt=f"{subject.picture.title} as the network sees it, {format_percent(share)} of it covered",
        place=middle,
    )
    with right:
        if text and not share:
            say_too_small()
        elif not text:
            st.markdown(
                "Drag a box over the photo, or paint with the brush, and watch the probabilities move. If the class "
                "rests on what you cover, it falls."
            )
        else:
            st.markdown(f"{format_percent(share)} of the photo is covered.")
        change = PredictionChange(before, after, question.target)
        show_change(subject, change, "cover-bars", changed=share > 0)
    offer(
        f"{subject.file_stem}-covered",
        picture,
        lambda: arrays_as_npz(mask=covered.mask, covered=covered.x, before=before, after=after),
        cover_snippet(opening_lines(subject), text, fill),
        key="cover-offer",
    )
