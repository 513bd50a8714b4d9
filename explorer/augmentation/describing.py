"""What a change does to a network, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from explorer.augmentation.catalogue import CATALOGUE
from explorer.augmentation.invariance import LayerInvariance
from explorer.augmentation.normalisation import Meeting
from explorer.augmentation.pipeline import Pipeline
from explorer.augmentation.predicting import DrawProbabilities, TestTimeAverage
from explorer.augmentation.records import Drawn
from explorer.augmentation.sweeps import Flip, Sweep, SweepResult
from explorer.text import count_text, format_percent, significant

_MARGIN = 0.1  # what a number must be above the other for a layer to be said to follow


def say_draw(found: DrawProbabilities, place: int, names: list[str]) -> str:
    """What is seen in one draw, where it is another class than in the picture as it is."""
    best = int(found.probabilities[place].argmax())
    if best == found.target:
        return "the same prediction"
    return f"seen as {names[best]}, {format_percent(float(found.probabilities[place, best]))}"


def say_draw_probabilities(found: DrawProbabilities, names: list[str]) -> str:
    """How many draws keep the class, and what the surest and the least sure one say."""
    best = found.probabilities.argmax(axis=1)
    kept = int((best == found.target).sum())
    target = names[found.target]
    low, high = (format_percent(float(value)) for value in (found.of_target.min(), found.of_target.max()))
    said = f"**{kept} of {len(best)} draws** are still seen as **{target}**; its probability runs from {low} to {high}"
    said += f", and is {format_percent(float(found.single[found.target]))} for the picture as it is."
    others = best[best != found.target]
    if len(others):
        rivals, counts = np.unique(others, return_counts=True)
        description = ", ".join(
            f"{names[rivals[place]]} ({counts[place]})" for place in np.argsort(-counts, kind="stable")[:4]
        )
        said += f" The others are seen as {description}."
    return said


def say_average(average: TestTimeAverage, names: list[str]) -> str:
    """The averaged prediction against the single one."""
    one, many = int(average.single.argmax()), int(average.mean.argmax())
    mean = f"{format_percent(float(average.mean[many]))} ± {format_percent(float(average.spread[many]))}"
    if one == many:
        return (
            f"Averaged over the draws the prediction stays **{names[many]}**, with {mean} against "
            f"{format_percent(float(average.single[one]))} from the one picture."
        )
    return (
        f"Averaged over the draws the prediction is **{names[many]}** with {mean}; the one picture says "
        f"**{names[one]}** with {format_percent(float(average.single[one]))}."
    )


def say_invariance(layers: Sequence[LayerInvariance]) -> str:
    """Which layers stay still and which follow."""
    measured = [each for each in layers if each.equivariance is not None]
    follow = [each for each in measured if (each.equivariance or 0) > each.invariance + _MARGIN]
    stillest = max(layers, key=lambda each: each.invariance - each.chance)
    said = [
        f"Stays still most, beyond chance: `{stillest.name}` ({stillest.kind}), {stillest.invariance:.2f} against "
        f"{stillest.chance:.2f}."
    ]
    last = layers[-1]
    if last is not stillest:
        said.append(f"The classes, `{last.name}`, have {last.invariance:.2f}.")
    if follow:
        best = max(follow, key=lambda each: (each.equivariance or 0) - each.invariance)
        said.append(
            f"**{len(follow)} of {len(measured)} layers with rows and columns follow** the picture, from "
            f"`{follow[0].name}` to `{follow[-1].name}`; most clearly `{best.name}`: {best.equivariance:.2f} when its "
            f"maps are moved along, {best.invariance:.2f} when they are not."
        )
    elif measured:
        said.append("No layer follows clearly: its maps moved along are hardly more alike than left where they are.")
    return " ".join(said)


def say_mixture(of_mixture: NDArray[np.float32], alone: list[NDArray[np.float32]], names: list[str]) -> str:
    """What is left of both predictions in the mixture."""
    best = int(of_mixture.argmax())
    said = f"The mixture is seen as **{names[best]}** ({format_percent(float(of_mixture[best]))})."
    parts = []
    for which, each in zip(("first", "second"), alone, strict=True):
        own = int(each.argmax())
        parts.append(f"the {which} is {names[own]}, of which {format_percent(float(of_mixture[own]))} are left")
    return f"{said} By themselves, {'; '.join(parts)}."


def say_meeting(meeting: Meeting) -> str:
    """Whether the versions meet, and where."""
    gaps = {stage.name: significant(stage.gap) for stage in meeting.stages}
    said = (
        f"The two versions are **{gaps['pixels']} standard deviations apart** as pixels, and {gaps['data set']} after "
        "the data set's mean and standard deviation: those are the same for every picture, so a dim one stays dim. "
        f"With each picture's **own** mean and standard deviation they are {gaps['own']} apart."
    )
    if meeting.clipped > 0.005:
        said += f" What was cut at white ({100 * meeting.clipped:.0f} % of the bright values) cannot come back."
    return said


def say_value(chosen: Sweep, value: float) -> str:
    """A value of a sweep for people: 27°, 1.35 x."""
    return f"{significant(value)}{'' if chosen.unit == '°' else ' '}{chosen.unit}"


def say_steady(chosen: Sweep, result: SweepResult, names: list[str]) -> str:
    """How far the change may go before the prediction is another one."""
    winners = result.probabilities.argmax(axis=1)
    middle = int(np.flatnonzero(result.values == chosen.neutral)[0])
    low = high = middle
    while low > 0 and winners[low - 1] == winners[middle]:
        low -= 1
    while high < len(winners) - 1 and winners[high + 1] == winners[middle]:
        high += 1
    name = names[int(winners[middle])]
    if low == 0 and high == len(winners) - 1:
        return f"The prediction stays **{name}** at all {len(winners)} points, from one end to the other."
    span = f"from {say_value(chosen, result.values[low])} to {say_value(chosen, result.values[high])}"
    return f"Around the picture as it is, the prediction stays **{name}** {span}."


def say_flip(chosen: Sweep, flip: Flip, names: list[str]) -> str:
    """One change of mind."""
    return (
        f"Between {say_value(chosen, flip.before)} and {say_value(chosen, flip.after)} the prediction changes "
        f"from **{names[flip.old]}** to **{names[flip.new]}** ({format_percent(flip.probability)})."
    )


def say_steps(pipeline: Pipeline) -> str:
    """The transforms in their order."""
    return ", ".join(CATALOGUE[step.transform].title for step in pipeline.steps) or "no step at all"


def say_firing(draws: Sequence[Drawn]) -> str:
    """In how many draws each step took place."""
    if not draws[0].steps:
        return "No step, no change: all draws are the picture itself."
    fired = [
        f"{CATALOGUE[step.transform].title} {sum(each.steps[place].fired for each in draws)}"
        for place, step in enumerate(draws[0].steps)
    ]
    return (
        f"Of {count_text(len(draws), 'draw')}, steps took place in: {', '.join(fired)}. Click a draw to see it large."
    )
