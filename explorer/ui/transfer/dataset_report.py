"""The look at pictures before anything is trained: counts, sizes, near-duplicates across the split, a grid a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import streamlit as st

from explorer.rendering.figures.data import count_bars, size_points
from explorer.text import as_plain_text, count_text
from explorer.transfer.data.grids import FIRST_SHOWN, draw_class, draw_classes, draw_pair
from explorer.transfer.data.near_duplicates import (
    PARTS,
    ImageStatistics,
    Pairs,
    across_split,
    find_pairs,
    first_of_duplicates,
    image_statistics,
    leave_out_duplicates,
    part_of,
    picture_arrays,
    say_counts,
)
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.data.splitting import Split, split
from explorer.transfer.snippets import pictures_snippet
from explorer.transfer.trial import TransferRejected
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import slide
from explorer.ui.kit.export import arrays_as_npz, download, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.kit.slow import watched

_LEFT_OUT = "transfer_left_out"  # keys of the sets whose near-duplicates a person has left out
_CLASSES: Final = 10  # grids at once
_SHOWN_PAIRS: Final = 6


def show_dataset_report(pictures: PictureSet, seed: int, code: Sequence[str]) -> PictureSet:
    """Show everything about them; gives the pictures that are left after what the person left out.

    Args:
        pictures: as they were brought.
        seed: of the split.
        code: lines of Python that give `pictures`.
    """
    pairs = pairs_of(pictures)
    shown = _without_duplicates(pictures, pairs) if pictures.key in _left_out() else pictures
    statistics = statistics_of(shown)
    parts = split(shown.labels, seed)
    _show_grids(shown)
    st.text(f"{shown.title}: {count_text(len(shown), 'picture')} of {len(shown.classes)} classes")
    st.caption(say_counts(shown, parts))
    _show_figures(shown, statistics, parts)
    _show_duplicates(pictures, pairs, shown, parts)
    _offer(pictures, shown, statistics, parts, seed, code)
    return shown


def _left_out() -> set[str]:
    left: set[str] = st.session_state.setdefault(_LEFT_OUT, set())
    return left


def _without_duplicates(pictures: PictureSet, pairs: Pairs) -> PictureSet:
    """What is left, with its looks already known."""
    shown = once(("without duplicates", pictures.key), lambda: leave_out_duplicates(pictures, pairs))
    kept = first_of_duplicates(pairs, len(pictures))
    once(("looks", shown.key), lambda: statistics_of(pictures).select(kept))
    return shown


def _show_figures(pictures: PictureSet, statistics: ImageStatistics, parts: Split) -> None:
    where = part_of(parts, len(pictures))
    counts = np.zeros((len(pictures.classes), len(PARTS)), np.int64)
    np.add.at(counts, (pictures.labels, where), 1)
    least, most = statistics.sizes.min(axis=0), statistics.sizes.max(axis=0)
    bars = count_bars(pictures.classes, counts, PARTS)
    if (least == most).all():
        show_chart(bars, "chart-counts")
        st.caption(f"All pictures have {least[0]:,} × {least[1]:,} pixels.")
        return
    left, right = st.columns(2, gap="large")
    show_chart(bars, "chart-counts", left)
    show_chart(size_points(statistics.sizes), "chart-sizes", right)
    tiny = int((statistics.sizes.min(axis=1) < 32).sum())
    if tiny:
        right.caption(
            f"{count_text(tiny, 'picture')} with fewer than 32 pixels on a side: a network sees them blurred."
        )


def _show_duplicates(pictures: PictureSet, pairs: Pairs, shown: PictureSet, parts: Split) -> None:
    if shown is not pictures:
        gone = len(pictures) - len(shown)
        st.success(
            f"{count_text(gone, 'near-duplicate')} left out; no seed can split near-duplicates now.",
            icon=":material/check:",
        )
        st.button("Put back", key="duplicates_back", on_click=_left_out().discard, args=(pictures.key,))
        return
    if not len(pairs):
        st.caption(
            "No two pictures are nearly the same by this measure: none of the test pictures was found in training."
        )
        return
    split_pairs = across_split(pairs, parts)
    found = f"{'' if pairs.complete else 'More than '}{count_text(len(pairs), 'pair')} of nearly the same pictures, "
    labels = pictures.labels[pairs.places]
    torn = int((labels[:, 0] != labels[:, 1]).sum())
    two = f" {torn:,} of them in two different classes." if torn else ""
    if len(split_pairs):
        said = f"{len(split_pairs):,} across the split: a test on what was learned from measures memory.{two}"
        st.warning(found + said, icon=":material/content_copy:")
    else:
        st.info(f"{found}none across this split.{two}", icon=":material/content_copy:")
    _show_pairs(pictures, split_pairs if len(split_pairs) else pairs, parts)
    duplicates = len(pictures) - len(first_of_duplicates(pairs, len(pictures)))
    if st.button(
        f"Leave out {count_text(duplicates, 'near-duplicate')}", key="duplicates_out", icon=":material/content_cut:"
    ):
        try:
            _without_duplicates(pictures, pairs)
        except TransferRejected as problem:
            st.error(as_plain_text(str(problem)), icon=":material/block:")
            return
        _left_out().add(pictures.key)
        st.rerun()


def _show_pairs(pictures: PictureSet, pairs: Pairs, parts: Split) -> None:
    """The nearest ones, side by side, in order of their distance."""
    where = part_of(parts, len(pictures))
    for place in range(min(_SHOWN_PAIRS, len(pairs))):
        if place % 3 == 0:
            columns = st.columns(3)
        a, b = pairs.places[place].tolist()
        with columns[place % 3]:
            show_png(
                _pair_png(pictures, pictures.key, a, b),
                (f"both {PARTS[where[a]]}, " if where[a] == where[b] else f"{PARTS[where[a]]} and {PARTS[where[b]]}, ")
                + ("the same file" if pairs.exact[place] else f"{pairs.distances[place]} of 64 bits differ"),
                alt=f"{pictures.names[a]} and {pictures.names[b]}, which are nearly the same",
            )


@st.cache_data(max_entries=64, show_spinner=False)
def _pair_png(_pictures: PictureSet, key: str, a: int, b: int) -> bytes:
    return draw_pair(_pictures, a, b)


@st.cache_data(max_entries=128, show_spinner=False)
def _grid_png(_pictures: PictureSet, key: str, label: int) -> bytes:
    return draw_class(_pictures, label)


def _show_grids(pictures: PictureSet) -> None:
    pages = -(-len(pictures.classes) // _CLASSES)
    first = 0
    if pages > 1:
        first = (slide("Grids", 1, pages, 1, "grids") - 1) * _CLASSES
    counts = pictures.counts
    for place, label in enumerate(range(first, min(first + _CLASSES, len(pictures.classes)))):
        name = pictures.classes[label]
        if place % 2 == 0:  # a row of its own, so that the order stays where columns stand under each other
            columns = st.columns(2, gap="medium")
        with columns[place % 2]:
            some = (
                f"the first {FIRST_SHOWN} of {counts[label]:,}"
                if counts[label] > FIRST_SHOWN
                else f"all {counts[label]}"
            )
            st.text(f"{name}, {some}")
            show_png(_grid_png(pictures, pictures.key, label), alt=f"Pictures of the class {name}")


def _offer(
    pictures: PictureSet, shown: PictureSet, statistics: ImageStatistics, parts: Split, seed: int, code: Sequence[str]
) -> None:
    download(st.container(horizontal=True), "Pictures (ZIP)", shown.to_zip, "pictures.zip", "transfer-pictures-zip")
    offer(
        "pictures",
        lambda: draw_classes(shown),
        lambda: arrays_as_npz(**picture_arrays(shown, parts, statistics, pairs_of(shown))),
        pictures_snippet(code, shown is not pictures, seed),
        "transfer-pictures",
    )


def statistics_of(pictures: PictureSet) -> ImageStatistics:
    """`look`, with a bar the first time."""

    def make() -> ImageStatistics:
        with watched("Looking at the pictures") as tell:
            return image_statistics(pictures, tell)

    return once(("looks", pictures.key), make)


def pairs_of(pictures: PictureSet) -> Pairs:
    """`find_pairs` of all pictures."""
    return once(("pairs", pictures.key), lambda: find_pairs(statistics_of(pictures)))
