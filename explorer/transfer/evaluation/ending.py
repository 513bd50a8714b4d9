"""How trainings ended, in sentences: stopped, cut short, or while the loss was still falling."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from explorer.transfer.experiment import BUDGET, EARLY, STOPPED, Curve, Experiment
from explorer.transfer.trial import STRATEGIES, STRATEGY_TITLES, Strategy

STILL = 0.05  # of all that the loss fell, what makes a fall in the last third one that goes on


def is_falling(curve: Curve) -> bool:
    """Whether the loss was still falling when a training ended.

    It was where more than a twentieth of its whole fall, from before the first step to its lowest value, came in the
    last third of the epochs. It is the validation loss, or the training loss where nothing is watched.
    """
    watched = all(isfinite(loss) for loss in curve.validation_loss)
    losses = curve.validation_loss if watched else curve.loss
    if len(losses) < 3 or not all(isfinite(loss) for loss in losses):
        return False
    before = min(losses[: len(losses) - len(losses) // 3])
    lowest = min(losses)
    return before - lowest > STILL * (losses[0] - lowest)


def tell_endings(experiments: Sequence[Experiment]) -> list[str]:
    """One sentence for each strategy that did not end as a training should; nothing of those that did.

    Strategies' names are in bold, as Markdown.
    """
    return [
        told
        for strategy in STRATEGIES
        if (own := [each for each in experiments if each.trial.strategy == strategy and each.curve.epochs])
        and (told := _tell(strategy, own))
    ]


def _tell(strategy: Strategy, own: Sequence[Experiment]) -> str:
    name = f"**{STRATEGY_TITLES[strategy]}**"
    if stopped := [each for each in own if each.stopped == STOPPED]:
        rest = _tell(strategy, [each for each in own if each.stopped != STOPPED])
        times = "" if len(own) == 1 else f" {len(stopped)} of {len(own)} times"
        return f"{name} was stopped{times}, after {_share_done(stopped)} of its steps. {rest}".rstrip()
    cut = [each for each in own if each.stopped == BUDGET]
    falling = [each for each in own if each.stopped != EARLY and is_falling(each.curve)]
    times = "" if len(own) == 1 else f" {len(cut) or len(falling)} of {len(own)} times"
    if cut:
        still = ", while its loss was still falling: more time would take it further" if falling else ""
        budget = f"{cut[0].trial.recipe.seconds:.0f} s"
        return f"{name} was cut short by its time of {budget}{times}, after {_share_done(cut)} of its steps{still}."
    if falling:
        return f"{name} ended{times} while its loss was still falling: more steps would take it further."
    return ""


def _share_done(cut: Sequence[Experiment]) -> str:
    return f"{100 * sum(each.curve.steps[-1] for each in cut) / sum(each.steps for each in cut):.0f} %"
