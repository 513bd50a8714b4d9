"""From picture files to what a training step takes: exact pixels once, draws of them, batches of places."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from explorer.augmentation import Pipeline
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.trial import count_batches
from explorer.zoo import Preprocessing

Tell = Callable[[int, int], None]  # (done, of)


def prepare_pixels(pictures: PictureSet, preprocessing: Preprocessing, tell: Tell | None = None) -> Tensor:
    """What a network sees of all pictures, before it is normalised.

    Returns:
        (N, 3, S, S) uint8: a quarter of the memory that normalised tensors would take.
    """
    side = preprocessing.size
    pixels = torch.empty(len(pictures), 3, side, side, dtype=torch.uint8)
    for place in range(len(pictures)):
        seen = np.array(preprocessing.fitted(pictures.image(place)))  # (S, S, 3)
        pixels[place] = torch.from_numpy(seen).permute(2, 0, 1)
        if tell is not None:
            tell(place + 1, len(pictures))
    return pixels


def normalise(pixels: Tensor, preprocessing: Preprocessing, device: torch.device) -> Tensor:
    """The network's input for pixels (B, 3, S, S) uint8: the very tensors that `preprocessing.tensor` gives."""
    return preprocessing.normalise(pixels).to(device, memory_format=torch.channels_last)


def draw_pixels(pixels: Tensor, pipeline: Pipeline, preprocessing: Preprocessing, seed: Sequence[int]) -> Tensor:
    """(B, 3, S, S) uint8, each picture drawn with a seed of its own; a draw of another size is fitted again."""
    seeds = np.random.default_rng(list(seed)).integers(0, 2**62, len(pixels))
    drawn = []
    for each, own in zip(pixels.permute(0, 2, 3, 1).numpy(), seeds.tolist(), strict=True):
        image = pipeline.draw(Image.fromarray(each), own)
        if image.size != (preprocessing.size, preprocessing.size):
            image = preprocessing.fitted(image)
        drawn.append(torch.from_numpy(np.array(image)).permute(2, 0, 1))
    return torch.stack(drawn)


def batches(places: NDArray[np.int64], size: int, order: torch.Generator) -> Iterator[NDArray[np.int64]]:
    """All places once, in random order, in `count_batches` batches.

    What is left over is a batch of its own, unless it is a single picture: a fresh batch norm cannot learn from one.
    """
    shuffled = places[torch.randperm(len(places), generator=order).numpy()]
    for number in range(count_batches(len(places), size)):
        yield shuffled[number * size : (number + 1) * size]


class _Kept:
    """The last few results of something slow: trainings of one job ask for the same, one after another."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._values: OrderedDict[Hashable, tuple[Tensor, float]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Tensor]) -> tuple[Tensor, float]:
        """The value, and the seconds that it took when it was made."""
        with self._lock:
            if key not in self._values:
                started = time.perf_counter()
                self._values[key] = make(), time.perf_counter() - started
                while len(self._values) > self._most:
                    self._values.popitem(last=False)
            self._values.move_to_end(key)
            return self._values[key]

    def clear(self) -> None:
        with self._lock:
            self._values.clear()


_PIXELS, _FEATURES = _Kept(1), _Kept(4)


def pixels_once(pictures: PictureSet, preprocessing: Preprocessing, tell: Tell | None = None) -> Tensor:
    """`prepare_pixels`, kept until other pictures or another preprocessing is asked for; not to be written to."""
    return _PIXELS.get((pictures.key, preprocessing), lambda: prepare_pixels(pictures, preprocessing, tell))[0]


def features_once(key: Hashable, make: Callable[[], Tensor]) -> tuple[Tensor, float]:
    """What frozen layers make of all pictures, and the seconds it took; kept among the last four asked for."""
    return _FEATURES.get(key, make)


def forget() -> None:
    """Give the memory of kept pixels and features back."""
    _PIXELS.clear()
    _FEATURES.clear()
