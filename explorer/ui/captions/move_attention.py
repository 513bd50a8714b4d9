"""Lead the attention elsewhere at one word, and read how the sentence goes on from there."""

from __future__ import annotations

import streamlit as st

from explorer.captioning import Caption
from explorer.captioning.comparing import say_change, say_log_probability
from explorer.captioning.interventions.moving import Move, Moved, lead
from explorer.captioning.records import moved_arrays
from explorer.captioning.snippets import moving_snippet
from explorer.rendering import decode_png, encode_png, format_percent, join_pictures
from explorer.ui.app import link_to
from explorer.ui.captions.choices import choose_width, choose_word
from explorer.ui.captions.sentence_change import show_sentences
from explorer.ui.captions.subject import CaptionSubject, captioner_lines, compute_caption, compute_shown, draw_glow
from explorer.ui.components import attention_mover
from explorer.ui.kit.choose import choose_step
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png

RADII = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)  # cells
RADIUS = 1.0
_SMALL = 250  # pixels of the pair of maps


@st.cache_data(max_entries=64, show_spinner="Writing …")
def compute_moved(subject: CaptionSubject, move: Move, width: int) -> Moved:
    """Write on from one step with the attention elsewhere."""
    return lead(subject.captioner, subject.seen, compute_caption(subject, width).words, move, width)


def read_place(grid: tuple[int, int]) -> tuple[int, int] | None:
    """The cell that the address names; None where it names none of this grid."""
    try:
        row, column = (int(st.query_params.get(key, "")) for key in ("look_row", "look_column"))
    except ValueError:
        return None
    return (row, column) if 0 <= row < grid[0] and 0 <= column < grid[1] else None


def show_moving(subject: CaptionSubject) -> None:
    """The words, the photo to set the spot on, and both sentences."""
    controls = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    width = choose_width(controls)
    radius = choose_step(
        "Radius of the spot, in cells",
        RADII,
        "look_radius",
        RADIUS,
        place=controls,
        width=260,
        help="The standard deviation of a Gaussian over the attention's grid.",
    )
    old = compute_caption(subject, width)
    if not old.words:
        st.info("The captioner has nothing to say of this photo, so there is no word to lead it at.")
        return
    step = choose_word(old.words, "The word before which it shall look elsewhere", "step", old.first_noun)
    grid = subject.captioner.grid
    place = read_place(grid)
    left, right = st.columns([5, 7], gap="large")
    with left:
        dropped = attention_mover(
            png=encode_png(compute_shown(subject)),
            grid=grid,
            spot=place,
            radius=radius,
            alt=f"{subject.picture.title}, under the attention's grid of {grid[0]} × {grid[1]} cells",
            key="mover",
        )
    if dropped is not None and dropped != place:
        st.query_params["look_row"], st.query_params["look_column"] = (str(each) for each in dropped)
        st.rerun()
    if place is None:
        with right:
            _show_invitation(subject, old, step)
        return
    move = Move(step, *place, radius)
    result = compute_moved(subject, move, width)
    with right:
        _show_effect(subject, old, result, step)
    offer(
        f"{subject.name}-moved",
        lambda: encode_png(
            join_pictures([decode_png(draw_glow(subject, each)) for each in (old.attention[step], result.attention)], 2)
        ),
        lambda: arrays_as_npz(**moved_arrays(old, result)),
        moving_snippet(captioner_lines(subject), move, width),
        key="move-offer",
    )
    link_to("sequences", "The same with letters: lead the attention of a date", {"part": "Attention"})


def _show_invitation(subject: CaptionSubject, old: Caption, step: int) -> None:
    st.markdown(f"##### {old.text}")
    st.markdown(
        f"Click the photo where the decoder shall look before it says “{old.words[step]}”. The words before it stay; "
        "that word and the rest are written anew."
    )
    show_png(
        draw_glow(subject, old.attention[step], _SMALL),
        f"Where it looked by itself before “{old.words[step]}”",
        alt=f"The decoder's own attention before “{old.words[step]}” on {subject.picture.title}",
        width=_SMALL,
    )


def _show_effect(subject: CaptionSubject, old: Caption, result: Moved, step: int) -> None:
    """Both sentences, what the move did to the word itself, and where was looked."""
    show_sentences(old.words, result.written.words, ("Where it looks by itself", "With the attention moved"))
    st.markdown(say_change(old.words, result.written.words))
    word = old.words[step]
    before, after = float(old.probabilities[step]), float(result.old.probabilities[step])
    said = f"“{word}” itself goes from {format_percent(before)} to {format_percent(after)}."
    st.markdown(f"{said} {say_log_probability(old, result.old, 'as it looks by itself', 'with the attention moved')}")
    if result.unmoved != old.words:
        st.caption(
            f"Without a move, the same search from this word on writes: {' '.join(result.unmoved)}. What differs from "
            "that is the move's doing."
        )
    pictures = st.container(horizontal=True)
    for values, title in ((old.attention[step], "by itself"), (result.attention, "as led")):
        show_png(
            draw_glow(subject, values, _SMALL),
            f"Before “{word}”, {title}",
            alt=f"Attention before “{word}” on {subject.picture.title}, {title}",
            width=_SMALL,
            place=pictures,
        )
