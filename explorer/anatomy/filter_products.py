"""How the slices of one filter and the maps that they read become one map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.anatomy.convolutions import Convolution
from explorer.operations import LayerBreakdown
from explorer.rendering import MOST_APART, MapGrid, product_tiles
from explorer.snippet import snippet
from explorer.text import count_text, significant

_FEW = 4  # tiles that are drawn large
_TILE_SIDE, _LARGE_TILE_SIDE = 44, 96  # pixels of each of the three pictures on a tile
_RGB = ("red", "green", "blue")


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


def multiply(breakdown: LayerBreakdown, number: int) -> Products:
    """What the slices of one filter of a layer that was taken apart make of what it read."""
    reads, biases = breakdown.operation.reads(number), breakdown.operation.bias
    return Products(
        breakdown.input[reads.start : reads.stop],
        breakdown.products(number),
        0.0 if biases is None else float(biases[number]),
        breakdown.output[number],
    )


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


def draw_products(
    convolution: Convolution, weights: NDArray[np.float32], number: int, products: Products, shown: Sequence[int]
) -> tuple[MapGrid, list[str]]:
    """Tiles of "slice x map = product", and a line for each.

    Args:
        convolution: whose filters.
        weights: (out, in / groups, kh, kw).
        number: of the filter.
        products: of its slices.
        shown: numbers of the slices; one more tile adds up all others.
    """
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
    grid = product_tiles(
        weights[number, numbers],
        products.read[numbers],
        made,
        names,
        side=_LARGE_TILE_SIDE if few else _TILE_SIDE,
        columns=2 if few else 4,
    )
    return grid, labels


def name_channel(convolution: Convolution, number: int, part: int) -> str:
    """What a slice reads, in words."""
    channel = convolution.inputs_of(number)[part]
    return _RGB[channel] if convolution.sees_photo else f"input channel {channel}"


def products_snippet(opening: Sequence[str], convolution: Convolution, number: int) -> str:
    """Python that gives the products; `opening` are lines that give `model`, `preprocessing` and `image`."""
    bias = f"breakdown.operation.bias[{number}]" if convolution.bias else "0"
    return snippet(
        *opening,
        "from explorer.anatomy.microscope import break_down",
        f"breakdown = break_down(model, preprocessing.tensor(image), {convolution.layer!r})",
        f"products = breakdown.products({number})  # (slices, H, W)",
        f"bias = {bias}",
        f"print(products.shape, abs(products.sum(axis=0) + bias - breakdown.output[{number}]).max())",
    )
