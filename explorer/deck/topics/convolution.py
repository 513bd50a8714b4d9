"""Cards on convolutions: sums of products, borders, strides, sizes, channels and groups."""

from __future__ import annotations

import random

from explorer.deck.card import Card, Drawn, Experiment
from explorer.operations.sizes import convolution_size


def _draw_size(numbers: random.Random) -> Drawn:
    kernel = numbers.choice((3, 5, 7))
    padding = numbers.randint(0, kernel // 2)
    stride = numbers.randint(2, 4)
    side = numbers.randint(12, 64)
    size = convolution_size(side, kernel, stride, padding)
    return Drawn(
        f"A ${side} \\times {side}$ picture, kernel ${kernel} \\times {kernel}$, stride {stride}, padding {padding} on "
        "every side: how many rows and columns has the output?",
        f"**{size.value} rows and {size.value} columns**: ${size.worked}$.",
    )


CARDS: tuple[Card, ...] = (
    Card(
        id=35,
        question="The border of a picture is padded so that a convolution of stride 1 keeps its size. "
        "What is the size with stride 2?",
        answer=r"Every second row and every second column of the output is left out, so an $N \times N$ picture gives "
        r"$\lceil N/2 \rceil \times \lceil N/2 \rceil$: half of it, rounded up.",
        more_exactly="Often said to be $N/2$, which is right for even sides. Of 7 rows, kernel 3 and padding 1, the "
        "centres stand on rows 1, 3, 5 and 7, so 4 are left.",
        experiment=Experiment(
            page="convolution",
            address={"stride": "2", "padding": "1", "ksize": "3"},
            shows="input cells, kernel",
            does="Compare rows and columns of the photo with those of the output; the formula below has your numbers.",
        ),
        draw=_draw_size,
    ),
)
