"""A training in progress: everything that changes, and a checkpoint of it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from explorer.transfer.experiment import Curve
from explorer.transfer.strategies import Adapted, parameter_groups
from explorer.transfer.trial import Recipe, Trial

WARM_UP = 0.05  # share of the steps over which the rate rises


@dataclass
class Run:
    """What changes during a training.

    Attributes:
        adapted: the network.
        optimiser: with every weight that is trained at some time.
        order: of the pictures.
        epoch, step: done so far.
        seconds: spent so far.
        curve: measured so far.
        best: what `changing` was after the epoch with the lowest validation loss; empty before there is one.
        best_loss, best_epoch: of that epoch.
    """

    adapted: Adapted
    optimiser: torch.optim.Optimizer
    order: torch.Generator
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    curve: Curve = field(default_factory=Curve)
    best: dict[str, Tensor] = field(default_factory=dict)
    best_loss: float = math.inf
    best_epoch: int = 0

    @property
    def trained(self) -> list[nn.Parameter]:
        """Every weight that is trained at some time."""
        return [weight for group in self.optimiser.param_groups for weight in group["params"]]

    @property
    def changing(self) -> dict[str, Tensor]:
        """The tensors that the training changes: weights, and statistics of fresh batch norm layers."""
        trained = {id(weight) for weight in self.trained}
        network = self.adapted.network
        names = {name for name, weight in network.named_parameters() if id(weight) in trained}
        names |= {name for name, _ in network.named_buffers()}
        return {name: value for name, value in network.state_dict().items() if name in names}

    def point(self, **measured: float) -> None:
        """One more point of the curve, and the best network if this is it; NaN is never better."""
        self.curve = self.curve.then(epochs=self.epoch, steps=self.step, seconds=self.seconds, **measured)
        loss = measured["validation_loss"]
        if math.isnan(loss) or loss < self.best_loss:
            self.best_loss, self.best_epoch = (math.inf if math.isnan(loss) else loss), self.epoch
            self.best = {name: value.clone() for name, value in self.changing.items()}

    def return_to_best(self) -> None:
        """Put the network back to the best epoch's weights."""
        self.adapted.network.load_state_dict(self.best, strict=False)

    def save(self, path: Path) -> None:
        """Everything that is needed to go on as if nothing had happened; whole or not at all."""
        state = {
            "changing": self.changing,
            "best": self.best,
            "optimiser": self.optimiser.state_dict(),
            "order": self.order.get_state(),
            "random": torch.get_rng_state(),
            "numbers": [self.epoch, self.step, self.seconds, self.best_loss, self.best_epoch],
            "curve": {name: list(values) for name, values in asdict(self.curve).items()},
        }
        part = path.with_suffix(".part")
        torch.save(state, part)
        part.replace(path)

    def resume(self, path: Path) -> bool:
        """Go on from what `save` wrote; False where there is nothing."""
        if not path.is_file():
            return False
        state = torch.load(path, weights_only=True, map_location="cpu")
        self.adapted.network.load_state_dict(state["changing"], strict=False)
        self.best = state["best"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.order.set_state(state["order"])
        torch.set_rng_state(state["random"])
        self.epoch, self.step, self.seconds, self.best_loss, self.best_epoch = state["numbers"]
        self.curve = Curve(**{name: tuple(values) for name, values in state["curve"].items()})
        return True


def begin(adapted: Adapted, trial: Trial) -> Run:
    """A training before its first step."""
    recipe = trial.recipe
    groups = parameter_groups(adapted, recipe)  # weights that are still frozen too: without a gradient they stay
    for group in groups:
        group["peak"] = group["lr"]
    optimiser: torch.optim.Optimizer
    if recipe.optimiser == "sgd":
        optimiser = torch.optim.SGD(groups, lr=recipe.learning_rate, momentum=0.9, nesterov=True)
    else:
        optimiser = torch.optim.AdamW(groups, lr=recipe.learning_rate)
    return Run(adapted, optimiser, torch.Generator().manual_seed(trial.seed))


def rate_share(recipe: Recipe, step: float, steps: int) -> float:
    """The learning rate of a step as a share of its peak: a warm-up, then a cosine, two drops to a tenth, or nothing.

    Args:
        recipe: whose schedule it is.
        step: from 0; between two steps where a time budget, and not the steps, says how much is done.
        steps: planned in all.
    """
    warm_up = max(1, round(WARM_UP * steps))
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    if recipe.schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * done))
    if recipe.schedule == "step":
        return float(0.1 ** int(3 * done))
    return 1.0
