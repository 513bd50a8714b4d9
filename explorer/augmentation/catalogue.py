"""Every transform of `torchvision.transforms.v2` that changes a picture, found in the module itself.

What a transform takes, its defaults and what its makers say of it are read from its signature and its documentation;
only the groups, the ranges (`explorer.augmentation.ranges`) and the names left out are written down here.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Any, Literal, get_args

from torchvision.transforms import v2

from explorer.augmentation.ranges import FIXED, NO_START, Kind, Value, range_of
from explorer.augmentation.rejection import PipelineRejected

Group = Literal["geometric", "colour", "blur and noise", "erasing", "automatic"]
GROUPS: tuple[Group, ...] = get_args(Group)

_MEMBERS: dict[Group, tuple[str, ...]] = {
    "geometric": (
        "RandomRotation",
        "RandomAffine",
        "RandomHorizontalFlip",
        "RandomVerticalFlip",
        "RandomResizedCrop",
        "RandomCrop",
        "CenterCrop",
        "RandomZoomOut",
        "RandomPerspective",
        "ElasticTransform",
        "Pad",
        "Resize",
        "RandomResize",
        "RandomShortestSize",
        "ScaleJitter",
    ),
    "colour": (
        "ColorJitter",
        "RandomPhotometricDistort",
        "Grayscale",
        "RandomGrayscale",
        "RandomPosterize",
        "RandomSolarize",
        "RandomEqualize",
        "RandomAutocontrast",
        "RandomInvert",
        "RandomAdjustSharpness",
        "RandomChannelPermutation",
    ),
    "blur and noise": ("GaussianBlur", "GaussianNoise", "JPEG"),
    "erasing": ("RandomErasing",),
    "automatic": ("RandAugment", "TrivialAugmentWide", "AutoAugment", "AugMix"),
}

LEFT_OUT: dict[str, str] = {
    "Transform": "the base of all others",
    "Compose": "a container: the pipeline itself",
    "RandomApply": "a container: the probability of a step",
    "RandomChoice": "a container of other transforms",
    "RandomOrder": "a container of other transforms",
    "Identity": "changes nothing",
    "Lambda": "runs a person's own code",
    "MixUp": "needs several pictures: `mix_up`",
    "CutMix": "needs several pictures: `cut_mix`",
    "FiveCrop": "makes five pictures of one",
    "TenCrop": "makes ten pictures of one",
    "RandomIoUCrop": "needs the boxes around objects",
    "Normalize": "makes numbers that are no picture: `normalise`",
    "LinearTransformation": "makes numbers that are no picture",
    "RGB": "changes nothing in a picture that is RGB",
    "ToTensor": "changes the type, not the picture",
    "ToImage": "changes the type, not the picture",
    "ToPureTensor": "changes the type, not the picture",
    "PILToTensor": "changes the type, not the picture",
    "ToPILImage": "changes the type, not the picture",
    "ToDtype": "changes the type, not the picture",
    "ConvertImageDtype": "changes the type, not the picture",
    "UniformTemporalSubsample": "takes a video",
    "ClampBoundingBoxes": "takes boxes",
    "ClampKeyPoints": "takes points",
    "ConvertBoundingBoxFormat": "takes boxes",
    "SanitizeBoundingBoxes": "takes boxes",
    "SanitizeKeyPoints": "takes points",
    "SetClampingMode": "takes boxes",
}


@dataclass(frozen=True)
class Parameter:
    """One control of a transform.

    Attributes:
        name: in the signature.
        kind: "number", "integer", "range" (two numbers, ascending), "pair" (two numbers, across and down), "choice",
            "switch" or "colour" (three whole numbers from 0 to 255).
        start: what a fresh step has: the signature's default, or a value that shows something.
        low, high, step: of the numbers.
        choices: of a "choice".
        unit: behind the number; "" for none.
        whole: whether the numbers are whole.
        optional: whether None, which switches the parameter off, is allowed.
        documentation: torchvision's own words about it; "" where it has none.
    """

    name: str
    kind: Kind
    start: Value
    low: float
    high: float
    step: float
    choices: tuple[str, ...]
    unit: str
    whole: bool
    optional: bool
    documentation: str

    @property
    def label(self) -> str:
        """For people: "kernel size (px)"."""
        unit = f" ({self.unit})" if self.unit else ""
        return f"{self.name.replace('_', ' ')}{unit}"

    @property
    def number(self) -> type[int] | type[float]:
        """What its numbers are."""
        return int if self.whole else float

    @property
    def first(self) -> Any:
        """What it has when it is switched on: its start, else zero, or the most where zero is not allowed."""
        if self.start is not None:
            return self.start
        value = self.number(0.0 if self.low <= 0 <= self.high else self.high)
        numbers = {"range": 2, "pair": 2, "colour": 3}.get(self.kind, 1)
        return value if numbers == 1 else (value,) * numbers


@dataclass(frozen=True)
class Transform:
    """One transform of torchvision.

    Attributes:
        name: its class: "RandomRotation".
        title: for people: "Random rotation".
        group: what it changes.
        parameters: its controls, in the order of the signature.
        documentation: the first paragraph of torchvision's own.
        own_probability: whether the step's probability is the transform's own parameter `p`.
        probability: of a fresh step.
    """

    name: str
    title: str
    group: Group
    parameters: tuple[Parameter, ...]
    documentation: str
    own_probability: bool
    probability: float

    def parameter(self, name: str) -> Parameter:
        """One of its parameters.

        Raises:
            PipelineRejected: it has none of that name.
        """
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        known = ", ".join(parameter.name for parameter in self.parameters) or "none"
        raise PipelineRejected(f"{self.name} has no parameter {name!r}; it has {known}.")


def find(name: str) -> Transform:
    """A transform by name.

    Raises:
        PipelineRejected: there is none of that name here.
    """
    if name in CATALOGUE:
        return CATALOGUE[name]
    if name in LEFT_OUT:
        raise PipelineRejected(f"{name} cannot be a step: it {_as_verb(LEFT_OUT[name])}.")
    near = get_close_matches(name, CATALOGUE, n=1)
    raise PipelineRejected(f"There is no transform {name!r}{f'; did you mean {near[0]}?' if near else '.'}")


def _as_verb(reason: str) -> str:
    return f"is {reason}" if reason.startswith(("a ", "the ")) else reason


def plain_documentation(text: str) -> str:
    """Documentation without the marks of Sphinx: `:class:`~a.B`` becomes "B", ``x`` becomes "x"."""
    text = re.sub(r":\w+:`~?(?:[\w.]+\.)?([\w]+)`", r"\1", text)
    text = re.sub(r"`([^`<]+?)\s*<[^`>]*>`_", r"\1", text)
    return re.sub(r"\s+", " ", text.replace("`", "")).strip()


def _first_paragraph(documentation: str) -> str:
    return plain_documentation(documentation.split("\n\n", 1)[0])


def _of_arguments(documentation: str) -> dict[str, str]:
    """What the section "Args:" says of each parameter: its lines are indented by four, what goes on by more."""
    _, _, section = documentation.partition("Args:\n")
    description: dict[str, list[str]] = {}
    name = ""
    for line in section.splitlines():
        if line and not line.startswith(" "):
            break
        if begins := re.match(r" {4}(\w+)(?:(?: \(.*?\))?:| \(\w+, optional\))(.*)", line):  # one lacks its colon
            name, line = begins.groups()
        description.setdefault(name, []).append(line)
    return {name: plain_documentation(" ".join(lines)).partition(" .. ")[0] for name, lines in description.items()}


def _title(name: str) -> str:
    """British words for people; the names of methods as their authors write them."""
    if name in _MEMBERS["automatic"]:
        return name
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]+", name)
    title = " ".join([words[0], *(word if word.isupper() else word.lower() for word in words[1:])])
    for american, british in (("Color", "Colour"), ("Center", "Centre"), ("Gray", "Grey"), ("gray", "grey")):
        title = title.replace(american, british)
    return title


def _plain(default: Any) -> Value:
    """The default of a signature as one of our values."""
    if isinstance(default, Enum):
        return str(default.value)
    return tuple(default) if isinstance(default, list) else default


def _read(name: str, group: Group) -> Transform:
    made = getattr(v2, name)
    documentation = inspect.getdoc(made) or ""
    description = _of_arguments(documentation)
    own = any(base.__name__ == "_RandomApplyTransform" for base in made.__mro__)
    parameters = []
    signature = inspect.signature(made).parameters
    for parameter in signature.values():
        if (own and parameter.name == "p") or parameter.name in FIXED:
            continue
        allowed = range_of(name, parameter.name)
        if allowed is None:
            raise LookupError(f"{name} has a parameter {parameter.name!r} that no range is known for.")
        start = _plain(parameter.default) if allowed.start is NO_START else allowed.start
        parameters.append(
            Parameter(
                parameter.name,
                allowed.kind,
                start,
                allowed.low,
                allowed.high,
                allowed.step,
                allowed.choices,
                allowed.unit,
                allowed.whole,
                allowed.optional,
                description.get(parameter.name, ""),
            )
        )
    probability = float(signature["p"].default) if own else 1.0
    return Transform(name, _title(name), group, tuple(parameters), _first_paragraph(documentation), own, probability)


CATALOGUE: dict[str, Transform] = {name: _read(name, group) for group, names in _MEMBERS.items() for name in names}
