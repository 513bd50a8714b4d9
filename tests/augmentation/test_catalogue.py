"""Nothing that takes a picture is missing, and every control is one of torchvision's own signature."""

import inspect
from functools import partial
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import v2

from explorer.augmentation import CATALOGUE, FIXED, GROUPS, LEFT_OUT, Parameter, PipelineRejected, Step, Transform, find
from explorer.augmentation.steps import bare_transform
from tests.augmentation.strategies import attempt

ALL = {
    name: made
    for name in dir(v2)
    if inspect.isclass(made := getattr(v2, name)) and issubclass(made, v2.Transform) and not name.startswith("_")
}
EVERY = pytest.mark.parametrize("transform", CATALOGUE.values(), ids=CATALOGUE)


def test_every_transform_of_torchvision_is_listed_or_left_out_for_a_reason() -> None:
    assert CATALOGUE.keys() | LEFT_OUT.keys() == ALL.keys()
    assert not CATALOGUE.keys() & LEFT_OUT.keys()
    assert all(len(reason) > 10 for reason in LEFT_OUT.values())
    assert {transform.group for transform in CATALOGUE.values()} == set(GROUPS)


@pytest.mark.parametrize("name", sorted(LEFT_OUT.keys() & ALL.keys()))
def test_what_is_left_out_makes_no_new_picture_of_one(name: str, small: Image.Image) -> None:
    try:
        result: Any = ALL[name]()(small)
    except (TypeError, NotImplementedError, ValueError):
        return  # needs more than a picture
    assert not isinstance(result, Image.Image) or np.array_equal(np.asarray(result), np.asarray(small))


@EVERY
def test_controls_are_the_signature(transform: Transform) -> None:
    signature = inspect.signature(getattr(v2, transform.name)).parameters
    controls = {parameter.name for parameter in transform.parameters}
    rest = signature.keys() - controls
    assert controls <= signature.keys()
    assert rest <= FIXED.keys() | ({"p"} if transform.own_probability else set())
    for name in rest - {"p"}:
        value, reason = FIXED[name]
        assert len(reason) > 10
        assert value == signature[name].default or name == "num_output_channels"


@EVERY
def test_words_are_the_original_documentation(transform: Transform) -> None:
    original = inspect.getdoc(getattr(v2, transform.name)) or ""
    assert len(transform.documentation.split()) >= 4
    assert transform.documentation.split()[:2] == original.replace("`", "").split()[:2]
    assert not {":class:", "``", "`_"} & set(transform.documentation.split())
    for parameter in transform.parameters:
        if f"    {parameter.name} (" in original:
            assert len(parameter.documentation) > 10, parameter.name
            assert parameter.documentation.split()[0] in original
        # One parameter's words do not run into the next one's.
        assert not any(
            f" {other.name} (" in parameter.documentation.replace("size (size", "") for other in transform.parameters
        )


def ends(parameter: Parameter) -> list[Any]:
    if parameter.kind in ("choice", "switch"):
        return [*parameter.choices] or [False, True]
    count = {"range": 2, "pair": 2, "colour": 3}.get(parameter.kind, 0)
    return [(end,) * count if count else end for end in (parameter.low, parameter.high)]


@EVERY
def test_torchvision_accepts_both_ends_of_every_range(transform: Transform) -> None:
    assert bare_transform(Step(transform.name)).training  # a fresh step can be made
    tried = 0
    for parameter in transform.parameters:
        for value in ends(parameter) + ([None] if parameter.optional else []):
            step = attempt(partial(Step, transform.name, {parameter.name: value}))
            if isinstance(step, str):  # impossible together with the other values; never out of range
                assert "must be below" in step or "must be above" in step
                continue
            assert bare_transform(step).training
            tried += 1
    assert tried >= len(transform.parameters)


def test_starts_are_the_defaults_where_there_are_some() -> None:
    jpeg, blur = find("JPEG"), find("GaussianBlur")
    assert blur.parameter("sigma").start == (0.1, 2.0)
    assert find("RandAugment").parameter("magnitude").start == 9
    assert find("AutoAugment").parameter("policy").start == "imagenet"
    assert find("RandomGrayscale").probability == 0.1
    assert jpeg.parameter("quality").whole


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("RandomRotatoin", "did you mean RandomRotation"),
        ("xyz", "There is no transform 'xyz'."),
        ("FiveCrop", "FiveCrop cannot be a step: it makes five pictures of one."),
        ("Compose", "Compose cannot be a step: it is a container: the pipeline itself."),
    ],
)
def test_unknown_names_are_refused_in_one_sentence(name: str, said: str) -> None:
    with pytest.raises(PipelineRejected) as refusal:
        find(name)
    assert said in str(refusal.value)
    assert find("Pad").parameter("padding").unit == "px"
    with pytest.raises(PipelineRejected, match="no parameter 'angle'; it has degrees"):
        find("RandomRotation").parameter("angle")
