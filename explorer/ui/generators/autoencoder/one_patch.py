"""One patch of the Autoencoder part: its code as sliders, and what moving a number does to it and to the photo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor, isfinite
from typing import Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.generators.autoencoder.coder import Coder
from explorer.generators.autoencoder.patches import SIDE, Patches, measure_error
from explorer.neurons.activations import Numbers
from explorer.neurons.describing import say_number
from explorer.rendering import as_picture, draw_picture_grid, encode_png, enlarge_cells, join_pictures
from explorer.text import count_text
from explorer.ui.generators.autoencoder.controls import Photo
from explorer.ui.kit.choose import switch
from explorer.ui.kit.picture import show_png

_PATCH: Final = "code_patch"  # row and column from 1, in the address
_MOVED: Final = "code_moved"  # number:value pairs, in the address
_SLIDERS: Final = 16  # numbers that can be moved
_REACH: Final = 4.0  # standard deviations to either side
_PUSH: Final = 2.0  # of them, to see what a number draws
_LARGE, _SMALL = 96, 40  # pixels of a patch on the screen


@dataclass(frozen=True, eq=False)
class Moved:
    """A patch whose code was changed by a person.

    Attributes:
        patch: which.
        codes: (N, k) of all patches before.
        change: (k,) what was added to the patch's.
        everywhere: whether it is added to the codes of all patches.
    """

    patch: int
    codes: Numbers
    change: Numbers
    everywhere: bool

    def apply(self, coder: Coder, made: Numbers) -> Numbers:
        """What all patches (N, 192) become."""
        if self.everywhere:
            return coder.decode(self.codes + self.change)
        changed = made.copy()
        changed[self.patch] = coder.decode(self.codes[self.patch] + self.change)
        return changed


def choose_patch(patches: Patches) -> int:
    """The one that the address names; the middle one where it names none."""
    try:
        row, column = (int(part) - 1 for part in st.query_params.get(_PATCH, "").split(","))
    except ValueError:
        row, column = -1, -1
    if not (0 <= row < patches.rows and 0 <= column < patches.columns):
        row, column = patches.rows // 2, patches.columns // 2
    return row * patches.columns + column


def take_patch(patches: Patches, number: int) -> None:
    """Look at another one, with its code as it is."""
    st.query_params[_PATCH] = f"{number // patches.columns + 1},{number % patches.columns + 1}"
    st.query_params.pop(_MOVED, None)
    st.rerun()


def show_patch(photo: Photo, coder: Coder, codes: Numbers, patch: int, key: str) -> Moved | None:
    """Its numbers to move; None where they are as they are.

    Args:
        photo: with the patch.
        coder: of all its patches.
        codes: (N, k) of all patches.
        patch: which.
        key: says by what the code was made.
    """
    row, column = patch // photo.patches.columns + 1, patch % photo.patches.columns + 1
    middle, spread = codes.mean(axis=0), codes.std(axis=0)
    standard = (codes[patch] - middle) / np.where(spread > 0, spread, 1.0)
    count = min(_SLIDERS, coder.size)
    st.markdown(
        f"**The patch in row {row}, column {column} is {count_text(coder.size, 'number')}.** Click another in the "
        "photo, or move a number: in standard deviations of all patches"
        + (f"; the first {count} of {coder.size}." if count < coder.size else ".")
    )
    pictures, sliders = st.columns([2, 5], gap="medium")
    asked = _read_moved(st.query_params.get(_MOVED, ""), count)
    change = np.zeros(coder.size)
    with sliders.container(horizontal=True, gap="small"):
        for number in range(count):
            own = round(float(standard[number]), 2)
            low, high = min(-_REACH, float(floor(own))), max(_REACH, float(ceil(own)))
            start = min(max(asked.get(number, own), low), high)
            value = st.slider(
                f"Number {number + 1}", low, high, start, 0.01, key=f"code-{key}-{patch}-{number}", width=140
            )
            if value != own:
                change[number] = (value - standard[number]) * spread[number]
                asked[number] = value
            else:
                asked.pop(number, None)
    _write_moved(asked)
    everywhere = switch("Move it in all patches", "code_everywhere", place=sliders)
    moved = Moved(patch, codes, change, everywhere) if change.any() else None
    with pictures:
        _show_pictures(photo, coder, codes, moved, patch)
        _show_meanings(coder, middle, spread, count)
    return moved


def _show_pictures(photo: Photo, coder: Coder, codes: Numbers, moved: Moved | None, patch: int) -> None:
    wanted, made = photo.patches.values[patch], coder.decode(codes[patch])
    shown = {"the patch": wanted, "from its code": made}
    if moved is not None:
        shown["moved"] = coder.decode(codes[patch] + moved.change)
    errors = [f" (error {say_number(measure_error(values, wanted))})" for values in shown.values()]
    said = ", ".join(name + error for name, error in zip(shown, ["", *errors[1:]], strict=True))
    show_png(
        encode_png(join_pictures([_enlarge(values, _LARGE) for values in shown.values()], len(shown))),
        f"{said.capitalize()}.",
        alt=f"Patches side by side: {', '.join(shown)}",
        width="content",
    )


def _show_meanings(coder: Coder, middle: Numbers, spread: Numbers, count: int) -> None:
    drawn = [coder.decode(middle + _PUSH * spread * (np.arange(coder.size) == number)) for number in range(count)]
    cells = draw_picture_grid([_enlarge(each, _SMALL) for each in drawn], columns=8, side=_SMALL)
    show_png(
        cells.png,
        f"What numbers 1 to {count} draw, each {_PUSH:g} standard deviations above its mean and all others at theirs.",
        alt=f"{count} small patches, one for each number of the code",
        width="content",
    )


def _enlarge(values: Numbers, side: int) -> NDArray[np.uint8]:
    return enlarge_cells(as_picture(values.reshape(SIDE, SIDE, 3).transpose(2, 0, 1)), side)


def _read_moved(text: str, count: int) -> dict[int, float]:
    """Numbers from 0 with where they were moved to; what cannot be read is left out."""
    found = {}
    for part in text.split(","):
        name, _, value = part.partition(":")
        try:
            number, place = int(name) - 1, float(value)
        except ValueError:
            continue
        if 0 <= number < count and isfinite(place):
            found[number] = place
    return found


def _write_moved(moved: Mapping[int, float]) -> None:
    text = ",".join(f"{number + 1}:{value:g}" for number, value in sorted(moved.items()))
    if not text:
        st.query_params.pop(_MOVED, None)
    elif st.query_params.get(_MOVED) != text:
        st.query_params[_MOVED] = text
