"""Cover part of the photo by hand, and see what the network gets and what it then says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.anatomy import record
from explorer.rendering import encode_png, format_percent
from explorer.saliency import MOST_TEXT, Cover, Fill, cover
from explorer.text import shape_text
from explorer.ui.components import photo_cover
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.snippet import snippet
from explorer.ui.saliency.choices import Question
from explorer.ui.saliency.compute import compute_photo, compute_probabilities
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject
from explorer.ui.shared.cover import choose_fill, keep_cover, read_cover
from explorer.ui.shared.prediction_change import Change, show_change

_SIDE = 480  # pixels of the photo on the page, at least


@dataclass(frozen=True, eq=False)
class Covered:
    """A photo covered in part.

    Attributes:
        mask: (H, W), True where covered.
        x: (3, H, W) what the network gets, normalised.
        pixels: (H, W, 3) uint8, the same as a picture.
        after: (num_classes,) probabilities.
    """

    mask: NDArray[np.bool_]
    x: NDArray[np.float32]
    pixels: NDArray[np.uint8]
    after: NDArray[np.float32]


@st.cache_data(max_entries=32, show_spinner=False)
def compute_covered(subject: Subject, text: str, fill: Fill) -> Covered:
    """What the network gets of a covered photo, and what it says.

    Args:
        subject: the photo and the network.
        text: the cover, as `Cover.to_text` writes it.
        fill: what stands in its place.
    """
    model, x = subject.model, subject.input
    mask = Cover.from_text(text).mask((x.shape[2], x.shape[3]))
    covered = cover(model, x, mask, fill)
    after = record(model, covered, layers=[]).probabilities
    return Covered(mask, covered[0].cpu().numpy(), model.preprocessing.unnormalise(covered), after.cpu().numpy())


def show_cover(subject: Subject, question: Question) -> None:
    """The photo to paint on, what the network gets, and both predictions."""
    st.subheader("Cover part of the photo", anchor=False)
    fill = choose_fill()
    painted = read_cover()
    text = painted.to_text()
    left, middle, right = st.columns([6, 6, 7], gap="medium")
    with left:
        changed = photo_cover(
            png=encode_png(compute_photo(subject, max(_SIDE, subject.model.preprocessing.size))),
            cover=text,
            most=MOST_TEXT,
            alt=f"{subject.picture.title}, to be covered in part",
            key="cover-photo",
        )
    if changed is not None and changed != text:
        keep_cover(changed)
        st.rerun()
    covered = compute_covered(subject, text, fill)
    before = compute_probabilities(subject)
    share = float(covered.mask.mean())
    middle.image(
        encode_png(_enlarge(covered.pixels)),
        caption=f"What the network gets, {shape_text(covered.mask.shape)}",
        alt=f"{subject.picture.title} as the network sees it, {format_percent(share)} of it covered",
        width="stretch",
    )
    with right:
        if painted.marks and not covered.mask.any():
            st.info("What you painted is smaller than a pixel of the network: nothing is covered. Paint a larger part.")
        elif not painted.marks:
            st.markdown(
                "Drag a box over the photo, or paint with the brush, and watch the probabilities move. If the class "
                "rests on what you cover, it falls."
            )
        else:
            st.markdown(f"{format_percent(share)} of the photo is covered.")
        change = Change(before, covered.after, question.target) if covered.mask.any() else None
        show_change(subject, change, before, question.target, key="cover-bars")
    offer(
        f"{subject.file_stem}-covered",
        encode_png(_enlarge(covered.pixels)),
        lambda: arrays_as_npz(mask=covered.mask, covered=covered.x, before=before, after=covered.after),
        write_cover_snippet(subject, text, fill),
        key="cover-offer",
    )


def _enlarge(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every pixel a square of whole pixels, at about the size of the photo beside it."""
    times = max(1, _SIDE // pixels.shape[0])
    return np.ascontiguousarray(pixels.repeat(times, axis=0).repeat(times, axis=1))


def write_cover_snippet(subject: Subject, text: str, fill: Fill) -> str:
    """Python that covers the same part and gives the probabilities on the page."""
    return snippet(
        *opening_lines(subject),
        "from explorer.anatomy import record",
        "from explorer.saliency import Cover, cover",
        "x = preprocessing.tensor(image)",
        f"mask = Cover.from_text({text!r}).mask(tuple(x.shape[2:]))",
        f"covered = cover(model, x, mask, {fill!r})",
        "before = record(model, x, layers=[]).probabilities",
        "after = record(model, covered, layers=[]).probabilities",
        'print(f"{mask.mean():.1%} covered")',
        "for index in before.topk(min(5, len(before))).indices.tolist():",
        "    print(model.classes[index], before[index].item(), after[index].item())",
    )
