"""The first thing seen of a filter: the solid it is, and how its slices and the maps they read become one map."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.anatomy import Convolution, FilterSummary
from explorer.anatomy.filter_products import Products, draw_products, multiply, products_snippet, slices_on
from explorer.rendering import MOST_APART, SOLID_WIDTH, draw_solid, encode_png, enlarge_cells, magnify_map
from explorer.text import count_text, shape_text, significant
from explorer.ui.components import clickable_grid
from explorer.ui.filters.compute import Filters
from explorer.ui.filters.grid import SLICE_CARD
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject
from explorer.ui.shared.microscope import compute_breakdown, explainable_layers

_MAP_SIDE = 240  # pixels


# As a resource: megabytes, which `cache_data` would copy at every run. Nobody writes into them.
@st.cache_resource(max_entries=4, show_spinner="Multiplying …")
def compute_products(subject: Subject, layer: str, number: int) -> Products | None:
    """What the slices of a filter make of the picture; None where its layer cannot be taken apart."""
    if layer not in explainable_layers(subject):
        return None
    return multiply(compute_breakdown(subject, layer), number)


@st.cache_data(max_entries=64, show_spinner=False)
def compute_solid(filters: Filters, number: int, apart: tuple[int, ...]) -> bytes:
    """A drawing of one filter, some of its slices pulled apart."""
    return draw_solid(filters.values[number], apart)


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
    show_png(
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
        page = st.pagination(pages, key="slices_grid") if pages > 1 else 1
        shown = slices_on(page, products, depth)
        grid, labels = draw_products(convolution, filters.values, number, products, shown)
        clicked = clickable_grid(
            png=grid.png,
            cells=grid,
            labels=labels,
            selected=shown.index(part) if part in shown else None,
            marked=(),
            alt=f"{len(shown)} slices of filter {number} of {convolution.path}, each beside its input map and product",
            key="slices",
            noun="slice",
            opens=SLICE_CARD,
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


def _show_sum(subject: Subject, convolution: Convolution, number: int, products: Products) -> None:
    """The output map, and the picture that all this is about."""
    output = products.output
    bias = f" plus the bias {significant(products.bias)}" if convolution.bias else ""
    summed = f"the sum of {convolution.depth:,} products" if convolution.depth > 1 else "the product"
    show_png(
        magnify_map(output, bool(output.min() < 0), _MAP_SIDE),
        f"Map {number}, {shape_text(output.shape)}: {summed}{bias}",
        alt=f"Map {number} of {convolution.path} on {subject.picture.title}",
    )
    if np.isfinite(products.difference):
        st.caption(f"Worked out here and by the network, no cell differs by more than {products.difference:.1e}.")
    seen = subject.model.preprocessing.pixels(subject.picture.intake.image)
    show_png(
        encode_png(enlarge_cells(np.asarray(seen), _MAP_SIDE)),
        "What the network sees",
        alt=f"{subject.picture.title} as the network sees it",
    )


def offer_solid(subject: Subject, convolution: Convolution, number: int, png: bytes, products: Products) -> None:
    """The drawing, the numbers behind it, and Python that gives them."""
    offer(
        f"{subject.file_stem}-{convolution.path}-filter-{number}",
        png,
        lambda: arrays_as_npz(
            inputs=products.read, products=products.made, bias=np.array(products.bias), output=products.output
        ),
        products_snippet(opening_lines(subject), convolution, number),
        key="solid",
    )
