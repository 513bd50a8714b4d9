"""What a game in the plane has come to, in words."""

from __future__ import annotations

from typing import Final

from explorer.generators.plane.game import FAKES, SHARPNESS, Recipe, State
from explorer.generators.plane.mixtures import BANDWIDTH, SHAPES
from explorer.generators.plane.points import Reals
from explorer.generators.plane.yardstick import EVEN, Yardstick, count_modes, cover
from explorer.text import count_text

_NEAR: Final = 0.06  # to the value that is left where nothing can be told apart


def is_collapsed(reals: Reals, fakes: Yardstick) -> bool:
    """Whether half of the clusters, or of the real points where there are none, is left out at least."""
    modes = count_modes(reals, fakes.fakes)
    if modes is not None:
        return 2 * modes[0] <= modes[1]
    return cover(reals, fakes.fakes).covered <= 0.5


def say_covered(reals: Reals, yardstick: Yardstick) -> str:
    """What the fakes cover: "7 of 8 clusters", "63 % of the real points"."""
    modes = count_modes(reals, yardstick.fakes)
    if modes is not None:
        return f"{modes[0]} of {modes[1]} clusters"
    return f"{100 * cover(reals, yardstick.fakes).covered:.3g} % of the real points"


def say_finding(reals: Reals, state: State, yardstick: Yardstick) -> str:
    """What is covered, what the discriminator says of it, and what the best one would, as Markdown."""
    covered = f"after {count_text(state.rounds, 'round')} the fakes cover {say_covered(reals, yardstick)}"
    collapsed = is_collapsed(reals, yardstick)
    head = f"Mode collapse: {covered}." if collapsed and state.rounds else f"{covered[0].upper()}{covered[1:]}."
    value, best = _signed(yardstick.value), _signed(yardstick.best_value)
    apart = f"a Jensen-Shannon divergence of **{yardstick.divergence:.3f}** apart, of 0.693 at most"
    if yardstick.best_value < EVEN + _NEAR:
        said = (
            f"The discriminator makes **{value}** of the game, and even the best there could be only **{best}**, "
            f"little more than the −log 4 = −1.386 that is left where fakes are like real points: they are {apart}."
        )
    elif yardstick.value < EVEN + _NEAR:
        said = (
            f"The discriminator makes **{value}** of the game, as if fakes were like real points, which leave "
            f"−log 4 = −1.386. The best there could be makes **{best}**: they are {apart}."
        )
    else:
        said = (
            f"The discriminator makes **{value}** of the game, the best there could be **{best}**; where fakes are "
            f"like real points, −log 4 = −1.386 is left. They are {apart}."
        )
    why = " That is no fault of the program: nothing in the generator’s loss asks for variety." if collapsed else ""
    beyond = yardstick.outside
    away = f" {100 * beyond:.1f} % of the fakes lie beyond the square, where nothing is measured." if beyond else ""
    return f"**{head}** {said}{why if state.rounds else ''}{away}"


def say_densities(reals: Reals) -> str:
    """Where p and q come from, and how wide the kernel is."""
    if reals.shape:
        shape = SHAPES[reals.shape]()
        known = (
            f"p is known in closed form: {len(shape.centres)} normal densities of standard deviation {shape.width:g}, "
            f"seen through a normal kernel of {BANDWIDTH:g}"
        )
    else:
        known = f"p is the kernel density of the {len(reals.rows)} real points, bandwidth {BANDWIDTH:g}"
    return (
        f"{known}; q is the kernel density of {FAKES} fakes, through the same kernel. The best discriminator of the "
        "two is p / (p + q) at every place, and its value −log 4 + 2 · divergence; the value of the one that plays is "
        "measured on the same densities, so it is never larger."
    )


def say_coverage(reals: Reals) -> str:
    """What "covered" means here."""
    if reals.shape == "eight":
        return (
            "A cluster is covered where a tenth of its fair share of fakes, an eighth of all, lies within three "
            "standard deviations of its middle. “Nearby” means: as near as a real point’s fifth neighbour, or as the "
            "kernel is wide."
        )
    return (
        "A real point is covered where a fake lies as near as its fifth neighbour does, or as the kernel is wide "
        "(Naeem and others 2020)."
    )


def say_players(recipe: Recipe) -> str:
    """What plays."""
    return (
        f"Both players have two hidden layers of 16 units with tanh; the discriminator’s first weights are "
        f"{SHARPNESS:g} times PyTorch’s own, so that it sees small things. {recipe.optimiser}, rates "
        f"{recipe.rates[0]:g} and {recipe.rates[1]:g}."
    )


def _signed(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")
