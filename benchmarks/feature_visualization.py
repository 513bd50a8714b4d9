"""The input that a channel prefers, grown from noise."""

from benchmarks.results import Row
from benchmarks.timing import seconds_of
from explorer.feature_visualization import STEPS, Objective, Recipe, grow
from explorer.slices import finish
from explorer.zoo import load_model

BOUND = 8000  # ms
DEFAULT, MIDDLE, UNIT = "efficientnet-lite0", "stages.stage4.block2.project.bn", 7


def measure(quick: bool) -> list[Row]:
    """A channel in the middle of the default network, at 128 pixels."""
    recipe = Recipe(steps=8 if quick else STEPS)
    model = load_model(DEFAULT, device="cpu")
    finish(grow(model, Objective("channel", MIDDLE, UNIT), Recipe(steps=2)))  # the network is looked into once
    took = seconds_of(lambda: finish(grow(model, Objective("channel", MIDDLE, UNIT), recipe)))
    name = f"input grown in {recipe.steps} steps for a mid-layer channel of {DEFAULT} at {recipe.side} px"
    return [Row(name, took * 1000, "ms", BOUND, f"{MIDDLE}, channel {UNIT}; once")]
