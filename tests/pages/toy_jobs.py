"""Jobs in memory, which a test moves on by hand, and what their tasks would tell and leave behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from explorer.jobs.order import JobRefused, JobUnknown, Order, State, Status, TaskStatus
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.data.splitting import split
from explorer.transfer.experiment import Curve, Experiment
from explorer.transfer.trial import Trial


@dataclass
class ToyJobs:
    """`Jobs` that do nothing by themselves.

    Attributes:
        root: folders of the jobs.
        orders, statuses: by id.
        full: the reason why the next order is refused; "" for none.
    """

    root: Path
    orders: dict[str, Order] = field(default_factory=dict)
    statuses: dict[str, Status] = field(default_factory=dict)
    full: str = ""

    def submit(self, order: Order, inputs: Mapping[str, bytes] | None = None) -> str:
        if self.full:
            raise JobRefused(self.full)
        name = f"{self.root.name}-{len(self.orders)}"
        for number in range(len(order.tasks)):
            (self.root / name / str(number)).mkdir(parents=True)
        (self.root / name / "inputs").mkdir()
        for file, data in (inputs or {}).items():
            (self.root / name / "inputs" / file).write_bytes(data)
        ahead = len(self.queue())
        tasks = tuple(TaskStatus("queued") for _ in order.tasks)
        self.orders[name] = order
        self.statuses[name] = Status(
            name, order.title, order.owner, order.device, "queued", tasks, 0.0, 0.0, ahead=ahead
        )
        return name

    def follow(self, job: str) -> Status:
        if job not in self.statuses:
            raise JobUnknown(f"There is no job {job}.")
        return self.statuses[job]

    def stop(self, job: str) -> None:
        tasks = tuple(
            task if task.state in ("done", "failed") else replace(task, state="stopped")
            for task in self.follow(job).tasks
        )
        self.change(job, "stopped", tasks=tasks)

    def delete(self, job: str) -> None:
        if not self.follow(job).finished:
            raise JobRefused("It has not ended yet.")
        del self.statuses[job]

    def result(self, job: str) -> Path:
        self.follow(job)
        return self.root / job

    def queue(self) -> list[Status]:
        return [status for status in self.statuses.values() if not status.finished]

    def change(self, job: str, state: State, **more: Any) -> None:
        """Another state."""
        self.statuses[job] = replace(self.statuses[job], state=state, **more)

    def tell(self, job: str, number: int, *events: Mapping[str, Any], state: State = "running") -> None:
        """A task tells something more."""
        tasks = list(self.statuses[job].tasks)
        tasks[number] = replace(tasks[number], state=state, events=(*tasks[number].events, *events))
        self.change(job, "running", tasks=tuple(tasks))

    def finish(self, job: str, pictures: PictureSet, accuracy: Mapping[str, float] | None = None) -> list[Experiment]:
        """All tasks done, with made-up answers; right ones in these shares, by strategy."""
        made = []
        for number, task in enumerate(self.orders[job].tasks):
            trial = Trial.from_dict(task["trial"])
            experiment = toy_experiment(pictures, trial, (accuracy or {}).get(trial.strategy, 0.8))
            experiment.save(self.root / job / str(number))
            self.tell(job, number, {"experiment": experiment.to_json(), "measured": True}, state="done")
            made.append(experiment)
        self.change(job, "done", seconds=12.0)
        return made


def toy_experiment(pictures: PictureSet, trial: Trial, accuracy: float = 0.8, epochs: int | None = None) -> Experiment:
    """A training that was never done: curves that fall and rise, and answers of which so many are right."""
    parts = split(pictures.labels, trial.split_seed)
    count = trial.recipe.epochs if epochs is None else epochs
    steps = 4
    rng = np.random.default_rng(trial.seed)
    curve = Curve()
    for epoch in range(count + 1):
        loss = 2.0 / (1 + epoch) + 0.01 * trial.seed
        curve = curve.then(
            epochs=epoch,
            steps=steps * epoch,
            loss=loss,
            rate=1e-3 * (epoch > 0),
            gradient_norm=1.0 / (1 + epoch),
            training_accuracy=1 - loss / 4,
            validation_loss=loss + 0.1,
            validation_accuracy=1 - loss / 3,
            seconds=0.5 * epoch,
        )
    labels = pictures.labels[parts.test]
    classes = len(pictures.classes)
    right = rng.permutation(len(labels)) < round(accuracy * len(labels))
    answers = np.where(right, labels, (labels + 1) % classes)
    probabilities = np.full((len(labels), classes), 0.3 / classes, np.float32)
    probabilities[np.arange(len(labels)), answers] += 0.7
    done = count == trial.recipe.epochs
    return Experiment(
        trial,
        pictures.classes,
        len(parts.training),
        len(parts.validation),
        len(parts.test),
        curve=curve,
        steps=steps * trial.recipe.epochs,
        test_places=parts.test if done else np.zeros(0, np.int64),
        test_labels=labels if done else np.zeros(0, np.int64),
        test_probabilities=probabilities if done else np.zeros((0, 0), np.float32),
        trainable=1000,
        parameters=2000,
        seconds=0.5 * count,
        device="CPU",
    )
