"""One strategy, one seed: `run_experiment`. What is trained is in `strategies`, what it reads in `reading`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.device import list_devices, resolve_device
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.data.splitting import Split, split, take
from explorer.transfer.evaluation.movement import movement
from explorer.transfer.experiment import BUDGET, EARLY, STOPPED, Experiment
from explorer.transfer.inputs import batches
from explorer.transfer.precision import autocast, precision
from explorer.transfer.reading import AT_ONCE, TELL_EVERY, Reading, open_reading
from explorer.transfer.run import Run, begin, rate_share
from explorer.transfer.settling import settle_norms
from explorer.transfer.strategies import Adapted, adapt, fresh_norms, set_training_mode, unfreeze
from explorer.transfer.trial import Trial, count_batches
from explorer.zoo import load_model

Progress = Callable[[Mapping[str, Any]], None]
UNFROZEN_AT = 2 / 3  # share of the training after which gradual unfreezing has reached the first layer
CHECKPOINT_EVERY = 5.0  # seconds; an epoch of a head on kept features takes a hundredth of that
CHECKPOINT, WEIGHTS = "checkpoint.pt", "weights.safetensors"


def run_experiment(
    pictures: PictureSet,
    trial: Trial,
    *,
    parts: Split | None = None,
    progress: Progress | None = None,
    stopping: Callable[[], bool] | None = None,
    folder: Path | None = None,
    cache: bool = True,
) -> Experiment:
    """Train one network by one strategy with one seed, and measure it once on the test pictures.

    The network that is measured, and saved, is that of the epoch with the lowest validation loss.

    Args:
        pictures: what to learn.
        trial: what is trained, and how.
        parts: which pictures are for what; `split` and `take` with the trial's seeds and share if None. Without
            validation pictures the last epoch's network is taken.
        progress: called with {"step", "of", "epoch", "done", "spent", "loss", "rate", "gradient_norm"} now and then,
            with {"experiment": JSON} after an epoch if the last one is not just past, and once it is measured, with
            "measured": True then; with {"note": a sentence} while something slow is prepared.
        stopping: asked after every step; where it says True, the training ends early and is measured as it is.
        folder: where a checkpoint is kept, and at the end "experiment.json", "answers.npz" and "weights.safetensors",
            which `load_model(trial.network, weights=...)` opens. What was killed goes on from there, what is done is
            only read.
        cache: compute features of frozen layers once, where no pipeline changes the pictures.

    Raises:
        TransferRejected: this strategy cannot be done on this network or these pictures.
        PipelineRejected: the pipeline cannot be read, or not be done on these pictures.
        WeightsUnavailable, DeviceUnavailable, ModelUnknown: as for `load_model`.
    """
    if folder is not None and (folder / "experiment.json").is_file():
        return Experiment.load(folder)
    say = progress or _say_nothing
    device = resolve_device(trial.device)
    if parts is None:
        parts = take(split(pictures.labels, trial.split_seed), pictures.labels, trial.share, trial.split_seed)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        model = load_model(trial.network, str(device))  # draws weights before it reads them
        torch.manual_seed(trial.seed)
        adapted = adapt(model, pictures.classes, trial.strategy, trial.kept, trial.seed)
        first = {name: value.clone() for name, value in adapted.network.state_dict().items()}
        adapted.network.to(memory_format=torch.channels_last)
        reading = open_reading(
            pictures, model.preprocessing, adapted, trial, device, cache, lambda note: say({"note": note})
        )
        run = begin(adapted, trial)
        started = time.perf_counter() - reading.seconds  # kept features count as if they were made now
        training = _Training(trial, run, reading, parts, torch.from_numpy(pictures.labels), device, started)
        if folder is not None and run.resume(folder / CHECKPOINT):
            training.started = time.perf_counter() - run.seconds
        with _dropout_before(adapted, trial.recipe.dropout):
            for stopped in training.epochs(say, stopping or _never):
                if training.is_due():
                    say({"experiment": training.experiment(pictures.classes).to_json()})
                if folder is not None and not stopped:
                    training.keep(folder / CHECKPOINT)
        run.return_to_best()
        experiment = training.measured(pictures.classes, first)
    if folder is not None:
        _write_weights(adapted, folder / WEIGHTS)
        experiment.save(folder)
        (folder / CHECKPOINT).unlink(missing_ok=True)
    say({"experiment": experiment.to_json(), "measured": True})
    return experiment


class _Training:
    """The loop over epochs."""

    def __init__(
        self,
        trial: Trial,
        run: Run,
        reading: Reading,
        parts: Split,
        labels: Tensor,
        device: torch.device,
        started: float,
    ) -> None:
        self.trial, self.run, self.reading, self.parts, self.device = trial, run, reading, parts, device
        self.labels = labels.to(device)
        self.started = started
        self.precision = precision(device)
        each = count_batches(len(parts.training), trial.recipe.batch_size)
        self.passes = trial.recipe.passes(each)
        self.steps = self.passes * each
        self.stopped = ""
        self._rate = 0.0
        self._norms = fresh_norms(run.adapted)
        self._kept = time.perf_counter()
        self._told = self._reported = 0.0
        self._scaler = torch.amp.GradScaler(device.type, enabled=self.precision.startswith("fp16"))

    def epochs(self, say: Progress, stopping: Callable[[], bool]) -> Iterator[str]:
        """Train; gives after every epoch why it is the last, "" where it is not known to be."""
        run, recipe = self.run, self.trial.recipe
        if run.epoch == 0:
            loss, accuracy = self._judge(self.parts.training)
            self._point(loss=loss, rate=0.0, gradient_norm=0.0, training_accuracy=accuracy)
            yield ""
        while run.epoch < self.passes and not self.stopped:
            if self.trial.strategy == "gradual":
                unfreeze(run.adapted, min(1.0, self._done() / UNFROZEN_AT))
            set_training_mode(run.adapted)
            seen: list[tuple[float, float, float]] = []  # loss, gradient norm, right answers of each step
            count = 0
            for places in batches(self.parts.training, recipe.batch_size, run.order):
                seen.append(self._step(places))
                count += len(places)
                self._tell(say, seen[-1])
                if self._must_stop(stopping):
                    break
            run.epoch += 1
            loss, norm, right = np.array(seen).T
            self._point(
                loss=float(loss.mean()),
                rate=self._rate,
                gradient_norm=float(norm.mean()),
                training_accuracy=float(right.sum()) / count,
            )
            if not self.stopped and self._is_over():
                self.stopped = EARLY
            yield self.stopped

    def _done(self) -> float:
        """How much of the training is over, 0 to 1."""
        return self._position() / self.steps

    def _position(self) -> float:
        """The step among those that are planned; further on where the time passes faster than they do."""
        budget = self.trial.recipe.seconds
        by_time = self.steps * min(1.0, self._spent() / budget) if budget else 0.0
        return max(float(self.run.step), by_time)

    def _spent(self) -> float:
        """Seconds since the first step, without what frozen layers took."""
        return time.perf_counter() - self.started - self.reading.seconds

    def _is_over(self) -> bool:
        """Whether the validation loss has not fallen for as long as the recipe waits."""
        run, patience = self.run, self.trial.recipe.patience
        if not patience or (self.trial.strategy == "gradual" and self._done() < UNFROZEN_AT):
            return False
        return run.epoch - run.best_epoch >= max(1, math.ceil(patience * self.passes))

    def _step(self, places: NDArray[np.int64]) -> tuple[float, float, float]:
        run, recipe = self.run, self.trial.recipe
        share = rate_share(recipe, self._position(), self.steps)
        self._rate = recipe.learning_rate * share
        for group in run.optimiser.param_groups:
            group["lr"] = group["peak"] * share
        labels = self.labels[torch.from_numpy(places).to(self.device)]
        with autocast(self.device, self.precision):
            logits = self.reading.learn(places, run.epoch)
        logits = logits.float()
        loss = F.cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)
        run.optimiser.zero_grad()
        self._scaler.scale(loss).backward()
        self._scaler.unscale_(run.optimiser)
        norm = nn.utils.get_total_norm([weight.grad for weight in run.trained if weight.grad is not None])
        self._scaler.step(run.optimiser)
        self._scaler.update()
        run.step += 1
        right = (logits.argmax(dim=1) == labels).sum()
        return loss.item(), norm.item(), float(right.item())

    def _must_stop(self, stopping: Callable[[], bool]) -> bool:
        budget = self.trial.recipe.seconds
        if stopping():
            self.stopped = STOPPED
        elif budget and self._spent() >= budget:
            self.stopped = BUDGET
        return bool(self.stopped)

    def _tell(self, say: Progress, seen: tuple[float, float, float]) -> None:
        if time.perf_counter() - self._told < TELL_EVERY:
            return
        self._told = time.perf_counter()
        loss, norm, _ = seen
        step = self.run.step
        told = {"step": step, "of": self.steps, "epoch": step * self.passes / self.steps, "done": self._done()}
        say({**told, "spent": self._spent(), "loss": loss, "rate": self._rate, "gradient_norm": norm})

    def _point(self, **measured: float) -> None:
        self._settle(self.precision)
        loss, accuracy = self._judge(self.parts.validation)
        self.run.seconds = time.perf_counter() - self.started
        self.run.point(**measured, validation_loss=loss, validation_accuracy=accuracy)

    def _settle(self, precision: str) -> None:
        self.run.adapted.network.eval()
        with autocast(self.device, precision):
            settle_norms(self._norms, self.parts.training, self.reading.judge)

    def _judge(self, places: NDArray[np.int64]) -> tuple[float, float]:
        """Mean cross-entropy in nats and accuracy; NaN where there are no pictures."""
        if len(places) == 0:
            return math.nan, math.nan
        with autocast(self.device, self.precision):
            logits = self._answers(places)
        labels = self.labels[torch.from_numpy(places).to(self.device)]
        return F.cross_entropy(logits, labels).item(), (logits.argmax(dim=1) == labels).float().mean().item()

    @torch.no_grad()
    def _answers(self, places: NDArray[np.int64]) -> Tensor:
        """Logits (N, K) in float32 of the pictures as they are."""
        self.run.adapted.network.eval()
        pieces = [places[first : first + AT_ONCE] for first in range(0, len(places), AT_ONCE)]
        return torch.cat([self.reading.judge(piece).float() for piece in pieces])

    def is_due(self) -> bool:
        """Whether the last report of the curve is long enough ago: an epoch may take a hundredth of a second."""
        if time.perf_counter() - self._reported < TELL_EVERY:
            return False
        self._reported = time.perf_counter()
        return True

    def keep(self, path: Path) -> None:
        """A checkpoint, unless the last one is hardly older."""
        if time.perf_counter() - self._kept >= CHECKPOINT_EVERY:
            self.run.save(path)
            self._kept = time.perf_counter()

    def experiment(self, classes: tuple[str, ...]) -> Experiment:
        """As far as it has come."""
        network = self.run.adapted.network
        info = next(each for each in list_devices() if each.name == str(self.device))
        return Experiment(
            self.trial,
            classes,
            len(self.parts.training),
            len(self.parts.validation),
            len(self.parts.test),
            curve=self.run.curve,
            steps=self.steps,
            trainable=sum(weight.numel() for weight in self.run.trained),
            parameters=sum(weight.numel() for weight in network.parameters()),
            seconds=self.run.seconds,
            precision=self.precision,
            cached=self.reading.cached,
            device=info.label,
            stopped=self.stopped,
        )

    def measured(self, classes: tuple[str, ...], first: Mapping[str, Tensor]) -> Experiment:
        """With the answers on the test pictures, in float32 as every page computes them."""
        adapted = self.run.adapted
        self._settle("float32")
        answers = self._answers(self.parts.test).softmax(dim=1).cpu().numpy()
        known = {*adapted.pretrained, *adapted.frozen}
        began = {name: value for name, value in first.items() if name in known}
        return replace(
            self.experiment(classes),
            test_places=self.parts.test,
            test_labels=self.labels.cpu().numpy()[self.parts.test],
            test_probabilities=answers,
            moved=movement(began, adapted.network.state_dict()),
        )


@contextmanager
def _dropout_before(adapted: Adapted, share: float) -> Iterator[None]:
    """Dropout on what the new head reads, while it learns; no module, so that the network's keys stay the zoo's."""

    def drop(head: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (F.dropout(inputs[0], share, training=head.training), *inputs[1:])

    hook = adapted.network.get_submodule(adapted.head).register_forward_pre_hook(drop)
    try:
        yield
    finally:
        hook.remove()


def _write_weights(adapted: Adapted, path: Path) -> None:
    state = {name: value.cpu().contiguous() for name, value in adapted.network.state_dict().items()}
    part = path.with_suffix(".part")
    save_file(state, part, dict(adapted.metadata))
    part.replace(path)


def _say_nothing(event: Mapping[str, Any]) -> None:
    pass


def _never() -> bool:
    return False
