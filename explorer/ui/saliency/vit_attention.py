"""The self-attention of a ViT on the Saliency page: rollout, every head of a block, and who asks."""

from __future__ import annotations

from math import log2

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.rendering import cut_up
from explorer.saliency import BlockAttention, class_relevance, rollout, self_attention
from explorer.saliency.drawing import describe_entropy, draw_attention, draw_attentions
from explorer.saliency.snippets import tokens_snippet
from explorer.ui.components import clickable_grid
from explorer.ui.kit.choose import choose, choose_one, keep_valid, slide
from explorer.ui.kit.click import choose_next
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.saliency.attention_heads import LARGE, choose_scale, show_heads
from explorer.ui.saliency.choices import ordered_classes
from explorer.ui.saliency.compute import compute_photo
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject
from explorer.zoo.photo_vit import PhotoViT

ASKS_LABELS = {"class": "The class token", "patch": "A patch"}
MEAN, ANY_CLASS = "Mean of all", "Any class"


@st.cache_resource(max_entries=4, show_spinner="Reading the attention …")
def compute_tokens(subject: Subject) -> tuple[BlockAttention, ...]:
    """Every block's attention, on the CPU; shared, so never changed."""
    found = self_attention(subject.model, subject.input)
    return tuple(BlockAttention(each.block, each.weights.float().cpu(), each.grid) for each in found)


@st.cache_data(max_entries=64, show_spinner=False)
def compute_relevance(subject: Subject, target: int, blocks: int, token: int) -> NDArray[np.float32]:
    """(rows, columns) what a token has gathered for a class through the first blocks."""
    found: NDArray[np.float32] = class_relevance(subject.model, subject.input, target, blocks, token).cpu().numpy()
    return found


def show_tokens(subject: Subject) -> str:
    """The controls, rollout and one head beside the photo, then all heads."""
    blocks = compute_tokens(subject)
    rows, columns = blocks[0].grid
    made = (
        f"Convolutions turn the photo into {rows} × {columns} cells, which are the patches here (each has seen some of "
        "what is around it)."
        if isinstance(subject.model.network, PhotoViT)
        else f"A ViT cuts the photo into {rows} × {columns} patches."
    )
    st.markdown(
        f"{made} In every block each patch, and a class token that reads the answer in the end, gathers from all "
        "others what its attention picks."
    )
    number, head, wanted, scale = _choose_view(subject, blocks)
    token = _choose_token(rows, columns)
    block = blocks[number]
    who = "the class token" if token == 0 else f"patch ({(token - 1) // columns}, {(token - 1) % columns})"
    row = st.container(horizontal=True)
    _show_patches(row.container(width=LARGE), subject, rows, columns, token)
    through = f"blocks 0 to {number}" if number else "block 0"
    labels, _ = ordered_classes(subject)
    target = None if wanted == ANY_CLASS else labels.index(wanted)
    if target is None:
        rolled = rollout(blocks[: number + 1], token).numpy()
        said = f"**Rollout** through {through}: where on the photo {who} has gathered from, all blocks together"
        alt = f"Rollout of {who} through {through} on {subject.picture.title}"
    else:
        rolled = compute_relevance(subject, target, number + 1, token)
        said = f"**For {wanted}**, through {through}: where {who} has gathered what speaks for this class"
        alt = f"What {who} has gathered for {wanted} through {through} on {subject.picture.title}"
    chosen = None if head == MEAN else int(head.split()[-1])
    seen = block.map_of(chosen, token).numpy()
    _show_map(row.container(width=LARGE), subject, rolled, said, alt)
    voice = "the mean of all heads" if chosen is None else head.lower()
    _show_map(
        row.container(width=LARGE),
        subject,
        seen,
        f"**Block {number}**, {voice}: what {who} attends to here",
        f"What {who} attends to in block {number}, {voice}, on {subject.picture.title}",
    )
    own = float(block.weights[:, token, 0].mean())
    st.caption(
        f"Bright amber is where most attention goes. {own:.1%} of this block's attention goes to the class token, "
        "which has no place on the photo; rollout counts each block half as its attention, half as what passes by it. "
        "For a class, attention counts as far as more of it would raise the class's score (Chefer et al. 2021)."
    )
    st.subheader(f"Every head of block {number}", anchor=False)
    maps = np.stack([block.map_of(each, token).numpy() for each in range(len(block.weights))])
    bits = block.entropy(token).numpy()
    show_heads(subject, maps, bits, scale, f"block {number}")
    st.caption(describe_entropy(bits, log2(block.weights.shape[-1]), f"{block.weights.shape[-1]} tokens"))
    offer(
        f"attention-{subject.file_stem}-block{number}",
        lambda: draw_attentions(
            compute_photo(subject, LARGE // 2), [rolled, block.map_of(None, token).numpy(), *maps], 7
        ),
        lambda: arrays_as_npz(
            rollout=rolled,
            mean=block.map_of(None, token).numpy(),
            heads=maps,
            entropy=bits,
            weights=block.weights.numpy(),
        ),
        tokens_snippet(opening_lines(subject), number, token, target),
        key="offer",
    )
    return block.block


def _choose_view(subject: Subject, blocks: tuple[BlockAttention, ...]) -> tuple[int, str, str, str]:
    """Which block, which head is large, which class rollout is for, and how heads are coloured."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    last = len(blocks) - 1
    number = last
    if last:
        number = slide(
            "Block",
            0,
            last,
            last,
            "attention_block",
            place=row,
            width=240,
            help="Early blocks often look around, late ones at fewer places. Rollout adds all blocks up to it.",
        )
    heads = [MEAN, *(f"Head {each}" for each in range(len(blocks[0].weights)))]
    head = choose_one("Head", heads, "head", place=row, width=160)
    classes = [ANY_CLASS, *ordered_classes(subject)[1]]
    wanted = choose_one(
        "Rollout for",
        classes,
        "rollout_class",
        place=row,
        width=200,
        help="Rollout follows attention, whatever it is used for. For a class, only what speaks for it counts.",
    )
    scale = choose_scale(row)
    return number, head, wanted, scale


def _choose_token(rows: int, columns: int) -> int:
    """Whose attention: 0 for the class token, 1 for the first patch."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    said = "The answer is read from the class token, so its attention is where the answer was gathered from."
    asks = choose("Who asks", ASKS_LABELS, "asks", place=row, help=said)
    # Drawn in any case: a widget that is new in this run does not bring what a click has set into the address.
    off = asks != "patch"
    keep_valid("patch_row", range(rows), rows // 2)
    keep_valid("patch_column", range(columns), columns // 2)
    numbers = [
        int(row.number_input(label, 0, count - 1, count // 2, key=key, bind="query-params", width=120, disabled=off))
        for label, count, key in (("Row", rows, "patch_row"), ("Column", columns, "patch_column"))
    ]
    return 0 if off else 1 + numbers[0] * columns + numbers[1]


def _show_patches(place: DeltaGenerator, subject: Subject, rows: int, columns: int, token: int) -> None:
    """The photo as the network cuts it up; a click lets a patch ask."""
    grid = cut_up(compute_photo(subject, (LARGE // rows - 1) * rows), rows, columns)
    with place:
        clicked = clickable_grid(
            png=grid.png,
            cells=grid,
            labels=[f"patch ({place // columns}, {place % columns})" for place in range(rows * columns)],
            selected=token - 1 if token else None,
            marked=(),
            alt=f"{subject.picture.title}, cut into {rows} × {columns} patches",
            key="patches-of-the-photo",
            noun="patch",
        )
        st.markdown(f"**The photo**, cut into {rows} × {columns} patches: click one to let it ask")
    if clicked is not None:
        row, column = divmod(clicked, columns)
        choose_next(asks="patch", patch_row=row, patch_column=column)


def _show_map(place: DeltaGenerator, subject: Subject, values: NDArray[np.float32], said: str, alt: str) -> None:
    show_png(draw_attention(compute_photo(subject, LARGE), values), alt=alt, place=place)
    place.markdown(said)
