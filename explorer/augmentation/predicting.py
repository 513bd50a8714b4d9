"""What a network believes of many pictures at once: of draws, and on average over draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from explorer.augmentation.drawing import Draw
from explorer.augmentation.pipeline import Pipeline
from explorer.augmentation.rejection import PipelineRejected
from explorer.zoo import VisionModel

# Pixels of one batch: 64 pictures of 128 x 128, 20 of 224 x 224. More would take gigabytes in a large network.
_BATCH_PIXELS = 64 * 128 * 128


def batches(x: Tensor) -> Iterator[Tensor]:
    """A batch (N, C, H, W) in parts that every network of the zoo has room for."""
    yield from x.split(max(1, _BATCH_PIXELS // (x.shape[2] * x.shape[3])))


def probabilities(model: VisionModel, x: Tensor) -> NDArray[np.float32]:
    """The network's probabilities for every picture.

    Args:
        model: from the zoo.
        x: (N, 3, H, W), normalised.

    Returns:
        (N, classes); each row sums to 1.
    """
    with torch.inference_mode():
        parts = [model.network(part.to(model.device)).float().softmax(dim=1).cpu() for part in batches(x)]
    return torch.cat(parts).numpy()


def inputs_of(model: VisionModel, images: Sequence[Image.Image]) -> Tensor:
    """The network's inputs for pictures of any sizes: (N, 3, S, S)."""
    return torch.cat([model.preprocessing.tensor(image) for image in images])


@dataclass(frozen=True, eq=False)
class DrawProbabilities:
    """The probability of each class for each draw.

    Attributes:
        target: index of the class that is most probable for the unchanged picture.
        single: (classes,), of the unchanged picture.
        probabilities: (N, classes), of the draws.
    """

    target: int
    single: NDArray[np.float32]
    probabilities: NDArray[np.float32]

    @property
    def of_target(self) -> NDArray[np.float32]:
        """(N,), of the class that the unchanged picture is taken for."""
        return self.probabilities[:, self.target]

    @property
    def order(self) -> NDArray[np.intp]:
        """(N,), places of the draws, the one that is surest of the target first; ties as they were drawn."""
        return np.argsort(-self.of_target, kind="stable")

    @property
    def kept(self) -> float:
        """Share of the draws that are taken for the same class as the unchanged picture."""
        return float((self.probabilities.argmax(axis=1) == self.target).mean())


def probabilities_of_draws(model: VisionModel, image: Image.Image, draws: Sequence[Image.Image]) -> DrawProbabilities:
    """What a network makes of draws, in one batch with the picture they were made of.

    Args:
        model: from the zoo.
        image: the unchanged picture, RGB.
        draws: at least one, of any sizes, RGB; each goes through the model's preprocessing.

    Raises:
        PipelineRejected: there are no draws.
    """
    if not draws:
        raise PipelineRejected("There are no draws to look at.")
    found = probabilities(model, inputs_of(model, [image, *draws]))
    return DrawProbabilities(int(found[0].argmax()), found[0], found[1:])


@dataclass(frozen=True, eq=False)
class TestTimeAverage:
    """Test-time augmentation: the mean prediction over draws beside that for the one picture.

    Attributes:
        draws: with what was drawn.
        single: (classes,), of the unchanged picture.
        probabilities: (N, classes), of the draws.
    """

    __test__ = False  # no test class of pytest's, whatever its name begins with

    draws: tuple[Draw, ...]
    single: NDArray[np.float32]
    probabilities: NDArray[np.float32]

    @property
    def mean(self) -> NDArray[np.float32]:
        """(classes,), over the draws; sums to 1."""
        return self.probabilities.mean(axis=0)

    @property
    def spread(self) -> NDArray[np.float32]:
        """(classes,), standard deviation over the draws (of the sample: divided by N - 1; zero for one draw)."""
        if len(self.probabilities) < 2:
            return np.zeros_like(self.single)
        return self.probabilities.std(axis=0, ddof=1)


def average_draws(
    model: VisionModel, image: Image.Image, pipeline: Pipeline, count: int = 16, seed: int = 0
) -> TestTimeAverage:
    """Test-time augmentation (Krizhevsky et al. 2012 averaged ten crops): average the probabilities of many draws.

    Args:
        model: from the zoo.
        image: RGB.
        pipeline: what to draw from.
        count: how many draws, at least one; their seeds are `seed`, `seed` + 1, ...
        seed: of the first draw.

    Raises:
        PipelineRejected: there are no draws, or the pipeline cannot be done on this picture.
    """
    draws = pipeline.draw_many(image, count, seed)
    found = probabilities_of_draws(model, image, [draw.image for draw in draws])
    return TestTimeAverage(draws, found.single, found.probabilities)
