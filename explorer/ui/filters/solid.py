"""The first thing seen of a filter: the solid it is, and how its slices and the maps they read become one map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.anatomy import Convolution, FilterSummary
from explorer.rendering import (
    MOST_APART,
    SOLID_WIDTH,
    Mosaic,
    draw_solid,
    encode_png,
    magnify_map,
    product_tiles,
)
from explorer.text import count_text, shape_text, significant
from explorer.ui.components import clickable_mosaic
from explorer.ui.filters.compute import Filters
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.snippet import snippet
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject
from explorer.ui.shared.microscope import RGB_NAMES, compute_breakdown, explainable_layers

_FEW = 4  # tiles that are drawn large
_TILE_SIDE, _LARGE_TILE_SIDE = 44, 96  # pixels of each of the three pictures on a tile
_MAP_SIDE = 240  # pixels


@dataclass(frozen=True, eq=False)
class Products:
    """A filter on a picture, slice by slice.

    Attributes:
        read: (D, H, W) the maps that its slices slide over.
        made: (D, h, w) what each makes of its map, without the bias.
        bias: what is added to their sum.
        output: (h, w) the network's own map.
    """

    read: NDArray[np.float32]
    made: NDArray[np.float64]
    bias: float
    output: NDArray[np.float32]

    @property
    def ranked(self) -> NDArray[np.intp]:
        """Numbers of the slices, the one that contributes most first: by the L2 norm of its product."""
        return np.argsort(-np.nan_to_num(np.linalg.norm(self.made.reshape(len(self.made), -1), axis=1)), kind="stable")

    @property
    def difference(self) -> float:
        """The most that a cell of the network's map differs from our sum; NaN where either is not finite."""
        with np.errstate(invalid="ignore"):
            return float(np.abs(self.made.sum(axis=0) + self.bias - self.output).max())


# As a resource: megabytes, which `cache_data` would copy at every run. Nobody writes into them.
@st.cache_resource(max_entries=4, show_spinner="Multiplying …")
def compute_products(subject: Subject, layer: str, number: int) -> Products | None:
    """What the slices of a filter make of the picture; None where its layer cannot be taken apart."""
    if layer not in explainable_layers(subject):
        return None
    breakdown = compute_breakdown(subject, layer)
    reads, biases = breakdown.operation.reads(number), breakdown.operation.bias
    return Products(
        breakdown.input[reads.start : reads.stop],
        breakdown.products(number),
        0.0 if biases is None else float(biases[number]),
        breakdown.output[number],
    )


@st.cache_data(max_entries=64, show_spinner=False)
def compute_solid(filters: Filters, number: int, apart: tuple[int, ...]) -> bytes:
    """A drawing of one filter, some of its slices pulled apart."""
    return draw_solid(filters.values[number], apart)


def slices_on(page: int, products: Products | None, depth: int) -> tuple[int, ...]:
    """The slices that are shown at once: all, or where they are many those that contribute most.

    Args:
        page: counted from 1.
        products: for their order; None leaves them as they are.
        depth: how many there are.
    """
    ranked = np.arange(depth) if products is None or depth <= MOST_APART else products.ranked
    many = MOST_APART if depth <= MOST_APART else MOST_APART - 1  # one place is for all others
    return tuple(ranked[(page - 1) * many : page * many].tolist())


def show_solid(
    convolution: Convolution, filters: Filters, summary: FilterSummary, number: int, products: Products | None
) -> bytes:
    """One filter as a block, and pulled apart into its slices; gives the drawing."""
    depth = convolution.depth
    shape = shape_text((*convolution.kernel, depth))
    st.subheader(f"{convolution.path}, filter {number}: {shape}", anchor=False)
    if summary.dead[number]:
        norm = significant(summary.norms[number])
        st.info(f"This filter is dead: its norm is {norm}. Colours below are next to nothing, much magnified.")
    apart = slices_on(1, products, depth)
    png = compute_solid(filters, number, apart)
    st.image(
        png,
        alt=f"Filter {number} of {convolution.path} as a block of {shape} weights"
        + (f", and {len(apart)} of its {depth} slices pulled apart" if depth > 1 else ""),
        width=SOLID_WIDTH,
    )
    weights = depth * convolution.kernel[0] * convolution.kernel[1]
    bias = " and a bias" if convolution.bias else ""
    said = f"**One filter is one block** of {count_text(weights, 'weight')}{bias}: "
    said += f"{count_text(depth, 'slice')} of {shape_text(convolution.kernel)}, one for each input channel it reads."
    if len(apart) < depth:
        said += f" Pulled apart: the {len(apart)} that contribute most to the map of this picture."
    st.markdown(f"{said} Blue is below zero, red above.")
    return png


def show_products(
    subject: Subject, convolution: Convolution, filters: Filters, number: int, part: int, products: Products
) -> int | None:
    """Every slice beside its input map and their product, and the map these add up to; gives the slice clicked."""
    depth = convolution.depth
    terms = f"{count_text(depth, 'slice')} × {count_text(depth, 'input map')}{', summed' if depth > 1 else ''}"
    st.subheader(f"{terms}{' + bias' if convolution.bias else ''} = 1 output map", anchor=False)
    left, right = st.columns([3, 1], gap="large")
    with left:
        pages = 1 if depth <= MOST_APART else -(-depth // (MOST_APART - 1))
        page = st.pagination(pages, key="slices_sheet") if pages > 1 else 1
        shown = slices_on(page, products, depth)
        sheet, labels = _draw_products(convolution, filters, number, products, shown)
        clicked = clickable_mosaic(
            png=sheet.png,
            cells=sheet,
            labels=labels,
            selected=shown.index(part) if part in shown else None,
            marked=(),
            alt=f"{len(shown)} slices of filter {number} of {convolution.path}, each beside its input map and product",
            key="slices",
            noun="slice",
            smallest=150,  # so that a phone shows two in a row
        )
        few = f" Shown are the {len(shown)} that contribute most, and the sum of all others." if pages > 1 else ""
        st.caption(
            "Each slice slides over an input map of its own. Slices share one scale, so do maps and so do products: "
            f"what is pale adds little.{few}"
        )
    with right:
        _show_sum(subject, convolution, number, products)
    return shown[clicked] if clicked is not None and clicked < len(shown) else None


def _draw_products(
    convolution: Convolution, filters: Filters, number: int, products: Products, shown: tuple[int, ...]
) -> tuple[Mosaic, list[str]]:
    """The tiles and a line for each."""
    numbers = list(shown)
    made = products.made[numbers]
    names = [f"slice {each}" for each in numbers]
    labels = [
        f"slice {each} × {name_channel(convolution, number, each)}: adds {significant(product.min())} to "
        f"{significant(product.max())} to a cell"
        for each, product in zip(numbers, made, strict=True)
    ]
    others = convolution.depth - len(numbers)
    if others:
        rest = products.made.sum(axis=0) - made.sum(axis=0)
        made = np.concatenate([made, rest[None]])
        names.append(f"{count_text(others, 'other')}, added")
        labels.append(f"all others: add {significant(rest.min())} to {significant(rest.max())} to a cell")
    few = len(names) <= _FEW
    sheet = product_tiles(
        filters.values[number, numbers],
        products.read[numbers],
        made,
        names,
        side=_LARGE_TILE_SIDE if few else _TILE_SIDE,
        columns=2 if few else 4,
    )
    return sheet, labels


def _show_sum(subject: Subject, convolution: Convolution, number: int, products: Products) -> None:
    """The output map, and the picture that all this is about."""
    output = products.output
    bias = f" plus the bias {significant(products.bias)}" if convolution.bias else ""
    summed = f"the sum of {convolution.depth:,} products" if convolution.depth > 1 else "the product"
    st.image(
        magnify_map(output, bool(output.min() < 0), _MAP_SIDE),
        caption=f"Map {number}, {shape_text(output.shape)}: {summed}{bias}",
        alt=f"Map {number} of {convolution.path} on {subject.picture.title}",
        width="stretch",
    )
    if np.isfinite(products.difference):
        st.caption(f"Worked out here and by the network, no cell differs by more than {products.difference:.1e}.")
    seen = subject.model.preprocessing.pixels(subject.picture.intake.image)
    times = max(1, _MAP_SIDE // seen.shape[0])
    st.image(
        encode_png(np.ascontiguousarray(seen.repeat(times, axis=0).repeat(times, axis=1))),
        caption="What the network sees",
        alt=f"{subject.picture.title} as the network sees it",
        width="stretch",
    )


def name_channel(convolution: Convolution, number: int, part: int) -> str:
    """What a slice reads, in words."""
    channel = convolution.inputs_of(number)[part]
    return RGB_NAMES[channel] if convolution.sees_photo else f"input channel {channel}"


def offer_solid(subject: Subject, convolution: Convolution, number: int, png: bytes, products: Products) -> None:
    """The drawing, the numbers behind it, and Python that gives them."""
    more = ["from explorer.anatomy.microscope import break_down"]
    lines = [
        *opening_lines(subject),
        *more,
        f"breakdown = break_down(model, preprocessing.tensor(image), {convolution.layer!r})",
        f"products = breakdown.products({number})  # (slices, H, W)",
        f"bias = {'breakdown.operation.bias[' + str(number) + ']' if convolution.bias else '0'}",
        f"print(products.shape, abs(products.sum(axis=0) + bias - breakdown.output[{number}]).max())",
    ]
    offer(
        f"{subject.file_stem}-{convolution.path}-filter-{number}",
        png,
        lambda: arrays_as_npz(
            inputs=products.read, products=products.made, bias=np.array(products.bias), output=products.output
        ),
        snippet(*lines),
        key="solid",
    )
