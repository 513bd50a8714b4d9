"""What is written of a photo of which a part is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.captioning.caption import Caption
from explorer.captioning.captioner import Captioner


@dataclass(frozen=True, eq=False)
class Hidden:
    """A photo of which a part is hidden.

    Attributes:
        mask: (size, size), True where hidden.
        x: (3, size, size) what the encoder gets, normalised.
        pixels: (size, size, 3) uint8, the same as a picture.
        written: what the captioner writes of it.
        old: the sentence about the whole photo, read with this one.
    """

    mask: NDArray[np.bool_]
    x: NDArray[np.float32]
    pixels: NDArray[np.uint8]
    written: Caption
    old: Caption


def read_hidden(
    captioner: Captioner, hidden: Tensor, mask: NDArray[np.bool_], old: Sequence[str], width: int
) -> Hidden:
    """Write anew, and read the old sentence, of a photo that is hidden in part.

    Args:
        captioner: the network.
        hidden: (1, 3, size, size) its input, something else where the mask is.
        mask: (size, size), True where hidden.
        old: words of the sentence about the whole photo.
        width: of the beam search.
    """
    a = captioner.look(hidden)
    written, again = captioner.search(a, width).best, captioner.vocabulary.encode(old)
    return Hidden(
        mask,
        hidden[0].cpu().numpy(),
        captioner.preprocessing.unnormalise(hidden),
        captioner.follow(a, [written])[0],
        captioner.follow(a, [again])[0],
    )
