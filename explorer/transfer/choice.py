"""What is to be compared: strategies, seeds and shares of the pictures, and the trainings that they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from explorer.text import count_text
from explorer.transfer.trial import DEFAULT_RECIPE, FOUR, Recipe, Strategy, Trial

_QUICK: Final = ("head", "truncated")


@dataclass(frozen=True)
class Choice:
    """What is to be compared.

    Attributes:
        strategies: in the order of `STRATEGIES`.
        recipe: of all of them.
        seeds: how many trainings differ in nothing but the seed, which counts from 0.
        shares: of the training pictures, from 0 to 1, the largest first.
        split_seed: of the split.
        repeated: whether every seed has a split of its own; else all trainings have the same.
        kept: stages that "truncated" keeps; 0 for about half of them.
    """

    strategies: tuple[Strategy, ...] = FOUR
    recipe: Recipe = DEFAULT_RECIPE
    seeds: int = 3
    shares: tuple[float, ...] = (1.0,)
    split_seed: int = 0
    repeated: bool = False
    kept: int = 0

    @property
    def count(self) -> int:
        """Of trainings."""
        return len(self.strategies) * self.seeds * len(self.shares)

    def trials(self, network: str, device: str) -> tuple[Trial, ...]:
        """Every training: a seed of all strategies before the next seed, so that what is stopped can be compared.

        Within a seed, those on frozen layers come first: after seconds there is a classifier to try.
        """
        return tuple(
            Trial(
                network,
                strategy,
                self.recipe,
                seed=seed,
                share=share,
                split_seed=self.split_seed + (seed if self.repeated else 0),
                kept=self.kept if strategy == "truncated" else 0,
                device=device,
            )
            for share in self.shares
            for seed in range(self.seeds)
            for strategy in sorted(self.strategies, key=lambda each: each not in _QUICK)
        )


def describe_amount(choice: Choice) -> str:
    """What a click will start, in a sentence."""
    shares = f" × {count_text(len(choice.shares), 'share')}" if len(choice.shares) > 1 else ""
    recipe = choice.recipe
    each = count_text(recipe.epochs, "epoch")
    if recipe.steps:
        each += f", at least {recipe.steps:,} steps"
    limit = f", at most {recipe.seconds:.0f} s each" if recipe.seconds else ""
    splits = "a split for each seed" if choice.repeated else "the same split"
    many = len(choice.strategies)
    return (
        f"{many} {'strategy' if many == 1 else 'strategies'} × {count_text(choice.seeds, 'seed')}{shares}: "
        f"{count_text(choice.count, 'training')} of {each}{limit}, on {splits}."
    )
