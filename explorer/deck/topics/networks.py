"""Exercises on convolutional networks from end to end."""

from __future__ import annotations

import random
from collections.abc import Mapping
from math import prod
from typing import Final

from explorer.deck.card import Draw, Drawn
from explorer.operations.pooling import Pooling


def _draw_blocks(numbers: random.Random) -> Drawn:
    blocks, side, channels = numbers.randint(2, 5), 32 * numbers.randint(1, 7), numbers.choice((16, 24, 32, 48, 64))
    rows = side
    for _ in range(blocks):
        rows = Pooling("max").size(rows)
    shape = (channels * 2 ** (blocks - 1), rows, rows)
    return Drawn(
        f"A picture of $3 \\times {side} \\times {side}$ goes through {blocks} blocks of padded convolutions, each "
        f"ending in a $2 \\times 2$ pooling. The first block has {channels} channels, and every block twice as many as "
        "the one before. What shape comes out, and how many values are that?",
        f"**${shape[0]} \\times {rows} \\times {rows}$**, {prod(shape):,} values.",
    )


DRAWS: Final[Mapping[int, Draw]] = {45: _draw_blocks}
