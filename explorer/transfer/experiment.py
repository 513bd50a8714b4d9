"""What came out of one training: curves, answers on the test pictures, what it cost. How it is made: `training`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.transfer.trial import Trial

EARLY, BUDGET, STOPPED = "early stopping", "time budget", "stopped"  # why a training ends before its last epoch
_ARRAYS = ("test_places", "test_labels", "test_probabilities")


@dataclass(frozen=True)
class Curve:
    """What was measured during a training, one entry an epoch; all tuples have the same length.

    Attributes:
        epochs: whole passes done; 0 is before any training.
        steps: batches done.
        loss: mean cross-entropy of the epoch's batches as the network saw them, in nats; at epoch 0 of the first batch.
        rate: learning rate of the new layers at the epoch's last step.
        gradient_norm: mean L2 norm of the gradient of everything that is trained, over the epoch's steps.
        training_accuracy: share of right answers among the epoch's training batches as they were seen.
        validation_loss, validation_accuracy: on the validation pictures.
        seconds: since the training began.
    """

    epochs: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()
    loss: tuple[float, ...] = ()
    rate: tuple[float, ...] = ()
    gradient_norm: tuple[float, ...] = ()
    training_accuracy: tuple[float, ...] = ()
    validation_loss: tuple[float, ...] = ()
    validation_accuracy: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()

    def then(self, **point: float) -> Curve:
        """The curve with one more point."""
        return Curve(**{each.name: (*getattr(self, each.name), point[each.name]) for each in fields(self)})


@dataclass(frozen=True, eq=False)
class Experiment:
    """One training as far as it has come.

    Attributes:
        trial: what was trained.
        classes: names, in the order of the logits.
        training, validation, test: numbers of pictures; `training` after the share was taken.
        curve: during the training.
        steps: batches that are planned in all.
        test_places: (T,) places of the test pictures in the picture set.
        test_labels: (T,) their true classes.
        test_probabilities: (T, K) float32, what the network of the lowest validation loss says of them; all three are
            empty before the training has ended.
        trainable, parameters: weights that are trained at some time, and all of them.
        moved: by layer, the L2 distance of its weights from where they began over the L2 norm of where they began;
            only layers that began pretrained.
        seconds: of the training and of what it needs first (features of frozen layers).
        precision: what it was computed in: "float32", "bf16 autocast", "fp16 autocast".
        cached: whether features of frozen layers were computed once.
        device: where it ran, as people say it.
        stopped: why it ended before its last epoch, `EARLY`, `BUDGET` or `STOPPED` by a person; "" where it did not.
    """

    trial: Trial
    classes: tuple[str, ...]
    training: int
    validation: int
    test: int
    curve: Curve = Curve()
    steps: int = 0
    test_places: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    test_labels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    test_probabilities: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    trainable: int = 0
    parameters: int = 0
    moved: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    precision: str = "float32"
    cached: bool = False
    device: str = ""
    stopped: str = ""

    @property
    def preparing(self) -> float:
        """Seconds before the first step that are not part of the training: what frozen layers took once."""
        return self.curve.seconds[0] if self.cached and self.curve.seconds else 0.0

    @property
    def finished(self) -> bool:
        """Whether it was measured on the test pictures."""
        return len(self.test_labels) > 0

    @property
    def right(self) -> NDArray[np.bool_]:
        """(T,) whether each test picture was classified correctly."""
        return np.asarray(self.test_probabilities.argmax(axis=1) == self.test_labels)

    @property
    def accuracy(self) -> float:
        """Share of the test pictures that were classified correctly; NaN before it is measured."""
        return float(self.right.mean()) if self.finished else float("nan")

    def save(self, folder: Path) -> None:
        """Write "experiment.json" and "answers.npz", the first one last: where it is, the other one is whole."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        with (folder / "answers.npz.part").open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        (folder / "answers.npz.part").replace(folder / "answers.npz")
        (folder / "experiment.json.part").write_text(self.to_json() + "\n", encoding="utf-8")
        (folder / "experiment.json.part").replace(folder / "experiment.json")

    @classmethod
    def load(cls, folder: Path) -> Experiment:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: nothing was written there.
        """
        text = (folder / "experiment.json").read_text(encoding="utf-8")
        with np.load(folder / "answers.npz", allow_pickle=False) as arrays:
            return cls.from_json(text, {name: arrays[name] for name in _ARRAYS})

    def to_json(self) -> str:
        """One line, without the answers on the test pictures."""
        values: dict[str, Any] = {
            each.name: getattr(self, each.name) for each in fields(self) if each.name not in _ARRAYS
        }
        return json.dumps({**values, "trial": self.trial.to_dict(), "curve": asdict(self.curve)})

    @classmethod
    def from_json(cls, text: str, arrays: Mapping[str, NDArray[Any]] | None = None) -> Experiment:
        """Read what `to_json` wrote; `arrays` are the answers on the test pictures."""
        read: dict[str, Any] = json.loads(text)
        curve = Curve(**{name: tuple(values) for name, values in read["curve"].items()})
        trial = Trial.from_dict(read["trial"])
        known = {**read, "trial": trial, "curve": curve, "classes": tuple(read["classes"])}
        return cls(**known, **dict[str, Any](arrays or {}))
