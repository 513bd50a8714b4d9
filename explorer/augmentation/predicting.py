"""What a network believes of many pictures at once: of draws, and on average over draws."""

from __future__ import annotations

from collections.abc import Sequence
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
    found = model.logits(inputs_of(model, [image, *draws])).softmax(1).numpy()
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
