"""What is told of a draw is what was done: done again with torchvision's functions, it gives the same picture."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from explorer.augmentation import EXAMPLE, Draw, Pipeline, Step
from explorer.augmentation.steps import bare_transform

BILINEAR = v2.InterpolationMode.BILINEAR


def draw(name: str, image: Image.Image, seed: int = 3, probability: float = 1.0, **parameters: Any) -> Draw:
    return Pipeline((Step(name, parameters, probability),)).draw_with_trace(image, seed)


def same(first: Image.Image, second: Image.Image) -> bool:
    return np.array_equal(np.asarray(first), np.asarray(second))


def jitter(image: Image.Image, description: dict[str, Any]) -> Image.Image:
    for name in description.get("order", ("brightness",)):
        image = getattr(F, f"adjust_{name}")(image, description[f"{name}_factor"])
    return image


def erase(image: Image.Image, description: dict[str, Any]) -> Image.Image:
    pixels = np.asarray(image).copy()
    top, left = description["top"], description["left"]
    pixels[top : top + description["height"], left : left + description["width"]] = (10, 200, 30)
    return Image.fromarray(pixels)


AGAIN: dict[str, tuple[dict[str, Any], Callable[[Image.Image, dict[str, Any]], Image.Image]]] = {
    "RandomRotation": ({}, lambda image, description: F.rotate(image, description["angle"], BILINEAR)),
    "RandomAffine": (
        {"shear": (-10, 10)},
        lambda image, description: F.affine(
            image,
            description["angle"],
            list(description["translate"]),
            description["scale"],
            list(description["shear"]),
            BILINEAR,
        ),
    ),
    "RandomResizedCrop": (
        {"size": 30},
        lambda image, description: F.resized_crop(
            image,
            description["top"],
            description["left"],
            description["height"],
            description["width"],
            [30, 30],
            BILINEAR,
        ),
    ),
    "RandomCrop": (
        {"size": 40},
        lambda image, description: image.crop(
            (description["left"], description["top"], description["left"] + 40, description["top"] + 40)
        ),
    ),
    "RandomZoomOut": ({}, lambda image, description: F.pad(image, list(description["padding"]))),
    "RandomPerspective": (
        {},
        lambda image, description: F.perspective(
            image, None, None, BILINEAR, coefficients=list(description["coefficients"])
        ),
    ),
    "RandomResize": ({}, lambda image, description: F.resize(image, list(description["size"]))),
    "ScaleJitter": ({}, lambda image, description: F.resize(image, list(description["size"]))),
    "ColorJitter": ({}, jitter),
    "RandomChannelPermutation": (
        {},
        lambda image, description: Image.fromarray(np.asarray(image)[..., list(description["permutation"])]),
    ),
    "GaussianBlur": ({}, lambda image, description: F.gaussian_blur(image, [5, 5], list(description["sigma"]))),
    "JPEG": ({}, lambda image, description: F.jpeg(image, description["quality"])),
    "RandomErasing": ({"value": (10, 200, 30)}, erase),
}


@pytest.mark.parametrize("name", AGAIN)
def test_what_is_told_done_again_gives_the_same_picture(name: str, small: Image.Image) -> None:
    parameters, again = AGAIN[name]
    for seed in range(4):
        description = draw(name, small, seed, **parameters)
        (step,) = description.steps
        assert step.fired
        assert same(description.image, again(small, step.parameters))


@pytest.mark.parametrize("name", ["RandAugment", "TrivialAugmentWide", "AutoAugment"])
def test_policies_tell_every_operation(name: str, small: Image.Image) -> None:
    policy = bare_transform(Step(name))
    seen = set()
    for seed in range(25):
        description = draw(name, small, seed)
        (step,) = description.steps
        again = small
        for operation in step.operations:
            again = policy._apply_image_or_video_transform(
                again, operation.name, operation.magnitude or 0.0, policy.interpolation, policy._fill
            )
            seen.add(operation.name)
        assert same(description.image, again)
    assert len(seen) > 4


def test_augmix_tells_its_chains_and_their_shares(small: Image.Image) -> None:
    policy = bare_transform(Step("AugMix"))
    for seed in range(6):
        description = draw("AugMix", small, seed)
        (step,) = description.steps
        own: Any = step.parameters["share_of_the_original"]
        shares: Any = step.parameters["shares_of_the_chains"]
        assert own + sum(shares) == pytest.approx(1, abs=1e-6)
        start = F.pil_to_tensor(small)
        mixed = own * start
        for chain, share in enumerate(shares):
            end = start[None]
            for operation in step.operations:
                if operation.chain == chain:
                    end = policy._apply_image_or_video_transform(
                        end, operation.name, operation.magnitude or 0.0, policy.interpolation, policy._fill
                    )
            mixed = mixed + share * end[0]
        difference = mixed - F.pil_to_tensor(description.image)
        assert float(difference.min()) > -1e-3  # torchvision cuts off what is behind the point
        assert float(difference.max()) < 1 + 1e-3


def test_distortions_tell_only_what_happened(small: Image.Image) -> None:
    numbers = set()
    for seed in range(12):
        description = draw("RandomPhotometricDistort", small, seed)
        (step,) = description.steps
        keys = step.parameters.keys()
        numbers.add(len(keys))
        assert ("contrast_before" in keys) == ("contrast_factor" in keys)
        if not keys:
            assert same(description.image, small)
    assert len(numbers) > 2
    (none,) = draw("RandomPhotometricDistort", small, p=0.0).steps
    assert none.fired
    assert none.parameters == {}


@pytest.mark.parametrize("name", ["RandomRotation", "RandomInvert", "RandAugment", "GaussianNoise"])
def test_a_step_that_did_not_fire_changed_nothing(name: str, small: Image.Image) -> None:
    fired = 0
    for seed in range(60):
        description = draw(name, small, seed, probability=0.3)
        (step,) = description.steps
        fired += step.fired
        if not step.fired:
            assert same(description.image, small)
            assert step.description.endswith("did not fire")
            assert not step.parameters
            assert not step.operations
    assert 7 <= fired <= 30  # 18 expected, standard deviation 3.5


def test_never_and_always(small: Image.Image) -> None:
    for name in ("RandomRotation", "RandomInvert"):
        assert not any(draw(name, small, seed, 0.0).steps[0].fired for seed in range(20))
        assert all(draw(name, small, seed, 1.0).steps[0].fired for seed in range(20))


def test_elastic_tells_the_largest_shift(small: Image.Image) -> None:
    (step,) = draw("ElasticTransform", small, seed=2, alpha=80.0, sigma=3.0).steps
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        field = v2.ElasticTransform(80.0, 3.0).make_params([small])["displacement"][0]  # shares of half the side
    shift = (field * torch.tensor([40.0, 30.0])).norm(dim=-1).max()
    assert step.parameters == {"largest_shift_px": pytest.approx(float(shift))}


def test_an_erasing_that_found_no_place_says_so() -> None:
    image = Image.new("RGB", (2, 60), "white")
    description = draw("RandomErasing", image, scale=(0.9, 1.0), ratio=(0.1, 0.1))
    assert same(description.image, image)
    assert description.description == "Random erasing: area no rectangle fitted"


def test_lines_for_people(small: Image.Image) -> None:
    assert draw("RandomInvert", small).description == "Random invert"
    assert draw("RandomRotation", small, degrees=(12, 12)).description == "Random rotation: angle 12"
    assert draw("JPEG", small, quality=(7, 7)).description == "JPEG: quality 7"
    assert draw("RandomInvert", small, probability=0.0).description == "nothing fired"
    rotated = draw("RandAugment", small, seed=0).description
    assert rotated.startswith("RandAugment: ")
    lines = EXAMPLE.draw_with_trace(small, 0)
    assert len(lines.steps) == len(EXAMPLE.steps)
    assert lines.description.count(";") == sum(step.fired for step in lines.steps) - 1
