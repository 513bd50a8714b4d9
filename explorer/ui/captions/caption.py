"""The Captions page's first part: the caption, and for every word where the network looked and how sure it was."""

from __future__ import annotations

import streamlit as st

from explorer.captioning.captioner import Guess
from explorer.captioning.describing import say_copied, say_likeness, say_sentence, say_still
from explorer.captioning.familiarity import Likeness
from explorer.captioning.records import caption_arrays
from explorer.captioning.snippets import caption_snippet
from explorer.rendering import encode_png, film_strip
from explorer.ui.captions.choices import choose_width
from explorer.ui.captions.subject import CaptionSubject, captioner_lines, compute_caption, compute_shown
from explorer.ui.components import caption_player
from explorer.ui.kit.choose import settings_popover
from explorer.ui.kit.export import arrays_as_npz, offer

_SIDE = 720  # pixels of the photo's longer side, as wide as the player shows it on a desk


@st.cache_data(max_entries=16, show_spinner=False)
def compute_photo(subject: CaptionSubject) -> bytes:
    """The photo as the player gets it, a PNG in its own proportions."""
    return encode_png(compute_shown(subject, _SIDE))


def show_watching(subject: CaptionSubject) -> None:
    """The caption to play, and what to make of it."""
    row = st.container(horizontal=True, vertical_alignment="center")
    said = row.container()
    width = choose_width(settings_popover(row))
    caption = compute_caption(subject, width)
    if caption.words:
        said.caption(
            "Hover or tap a word, or step with the arrow keys: the photo stays bright where the network looked "
            "before it wrote that word."
        )
    else:
        said.info("The captioner has nothing to say of this photo: it ends the sentence before the first word.")
    caption_player(png=compute_photo(subject), caption=caption, alt=subject.picture.title, key="player")
    if not caption.words:
        return
    guesses, likeness = compute_context(subject)
    if copied := say_copied(caption, guesses):
        st.markdown(copied)
    if likeness is not None:
        (st.warning if likeness.unlike else st.caption)(say_likeness(likeness))
    if caption.still:
        st.info(say_still(caption))
    st.markdown(say_sentence(caption))
    offer(
        f"{subject.name}-caption",
        lambda: encode_png(film_strip(compute_shown(subject), caption.attention, caption.words)),
        lambda: arrays_as_npz(**caption_arrays(caption)),
        caption_snippet(captioner_lines(subject, look=False), width),
        key="watching",
        json=caption.to_json,
    )


@st.cache_data(max_entries=64, show_spinner=False)
def compute_context(subject: CaptionSubject) -> tuple[tuple[Guess, ...], Likeness | None]:
    """The classifier's nouns for the photo, and how like it is to those that the captioner learned from."""
    seen = subject.seen
    return subject.captioner.guess_nouns(seen), subject.captioner.judge(seen)
