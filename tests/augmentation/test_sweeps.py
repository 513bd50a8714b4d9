"""Sweeps: the pictures against torchvision's functions, the probabilities against the network asked one by one."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

from explorer.augmentation import SWEEPS, PipelineRejected, SweepResult, flips, sweep
from explorer.zoo import VisionModel
from tests.anatomy.networks import open_shipped


@pytest.fixture(scope="module")
def model() -> VisionModel:
    return open_shipped("tiny-vgg")


def ask(model: VisionModel, pixels: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return model.network(model.preprocessing.tensor(Image.fromarray(pixels)))[0].softmax(0).numpy()


@pytest.mark.parametrize("name", SWEEPS)
def test_41_points_the_unchanged_picture_among_them(name: str, model: VisionModel, photo: Image.Image) -> None:
    result = sweep(model, photo, name)
    chosen = SWEEPS[name]
    assert result.values.shape == (41,)
    assert (np.diff(result.values) > 0).all()
    assert (result.values[0], result.values[-1]) == (chosen.low, chosen.high)
    assert result.probabilities.shape == (41, 10)
    place = result.values.tolist().index(chosen.neutral)
    assert np.array_equal(result.pixels[place], model.preprocessing.pixels(photo))
    assert np.abs(result.probabilities[place] - result.single).max() < 1e-6
    for other in (0, 7, place, 33, 40):  # the pictures that are shown are the pictures that were judged
        assert np.abs(result.probabilities[other] - ask(model, result.pixels[other])).max() < 1e-5


def square(model: VisionModel, photo: Image.Image) -> torch.Tensor:
    return torch.from_numpy(model.preprocessing.pixels(photo).copy()).permute(2, 0, 1).float()


def apart(pixels: np.ndarray, wanted: list[torch.Tensor]) -> np.ndarray:
    """The differences in levels of 255."""
    return np.abs(pixels.astype(float) - torch.stack(wanted).permute(0, 2, 3, 1).numpy())


def test_turns_and_zooms_are_those_of_torchvision(model: VisionModel, photo: Image.Image) -> None:
    big = model.with_preprocessing(model.preprocessing.with_size(64))
    picture, disc = square(big, photo), np.hypot(*np.mgrid[-31.5:32, -31.5:32]) < 30
    angles = [-150.0, -90.0, -10.0, 25.0, 90.0, 180.0]
    turned = sweep(big, photo, "rotation", angles)
    wanted = [F.rotate(picture, angle, InterpolationMode.BILINEAR) for angle in angles]
    assert apart(turned.pixels, wanted)[:, disc].max() < 0.51  # rounding to whole levels alone
    zooms = [0.5, 1.0, 1.5, 2.0]
    zoomed = sweep(big, photo, "zoom", zooms)
    wanted_zooms = [
        F.affine(picture, angle=0, translate=[0, 0], scale=zoom, shear=[0, 0], interpolation=InterpolationMode.BILINEAR)
        for zoom in zooms
    ]
    assert apart(zoomed.pixels[1:], wanted_zooms[1:]).max() < 0.51
    assert (zoomed.pixels[0, :15] == 0).all()


def test_brightness_and_blur_are_those_of_torchvision(model: VisionModel, photo: Image.Image) -> None:
    big = model.with_preprocessing(model.preprocessing.with_size(64))
    picture = square(big, photo)
    factors = [0.0, 0.4, 1.0, 2.5]
    bright = sweep(big, photo, "brightness", factors)
    assert apart(bright.pixels, [F.adjust_brightness(picture / 255, factor) * 255 for factor in factors]).max() < 0.51
    sigmas = [0.5, 1.0, 3.0, 7.0]
    blurred = sweep(big, photo, "blur", sigmas)
    radii = [int(np.ceil(4 * sigma)) for sigma in sigmas]
    wanted = [
        F.gaussian_blur(picture, [2 * radius + 1] * 2, [sigma] * 2) for radius, sigma in zip(radii, sigmas, strict=True)
    ]
    assert apart(blurred.pixels, wanted).max() < 0.51


def test_a_blur_wider_than_the_picture_still_keeps_its_light(model: VisionModel, photo: Image.Image) -> None:
    tiny = model.with_preprocessing(model.preprocessing.with_size(8))
    result = sweep(tiny, photo, "blur", [0.0, 8.0])
    assert result.pixels[1].std() < result.pixels[0].std()
    assert abs(float(result.pixels[1].mean()) - float(result.pixels[0].mean())) < 10


def make(rows: list[list[float]]) -> SweepResult:
    probabilities = np.array(rows, np.float32)
    return SweepResult(
        "zoom", np.arange(len(rows)) / 2, probabilities, np.zeros((len(rows), 1, 1, 3), np.uint8), probabilities[0]
    )


def test_flips_are_where_the_winner_changes() -> None:
    found = flips(make([[0.6, 0.3, 0.1], [0.5, 0.4, 0.1], [0.3, 0.5, 0.2], [0.3, 0.4, 0.3], [0.9, 0.1, 0.0]]))
    assert [(flip.before, flip.after, flip.old, flip.new) for flip in found] == [(0.5, 1.0, 0, 1), (1.5, 2.0, 1, 0)]
    assert found[0].probability == pytest.approx(0.5)
    assert found[1].probability == pytest.approx(0.9)
    assert flips(make([[0.6, 0.4]] * 5)) == ()


def test_top_classes_begin_with_that_of_the_picture() -> None:
    result = make([[0.4, 0.35, 0.05, 0.2], [0.0, 0.1, 0.8, 0.1], [0.1, 0.6, 0.2, 0.1]])
    assert result.top() == (0, 2, 1)
    assert result.top(2) == (0, 2)


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("hue", None, "There is no sweep 'hue'"),
        ("zoom", [], "1 to 361 points, not 0"),
        ("zoom", [1.0] * 400, "not 400"),
        ("rotation", [0.0, 181.0], "from -180 to 180"),
        ("rotation", [10.0, 0.0], "ascending"),
        ("blur", [float("nan")], "from 0 to 8"),
    ],
)
def test_impossible_sweeps_are_refused(
    name: str, values: list[float] | None, said: str, model: VisionModel, small: Image.Image
) -> None:
    with pytest.raises(PipelineRejected, match=said):
        sweep(model, small, name, values)


def test_a_picture_of_one_pixel_is_swept(model: VisionModel) -> None:
    for name in SWEEPS:
        assert np.isfinite(sweep(model, Image.new("RGB", (1, 1), "orange"), name).probabilities).all()
