"""Cards on convolutional networks from end to end."""

from __future__ import annotations

import random
from math import prod

from explorer.deck.card import Card, Drawn, Experiment
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


CARDS: tuple[Card, ...] = (
    Card(
        id=45,
        question="How is a CNN that classifies pictures commonly built? Which layers follow each other, and what "
        "happens to the shape on the way?",
        answer="Blocks of one or more convolutions with activations, and after each block a pooling or a convolution "
        "with stride 2. The convolutions are padded, so only the ends of blocks halve height and width, while the "
        "number of channels grows. Then the maps are averaged or flattened, and a dense layer or a few give a number "
        "for each class.",
        more_exactly=r"At the end both height and width are small, and the depth is large: in tiny-vgg "
        r"$3 \times 32 \times 32$ becomes $24 \times 16 \times 16$, $32 \times 8 \times 8$ and $48 \times 4 \times 4$. "
        "The tensor gets smaller all the same, here from 3,072 values to 768. Newer networks average and have one "
        "dense layer; several after flattening are the older way.",
        experiment=Experiment(
            page="layers",
            address={"model": "tiny-vgg"},
            shows="resolution shrinks while channels grow",
            does="Go through the network from left to right, and read the shape of every stage.",
        ),
        draw=_draw_blocks,
    ),
    Card(
        id=46,
        question="What does it mean that the tensor has more and more channels on its way through a CNN?",
        answer="A channel is one feature, looked for at every place. More channels are more features; and the deeper "
        "ones are made of earlier ones and see more of the picture, from edges and colours to textures and parts.",
        more_exactly="The number is not learned, whoever designs the network sets it. Twice the channels on half the "
        r"height and width cost the same: a $3 \times 3$ convolution from 64 to 64 channels on $56 \times 56$ takes "
        r"115,605,504 multiply-adds, and so does one from 128 to 128 on $28 \times 28$. And few channels stand for "
        "one thing that has a name.",
        experiment=Experiment(
            page="layers",
            address={"model": "tiny-vgg", "layer": "features.pool3"},
            shows="48 × 4 × 4",
            does="Open early and late stages, click maps, and see which pictures activate them most.",
        ),
    ),
)
