"""The attention of a Swin transformer on the Saliency page: how much every place of a block is attended to."""

from __future__ import annotations

from math import log2

import streamlit as st

from explorer.saliency import WindowAttention, window_attention
from explorer.saliency.drawing import describe_entropy, draw_attention, draw_attentions
from explorer.saliency.snippets import windows_snippet
from explorer.text import count_text, significant
from explorer.ui.kit.choose import choose_one
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.saliency.attention_heads import LARGE, choose_scale, show_heads
from explorer.ui.saliency.compute import compute_photo
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject


@st.cache_resource(max_entries=4, show_spinner="Reading the attention …")
def compute_windows(subject: Subject) -> tuple[WindowAttention, ...]:
    """Every block's attention, on the CPU; shared, so never changed."""
    return tuple(
        WindowAttention(each.block, each.weights.float().cpu(), each.cells, each.window, each.shift)
        for each in window_attention(subject.model, subject.input)
    )


def show_windows(subject: Subject) -> str:
    """One block: the mean over its heads, then all of them."""
    blocks = compute_windows(subject)
    st.markdown(
        "A Swin transformer attends within windows, and every other block shifts them by half a window. It has no "
        "class token: the maps show how much each place is attended to by its window, on average."
    )
    row = st.container(horizontal=True, vertical_alignment="bottom")
    names = [each.block for each in blocks]
    name = choose_one("Block", names, "window_block", names[-1], place=row, width=280)
    scale = choose_scale(row)
    block = blocks[names.index(name)]
    maps = block.maps.numpy()
    bits = block.entropy.numpy()
    mean = maps.mean(axis=0)
    places = block.window[0] * block.window[1]
    picture, words = st.columns([2, 3], vertical_alignment="center")
    show_png(
        draw_attention(compute_photo(subject, LARGE), mean),
        alt=f"How much each place of {subject.picture.title} is attended to in {name}, mean of all heads",
        width=LARGE,
        place=picture,
    )
    words.markdown(f"**{name}**, the mean of {count_text(len(maps), 'head')}")
    words.markdown(block.describe())
    words.markdown(
        f"Bright amber is where most attention goes: {significant(mean.max() * places)} times the even share of "
        f"1/{places} at most, {significant(mean.min() * places)} times at least."
    )
    st.subheader("Every head", anchor=False)
    show_heads(subject, maps, bits, scale, name)
    st.caption(describe_entropy(bits, log2(places), f"the {places} places of a window"))
    offer(
        f"attention-{subject.file_stem}-{name}",
        lambda: draw_attentions(compute_photo(subject, LARGE // 2), [mean, *maps], 5),
        lambda: arrays_as_npz(mean=mean, heads=maps, entropy=bits, weights=block.weights.numpy()),
        windows_snippet(opening_lines(subject), names.index(name)),
        key="offer",
    )
    return block.block
