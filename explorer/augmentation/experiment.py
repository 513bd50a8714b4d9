"""What goes into the experiment "Does it help?" and what comes out. Training itself is in `training_twice`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.augmentation.rejection import PipelineRejected

Progress = Callable[["Experiment"], bool | None]


@dataclass(frozen=True, eq=False)
class Pictures:
    """Labelled pictures of one size.

    Attributes:
        images: (N, 3, H, W) uint8.
        labels: (N,), indices into `classes`.
        classes: names.

    Raises:
        PipelineRejected: shapes that do not fit, fewer than two classes, or a class with fewer than two pictures.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        shape = self.images.shape
        if len(shape) != 4 or shape[1] != 3 or self.images.dtype != np.uint8 or self.labels.shape != shape[:1]:
            raise PipelineRejected("The pictures must be (N, 3, H, W) bytes with one label each.")
        if len(self.classes) < 2:
            raise PipelineRejected("An experiment needs at least two classes; this folder has one.")
        counts = np.bincount(self.labels, minlength=len(self.classes))
        if len(counts) > len(self.classes):
            raise PipelineRejected("A label is none of the classes.")
        if counts.min() < 2:
            poor = self.classes[int(counts.argmin())]
            raise PipelineRejected(f"Every class needs at least two pictures; {poor!r} has {counts.min()}.")


@dataclass(frozen=True)
class Curve:
    """What was measured of one network, all at the same steps.

    Attributes:
        steps: training steps done; begins with 0, before any training.
        loss: cross-entropy in nats on the pictures it learned from since the last point, as it saw them; at step 0 on
            the training pictures.
        training_accuracy: on training pictures as they are, without the pipeline.
        validation_accuracy, validation_loss: on pictures that were held out.
    """

    steps: tuple[int, ...] = ()
    loss: tuple[float, ...] = ()
    training_accuracy: tuple[float, ...] = ()
    validation_accuracy: tuple[float, ...] = ()
    validation_loss: tuple[float, ...] = ()


@dataclass(frozen=True)
class Experiment:
    """Both trainings as far as they have come.

    Attributes:
        classes: names.
        training, validation: numbers of pictures.
        pipeline: as JSON.
        steps: planned for each network.
        seed: of the split, the weights, the order of the pictures and the draws.
        plain, augmented: without and with the pipeline.
        done: steps that both have done.
        seconds: since the beginning.
        stopped: whether it was stopped before its end.
    """

    classes: tuple[str, ...]
    training: int
    validation: int
    pipeline: str
    steps: int
    seed: int
    plain: Curve = field(default_factory=Curve)
    augmented: Curve = field(default_factory=Curve)
    done: int = 0
    seconds: float = 0.0
    stopped: bool = False

    @property
    def description(self) -> str:
        """What came out, in one sentence that claims no more than one run can."""
        if not self.plain.steps:
            return "Nothing has been measured yet."
        with_it, without = self.augmented.validation_accuracy[-1], self.plain.validation_accuracy[-1]
        gain = with_it - without
        # The standard error of a difference of two shares of the same few pictures, taken as independent.
        error = float(np.sqrt((with_it * (1 - with_it) + without * (1 - without)) / self.validation))
        numbers = (
            f"{100 * with_it:.1f} % with the pipeline against {100 * without:.1f} % without after {self.done} steps"
        )
        if abs(gain) <= 2 * error:
            return f"No clear difference: {numbers}, and {self.validation} held-out pictures cannot tell these apart."
        return f"The pipeline {'helped' if gain > 0 else 'hurt'}: {numbers}, on {self.validation} held-out pictures."

    @property
    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Both curves, each part under its own name."""
        runs = {"plain": self.plain, "augmented": self.augmented}
        return {
            f"{name}_{part}": np.array(values, dtype=np.float64)
            for name, curve in runs.items()
            for part, values in vars(curve).items()
        }

    def curves(self, training: str, validation: str) -> dict[str, dict[str, tuple[Sequence[float], Sequence[float]]]]:
        """Steps and values of two attributes of `Curve`, by run and part."""
        runs = {"without": self.plain, "with the pipeline": self.augmented}
        parts = {"training": training, "validation": validation}
        return {
            run: {part: (curve.steps, getattr(curve, name)) for part, name in parts.items()}
            for run, curve in runs.items()
        }

    def to_json(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Experiment:
        """Read what `to_json` wrote."""
        read: dict[str, Any] = json.loads(text)
        curves = {
            name: Curve(**{key: tuple(values) for key, values in read[name].items()}) for name in ("plain", "augmented")
        }
        return cls(**{**read, **curves, "classes": tuple(read["classes"])})
