"""What one training is: a network, a strategy, a recipe, a seed. Values only, no torch: pages open fast."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any, Literal, get_args

Strategy = Literal["scratch", "head", "truncated", "full", "gradual", "norm"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
FOUR: tuple[Strategy, ...] = ("scratch", "head", "truncated", "full")  # what one click runs
STRATEGY_TITLES: Mapping[Strategy, str] = {
    "scratch": "From scratch",
    "head": "New head, frozen backbone",
    "truncated": "Truncated, first stages frozen",
    "full": "Full fine-tuning",
    "gradual": "Gradual unfreezing",
    "norm": "Batch norm and head",
}
Optimiser = Literal["sgd", "adamw"]
Schedule = Literal["cosine", "step", "constant"]


class TransferRejected(ValueError):
    """What was asked for cannot be trained; the message says why in one sentence."""


def count_batches(pictures: int, size: int) -> int:
    """How many batches one pass over so many pictures has."""
    whole, rest = divmod(pictures, size)
    return max(1, whole + (rest > 1))


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes:
        optimiser: SGD with Nesterov momentum 0.9, or AdamW.
        learning_rate: peak rate of new layers, and of all layers from scratch.
        backbone_share: rate of pretrained layers, as a share of `learning_rate`.
        schedule: after a warm-up over the first 5 % of the steps: a cosine to zero, a tenth after each third, or none.
        epochs: passes over the training pictures.
        steps: batches that are learned from at least, in whole passes: where `epochs` have fewer, because the pictures
            are few, there are more passes. 0 for no such least.
        seconds: time budget of the steps of one training; 0 for none. What frozen layers take once does not count. The
            schedule ends with the passes or with the time, whichever comes first.
        batch_size: pictures of a step; fewer where there are fewer.
        weight_decay: of weights with more than one dimension; biases and norms have none.
        dropout: before the new head, from 0 to 0.9.
        label_smoothing: from 0 to 0.5.
        patience: share of the planned passes without a lower validation loss after which it ends; 0 for never.
        pipeline: augmentation of the training pictures, as JSON for `explorer.augmentation.Pipeline`; "" for none.
            Without it, what is frozen is computed once.

    Raises:
        TransferRejected: a value out of range.
    """

    optimiser: Optimiser = "adamw"
    learning_rate: float = 1e-3
    backbone_share: float = 0.1
    schedule: Schedule = "cosine"
    epochs: int = 20
    steps: int = 0
    seconds: float = 0.0
    batch_size: int = 32
    weight_decay: float = 1e-2
    dropout: float = 0.2
    label_smoothing: float = 0.0
    patience: float = 0.0
    pipeline: str = ""

    def __post_init__(self) -> None:
        ranges = {
            "optimiser": self.optimiser in get_args(Optimiser),
            "schedule": self.schedule in get_args(Schedule),
            "learning_rate": 0 < self.learning_rate <= 10,
            "backbone_share": 0 <= self.backbone_share <= 1,
            "epochs": 1 <= self.epochs <= 500,
            "steps": 0 <= self.steps <= 100_000,
            "seconds": 0 <= self.seconds <= 24 * 3600,
            "batch_size": 1 <= self.batch_size <= 1024,
            "weight_decay": 0 <= self.weight_decay <= 1,
            "dropout": 0 <= self.dropout <= 0.9,
            "label_smoothing": 0 <= self.label_smoothing <= 0.5,
            "patience": 0 <= self.patience <= 1,
        }
        for name, fits in ranges.items():
            if not fits:
                raise TransferRejected(f"The {name.replace('_', ' ')} {getattr(self, name)!r} is out of range.")

    def steps_on(self, pictures: int) -> int:
        """Steps that are planned on so many training pictures."""
        batches = count_batches(pictures, self.batch_size)
        return batches * self.passes(batches)

    def passes(self, batches: int) -> int:
        """Passes over the training pictures that are planned, where each of them has so many batches."""
        return max(self.epochs, ceil(self.steps / batches))


# A new head on the features of a few dozen pictures has learned after a hundred steps or two. What trains the whole
# network takes seconds for a step on a CPU: two minutes each, and the four strategies are done within ten.
DEFAULT_RECIPE = Recipe(epochs=10, steps=300, seconds=120.0, patience=0.3)


@dataclass(frozen=True)
class Trial:
    """One training.

    Attributes:
        network: name for `explorer.zoo.load_model`.
        strategy: what is frozen, what is new.
        recipe: how it is trained.
        seed: of the new weights, the order of the pictures, the draws and dropout.
        share: of the training pictures that are used, from 0 to 1; smaller shares are parts of larger ones.
        split_seed: of the split; the same for all trainings that are compared.
        kept: for "truncated", how many stages are kept; 0 for about half of them.
        device: name for `explorer.device.resolve_device`.

    Raises:
        TransferRejected: a value out of range.
    """

    network: str
    strategy: Strategy
    recipe: Recipe = Recipe()
    seed: int = 0
    share: float = 1.0
    split_seed: int = 0
    kept: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise TransferRejected(f"There is no strategy {self.strategy!r}; there are {', '.join(STRATEGIES)}.")
        if not 0 < self.share <= 1:
            raise TransferRejected(f"The share of training pictures must be above 0 and at most 1, not {self.share}.")

    def to_dict(self) -> dict[str, Any]:
        """JSON values, for `from_dict`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Trial:
        """Read what `to_dict` wrote.

        Raises:
            TransferRejected: a value out of range, or names that are none.
        """
        try:
            return cls(**{**values, "recipe": Recipe(**values["recipe"])})
        except (TypeError, KeyError) as error:
            raise TransferRejected(f"This is no training that can be read ({error}).") from error

    def to_json(self) -> str:
        """One line."""
        return json.dumps(self.to_dict())

    def describe(self, with_network: bool = False) -> str:
        """As people call it, unique within a comparison."""
        share = f", {100 * self.share:g} % of the pictures" if self.share < 1 else ""
        network = f"{self.network}, " if with_network else ""
        return f"{network}{STRATEGY_TITLES[self.strategy]}, seed {self.seed}{share}"
