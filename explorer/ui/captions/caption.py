"""The Captions page's first part: the caption, and for every word where the network looked and how sure it was."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explorer.captioning import Caption
from explorer.captioning.captioner import Guess
from explorer.captioning.familiarity import Likeness
from explorer.rendering import encode_png, film_strip, format_percent
from explorer.text import count_text, significant
from explorer.ui.captions.choices import choose_width
from explorer.ui.captions.subject import CaptionSubject, captioner_lines, compute_caption, compute_shown
from explorer.ui.components import caption_player
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.snippet import snippet

_SIDE = 720  # pixels of the photo's longer side, as wide as the player shows it on a desk


@st.cache_data(max_entries=16, show_spinner=False)
def compute_photo(subject: CaptionSubject) -> bytes:
    """The photo as the player gets it, a PNG in its own proportions."""
    return encode_png(compute_shown(subject, _SIDE))


def show_watching(subject: CaptionSubject) -> None:
    """How wide to search, the caption to play, and what to make of it."""
    width = choose_width(st.container())
    caption = compute_caption(subject, width)
    if caption.words:
        st.caption(
            "Hover or tap a word, or step with the arrow keys: the photo stays bright where the network looked "
            "before it wrote that word."
        )
    else:
        st.info("The captioner has nothing to say of this photo: it ends the sentence before the first word.")
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
        lambda: caption_arrays(caption),
        write_snippet(subject, width),
        key="watching",
        json=caption.to_json,
    )


@st.cache_data(max_entries=64, show_spinner=False)
def compute_context(subject: CaptionSubject) -> tuple[tuple[Guess, ...], Likeness | None]:
    """The classifier's nouns for the photo, and how like it is to those that the captioner learned from."""
    seen = subject.seen
    return subject.captioner.guess_nouns(seen), subject.captioner.judge(seen)


def say_copied(caption: Caption, guesses: Sequence[Guess]) -> str:
    """Which words came from the classifier, and what the classifier thought; "" where there is none."""
    if not guesses:
        return ""
    by_noun = {guess.noun: guess for guess in guesses}
    told = []
    for word, share in zip(caption.words, caption.copied, strict=True):
        if share > 0.5 and word in by_noun:
            guess = by_noun[word]
            told.append(
                f"“{word}” came from the classifier: {guess.title} {guess.title_probability:.0%}"
                + (
                    f", {format_percent(guess.probability)} with its kin"
                    if guess.probability > 1.05 * guess.title_probability
                    else ""
                )
            )
    others = ", ".join(f"{guess.noun} {format_percent(guess.probability)}" for guess in guesses)
    if not told:
        return f"No word was copied from the classifier, whose nouns were {others}."
    return f"{'; '.join(dict.fromkeys(told))}. Its nouns were {others}."


def say_likeness(likeness: Likeness) -> str:
    """How far the photo is from the training photos, in words and a number."""
    kinds = "; ".join(f"“{', '.join(kind.words)}”" for kind in likeness.nearest)
    lead = (
        f"The captioner is out of its depth here: this photo is more unlike its training photos than "
        f"{likeness.percentile:.0f} of 100 others of their collection."
        if likeness.unlike
        else f"More unlike its training photos than {likeness.percentile:.0f} of 100 others of their collection."
    )
    return f"{lead} The nearest kinds of training photos are {kinds}."


def say_still(caption: Caption) -> str:
    """What it means where the attention hardly changes."""
    return (
        "On this photo the attention hardly changes from word to word: on average only "
        f"{format_percent(caption.mean_move)} of it moves, so it says little about any single word."
    )


def say_sentence(caption: Caption) -> str:
    """The sentence as a whole."""
    return (
        f"The whole sentence, its end included, has a log probability of **{significant(caption.log_probability)}** "
        f"(natural logarithm): the sum over {count_text(len(caption.words), 'word')} and the end."
    )


def caption_arrays(caption: Caption) -> bytes:
    """A caption as NPZ; where a word has fewer alternatives than another, the rest is "" and NaN."""
    most = max((len(others) for others in caption.alternatives), default=0)
    rows = [[*others, *[("", np.nan)] * (most - len(others))] for others in caption.alternatives]
    return arrays_as_npz(
        words=np.array(caption.words, dtype=np.str_),
        attention=caption.attention,
        log_probabilities=caption.log_probabilities,
        end=np.array(caption.end),
        alternatives=np.array([[word for word, _ in row] for row in rows], dtype=np.str_),
        alternative_probabilities=np.array([[share for _, share in row] for row in rows]),
        gates=caption.gates,
        entropy_bits=caption.entropy,
        moves=caption.moves,
        copied=caption.copied,
    )


def write_snippet(subject: CaptionSubject, width: int) -> str:
    """Python that gives the caption on the page."""
    return snippet(
        *captioner_lines(subject, look=False),
        f"caption = captioner.describe(image, beam_size={width})",
        "for word, probability in zip(caption.words, caption.probabilities):",
        "    print(f'{word:<16}{probability:8.2%}')",
        "print('log probability', caption.log_probability)",
    )
