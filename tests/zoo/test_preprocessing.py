"""From picture to tensor, against torchvision's own transforms and against pixels that know where they came from."""

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision import models

from explorer.zoo import FITS, Fit, Preprocessing, random_model

from .making import make_picture

IMAGENET = Preprocessing(224, 256, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
SIZES = [
    (640, 480),
    (481, 640),
    (333, 251),
    (224, 224),
    (256, 256),
    (255, 257),
    (90, 100),
    (31, 17),
    (900, 130),
    (1, 1),
]


@cache
def preprocessing_of(name: str) -> Preprocessing:
    return random_model(name).preprocessing


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", ["squeezenet1_1", "mobilenet_v2", "efficientnet_b0", "inception_v3"])
def test_centre_crop_is_torchvisions_transform(name: str, size: tuple[int, int]) -> None:
    picture = make_picture(*size)
    expected = models.get_model_weights(name).DEFAULT.transforms()(picture)[None]
    got = preprocessing_of(name).tensor(picture)
    assert got.dtype == torch.float32
    assert torch.equal(got, expected)


@given(st.integers(1, 400), st.integers(1, 400))
def test_centre_crop_is_torchvisions_transform_for_any_size(width: int, height: int) -> None:
    picture = make_picture(width, height)
    small = Preprocessing(28, 32, IMAGENET.mean, IMAGENET.std)
    expected = models.ResNet18_Weights.DEFAULT.transforms(crop_size=28, resize_size=32)(picture)[None]
    assert torch.equal(small.tensor(picture), expected)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_pixels_tensor_and_back(fit: Fit, size: tuple[int, int]) -> None:
    picture, preprocessing = make_picture(*size), IMAGENET.with_fit(fit)
    pixels = preprocessing.pixels(picture)
    assert pixels.shape == (224, 224, 3)
    assert pixels.dtype == np.uint8
    x = preprocessing.tensor(picture)
    assert x.shape == (1, 3, 224, 224)
    assert np.array_equal(preprocessing.unnormalise(x), pixels)
    scaled = (pixels.astype(np.float64) / 255 - IMAGENET.mean) / IMAGENET.std
    assert np.allclose(x[0].permute(1, 2, 0).numpy(), scaled, atol=1e-6)


@pytest.mark.parametrize("fit", FITS)
def test_many_pictures_together_are_what_each_is_alone(fit: Fit) -> None:
    pictures = [make_picture(*size) for size in SIZES]
    pictures.append(pictures[0])  # the same one twice
    preprocessing = IMAGENET.with_fit(fit)
    together = preprocessing.tensors(pictures)
    assert together.dtype == torch.float32
    assert torch.equal(together, torch.cat([preprocessing.tensor(picture) for picture in pictures]))


def test_unnormalise_clips_what_no_picture_can_be() -> None:
    x = torch.tensor([-100.0, 100.0]).view(1, 1, 1, 2).expand(1, 3, 1, 2)
    assert IMAGENET.unnormalise(x).tolist() == [[[0, 0, 0], [255, 255, 255]]]


@given(st.integers(40, 250), st.integers(40, 250), st.sampled_from(list(FITS)), st.sampled_from([(64, 64), (64, 73)]))
def test_region_is_where_the_pixels_came_from(width: int, height: int, fit: Fit, sides: tuple[int, int]) -> None:
    """In a picture whose red is the column and whose green is the row, colours tell positions."""
    rows, columns = np.mgrid[0:height, 0:width]
    picture = Image.fromarray(np.stack([columns, rows, np.full_like(rows, 77)], axis=-1).astype(np.uint8))
    size, resize = sides
    preprocessing = Preprocessing(size, resize, IMAGENET.mean, IMAGENET.std, fit=fit)
    left, top, right, bottom = preprocessing.region(width, height)
    pixels = preprocessing.pixels(picture).astype(float)
    centres = (np.arange(size) + 0.5) / size
    expected_columns, expected_rows = left + centres * (right - left) - 0.5, top + centres * (bottom - top) - 0.5
    # Away from the border of the picture, where the filter's window is cut and the mean of a ramp is off its middle.
    margin = 2 * max(1, (right - left) / size, (bottom - top) / size)
    inside_columns = (expected_columns > margin) & (expected_columns < width - 1 - margin)
    inside_rows = (expected_rows > margin) & (expected_rows < height - 1 - margin)
    assert inside_columns.any()
    assert inside_rows.any()
    seen = pixels[np.ix_(inside_rows, inside_columns)]
    tolerance = 1 + max(right - left, bottom - top) / size  # one pixel of either picture: both sizes are whole numbers
    assert np.abs(seen[..., 0] - expected_columns[inside_columns]).max() <= tolerance
    assert np.abs(seen[..., 1] - expected_rows[inside_rows][:, None]).max() <= tolerance
    if fit == "pad":
        outside = (expected_columns < -margin) | (expected_columns > width - 1 + margin)
        assert (pixels[:, outside] == 128).all()


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(2048, 1), (1, 2048), (2048, 10), (7, 2000), (2048, 129), (3, 3), (2, 1)], ids=str)
def test_extreme_pictures_stay_small(fit: Fit, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    resize = Image.Image.resize

    def watch(image: Image.Image, size: tuple[int, int], *args: object, **options: object) -> Image.Image:
        made.append(size[0] * size[1])
        return resize(image, size, *args, **options)

    monkeypatch.setattr(Image.Image, "resize", watch)
    assert IMAGENET.with_fit(fit).pixels(make_picture(*size)).shape == (224, 224, 3)
    assert max(made) <= 9 * 256 * 256


@pytest.mark.parametrize(
    "size", [(1800, 100), (1801, 100), (100, 1800), (103, 1700), (2047, 7), (7, 2048), (1, 300)], ids=str
)
@pytest.mark.parametrize("name", ["squeezenet1_1", "efficientnet_b0"])  # bilinear and bicubic
def test_a_panorama_is_torchvisions_transform(name: str, size: tuple[int, int]) -> None:
    picture = make_picture(*size)
    expected = models.get_model_weights(name).DEFAULT.transforms()(picture)[None]
    assert torch.equal(preprocessing_of(name).tensor(picture), expected)


def test_another_resolution_keeps_the_share_of_the_crop() -> None:
    large = IMAGENET.with_size(448)
    assert (large.size, large.resize) == (448, 512)
    assert large.region(640, 480) == pytest.approx(IMAGENET.region(640, 480), abs=0.5)
    odd = IMAGENET.with_size(97)
    assert odd.resize >= odd.size
    assert odd.pixels(make_picture(300, 200)).shape == (97, 97, 3)
    assert Preprocessing(32, 32, IMAGENET.mean, IMAGENET.std).with_size(100).resize == 100
    assert IMAGENET.with_fit("pad").with_size(100).fit == "pad"
