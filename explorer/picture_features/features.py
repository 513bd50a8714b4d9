"""What a network makes of many pictures: the mean of every map of some layers, from early to late ones."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.anatomy import INPUT, LayerFacts, average_maps, stages
from explorer.picture_features.album import FEWEST, Album
from explorer.slices import Slices
from explorer.zoo import VisionModel

SECONDS: Final = 30.0  # after which a map is made of the pictures that were reached
MOST_LAYERS: Final = 8
_AT_ONCE: Final = 16  # pictures of a forward pass
_MANY: Final = 400  # pictures, from which on the network sees them at half the size


@dataclass(frozen=True, eq=False)
class Features:
    """Pooled features of the pictures that were reached.

    Attributes:
        places: (M,) of those pictures in the album, in rising order.
        layers: by name, from early to late, (M, C) float32: the mean of each of C maps over its cells, or the
            class token; the first is "input", the means of red, green and blue as the network is given them.
        side: of the square that the network saw, in pixels.
        asked: how many pictures there were.
    """

    places: NDArray[np.int64]
    layers: dict[str, NDArray[np.float32]]
    side: int
    asked: int

    @property
    def size(self) -> int:
        """Bytes of all numbers."""
        return sum(each.nbytes for each in self.layers.values())


def spread_layers(facts: Sequence[LayerFacts], most: int = MOST_LAYERS) -> tuple[str, ...]:
    """Layers that stand for a network's stages and a transformer's blocks, from first to last; at most so many."""
    ends = [stage.last.name for stage in stages(facts) if stage.last.resolution != (1, 1)]
    ends += [name for name in _end_blocks(facts) if name not in ends]
    if len(ends) <= most:
        return tuple(ends)
    return tuple(ends[round(place)] for place in np.linspace(0, len(ends) - 1, most))


def with_layer(facts: Sequence[LayerFacts], layers: Sequence[str], name: str) -> tuple[str, ...]:
    """Layers with one more in its place, where the network has it and its output is of maps or of single numbers."""
    wanted = {*layers, *(each.name for each in facts if each.name == name and len(each.shape) != 2)}
    return tuple(each.name for each in facts if each.name in wanted)


def _end_blocks(facts: Sequence[LayerFacts]) -> list[str]:
    """The last layer of every block that has its own attention over tokens (N, C)."""
    blocks = [each.path.rpartition(".")[0] for each in facts if each.kind == "MultiheadAttention"]
    ends = {block: each for each in facts for block in blocks if f"{each.path}.".startswith(f"{block}.")}
    return [each.name for each in ends.values() if len(each.shape) == 2]


def choose_side(count: int, side: int) -> int:
    """The side of the square that the network sees of so many pictures: half of `side` where they are many."""
    return side if count <= _MANY or side < 128 else side // 2


def read_features(
    model: VisionModel, album: Album, layers: Sequence[str], seconds: float = SECONDS, seed: int = 0
) -> Slices[Features]:
    """The pooled features of an album, in slices of some pictures.

    The pictures come in random order, so that what is reached in time is a fair sample of all.

    Args:
        model: from the zoo, with the preprocessing that the pictures go through.
        album: the pictures.
        layers: names of the layers.
        seconds: after which no further slice begins; a map's least number of pictures is reached in any case.
        seed: of the order.

    Raises:
        LayerUnknown: a name in `layers` is no layer of this network.
    """
    order = np.random.default_rng(seed).permutation(len(album))
    rows: dict[str, list[NDArray[np.float32]]] = {name: [] for name in (INPUT, *layers)}
    started, done = time.monotonic(), 0
    while done < len(album) and (done < FEWEST or time.monotonic() - started < seconds):
        chosen = order[done : done + _AT_ONCE].tolist()
        x = model.preprocessing.tensors([album.image(place) for place in chosen])
        with torch.inference_mode():
            means = {INPUT: x.mean((2, 3)), **average_maps(model, x, layers)}
        for name, each in means.items():
            rows[name].append(each.float().cpu().numpy())
        done += len(chosen)
        yield done, len(album)
    rising = np.argsort(order[:done])
    made = {name: np.concatenate(parts)[rising] for name, parts in rows.items()}
    return Features(order[:done][rising].astype(np.int64), made, model.preprocessing.size, len(album))
