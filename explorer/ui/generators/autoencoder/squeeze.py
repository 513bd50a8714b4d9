"""The Autoencoder part's first view: the photo drawn from its code, one patch taken apart, and the size of the file."""

from __future__ import annotations

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.generators.autoencoder.coder import Coder
from explorer.generators.autoencoder.file_size import Filed, file_code, file_jpeg
from explorer.generators.autoencoder.patches import DEPTH, SIDE, measure_error
from explorer.generators.autoencoder.snippets import principal_snippet, training_snippet
from explorer.generators.autoencoder.training import Recipe
from explorer.neurons.activations import Numbers
from explorer.neurons.describing import say_number, write_difference
from explorer.rendering import code_errors, cut_up, encode_png, enlarge_cells, join_pictures
from explorer.text import as_plain_text, count_text, format_percent, significant
from explorer.ui.components import clickable_grid
from explorer.ui.generators.autoencoder.controls import (
    TIMES,
    WAYS,
    Photo,
    Way,
    choose_coder,
    compare,
    say_error,
    show_drawn,
)
from explorer.ui.generators.autoencoder.one_patch import Moved, choose_patch, show_patch, take_patch
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.session.opening import image_lines

_LEFT = ("less than a half", "50 to 90 %", "90 to 99 %", "more than 99 %")


def show_squeeze(photo: Photo, size: int, row: DeltaGenerator) -> None:
    """The photo beside what is drawn of its code; a patch that is clicked; errors and bytes."""
    finding = st.container()
    way, recipe, coder = choose_coder(photo, row, size)
    if coder is None:
        return
    patches = photo.patches
    codes = coder.encode(patches.values)
    made = coder.decode(codes)
    error = measure_error(made, patches.values)
    kept = 1 - error / measure_error(patches.values.mean(axis=0), patches.values)
    with finding:
        asked = f"Each patch of {DEPTH} numbers goes through {size}: how much of the patches' variance comes back?"
        right = _LEFT[sum(kept > bound for bound in (0.5, 0.9, 0.99))]
        if not ask_first(asked, _LEFT, right, "ask-code"):
            return
        _say_finding(photo, way, size, error, kept)
    patch = choose_patch(patches)
    left, right_half = st.columns(2, gap="small")
    with left:
        _show_photo(photo, patch)
    drawn = right_half.empty()
    moved = show_patch(photo, coder, codes, patch, f"{way}-{recipe}")
    _show_drawn(photo, coder, moved, made, size, drawn)
    chart, words = st.columns([3, 2], gap="large")
    with chart:
        floors = photo.principal.floors
        marked = {WAYS[way]: error}
        lines = {"best linear code of so many numbers": floors[1:].tolist()}
        show_chart(code_errors(lines, size, marked, "Error by the length of the code", y_title="error"), "code-chart")
    with words:
        _say_floor(size, error)
        _say_bytes(photo, way, recipe, coder)
        _say_oracle(photo, size, way, error)
    opening = image_lines(photo.picture)
    offer(
        "code",
        lambda: encode_png(join_pictures([patches.join(patches.values), patches.join(made)], 2)),
        partial(_pack, photo, coder, made),
        principal_snippet(opening, size) if way == "pca" else training_snippet(opening, [recipe]),
        key="code-offer",
    )


def _say_finding(photo: Photo, way: Way, size: int, error: float, kept: float) -> None:
    floor = float(photo.principal.floors[size])
    title = as_plain_text(photo.picture.title)
    begins = (
        f"**{title} from {count_text(size, 'number')} for each patch of {DEPTH}: the error is {say_error(error)}**, "
        f"{format_percent(kept)} of the variance comes back. "
    )
    if say_error(error) == "0":
        enough = count_text(photo.principal.rank, "number")
        st.markdown(f"{begins}Nothing is lost: {enough} would be enough for all of these patches.")
    elif way == "pca":
        st.markdown(f"{begins}No linear code of {size} can do better.")
    else:
        passes = "passes it, as a network that bends may" if error < floor else "does not reach it"
        st.markdown(
            f"{begins}The floor of all linear codes is {say_number(floor)}; the {WAYS[way]} {passes} "
            f"({compare(error, floor)})."
        )


def _say_floor(size: int, error: float) -> None:
    st.markdown(
        "**The floor:** what is left of the patches outside their first "
        f"{'principal direction' if size == 1 else f'{size} principal directions'}. A linear encoder and decoder, "
        f"however found, give a matrix of rank {size}, and none is nearer (Eckart and Young 1936). The error is the "
        f"mean squared difference of colour values from 0 to 1; its root is {say_error(255 * error**0.5)} of 255."
    )


def _show_photo(photo: Photo, patch: int) -> None:
    patches = photo.patches
    picture = enlarge_cells(patches.join(patches.values), patches.rows * SIDE * TIMES)
    cells = cut_up(picture, patches.rows, patches.columns)
    clicked = clickable_grid(
        png=cells.png,
        cells=cells,
        labels=[
            f"row {number // patches.columns + 1}, column {number % patches.columns + 1}"
            for number in range(len(patches.values))
        ],
        selected=patch,
        marked=(),
        alt=f"{photo.picture.title}, cut into {patches.rows} by {patches.columns} patches of {SIDE} by {SIDE} pixels",
        key="code-photo",
        noun="patch",
        smallest=8,
    )
    if clicked is not None and clicked != patch:
        take_patch(patches, clicked)


def _show_drawn(
    photo: Photo, coder: Coder, moved: Moved | None, made: Numbers, size: int, place: DeltaGenerator
) -> None:
    shown = made if moved is None else moved.apply(coder, made)
    numbers, more = count_text(size, "number"), "" if moved is None else ", with what you moved"
    name = f"drawn from {numbers} for each patch{more}"
    show_drawn(photo, shown, name, f"Drawn from {len(made):,} × {numbers}{more}.", place)


def _say_bytes(photo: Photo, way: Way, recipe: Recipe, coder: Coder) -> None:
    key = ("code-bytes", photo.picture, way, coder.size, recipe if way != "pca" else None)

    def make() -> tuple[Filed, Filed]:
        code = file_code(photo.patches, coder)
        return code, file_jpeg(photo.patches, code.size)

    code, jpeg = once(key, make)
    count, pixels = len(photo.patches.values), photo.patches.values.size
    said = (
        f"**As a file:** a byte for each of {count} × {coder.size} numbers, and for the decoder, which nobody else "
        f"has, together {code.size:,} bytes; the pixels are {pixels:,}. Rounded so, the error is "
        f"{say_error(code.error)}. "
    )
    if jpeg.size > code.size:
        said += f"No JPEG of it is that small; the smallest has {jpeg.size:,} bytes and an error of "
        said += f"{say_error(jpeg.error)}."
    else:
        said += f"A JPEG of {jpeg.size:,} bytes (quality {jpeg.quality}) has {say_error(jpeg.error)}"
        if jpeg.error < code.error:
            times = f", {say_number(code.error / jpeg.error)} times less" if jpeg.error else ""
            said += (
                f"{times}. It codes 8 × 8 pixels too, along waves that need not be sent along, and spends bits where "
            )
            said += "they matter."
        else:
            said += ", which is no less."
    if code.size > pixels:
        said += " At this length the code takes more room than the pixels themselves."
    st.markdown(said)


def _say_oracle(photo: Photo, size: int, way: Way, error: float) -> None:
    import torch

    values = photo.patches.values

    def make() -> float:
        singular = torch.linalg.svdvals(torch.from_numpy(values - values.mean(axis=0)))
        return float((singular[size:] ** 2).sum()) / values.size

    floor = once(("code-oracle", photo.picture, size), make)
    off = write_difference(floor - (error if way == "pca" else float(photo.principal.floors[size]))).replace("-", "−")
    what = "The error, measured on what is drawn," if way == "pca" else "The floor"
    st.caption(
        f"{what} is the sum of the squares of PyTorch's singular values beyond the first {size} "
        f"(torch.linalg.svdvals), divided by {values.size:,}: {significant(floor)}; difference {off}."
    )


def _pack(photo: Photo, coder: Coder, made: Numbers) -> bytes:
    return arrays_as_npz(
        patches=photo.patches.values,
        codes=coder.encode(photo.patches.values),
        drawn=made,
        floors=photo.principal.floors,
        directions=photo.principal.directions,
        **{f"decoder_weight_{number}": weight for number, (weight, _) in enumerate(coder.decoder)},
        **{f"decoder_bias_{number}": bias for number, (_, bias) in enumerate(coder.decoder)},
    )
