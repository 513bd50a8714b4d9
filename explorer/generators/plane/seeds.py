"""The same game with other seeds: whether what one of them shows is chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from explorer.generators.plane.describing import is_collapsed, say_covered
from explorer.generators.plane.game import Recipe, State, fixed_codes, play
from explorer.generators.plane.points import Reals
from explorer.generators.plane.yardstick import measure
from explorer.neurons.describing import write_table

SEEDS: Final = 5


@dataclass(frozen=True)
class Outcome:
    """What a game came to.

    Attributes:
        seed: Of its first weights and draws.
        covered: By the fakes, in words.
        collapsed: Whether half is left out at least.
        value, best_value, divergence: Of the yardstick.
    """

    seed: int
    covered: str
    collapsed: bool
    value: float
    best_value: float
    divergence: float


def play_seeds(reals: Reals, recipe: Recipe, rounds: int, tell: Callable[[int, int], object]) -> tuple[Outcome, ...]:
    """As many games as `SEEDS`, from the recipe's own seed on.

    Args:
        reals: What is imitated.
        recipe: Of the first.
        rounds: Of each.
        tell: Called after every hundredth round with how many were played of all games' rounds.
    """
    outcomes = []
    for number in range(SEEDS):
        game = replace(recipe, seed=recipe.seed + number)

        def told(state: State, before: int = number * rounds) -> None:
            tell(before + state.rounds, SEEDS * rounds)

        state = play(reals, game, rounds, tell=told)
        made = measure(reals, state, fixed_codes(game))
        outcomes.append(
            Outcome(
                game.seed,
                say_covered(reals, made),
                is_collapsed(reals, made),
                made.value,
                made.best_value,
                made.divergence,
            )
        )
    return tuple(outcomes)


def say_seeds(outcomes: Sequence[Outcome]) -> str:
    """How many collapsed, and each one's figures as a table in Markdown."""
    collapsed = sum(each.collapsed for each in outcomes)
    said = f"Mode collapse with {collapsed or 'none'} of {len(outcomes)} seeds."
    heads = ("fakes cover", "discriminator’s value", "best value", "divergence")
    rows = {
        f"seed {each.seed}": (
            each.covered,
            *(f"{value:.3f}".replace("-", "−") for value in (each.value, each.best_value, each.divergence)),
        )
        for each in outcomes
    }
    return f"{said}\n\n{write_table(heads, rows)}"
