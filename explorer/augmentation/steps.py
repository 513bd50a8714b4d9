"""One step of a pipeline: a transform with parameters that were checked, and how often it takes place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn
from torchvision.transforms import v2

from explorer.augmentation.catalogue import Parameter, Transform, find
from explorer.augmentation.ranges import FIXED, Value
from explorer.augmentation.rejection import PipelineRejected

# Measured per transform at 224 px: Pillow's are faster than or as fast as those of tensors, except where there is none.
ON_TENSORS = ("GaussianNoise",)
_SLACK = 1e-9


@dataclass(frozen=True)
class Step:
    """A transform, its parameters and its probability; checked when it is made.

    Attributes:
        transform: its name in the catalogue.
        parameters: by name; those not given get the value that a fresh step has.
        probability: how often the step takes place, from 0 to 1; the fresh step's if None. Where the transform has a
            parameter `p` of its own for this, it is that.

    Raises:
        PipelineRejected: an unknown transform or parameter, a value of another type or out of range, or values that do
            not go together.
    """

    transform: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    probability: float = None  # type: ignore[assignment]  # None only until `__post_init__` has run

    def __post_init__(self) -> None:
        known = find(self.transform)
        for name in self.parameters:
            known.parameter(name)
        complete = {each.name: _check(known, each, self.parameters) for each in known.parameters}
        probability = known.probability if self.probability is None else self.probability
        if not _is_number(probability) or not 0 <= probability <= 1:
            raise PipelineRejected(
                f"The probability of {self.transform} must be a number from 0 to 1, not {_show(probability)}."
            )
        object.__setattr__(self, "parameters", complete)
        object.__setattr__(self, "probability", float(probability))
        _check_together(self)

    def with_parameters(self, **changes: Value) -> Step:
        """The same with some parameters changed."""
        return Step(self.transform, {**self.parameters, **changes}, self.probability)

    def with_probability(self, probability: float) -> Step:
        """The same with another probability."""
        return Step(self.transform, self.parameters, probability)


def _check(transform: Transform, parameter: Parameter, given: Mapping[str, Value]) -> Value:
    """The value of one parameter in the form it is kept in: lists as tuples, numbers as float where not whole."""
    value: Any = given.get(parameter.name, parameter.start)
    if value is None and parameter.optional:
        return None
    wanted = _describe(parameter)
    refused = PipelineRejected(f"{parameter.name} of {transform.name} must be {wanted}, not {_show(value)}.")
    match parameter.kind:
        case "choice":
            if value not in parameter.choices:
                raise refused
            return str(value)
        case "switch":
            if not isinstance(value, bool):
                raise refused
            return value
        case "number" | "integer":
            if not _fits(parameter, value):
                raise refused
            return _kept(parameter, value)
    count = 3 if parameter.kind == "colour" else 2
    if not isinstance(value, list | tuple) or len(value) != count or not all(_fits(parameter, each) for each in value):
        raise refused
    if parameter.kind == "range" and value[0] > value[1]:
        raise refused
    return tuple(_kept(parameter, each) for each in value)


def _is_number(value: Any) -> bool:
    # Whether it is finite, its bounds tell; `math.isfinite` would fail on an integer of 400 digits.
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fits(parameter: Parameter, value: Any) -> bool:
    if not _is_number(value) or not parameter.low - _SLACK <= value <= parameter.high + _SLACK:
        return False
    return not parameter.whole or (value - parameter.low) % parameter.step == 0


def _kept(parameter: Parameter, value: float) -> float:
    return int(value) if parameter.whole else float(value)


def _describe(parameter: Parameter) -> str:
    """What is allowed, for the message."""
    if parameter.kind == "choice":
        return f"one of {', '.join(parameter.choices)}"
    if parameter.kind == "switch":
        return "true or false"
    whole, unit = ("whole " if parameter.whole else ""), (f" {parameter.unit}" if parameter.unit else "")
    between = f"from {parameter.low:g} to {parameter.high:g}{unit}"
    if parameter.whole and parameter.step == 2:
        whole = "odd "
    return {
        "number": f"a number {between}",
        "integer": f"{'an' if whole == 'odd ' else 'a'} {whole}number {between}",
        "range": f"two {whole}numbers {between}, the smaller one first",
        "pair": f"two {whole}numbers {between}",
        "colour": f"three {whole}numbers {between}",
    }[parameter.kind]


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _check_together(step: Step) -> None:
    """Values that are fine alone and impossible together; torchvision would notice some of them while it draws."""
    given: Mapping[str, Any] = step.parameters
    name = step.transform
    if name == "RandAugment" and given["magnitude"] >= given["num_magnitude_bins"]:
        raise PipelineRejected(
            f"magnitude of RandAugment must be below num_magnitude_bins, and {given['magnitude']} is not below "
            f"{given['num_magnitude_bins']}."
        )
    if name == "RandomResize" and given["min_size"] >= given["max_size"]:
        raise PipelineRejected(
            f"min_size of RandomResize must be below max_size, and {given['min_size']} is not below "
            f"{given['max_size']}."
        )
    smallest = "size" if name == "Resize" else "min_size"
    if name in ("Resize", "RandomShortestSize") and (given["max_size"] or math.inf) <= given[smallest]:
        raise PipelineRejected(
            f"max_size of {name} must be above {smallest}, and {given['max_size']} is not above {given[smallest]}."
        )


def settings_of(step: Step) -> dict[str, Any]:
    """The arguments that torchvision's class is made with, fixed ones and `p` included where it has them."""
    known = find(step.transform)
    settings: dict[str, Any] = {name: _for_torchvision(name, value) for name, value in step.parameters.items()}
    if step.transform == "Grayscale":
        settings["num_output_channels"] = FIXED["num_output_channels"][0]
    if known.own_probability:
        settings["p"] = step.probability
    return settings


def _for_torchvision(name: str, value: Value) -> Any:
    if name == "interpolation":
        return v2.InterpolationMode(value)
    return v2.AutoAugmentPolicy(value) if name == "policy" else value


def bare_transform(step: Step) -> v2.Transform:
    """Torchvision's own object, without the step's probability unless it is the transform's."""
    return getattr(v2, step.transform)(**settings_of(step))


def assemble(step: Step, bare: v2.Transform) -> nn.Module:
    """The step as it runs on a PIL image: `bare` with conversions where it needs tensors, and with its probability."""
    parts = [v2.PILToTensor(), bare, v2.ToPILImage()] if step.transform in ON_TENSORS else [bare]
    if step.probability < 1 and not find(step.transform).own_probability:
        return v2.RandomApply(parts, p=step.probability)
    return parts[0] if len(parts) == 1 else v2.Compose(parts)
