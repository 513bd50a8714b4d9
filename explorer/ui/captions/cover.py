"""Hide part of the photo from the captioner, and read what it writes then."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.captioning import Caption
from explorer.captioning.comparing import say_change, say_log_probability
from explorer.captioning.interventions.hiding import Hidden, read_hidden
from explorer.captioning.snippets import covering_snippet
from explorer.rendering import encode_png, enlarge, format_percent, word_lines
from explorer.saliency import Cover, Fill, cover
from explorer.ui.captions.choices import choose_width
from explorer.ui.captions.sentence_change import show_sentences
from explorer.ui.captions.subject import CaptionSubject, captioner_lines, compute_caption, compute_shown
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.shared.cover import choose_fill, paint_cover, say_too_small


@st.cache_data(max_entries=32, show_spinner="Looking and writing …")
def compute_hidden(subject: CaptionSubject, text: str, fill: Fill, width: int) -> Hidden:
    """What is written of a photo that is covered in part.

    Args:
        subject: the photo and the captioner.
        text: the cover, as `Cover.to_text` writes it.
        fill: what stands in its place.
        width: of the beam search.
    """
    captioner, x = subject.captioner, subject.input
    mask = Cover.from_text(text).mask((x.shape[2], x.shape[3]))
    return read_hidden(captioner, cover(captioner, x, mask, fill), mask, compute_caption(subject, width).words, width)


def show_covering(subject: CaptionSubject) -> None:
    """The photo to paint on, what the encoder gets, and both sentences."""
    controls = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    width = choose_width(controls)
    with controls:
        fill = choose_fill()
    whole = compute_caption(subject, width)
    shown = compute_shown(subject)
    left, right = st.columns([5, 7], gap="large")
    text = paint_cover(left, shown, subject.picture)
    hidden = compute_hidden(subject, text, fill, width)
    share = float(hidden.mask.mean())
    with right:
        _show_effect(whole, hidden, bool(text))
    picture = encode_png(enlarge(hidden.pixels, shown.shape[0], shown.shape[1]))
    if hidden.mask.any():
        show_png(
            picture,
            f"What the network gets, {format_percent(share)} of it covered",
            alt=f"{subject.picture.title} as the captioner sees it, {format_percent(share)} of it covered",
            place=left,
        )
    offer(
        f"{subject.name}-covered",
        picture,
        lambda: arrays_as_npz(
            mask=hidden.mask,
            covered=hidden.x,
            old_words=np.array(whole.words, dtype=np.str_),
            new_words=np.array(hidden.written.words, dtype=np.str_),
            old_with_whole=whole.log_probabilities,
            old_with_covered=hidden.old.log_probabilities,
            new_attention=hidden.written.attention,
        ),
        covering_snippet(captioner_lines(subject), text, fill, width),
        key="cover-offer",
    )


def _show_effect(whole: Caption, hidden: Hidden, painted: bool) -> None:
    """Old and new sentence, and the old one's words with and without what is hidden."""
    if painted and not hidden.mask.any():
        say_too_small()
    if not hidden.mask.any():
        st.caption("The whole photo")
        st.markdown(f"##### {whole.text or '*nothing*'}")
        st.markdown(
            "Drag a box over something that the sentence names, or paint over it. If its word rests on what you hide, "
            "it falls, and the sentence is written anew."
        )
        return
    show_sentences(whole.words, hidden.written.words, ("Of the whole photo", "Of what is left"))
    st.markdown(say_change(whole.words, hidden.written.words))
    st.markdown(say_log_probability(whole, hidden.old, "with the whole photo", "with this part hidden"))
    if whole.words:
        show_chart(
            word_lines(
                whole.words,
                {"whole photo": whole.probabilities, "part hidden": hidden.old.probabilities},
                "Probability of each word of the old sentence",
                percent=True,
                top=1.0,
                pair=True,
            ),
            "cover-lines",
        )
