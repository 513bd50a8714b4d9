"""Names for the concepts of a layer: the classes whose scores fall when a concept is taken out of its maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.anatomy import pass_through, record
from explorer.saliency.concepts.deep_feature_factorization import Factors, factorize
from explorer.saliency.layers import find_layer
from explorer.zoo import VisionModel

LEAST = 0.5  # of a logit that a class owes to a concept which is named after it: 1.6 times its odds


@dataclass(frozen=True, eq=False)
class Concepts:
    """The concepts of a layer on one picture.

    Attributes:
        layer: its name.
        factors: what the maps are made of; where some are below zero, of 2 C channels, the second C being -A.
        gains: (K, num_classes) logits that each class owes to each concept, less what classes owe to it on average,
            which no probability notices.
    """

    layer: str
    factors: Factors
    gains: NDArray[np.float64]

    def best_classes(self, concept: int, count: int = 3) -> list[int]:
        """The classes that owe a concept most; those that owe it at least `LEAST`, so fewer than `count` at times."""
        gains = self.gains[concept]
        return [int(index) for index in np.argsort(-gains, kind="stable")[:count] if gains[index] >= LEAST]

    def covered(self) -> NDArray[np.float64]:
        """(K,) the share of the cells where each concept is the strongest; cells without any belong to none."""
        maps = self.factors.maps
        strongest = np.where(maps.max(0) > 0, maps.argmax(0), -1)
        return np.array([float((strongest == number).mean()) for number in range(len(maps))])


def find_concepts(model: VisionModel, x: Tensor, count: int, layer: str | None = None, seed: int = 0) -> Concepts:
    """The concepts of a layer, and which classes each speaks for.

    A concept is taken out by taking from every value of the maps the share that the concept has of the factors'
    product; what the logits lose then is what they owe to it. Where only global average pooling and a dense layer
    follow, all concepts together and the bias make the logit. Factors know no sign: what is below zero in the maps of
    a layer without a ReLU counts as further channels, since it says as much as what is above.

    Args:
        model: from the zoo.
        x: (1, 3, H, W), normalised.
        count: how many concepts.
        layer: its name; `default_layer` if None.
        seed: of the factorization.

    Raises:
        SaliencyImpossible: there is no such layer, or it has no maps.
        ValueError: the maps are not finite numbers.
    """
    facts = find_layer(model, x, layer)
    found = record(model, x, [facts.name])[facts.name].maps.float().cpu().numpy()
    channels = len(found)
    factors = factorize(np.concatenate([found, -found]) if (found < 0).any() else found, count, seed)
    taken = torch.from_numpy(factors.shares())  # (K, C or 2 C, h, w)
    kept = torch.cat([torch.ones_like(taken[:1]), 1 - taken])

    def take_out(output: Tensor) -> Tensor:
        maps = output.movedim(facts.channel_axis, 1)
        above, below = kept[:, :channels].to(maps), kept[:, -channels:].to(maps)
        return (maps * torch.where(maps > 0, above, below)).movedim(1, facts.channel_axis)

    with torch.inference_mode():
        # The whole batch from the start: layers may join these maps with those of earlier ones.
        logits = pass_through(model, x.expand(1 + count, -1, -1, -1).clone(), facts.name, take_out).cpu().double()
    gains = (logits[:1] - logits[1:]).numpy()
    return Concepts(facts.name, factors, gains - gains.mean(1, keepdims=True))
