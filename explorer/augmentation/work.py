"""What a job of "Does it help?" does: both trainings of one order, on the pictures that came with it or lie here."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from PIL import Image

from explorer.augmentation import Experiment, Pictures, Pipeline, PipelineRejected, train_twice
from explorer.augmentation.experiment import Progress
from explorer.datasets import DatasetMissing, has_dataset, locate
from explorer.jobs.order import Context, Status

TARGET = "explorer.augmentation.work:do_order"
ORDER, OWN = "order.json", "pictures.npz"  # go with the job; the second where the pictures are the person's own
Source = Literal["digits", "cifar10", "own"]
SOURCES: tuple[Source, ...] = get_args(Source)
MOST_PICTURES = 4000
MOST_STEPS = 2000
POINTS = 20
_SIDE = 32


@dataclass(frozen=True)
class Order:
    """What is to be trained.

    Attributes:
        source: which pictures; "own" come along with the order.
        count: how many, a quarter of them held out.
        pipeline: as JSON.
        steps: of each training.
        seed: of the pictures, the weights and the draws.
        title: the name of the person's own file; "" for other pictures.
    """

    source: Source
    count: int
    pipeline: str
    steps: int
    seed: int
    title: str = ""

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Order:
        """Read what `to_json` wrote.

        Raises:
            PipelineRejected: it is out of range.
        """
        read: dict[str, Any] = json.loads(text)
        order = cls(**read)
        if order.source not in SOURCES or not 20 <= order.count <= MOST_PICTURES or not 1 <= order.steps <= MOST_STEPS:
            raise PipelineRejected("This experiment is out of range.")
        return order


def list_sources() -> tuple[Source, ...]:
    """The pictures that are at hand on this machine, and the person's own."""
    return SOURCES if has_dataset("cifar10") else ("digits", "own")


def pack(pictures: Pictures) -> bytes:
    """Pictures as a file that goes with a job."""
    buffer = io.BytesIO()
    np.savez(
        buffer, allow_pickle=False, images=pictures.images, labels=pictures.labels, classes=np.array(pictures.classes)
    )
    return buffer.getvalue()


def unpack(data: bytes) -> Pictures:
    """Read what `pack` wrote."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return Pictures(arrays["images"], arrays["labels"], tuple(arrays["classes"].tolist()))


def load_pictures(source: Source, count: int) -> Pictures:
    """The first pictures of every class, the same number of each where there are enough.

    Args:
        source: "digits": scikit-learn's handwritten digits, 8 x 8 grey, every pixel enlarged to 4 x 4; "cifar10":
            photographs of 32 x 32, the training part.
        count: of all classes together.

    Raises:
        DatasetMissing: they are not on this machine.
        PipelineRejected: they are the person's own, which are nowhere but with the person.
    """
    if source == "own":
        raise PipelineRejected("The pictures of your own folder did not come along.")
    return _load_digits(count) if source == "digits" else _load_cifar(count)


def _load_digits(count: int) -> Pictures:
    from sklearn.datasets import load_digits

    found = load_digits()
    each = -(-count // 10)
    chosen = np.sort(np.concatenate([np.flatnonzero(found.target == label)[:each] for label in range(10)]))
    grey = np.rint(found.images[chosen] * (255 / 16)).astype(np.uint8)  # (N, 8, 8), from 0 to 16 before
    large = grey.repeat(_SIDE // 8, axis=1).repeat(_SIDE // 8, axis=2)
    images = np.ascontiguousarray(np.broadcast_to(large[:, None], (len(large), 3, _SIDE, _SIDE)))
    return Pictures(images, found.target[chosen].astype(np.int64), tuple(map(str, range(10))))


def _load_cifar(count: int) -> Pictures:
    folder = locate("cifar10") / "train"
    classes = sorted(each.name for each in folder.iterdir() if each.is_dir())
    each_class = -(-count // len(classes))
    images, labels = [], []
    for label, name in enumerate(classes):
        for file in sorted((folder / name).iterdir())[:each_class]:
            images.append(np.asarray(Image.open(file).convert("RGB")).transpose(2, 0, 1))
            labels.append(label)
    return Pictures(np.stack(images), np.array(labels, np.int64), tuple(classes))


def run_order(order: Order, tell: Progress, own: Pictures | None = None) -> Experiment:
    """Train both networks, on the person's own pictures where given; `tell(experiment)` after every point."""
    data = load_pictures(order.source, order.count) if own is None else own
    return train_twice(data, Pipeline.from_json(order.pipeline), order.steps, order.seed, tell, points=POINTS)


def do_order(context: Context) -> None:
    """Do the order that came with the job, and report the curves after every point.

    Raises:
        ValueError: it cannot be done; one sentence for people.
    """
    order = Order.from_json((context.inputs / ORDER).read_text(encoding="utf-8"))
    own = unpack((context.inputs / OWN).read_bytes()) if order.source == "own" else None

    def tell(experiment: Experiment) -> bool:
        context.report({"experiment": experiment.to_json()})
        return context.stopping()

    try:
        run_order(order, tell, own)
    except DatasetMissing as problem:
        raise ValueError(str(problem)) from problem


def read_experiment(status: Status) -> Experiment | None:
    """The curves as far as a job has come; None before the first point."""
    told = [event["experiment"] for event in status.tasks[0].events if "experiment" in event]
    if not told:
        return None
    experiment = Experiment.from_json(told[-1])
    return replace(experiment, stopped=status.state == "stopped" and experiment.done < experiment.steps)


def seconds_left(experiment: Experiment | None) -> float | None:
    """By the pace so far; None before there is one."""
    if experiment is None or experiment.done == 0:
        return None
    return experiment.seconds / experiment.done * (experiment.steps - experiment.done)
