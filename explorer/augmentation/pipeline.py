"""`Pipeline`: steps in order, as a value that can be drawn from, written down and read back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from explorer.augmentation import python_code
from explorer.augmentation.catalogue import find
from explorer.augmentation.drawing import Draw, run
from explorer.augmentation.rejection import PipelineRejected
from explorer.augmentation.steps import Step

MOST_STEPS = 32
MOST_TEXT = 100_000  # characters of a JSON file
_VERSION = 1


@dataclass(frozen=True)
class Pipeline:
    """Transforms of torchvision in order. Nothing is changed in place: every change is a new pipeline.

    Attributes:
        steps: none gives the picture itself.

    Raises:
        PipelineRejected: more than `MOST_STEPS` steps.

    Example:
        >>> pipeline = Pipeline().add(Step("RandomRotation", {"degrees": (-20, 20)}, probability=0.5))
        >>> pipeline.draw(image, seed=3) is not None
        True
    """

    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(self.steps))
        if len(self.steps) > MOST_STEPS:
            raise PipelineRejected(f"A pipeline has at most {MOST_STEPS} steps, this one has {len(self.steps)}.")

    def add(self, step: Step, place: int | None = None) -> Pipeline:
        """With one more step, before the one at `place` (from 0); at the end if None."""
        place = len(self.steps) if place is None else place
        return Pipeline((*self.steps[:place], step, *self.steps[place:]))

    def remove(self, place: int) -> Pipeline:
        """Without the step at `place`.

        Raises:
            PipelineRejected: there is no such place.
        """
        self._check_place(place)
        return Pipeline((*self.steps[:place], *self.steps[place + 1 :]))

    def replace(self, place: int, step: Step) -> Pipeline:
        """With another step at `place`.

        Raises:
            PipelineRejected: there is no such place.
        """
        self._check_place(place)
        return Pipeline((*self.steps[:place], step, *self.steps[place + 1 :]))

    def move(self, place: int, to: int) -> Pipeline:
        """With the step at `place` at the place `to` instead, the others in their order.

        Raises:
            PipelineRejected: there is no such place.
        """
        self._check_place(place)
        self._check_place(to)
        return self.remove(place).add(self.steps[place], to)

    def _check_place(self, place: int) -> None:
        if not 0 <= place < len(self.steps):
            raise PipelineRejected(f"There is no step {place + 1}; the pipeline has {len(self.steps)}.")

    def draw(self, image: Image.Image, seed: int) -> Image.Image:
        """One picture, RGB; see `draw_with_trace`."""
        return self.draw_with_trace(image, seed).image

    def draw_with_trace(self, image: Image.Image, seed: int) -> Draw:
        """One picture, and which steps fired with which parameters.

        What comes out depends on the pipeline, the picture and the seed alone. Any number of threads may draw at a
        time; the random state of the process is left alone.

        Args:
            image: any mode; taken as RGB.
            seed: 0 or more, below 2**63.

        Raises:
            PipelineRejected: a step cannot be done on the picture that reaches it, or the seed is none.
        """
        if not 0 <= seed < 2**63:
            raise PipelineRejected(f"A seed is a whole number from 0 to 2**63 - 1, not {seed}.")
        return run(self.steps, image, seed)

    def draw_many(self, image: Image.Image, count: int, seed: int) -> tuple[Draw, ...]:
        """Pictures with the seeds `seed`, `seed` + 1, ..., `seed` + `count` - 1."""
        return tuple(self.draw_with_trace(image, seed + number) for number in range(count))

    def to_json(self) -> str:
        """As text that `from_json` reads back to an equal pipeline."""
        steps = [
            {"transform": step.transform, "probability": step.probability, "parameters": dict(step.parameters)}
            for step in self.steps
        ]
        return json.dumps({"version": _VERSION, "steps": steps}, indent=2) + "\n"

    def compact(self) -> str:
        """As short text that `from_json` reads: only what a fresh step does not have anyway."""
        return json.dumps({"steps": [_write_changes(step) for step in self.steps]}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Pipeline:
        """Read a pipeline.

        Raises:
            PipelineRejected: the text is no JSON, no pipeline, or asks for what cannot be; the message names the step.
        """
        if len(text) > MOST_TEXT:
            raise PipelineRejected(f"The file has {len(text):,} characters, more than the limit of {MOST_TEXT:,}.")
        try:
            read = json.loads(text)
        except (ValueError, RecursionError) as error:
            place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
            raise PipelineRejected(f"The file is not whole JSON{place}.") from None
        if not isinstance(read, dict) or not isinstance(read.get("steps"), list):
            raise PipelineRejected('The file holds no pipeline: it must be an object with a list "steps".')
        if read.get("version", _VERSION) != _VERSION:
            raise PipelineRejected(f"The file has version {str(read['version'])[:20]}; only version 1 is known here.")
        if len(read["steps"]) > MOST_STEPS:
            raise PipelineRejected(f"A pipeline has at most {MOST_STEPS} steps, this one has {len(read['steps'])}.")
        return cls(tuple(_read_step(place, item) for place, item in enumerate(read["steps"], start=1)))

    def to_python(
        self, seed: int = 0, opening: Sequence[str] = python_code.OPENING, imports: Sequence[str] = python_code.IMPORTS
    ) -> str:
        """A program with torchvision alone that makes the same picture.

        Args:
            seed: of the picture `drawn` at its end.
            opening: lines that define `image`, a PIL image in RGB.
            imports: lines that these need.

        Returns:
            The program; it defines `pipeline`, `draw(image, seed)` and `drawn`.
        """
        return python_code.write(self.steps, seed, opening, imports)


def _read_step(place: int, item: Any) -> Step:
    if not isinstance(item, dict) or not isinstance(item.get("transform"), str):
        raise PipelineRejected(f'Step {place} has no "transform" with the name of one.')
    unknown = sorted(item.keys() - {"transform", "probability", "parameters"})
    if unknown:
        raise PipelineRejected(f"Step {place} has {unknown[0]!r}, which is not known here.")
    parameters = item.get("parameters", {})
    if not isinstance(parameters, dict):
        raise PipelineRejected(f'The "parameters" of step {place} must be an object.')
    try:
        probability = item.get("probability", find(item["transform"]).probability)
        return Step(item["transform"], parameters, probability)
    except PipelineRejected as error:
        raise PipelineRejected(f"Step {place}: {error}") from None


EXAMPLE = Pipeline(
    (
        Step("RandomResizedCrop", {"scale": (0.4, 1.0)}),
        Step("RandomHorizontalFlip"),
        Step("RandomRotation", {"degrees": (-20.0, 20.0)}, 0.7),
        Step("ColorJitter", {}, 0.8),
        Step("RandomErasing", {"scale": (0.02, 0.2)}, 0.3),
    )
)


def _write_changes(step: Step) -> dict[str, object]:
    known = find(step.transform)
    changed = {each.name: step.parameters[each.name] for each in known.parameters}
    changed = {name: value for name, value in changed.items() if value != known.parameter(name).start}
    short: dict[str, object] = {"transform": step.transform}
    if step.probability != known.probability:
        short["probability"] = step.probability
    return {**short, "parameters": changed} if changed else short
