"""What a job does: one trial on the pictures that came with the order.

Whoever only submits a job need not wait for torch, so what trains is imported when there is something to train.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from explorer.jobs.order import Context, Order
from explorer.text import count_text
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.trial import Trial

PICTURES = "pictures.zip"
ORDER = "order.json"  # goes with the pictures, for whoever opens the job later
TARGET = "explorer.transfer.work:do_trial"


def do_trial(context: Context) -> None:
    """Train `context.task["trial"]`; the folder gets the checkpoint, the experiment and the weights.

    Raises:
        ValueError: the trial cannot be done; one sentence for people.
    """
    from explorer.transfer.training import run_experiment

    pictures = _read(context.inputs / PICTURES)
    run_experiment(
        pictures,
        Trial.from_dict(context.task["trial"]),
        progress=context.report,
        stopping=context.stopping,
        folder=context.folder,
    )


@lru_cache(maxsize=1)  # all trials of a job learn from the same pictures
def _read(path: Path) -> PictureSet:
    from explorer.transfer.data.sources import reopen

    return reopen(path.read_bytes(), path.stem)


@dataclass(frozen=True)
class Ordered:
    """What a job was asked to do, as it lies beside its pictures.

    Attributes:
        title: of the picture set.
        trials: one a task, in the order of the tasks.
    """

    title: str
    trials: tuple[Trial, ...]

    def to_json(self) -> str:
        """One line."""
        return json.dumps({"title": self.title, "trials": [trial.to_dict() for trial in self.trials]})

    @classmethod
    def from_json(cls, text: str) -> Ordered:
        """Read what `to_json` wrote."""
        read = json.loads(text)
        return cls(read["title"], tuple(Trial.from_dict(each) for each in read["trials"]))


def make_order(trials: Sequence[Trial], whose: str) -> Order:
    """One task a training. The title is read by others in the queue, so it says nothing of the pictures."""
    strategies = len({trial.strategy for trial in trials})
    title = f"{trials[0].network}, {strategies} {'strategy' if strategies == 1 else 'strategies'}"
    tasks = tuple({"trial": trial.to_dict()} for trial in trials)
    return Order(TARGET, tasks, f"{title}, {count_text(len(trials), 'training')}", whose, trials[0].device)


def make_inputs(pictures: PictureSet, trials: Sequence[Trial]) -> dict[str, bytes]:
    """The files that go with the order."""
    return {PICTURES: pictures.to_zip(), ORDER: Ordered(pictures.title, tuple(trials)).to_json().encode()}
