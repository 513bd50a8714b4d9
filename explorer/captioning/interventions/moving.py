"""A sentence with the attention led elsewhere at one word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.captioning.caption import Caption
from explorer.captioning.captioner import Captioner
from explorer.captioning.interventions.steering import moved, spot


@dataclass(frozen=True)
class Move:
    """Where the decoder is made to look, and when.

    Attributes:
        step: which word, from 0.
        row, column: of the cell.
        radius: standard deviation in cells.
    """

    step: int
    row: int
    column: int
    radius: float


@dataclass(frozen=True, eq=False)
class Moved:
    """What comes of it.

    Attributes:
        attention: (h, w) that the decoder was given.
        written: the words before, and from the step on what the beam search finds under that attention.
        old: the old sentence, read under it.
        unmoved: words that the same search writes from the same place on without the move.
    """

    attention: NDArray[np.float32]
    written: Caption
    old: Caption
    unmoved: tuple[str, ...]


def lead(captioner: Captioner, a: Tensor, words: tuple[str, ...], move: Move, width: int) -> Moved:
    """Write on from one step with the attention elsewhere.

    Args:
        captioner: the network.
        a: (1, L, D) annotation vectors.
        words: the sentence that is left.
        move: where to look, and when.
        width: of the beam search.
    """
    attention = spot(captioner.grid, move.row, move.column, move.radius)
    steer = moved(move.step, attention)
    best = captioner.search(a, width, prefix=words[: move.step], steer=steer).best
    same = captioner.search(a, width, prefix=words[: move.step]).best
    return Moved(
        attention,
        captioner.follow(a, [best], steer)[0],
        captioner.read(a, words, steer),
        tuple(captioner.vocabulary.decode(same)),
    )
